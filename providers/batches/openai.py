"""The Batch API of OpenAI, which Azure and Groq offer too: a file of lines in, up to two files of results out.

Sources: https://developers.openai.com/api/docs/api-reference/batch, https://developers.openai.com/api/docs/guides/batch,
https://console.groq.com/docs/batch, https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..dialect import Headers, encode_body, failure
from ..errors import ErrorKind, Failure
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
from .multipart import upload_form

MARK = "thinkdial"
"""The field of the metadata that holds our name for a batch."""

LISTED = 100

_STATUS: Mapping[str, BatchStatus] = {
    "validating": "validating",
    "in_progress": "running",
    "finalizing": "running",
    "completed": "ended",
    "failed": "failed",
    "expired": "expired",
    "cancelling": "cancelling",
    "cancelled": "cancelled",
}

_KIND_OF_PROBLEM: Mapping[str, ErrorKind] = {
    "billing_hard_limit_reached": "quota",
    "insufficient_quota": "quota",
    "token_limit_exceeded": "rate_limit",
    "model_not_found": "not_found",
    "internal_error": "server",
}
_SHOWN_PROBLEMS = 3


class OpenAIBatches:
    """`POST /files`, then `POST /batches`."""

    NAMED: bool = True
    IN_LINES: bool = True

    def __init__(self, route: Route) -> None:
        self._route = route
        self._url = f"{route.base_url}/batches"

    def row(self, custom_id: str, body: bytes) -> bytes:
        head = {"custom_id": custom_id, "method": "POST", "url": self._route.endpoint}
        return encode_body(head)[:-1] + b',"body":' + body + b"}"

    def upload(self, name: str, content: bytes) -> HttpRequest | None:
        fields = [("purpose", "batch")]
        return upload_form(f"{self._route.base_url}/files", self._route.headers, fields, f"{name}.jsonl", content)

    def read_upload(self, headers: Headers, document: Any, content: bytes) -> str | HttpRequest:
        return uploaded_id(document)

    def create(self, name: str, content: bytes, file_id: str | None) -> HttpRequest:
        body = {
            "input_file_id": file_id,
            "endpoint": self._route.endpoint,
            "completion_window": self._route.window,
            "metadata": {MARK: name},
        }
        return post(self._url, self._route.headers, body)

    def look(self, batch_id: str) -> HttpRequest:
        return get(f"{self._url}/{id_in_path(batch_id)}", self._route.headers)

    def cancel(self, batch_id: str) -> HttpRequest:
        return post(f"{self._url}/{id_in_path(batch_id)}/cancel", self._route.headers)

    def listing(self, following: str | None) -> HttpRequest:
        query = {"limit": LISTED, **({"after": following} if following else {})}
        return get(f"{self._url}?{urlencode(query)}", self._route.headers)

    def read(self, document: Any) -> BatchState:
        told = obj(document)
        counted = obj(told.get("request_counts"))
        return BatchState(
            id=text(told.get("id")) or "",
            status=_STATUS.get(text(told.get("status")) or "", "running"),
            counts=Counts(
                count(counted.get("total")) or None, count(counted.get("completed")), count(counted.get("failed"))
            ),
            results=tuple(name for key in ("output_file_id", "error_file_id") if (name := text(told.get(key)))),
            created_at=moment(told.get("created_at")),
            expires_at=moment(told.get("expires_at")),
            error=_problems(told),
            name=text(obj(told.get("metadata")).get(MARK)),
            input_file=text(told.get("input_file_id")),
        )

    def read_list(self, document: Any, page: str | None) -> Listed:
        batches = tuple(self.read(entry) for entry in items(obj(document).get("data")))
        more = obj(document).get("has_more") is True and bool(batches)
        return Listed(batches, batches[-1].id if more else None)

    def results(self, state: BatchState) -> tuple[HttpRequest, ...]:
        return result_files(self._route.base_url, self._route, state)

    def read_results(self, document: Any, batch_id: str) -> Page:
        return Page((read_row(document),))


def uploaded_id(document: Any) -> str:
    """The id of an uploaded file. Raises `UploadError` when there is none."""
    file_id = text(obj(document).get("id"))
    if not file_id:
        raise UploadError("the provider took the file and gave it no id")
    return file_id


def result_files(base_url: str, route: Route, state: BatchState) -> tuple[HttpRequest, ...]:
    """The downloads of the files that `state` names."""
    return tuple(get(f"{base_url}/files/{id_in_path(name)}/content", route.headers) for name in state.results)


def read_row(document: Any) -> RowOutcome:
    """One line of a file of results: a response as the live endpoint gives it, or an error of the batch itself."""
    told = obj(document)
    custom_id, response, error = text(told.get("custom_id")) or "", obj(told.get("response")), obj(told.get("error"))
    if status := count(response.get("status_code")):
        body = json.dumps(response.get("body")).encode()
        return RowOutcome(custom_id, status=status, body=body, request_id=text(response.get("request_id")))
    code = text(error.get("code")) or ""
    if code == "batch_expired":
        return RowOutcome(custom_id, "expired")
    if code in ("batch_cancelled", "batch_canceled"):
        return RowOutcome(custom_id, "cancelled")
    words = error or {"message": text(told.get("error")) or "the provider gives neither a response nor an error"}
    return RowOutcome(custom_id, status=500, told=False, body=json.dumps({"error": words}).encode())


def _problems(told: Mapping[str, Any]) -> Failure | None:
    """What validation found, in one line."""
    listed = items(obj(told.get("errors")).get("data"))
    if not listed:
        return None
    said: list[str] = []
    for problem in listed[:_SHOWN_PROBLEMS]:
        line = count(problem.get("line"))
        words = text(problem.get("message")) or text(problem.get("code")) or "no words"
        said.append(words if line is None else f"line {line}: {words}")
    more = f"; and {len(listed) - _SHOWN_PROBLEMS} more" if len(listed) > _SHOWN_PROBLEMS else ""
    kind = _KIND_OF_PROBLEM.get(text(listed[0].get("code")) or "", "invalid_request")
    return failure(kind, f"the provider refused the batch: {'; '.join(said)}{more}")
