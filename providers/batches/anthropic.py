"""Anthropic's Message Batches: the rows go with the creation, the results are one file of lines.

A batch has no name and its rows are not shown while it runs: one whose creation was never answered can only be guessed
by its time and size, until its results tell.

Source: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..dialect import Headers, encode_body
from ..json_values import count, items, obj, text
from ..schema import HttpRequest
from .contract import (
    BatchState,
    BatchStatus,
    Counts,
    Listed,
    Page,
    Route,
    RowOutcome,
    UploadError,
    get,
    id_in_path,
    moment,
    post,
)

LISTED = 100

_STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""An errored row has no HTTP status, only its type. Source: https://platform.claude.com/docs/en/api/errors"""


class AnthropicBatches:
    """`POST /v1/messages/batches`."""

    NAMED: bool = False
    IN_LINES: bool = True

    def __init__(self, route: Route) -> None:
        self._route = route
        self._url = f"{route.base_url}/v1/messages/batches"

    def row(self, custom_id: str, body: bytes) -> bytes:
        return encode_body({"custom_id": custom_id})[:-1] + b',"params":' + body + b"}"

    def upload(self, name: str, content: bytes) -> HttpRequest | None:
        return None

    def read_upload(self, headers: Headers, document: Any, content: bytes) -> str | HttpRequest:
        raise UploadError("the rows go with the creation")

    def create(self, name: str, content: bytes, file_id: str | None) -> HttpRequest:
        rows = content.rstrip(b"\n").replace(b"\n", b",")
        return post(self._url, self._route.headers, b'{"requests":[' + rows + b"]}")

    def look(self, batch_id: str) -> HttpRequest:
        return get(f"{self._url}/{id_in_path(batch_id)}", self._route.headers)

    def cancel(self, batch_id: str) -> HttpRequest:
        return post(f"{self._url}/{id_in_path(batch_id)}/cancel", self._route.headers)

    def listing(self, following: str | None) -> HttpRequest:
        query = {"limit": LISTED, **({"after_id": following} if following else {})}
        return get(f"{self._url}?{urlencode(query)}", self._route.headers)

    def read(self, document: Any) -> BatchState:
        told = obj(document)
        counted = {name: count(value) for name, value in obj(told.get("request_counts")).items()}
        known = [value for value in counted.values() if value is not None]
        over = told.get("processing_status") == "ended"
        return BatchState(
            id=text(told.get("id")) or "",
            status=_status(told, counted),
            counts=Counts(
                sum(known) if known else None,
                *(counted.get(name) if over else None for name in ("succeeded", "errored", "expired", "canceled")),
            ),
            created_at=moment(told.get("created_at")),
            expires_at=moment(told.get("expires_at")),
        )

    def read_list(self, document: Any, page: str | None) -> Listed:
        told = obj(document)
        batches = tuple(self.read(entry) for entry in items(told.get("data")))
        return Listed(batches, text(told.get("last_id")) if told.get("has_more") is True else None)

    def results(self, state: BatchState) -> tuple[HttpRequest, ...]:
        return (get(f"{self._url}/{id_in_path(state.id)}/results", self._route.headers),)

    def read_results(self, document: Any, batch_id: str) -> Page:
        told = obj(document)
        custom_id, result = text(told.get("custom_id")) or "", obj(told.get("result"))
        match result.get("type"):
            case "succeeded":
                row = RowOutcome(custom_id, body=json.dumps(result.get("message")).encode())
            case "expired":
                row = RowOutcome(custom_id, "expired")
            case "canceled":
                row = RowOutcome(custom_id, "cancelled")
            case _:
                error = obj(result.get("error"))
                status = _STATUS_OF_TYPE.get(text(obj(error.get("error")).get("type")) or "", 500)
                body = json.dumps(error).encode()
                row = RowOutcome(custom_id, status=status, told=False, body=body, request_id=_request_id(error))
        return Page((row,))


def _status(told: Mapping[str, Any], counted: Mapping[str, int | None]) -> BatchStatus:
    """The one end that this API has, told apart by what became of the rows."""
    match told.get("processing_status"):
        case "ended" if counted.get("expired"):
            return "expired"
        case "ended" if told.get("cancel_initiated_at"):
            return "cancelled"
        case "ended":
            return "ended"
        case "canceling":
            return "cancelling"
        case _:
            return "running"


def _request_id(error: Mapping[str, Any]) -> str | None:
    return text(error.get("request_id"))
