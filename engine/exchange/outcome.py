"""How a call ended, and when each part of its answer came."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from ...providers.errors import Failure
from ...providers.fold import Fold, Reply
from ...providers.schema import Notice
from ...providers.untrusted import MOST_NAME
from ..planning.prepare import Prepared
from .call_facts import Latency
from .connections.stopwatch import Stopwatch
from .reader import ResponseReader
from .secrets import Secrets

REQUEST_ID_HEADERS = ("request-id", "x-request-id", "x-amzn-requestid", "apim-request-id", "x-generation-id")


class Marks(Struct):
    """Moments of one attempt, by the clock of the surroundings. What is told of them is rounded to a microsecond.

    It begins with `start`, or when its request could leave, where `watch` has seen that.
    """

    start: float
    watch: Stopwatch = field(default_factory=Stopwatch)
    first_byte: float | None = None
    first_reasoning: float | None = None
    first_answer: float | None = None
    end: float | None = None

    def latency(self, output_tokens: int | None, *, streamed: bool) -> Latency:
        start = self.start if self.watch.left is None else self.watch.left
        connect = self.watch.connect_s
        total = _between(start, self.end)
        rate = _to_a_millionth(output_tokens / total) if output_tokens and total else None
        return Latency(
            first_byte_s=_between(start, self.first_byte),
            first_reasoning_s=_between(start, self.first_reasoning) if streamed else None,
            first_answer_s=_between(start, self.first_answer) if streamed else None,
            total_s=total,
            output_tokens_per_s=rate,
            connect_s=None if connect is None else _to_a_millionth(connect),
        )


def _between(start: float, moment: float | None) -> float | None:
    return None if moment is None else _to_a_millionth(moment - start) if moment > start else 0.0


def _to_a_millionth(amount: float) -> float:
    """`amount`, which is not below 0, rounded: `round` goes by way of the decimal digits, and takes far longer."""
    return int(amount * 1e6 + 0.5) / 1e6


class AttemptState(Struct):
    """The state of the attempt that is under way, kept outside of it so that a cancelled one loses nothing.

    `sent`: the request has left in full. `silent`: then nothing came, until we gave up. `shown`: text came. `broke`:
    its running estimate has passed what it may cost.
    """

    fold: Fold
    marks: Marks
    secrets: Secrets
    request_id: str | None = None
    sent: bool = False
    silent: bool = False
    shown: bool = False
    broke: bool = False
    reader: ResponseReader | None = None


class Outcome(Struct, frozen=True):
    """How a call ended. `reply.failure` says why, when it did not end well; `prepared` is what was sent last.

    `hint` is what to do about a failure that has no hint of its own. `lost` are the attempts before, as they were sent,
    that ended without an answer and may have been billed.
    """

    prepared: Prepared
    reply: Reply
    latency: Latency
    attempts: int
    request_id: str | None = None
    notices: tuple[Notice, ...] = ()
    hint: str | None = None
    lost: tuple[Prepared, ...] = ()


def request_id_in(headers: Mapping[str, str]) -> str | None:
    """What the provider calls the request, for its support. `headers` have lower-case names."""
    for name in REQUEST_ID_HEADERS:
        if name in headers:
            return headers[name][:MOST_NAME] or None
    return None


def cancelled(outcome: Outcome) -> Outcome:
    """`outcome` of a call that was interrupted: what came is kept."""
    failed = Failure("cancelled", "interrupted before the answer was complete")
    return replace(outcome, reply=stopped(outcome.reply, failed))


def stopped(reply: Reply, failed: Failure) -> Reply:
    """`reply` of a call that was ended from outside, for a reason that goes before its own; a whole one stays."""
    if reply.complete:
        return reply
    return replace(reply, failure=failed, finish="cancelled" if failed.kind == "cancelled" else reply.finish)
