"""The menu of faults: how a request selects them, and what those that need no vendor's words do to a reply.

Selected by the header `x-simulate-fault: NAME[,NAME]`, by a model name that ends in `@NAME[,NAME]`, or by a rate for
the whole simulator. `NAME:3` is for the first three requests of that model only; `huge_event:N` has N bytes.

Batches have faults of their own. Those that begin with `row_` befall rows: the row whose model name asks for it, the
first N rows of a batch created with the header `x-simulate-fault: row_errored:N` (all of them without N), or a share of
all rows. Those that begin with `batch_` befall a whole batch, when its creation or one of its rows asks, or a share of
all batches. A status fault in the model name of a row makes an errored row of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..answers.thinking import digest, fraction
from .reply import Ending, HttpReply, Piece, Role

HEADER = "x-simulate-fault"

#: Replaced by the vendor's own error reply.
STATUS_FAULTS = ("rate_limit", "quota", "overloaded", "server_error")
#: Built by the vendor module into its answer.
CONTENT_FAULTS = ("refusal", "content_filter")
#: Anthropic stops in the middle of the tools that it runs itself; the answer goes on when it is sent back.
PAUSE = "pause"
#: What becomes of single rows of a batch: executed and refused; never executed; executed and in no result file.
ROW_FAULTS = ("row_errored", "row_expired", "row_canceled", "row_lost")
#: What becomes of a whole batch: nothing is executed; half is executed in time; it never makes progress.
WHOLE_BATCH_FAULTS = ("batch_failed", "batch_expired", "batch_hang")
BATCH_FAULTS = (*ROW_FAULTS, *WHOLE_BATCH_FAULTS)
MENU = (
    *STATUS_FAULTS,
    *CONTENT_FAULTS,
    PAUSE,
    "overloaded_midstream",
    "disconnect",
    "disconnect_early",
    "stall",
    "silent",
    "garbage",
    "html",
    "wrong_content_type",
    "no_terminal",
    "huge_event",
    *BATCH_FAULTS,
)

HUGE_EVENT_BYTES = 64 * 1024 * 1024
#: The whole answer of a huge event; one simulated token, so no stream splits it.
FILLER_MARK = "FILLER"

HTML_PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>thinkdial simulator</center></body></html>
"""


