"""The batch mode of the Gemini API: an uploaded file of requests, a long-running operation, a file of responses.

Sources: https://ai.google.dev/gemini-api/docs/batch-api, https://ai.google.dev/api/batch-api, https://ai.google.dev/api/files
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..dialect import Headers, encode_body, failure
from ..errors import Failure
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

VERSION = "v1beta"
LISTED = 100

_STATUS: Mapping[str, BatchStatus] = {
    "QUEUED": "validating",
    "PENDING": "validating",
    "RUNNING": "running",
    "CANCELLING": "cancelling",
    "SUCCEEDED": "ended",
    "PARTIALLY_SUCCEEDED": "ended",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}

_HTTP_OF_GRPC: Mapping[int, tuple[int, str]] = {
    1: (499, "CANCELLED"),
    2: (500, "UNKNOWN"),
    3: (400, "INVALID_ARGUMENT"),
    4: (504, "DEADLINE_EXCEEDED"),
    5: (404, "NOT_FOUND"),
    7: (403, "PERMISSION_DENIED"),
    8: (429, "RESOURCE_EXHAUSTED"),
    9: (400, "FAILED_PRECONDITION"),
    10: (409, "ABORTED"),
    13: (500, "INTERNAL"),
    14: (503, "UNAVAILABLE"),
    16: (401, "UNAUTHENTICATED"),
}
"""Codes of google.rpc.Status in the words and statuses of the live endpoint.

Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""


class GoogleBatches:
    """A resumable upload, then `models/MODEL:batchGenerateContent`."""

    NAMED: bool = True
    IN_LINES: bool = True

    def __init__(self, route: Route) -> None:
        self._route = route
        self._url = f"{route.base_url}/{VERSION}"

    def row(self, custom_id: str, body: bytes) -> bytes:
        return encode_body({"key": custom_id})[:-1] + b',"request":' + body + b"}"

    def upload(self, name: str, content: bytes) -> HttpRequest | None:
        """The first of two steps: it says what is to come, and is told where to."""
        headers = (
            ("x-goog-upload-protocol", "resumable"),
            ("x-goog-upload-command", "start"),
            ("x-goog-upload-header-content-length", str(len(content))),
            ("x-goog-upload-header-content-type", "application/jsonl"),
            *self._route.headers,
        )
        return post(f"{self._route.base_url}/upload/{VERSION}/files", headers, {"file": {"displayName": name}})

    def read_upload(self, headers: Headers, document: Any, content: bytes) -> str | HttpRequest:
        if name := text(obj(obj(document).get("file")).get("name")):
            return name
        url = headers.get("x-goog-upload-url", "")
        if not url or headers.get("x-goog-upload-status") == "final":
            raise UploadError("the provider took the file and gave it no name")
        if urlsplit(url)[:2] != urlsplit(self._route.base_url)[:2]:
            raise UploadError(f"the provider wants the file at another host ({urlsplit(url).netloc})")
        said = (("x-goog-upload-offset", "0"), ("x-goog-upload-command", "upload, finalize"))
        return HttpRequest("POST", url, (*said, ("accept", "application/json"), *self._route.headers), content)

    def create(self, name: str, content: bytes, file_id: str | None) -> HttpRequest:
        model = id_in_path(self._route.model.removeprefix("models/"))
        body = {"batch": {"displayName": name, "inputConfig": {"fileName": file_id}}}
        return post(f"{self._url}/models/{model}:batchGenerateContent", self._route.headers, body)

    def look(self, batch_id: str) -> HttpRequest:
        return get(f"{self._url}/{_below('batches', batch_id)}", self._route.headers)

    def cancel(self, batch_id: str) -> HttpRequest:
        return post(f"{self._url}/{_below('batches', batch_id)}:cancel", self._route.headers)

    def listing(self, following: str | None) -> HttpRequest:
        query = {"pageSize": LISTED, **({"pageToken": following} if following else {})}
        return get(f"{self._url}/batches?{urlencode(query)}", self._route.headers)

    def read(self, document: Any) -> BatchState:
        told = obj(document)
        metadata = obj(told.get("metadata"))
        stats = {name: count(value) for name, value in obj(metadata.get("batchStats")).items()}
        word = (text(metadata.get("state")) or "").removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_")
        output = obj(metadata.get("output")) or obj(told.get("response"))
        name = text(output.get("responsesFile"))
        return BatchState(
            id=text(told.get("name")) or text(metadata.get("name")) or "",
            status=_STATUS.get(word) or _unknown(told),
            # Counters that are zero are left out.
            counts=Counts(
                stats.get("requestCount"),
                stats.get("successfulRequestCount", 0 if stats else None),
                stats.get("failedRequestCount", 0 if stats else None),
            ),
            results=(name,) if name else (),
            created_at=moment(metadata.get("createTime")),
            error=_problem(told.get("error")),
            name=text(metadata.get("displayName")),
        )

    def read_list(self, document: Any, page: str | None) -> Listed:
        told = obj(document)
        batches = tuple(self.read(entry) for entry in items(told.get("operations")))
        return Listed(batches, text(told.get("nextPageToken")) or None)

    def results(self, state: BatchState) -> tuple[HttpRequest, ...]:
        base = f"{self._route.base_url}/download/{VERSION}"
        return tuple(
            get(f"{base}/{_below('files', name)}:download?alt=media", self._route.headers) for name in state.results
        )

    def read_results(self, document: Any, batch_id: str) -> Page:
        told = obj(document)
        custom_id = text(told.get("key")) or text(obj(told.get("metadata")).get("key")) or ""
        if "response" in told:
            return Page((RowOutcome(custom_id, body=json.dumps(told["response"]).encode()),))
        error = obj(told.get("error"))
        status, word = _HTTP_OF_GRPC.get(count(error.get("code")) or 0, (500, "INTERNAL"))
        body = json.dumps({"error": {**error, "code": status, "status": word}}).encode()
        return Page((RowOutcome(custom_id, status=status, told=False, body=body),))


def _unknown(operation: Mapping[str, Any]) -> BatchStatus:
    """What an operation whose state has no name that we know is at: it still says whether it is over."""
    if operation.get("done") is not True:
        return "running"
    return "failed" if obj(operation.get("error")) else "ended"


def _below(folder: str, name: str) -> str:
    """`batches/ID` with an id that is one segment, however the provider wrote it."""
    return f"{folder}/{id_in_path(name.removeprefix(f'{folder}/'))}"


def _problem(error: Any) -> Failure | None:
    if not obj(error):
        return None
    return failure("server", f"the provider gave the batch up: {text(obj(error).get('message')) or 'without a word'}")
