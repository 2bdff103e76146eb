"""Lines of output as nearly all are, read in a third of the time: no errors, checks, ladders, shapes or unknown costs.

What the fields mean, `thinkdial.result/1` says. A line with more to it than these types allow is no plain one.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct


class _Asked(Struct, frozen=True):
    requested: str
    verdict: str


class _Counted(Struct, frozen=True):
    input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None


class _Priced(Struct, frozen=True):
    usd: str


class _Timed(Struct, frozen=True):
    total_s: float | None


class _Warned(Struct, frozen=True):
    code: str


class PlainLine(Struct, frozen=True):
    """What there is to know of such a line: which work it answers, and what a summary counts."""

    profile: str
    model: str
    status: str
    think: _Asked
    answer: str
    finish: str
    usage: _Counted
    cost: _Priced
    latency: _Timed
    row_id: str
    work: str
    batch: str
    warnings: tuple[_Warned, ...] = ()
    passed: bool | None = None
    simulated: bool = False
    error: None = None
    escalation: None = None
    shape: None = None
    checks: tuple[()] = ()
    same_request: tuple[()] = ()


_DECODER = msgspec.json.Decoder(PlainLine)


def plain_line(line: bytes) -> PlainLine | None:
    """What `line` says, if it is a plain one."""
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
