"""What all batch APIs have in common: a route, a state, an outcome for each row, and how their wires are asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from urllib.parse import quote

from msgspec import Struct

from ..dialect import Headers, encode_body
from ..errors import Failure
from ..json_values import count, text
from ..schema import HttpRequest

BatchStatus = Literal["validating", "running", "cancelling", "ended", "failed", "expired", "cancelled"]
FINAL: frozenset[BatchStatus] = frozenset({"ended", "failed", "expired", "cancelled"})
"""Nothing changes any more. `ended` says that the provider is done, not that all rows went well."""

RowKind = Literal["response", "expired", "cancelled"]
RequestHeaders = tuple[tuple[str, str], ...]


class UploadError(ValueError):
    """An answer to an upload that cannot be followed."""


class Route(Struct, frozen=True):
    """Where the batches of one profile go. `endpoint` is what their rows call, `model` the one model of all of them.

    `headers` are those that every request carries besides the credential, `window` is how long the provider may take,
    in its own spelling.
    """

    base_url: str
    endpoint: str
    model: str
    headers: RequestHeaders = ()
    window: str = "24h"


class Counts(Struct, frozen=True):
    """Rows by what became of them; None where the provider does not say (yet)."""

    total: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    expired: int | None = None
    cancelled: int | None = None


class BatchState(Struct, frozen=True):
    """A batch as its provider tells it. `results` are the files that hold its rows, where they are files.

    `name` is what we called it and `input_file` what it was made of, where the provider says so: by these a batch is
    found again whose creation was never answered.
    """

    id: str
    status: BatchStatus
    counts: Counts = Counts()
    results: tuple[str, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None
    error: Failure | None = None
    name: str | None = None
    input_file: str | None = None

    @property
    def is_over(self) -> bool:
        return self.status in FINAL


class RowOutcome(Struct, frozen=True):
    """What became of one row. A `response` has the body that the live endpoint would have sent.

    `status` is the HTTP status; `told` is False where the wire has none and it follows from the error's own code.
    `speech` is the dialect of the body where that is another one than the row's.
    """

    custom_id: str
    kind: RowKind = "response"
    status: int = 200
    told: bool = True
    body: bytes = b""
    request_id: str | None = None
    speech: str | None = None


class Page(Struct, frozen=True):
    """Some rows of a batch, and where the next ones are."""

    rows: tuple[RowOutcome, ...]
    following: HttpRequest | None = None


class Listed(Struct, frozen=True):
    """Some batches of an account, newest first, and what asks for the next ones."""

    batches: tuple[BatchState, ...]
    following: str | None = None


class BatchApi(Protocol):
    """One provider's batch endpoints. `NAMED`: its list of batches shows which one is ours.

    `IN_LINES`: results are files of JSON lines, each a document for `read_results`; else pages.
    """

    NAMED: bool
    IN_LINES: bool

    def row(self, custom_id: str, body: bytes) -> bytes:
        """One line of the input, without its line break."""
        ...

    def upload(self, name: str, content: bytes) -> HttpRequest | None:
        """What brings the lines to the provider; None where they go with the creation."""
        ...

    def read_upload(self, headers: Headers, document: Any, content: bytes) -> str | HttpRequest:
        """The id of the uploaded file, or the next step of the upload. Raises `UploadError`."""
        ...

    def create(self, name: str, content: bytes, file_id: str | None) -> HttpRequest: ...

    def look(self, batch_id: str) -> HttpRequest: ...

    def cancel(self, batch_id: str) -> HttpRequest: ...

    def listing(self, following: str | None) -> HttpRequest: ...

    def read(self, document: Any) -> BatchState: ...

    def read_list(self, document: Any, page: str | None) -> Listed: ...

    def results(self, state: BatchState) -> tuple[HttpRequest, ...]: ...

    def read_results(self, document: Any, batch_id: str) -> Page: ...


def post(url: str, headers: RequestHeaders, body: Mapping[str, Any] | bytes = b"") -> HttpRequest:
    """A JSON request."""
    data = body if isinstance(body, bytes) else encode_body(body)
    kind = (("content-type", "application/json"),) if data else ()
    return HttpRequest("POST", url, (*kind, ("accept", "application/json"), *headers), data)


def get(url: str, headers: RequestHeaders) -> HttpRequest:
    return HttpRequest("GET", url, (("accept", "*/*"), *headers), b"")


def id_in_path(identifier: str) -> str:
    """An id of the provider's as one segment of a path, whatever it holds."""
    return quote(identifier, safe="")


def moment(value: Any) -> datetime | None:
    """A time from Unix seconds or RFC 3339; None for anything else."""
    seconds = count(value)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        written = datetime.fromisoformat(text(value) or "")
    except (ValueError, OverflowError, OSError):
        return None
    return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
