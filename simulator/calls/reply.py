"""What a vendor module hands to the server: pieces of a body, with the simulated time before each."""

from __future__ import annotations

import json
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from .fields import encode

Headers = tuple[tuple[str, str], ...]

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON_BODY = "application/json"


class Role(Enum):
    """What a piece is to the faults that cut, drop or replace pieces."""

    FRAME = "frame"
    ANSWER = "answer"
    TERMINAL = "terminal"


class Ending(Enum):
    """What the server does after the last piece."""

    COMPLETE = "complete"
    DISCONNECT = "disconnect"
    HANG = "hang"


class Piece(Struct, frozen=True):
    """Bytes to write after `after_s` simulated seconds; `filler_bytes` of filler go in at `filler_at`."""

    payload: bytes
    after_s: float = 0.0
    role: Role = Role.FRAME
    filler_at: int = 0
    filler_bytes: int = 0

    @property
    def size(self) -> int:
        return len(self.payload) + self.filler_bytes


class HttpReply(Struct, frozen=True):
    """One HTTP response. `status` 0 stands for a connection closed, or kept silent, before any byte.

    `announced_bytes` is the content length to claim for a whole body that will be cut short.
    """

    status: int
    headers: Headers
    pieces: tuple[Piece, ...]
    streamed: bool = False
    ending: Ending = Ending.COMPLETE
    announced_bytes: int | None = None

    @property
    def duration_s(self) -> float:
        """Simulated seconds from the request to the last byte."""
        return sum(piece.after_s for piece in self.pieces)

    @property
    def body(self) -> bytes:
        """All bytes of the body, without filler."""
        return b"".join(piece.payload for piece in self.pieces)

    def with_header(self, name: str, value: str) -> HttpReply:
        """The same reply with one header set, replacing any of that name."""
        kept = tuple(item for item in self.headers if item[0] != name)
        return replace(self, headers=(*kept, (name, value)))


class RejectedError(Exception):
    """A request that ends here; `reply` is what the vendor says about it."""

    def __init__(self, reply: HttpReply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def whole(
    status: int, value: object, headers: Headers = (), *, after_s: float = 0.0, content_type: str = JSON_BODY
) -> HttpReply:
    """A reply with one JSON body, sent after `after_s` simulated seconds."""
    piece = Piece(encode(value), after_s, Role.ANSWER if status == 200 else Role.FRAME)
    return HttpReply(status, (("content-type", content_type), *headers), (piece,))


def raw(payload: bytes, headers: Headers = (), *, content_type: str) -> HttpReply:
    """A reply with a body that is not one JSON value."""
    return HttpReply(200, (("content-type", content_type), *headers), (Piece(payload, role=Role.ANSWER),))


def stream(pieces: tuple[Piece, ...], headers: Headers = (), *, content_type: str = EVENT_STREAM) -> HttpReply:
    """A reply sent piece by piece."""
    return HttpReply(200, (("content-type", content_type), *headers), pieces, streamed=True)


def named_event(name: str, data: object) -> bytes:
    """A server-sent event with a name, as Anthropic and OpenAI Responses write it."""
    return b"event: " + name.encode() + b"\ndata: " + encode(data) + b"\n\n"


def data_event(data: object) -> bytes:
    """A server-sent event without a name, as OpenAI Chat writes it."""
    return b"data: " + encode(data) + b"\n\n"


def google_event(data: object) -> bytes:
    """A server-sent event as Google writes it: no name, CRLF line ends, spaced JSON."""
    return b"data: " + json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\r\n\r\n"