class UnknownFaultError(ValueError):
    """A fault name that is not on the menu."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown fault {name!r}; known: {', '.join(MENU)}")


class Fault(Struct, frozen=True):
    """One selected fault; `amount` is what followed the colon."""

    name: str
    amount: int | None = None


def parse_faults(text: str) -> tuple[Fault, ...]:
    """The faults named in `NAME[:AMOUNT],...`. Raises `UnknownFaultError`."""
    faults: list[Fault] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, amount = entry.partition(":")
        if name not in MENU or (amount and not amount.isdecimal()):
            raise UnknownFaultError(entry)
        faults.append(Fault(name, int(amount) if amount else None))
    return tuple(faults)


def split_model(model: str) -> tuple[str, str]:
    """A model name and what is written behind its last `@`."""
    name, at, faults = model.rpartition("@")
    return (name, faults) if at and faults else (model, "")


class FaultPlan:
    """Decides which faults a request gets; the same seed and the same order of requests give the same faults."""

    def __init__(self, rates: Mapping[str, float] | None, seed: int) -> None:
        self._rates = dict(rates or {})
        for name in self._rates:
            if name not in MENU:
                raise UnknownFaultError(name)
        self._seed = seed
        self._used: dict[tuple[str, Fault], int] = {}

    def choose(self, asked: str, *, target: str, number: int) -> tuple[Fault, ...]:
        """The faults for request `number` to `target` (vendor and model). Raises `UnknownFaultError`."""
        drawn = tuple(
            Fault(name)
            for name, rate in self._rates.items()
            if name not in BATCH_FAULTS and fraction(self._seed, "fault", name, number) < rate
        )
        return tuple(fault for fault in (*parse_faults(asked), *drawn) if self._still_due(fault, target))

    def drawn_for_batch(self, batch_id: str) -> frozenset[str]:
        """The faults that the rates give to a whole batch."""
        return self._drawn(WHOLE_BATCH_FAULTS, batch_id)

    def drawn_for_row(self, batch_id: str, position: int) -> frozenset[str]:
        """The faults that the rates give to one row of a batch."""
        return self._drawn((*ROW_FAULTS, *CONTENT_FAULTS), batch_id, position)

    def _drawn(self, names: tuple[str, ...], *key: object) -> frozenset[str]:
        rates = ((name, self._rates.get(name, 0.0)) for name in names)
        return frozenset(name for name, rate in rates if rate and fraction(self._seed, "fault", name, *key) < rate)

    def _still_due(self, fault: Fault, target: str) -> bool:
        if fault.amount is None or fault.name == "huge_event" or fault.name in BATCH_FAULTS:
            return True
        used = self._used.get((target, fault), 0)
        self._used[target, fault] = used + 1
        return used < fault.amount


def before_answer(faults: frozenset[str]) -> HttpReply | None:
    """The reply of a server that says nothing at all, if one was selected."""
    if "silent" in faults:
        return HttpReply(0, (), (), ending=Ending.HANG)
    if "disconnect_early" in faults:
        return HttpReply(0, (), (), ending=Ending.DISCONNECT)
    return None


def spoil(reply: HttpReply, faults: tuple[Fault, ...], *, number: int) -> HttpReply:
    """The reply with every transport fault done to it."""
    for fault in faults:
        match fault.name:
            case "disconnect":
                reply = replace(cut(reply), ending=Ending.DISCONNECT, announced_bytes=_announced(reply))
            case "stall":
                reply = replace(cut(reply), ending=Ending.HANG, announced_bytes=_announced(reply))
            case "no_terminal":
                reply = _without_terminal(reply)
            case "wrong_content_type":
                reply = reply.with_header(
                    "content-type", "application/json" if reply.streamed else "text/plain; charset=utf-8"
                )
            case "html":
                pieces = (Piece(HTML_PAGE, reply.duration_s),)
                reply = replace(reply, pieces=pieces, streamed=False).with_header(
                    "content-type", "text/html; charset=utf-8"
                )
            case "garbage":
                reply = replace(reply, pieces=(Piece(_garbage(number), reply.duration_s),))
            case "huge_event":
                reply = _inflate(reply, HUGE_EVENT_BYTES if fault.amount is None else fault.amount)
            case _:
                pass
    return reply


def cut(reply: HttpReply) -> HttpReply:
    """The reply up to the middle of its answer: some output has been sent, the end has not."""
    if not reply.streamed:
        body = reply.body
        return replace(reply, pieces=(Piece(body[: len(body) // 2], reply.duration_s),))
    answers = [position for position, piece in enumerate(reply.pieces) if piece.role is Role.ANSWER]
    if answers:
        return replace(reply, pieces=reply.pieces[: answers[(len(answers) - 1) // 2] + 1])
    return _without_terminal(reply)


def _without_terminal(reply: HttpReply) -> HttpReply:
    if not reply.streamed:
        return cut(reply)
    return replace(reply, pieces=tuple(piece for piece in reply.pieces if piece.role is not Role.TERMINAL))


def _announced(reply: HttpReply) -> int | None:
    return None if reply.streamed else len(reply.body)


def _inflate(reply: HttpReply, size: int) -> HttpReply:
    mark = FILLER_MARK.encode()
    pieces = list(reply.pieces)
    for position, piece in enumerate(pieces):
        at = piece.payload.find(mark)
        if at >= 0:
            payload = piece.payload[:at] + piece.payload[at + len(mark) :]
            pieces[position] = replace(piece, payload=payload, filler_at=at, filler_bytes=size)
            break
    return replace(reply, pieces=tuple(pieces))


def _garbage(number: int) -> bytes:
    noise = b"".join(bytes.fromhex(digest("garbage", number, block)) for block in range(32))
    return b"\x1f\x8b\x08\x00\xff\xfe" + noise
