"""The Batch API of xAI: no status, only counters; results by pages, in the shape of Chat whatever was asked.

Sources: https://docs.x.ai/docs/guides/batch-api, https://github.com/xai-org/xai-sdk-ts
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..dialect import Headers, failure
from ..json_values import count, items, obj, text
from ..schema import HttpRequest
from .contract import BatchState, BatchStatus, Counts, Listed, Page, Route, RowOutcome, get, id_in_path, moment, post
from .multipart import upload_form
from .openai import OpenAIBatches, uploaded_id

LISTED = 100
ROWS_A_PAGE = 200
"""A page is held in memory as a whole, and one answer may be long. The provider allows 1000."""

_KINDS = ("chat_get_completion", "responses")

_STATUS_OF_CODE: Mapping[str, int] = {
    "invalid-argument": 400,
    "unauthenticated": 401,
    "permission-denied": 403,
    "not-found": 404,
    "resource-exhausted": 429,
    "internal": 500,
    "unavailable": 503,
    "deadline-exceeded": 504,
}

WORD_OF_GRPC: Mapping[int, str] = {
    3: "invalid-argument",
    4: "deadline-exceeded",
    5: "not-found",
    7: "permission-denied",
    8: "resource-exhausted",
    13: "internal",
    14: "unavailable",
    16: "unauthenticated",
}
"""Codes of google.rpc.Status in the words of the REST API, which is a front of a gRPC service.

Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""


class XaiBatches:
    """`POST /files` with lines as OpenAI takes them, then `POST /batches` with a name."""

    NAMED: bool = True
    IN_LINES: bool = False

    def __init__(self, route: Route) -> None:
        self._route = route
        self._url = f"{route.base_url}/batches"
        self._lines = OpenAIBatches(route)

    def row(self, custom_id: str, body: bytes) -> bytes:
        return self._lines.row(custom_id, body)

    def upload(self, name: str, content: bytes) -> HttpRequest | None:
        fields = [("purpose", "batch")]
        return upload_form(f"{self._route.base_url}/files", self._route.headers, fields, f"{name}.jsonl", content)

    def read_upload(self, headers: Headers, document: Any, content: bytes) -> str | HttpRequest:
        return uploaded_id(document)

    def create(self, name: str, content: bytes, file_id: str | None) -> HttpRequest:
        return post(self._url, self._route.headers, {"name": name, "input_file_id": file_id})

    def look(self, batch_id: str) -> HttpRequest:
        return get(f"{self._url}/{id_in_path(batch_id)}", self._route.headers)

    def cancel(self, batch_id: str) -> HttpRequest:
        return post(f"{self._url}/{id_in_path(batch_id)}:cancel", self._route.headers)

    def listing(self, following: str | None) -> HttpRequest:
        query = {"limit": LISTED, **({"pagination_token": following} if following else {})}
        return get(f"{self._url}?{urlencode(query)}", self._route.headers)

    def read(self, document: Any) -> BatchState:
        told = obj(document)
        counted = {name: count(value) for name, value in obj(told.get("state")).items()}
        status = _status(told, counted)
        words = text(told.get("cancel_by_xai_message"))
        return BatchState(
            id=text(told.get("batch_id")) or "",
            status=status,
            counts=Counts(
                counted.get("num_requests") or None,
                counted.get("num_success"),
                counted.get("num_error"),
                cancelled=counted.get("num_cancelled"),
            ),
            created_at=moment(told.get("create_time")),
            expires_at=moment(told.get("expire_time")),
            error=failure("invalid_request", f"the provider gave the batch up: {words}")
            if words and status == "failed"
            else None,
            name=text(told.get("name")),
        )

    def read_list(self, document: Any, page: str | None) -> Listed:
        told = obj(document)
        batches = tuple(self.read(entry) for entry in items(told.get("batches")))
        return Listed(batches, text(told.get("pagination_token")) or None)

    def results(self, state: BatchState) -> tuple[HttpRequest, ...]:
        return (self._page(state.id, None),)

    def read_results(self, document: Any, batch_id: str) -> Page:
        told = obj(document)
        token = text(told.get("pagination_token"))
        rows = tuple(_row(entry) for entry in items(told.get("results")))
        return Page(rows, self._page(batch_id, token) if token else None)

    def _page(self, batch_id: str, token: str | None) -> HttpRequest:
        query = {"limit": ROWS_A_PAGE, **({"pagination_token": token} if token else {})}
        return get(f"{self._url}/{id_in_path(batch_id)}/results?{urlencode(query)}", self._route.headers)


def _status(told: Mapping[str, Any], counted: Mapping[str, int | None]) -> BatchStatus:
    """A batch that the service has rejected shows 0 of 0 for ever; only a time or a message tells."""
    asked, pending = counted.get("num_requests"), counted.get("num_pending")
    words = text(told.get("cancel_by_xai_message"))
    if words:
        return "expired" if "expired" in words.lower() else "failed"
    if told.get("cancel_time"):
        return "cancelling" if pending else "cancelled"
    if not asked:
        return "validating"
    return "running" if pending else "ended"


def _row(entry: Mapping[str, Any]) -> RowOutcome:
    custom_id, result = text(entry.get("batch_request_id")) or "", obj(entry.get("batch_result"))
    response = obj(result.get("response"))
    for name in _KINDS:
        if body := obj(response.get(name)):
            # What was asked as a response is answered in the shape of Chat, whatever the field is called.
            speech = "openai-responses" if "output" in body and "choices" not in body else "openai-chat"
            return RowOutcome(custom_id, body=json.dumps(body).encode(), speech=speech)
    error = obj(result.get("error"))
    number = count(error.get("code"))
    code = text(error.get("code")) or "" if number is None else WORD_OF_GRPC.get(number, "")
    words = text(error.get("message")) or text(entry.get("error_message")) or "the provider gives no reason"
    body = json.dumps({"code": code, "error": words}).encode()
    return RowOutcome(custom_id, status=_STATUS_OF_CODE.get(code, 500), told=False, body=body)
