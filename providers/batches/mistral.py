"""The batch jobs of Mistral: one model a job, a file of rows in, a file of answers and a file of errors out.

Sources: https://docs.mistral.ai/capabilities/batch, https://docs.mistral.ai/api/endpoint/batch
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from ..dialect import Headers, encode_body, failure
from ..errors import Failure
from ..json_values import array, count, items, obj, text
from ..schema import HttpRequest
from .contract import BatchState, BatchStatus, Counts, Listed, Page, Route, get, id_in_path, moment, post
from .multipart import upload_form
from .openai import MARK, read_row, result_files, uploaded_id

LISTED = 100

_STATUS: Mapping[str, BatchStatus] = {
    "QUEUED": "validating",
    "RUNNING": "running",
    "SUCCESS": "ended",
    "FAILED": "failed",
    "TIMEOUT_EXCEEDED": "expired",
    "CANCELLATION_REQUESTED": "cancelling",
    "CANCELLED": "cancelled",
}


class MistralBatches:
    """`POST /v1/files`, then `POST /v1/batch/jobs`. The route's window is a number of hours."""

    NAMED: bool = True
    IN_LINES: bool = True

    def __init__(self, route: Route) -> None:
        self._route = route
        self._base = f"{route.base_url}/v1"
        self._url = f"{self._base}/batch/jobs"

    def row(self, custom_id: str, body: bytes) -> bytes:
        return encode_body({"custom_id": custom_id})[:-1] + b',"body":' + body + b"}"

    def upload(self, name: str, content: bytes) -> HttpRequest | None:
        fields = [("purpose", "batch")]
        return upload_form(f"{self._base}/files", self._route.headers, fields, f"{name}.jsonl", content)

    def read_upload(self, headers: Headers, document: Any, content: bytes) -> str | HttpRequest:
        return uploaded_id(document)

    def create(self, name: str, content: bytes, file_id: str | None) -> HttpRequest:
        body = {
            "endpoint": self._route.endpoint,
            "model": self._route.model,
            "input_files": [file_id],
            "timeout_hours": int(self._route.window),
            "metadata": {MARK: name},
        }
        return post(self._url, self._route.headers, body)

    def look(self, batch_id: str) -> HttpRequest:
        return get(f"{self._url}/{id_in_path(batch_id)}", self._route.headers)

    def cancel(self, batch_id: str) -> HttpRequest:
        return post(f"{self._url}/{id_in_path(batch_id)}/cancel", self._route.headers)

    def listing(self, following: str | None) -> HttpRequest:
        return get(f"{self._url}?{urlencode({'page_size': LISTED, 'page': following or 0})}", self._route.headers)

    def read(self, document: Any) -> BatchState:
        told = obj(document)
        created_at = moment(told.get("created_at"))
        files = array(told.get("input_files"))
        return BatchState(
            id=text(told.get("id")) or "",
            status=_STATUS.get(text(told.get("status")) or "", "running"),
            counts=Counts(
                count(told.get("total_requests")),
                count(told.get("succeeded_requests")),
                count(told.get("failed_requests")),
            ),
            results=tuple(name for key in ("output_file", "error_file") if (name := text(told.get(key)))),
            created_at=created_at,
            expires_at=None if created_at is None else created_at + timedelta(hours=int(self._route.window)),
            error=_problems(told),
            name=text(obj(told.get("metadata")).get(MARK)),
            input_file=text(files[0]) or text(obj(files[0]).get("file_id")) if files else None,
        )

    def read_list(self, document: Any, page: str | None) -> Listed:
        """Pages are counted, and the last one is not full."""
        batches = tuple(self.read(entry) for entry in items(obj(document).get("data")))
        return Listed(batches, str(int(page or 0) + 1) if len(batches) >= LISTED else None)

    def results(self, state: BatchState) -> tuple[HttpRequest, ...]:
        return result_files(self._base, self._route, state)

    def read_results(self, document: Any, batch_id: str) -> Page:
        return Page((read_row(document),))


def _problems(told: Mapping[str, Any]) -> Failure | None:
    said = [words for problem in items(told.get("errors")) if (words := text(problem.get("message")))]
    return failure("server", f"the provider gave the batch up: {'; '.join(said[:3])}") if said else None
