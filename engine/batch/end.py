"""How a batch ended, for whoever has to say it or go by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...providers.errors import Failure, ThinkdialError
from ..checks.gates import GateTally
from ..costs.budget.limits import dollars
from ..results.moments import timestamp
from ..results.result import Cost, Result
from .output.summary import Tally
from .output.works import PASSING_KINDS
from .rows.digests import DigestMap
from .storage.address import without_secret

if TYPE_CHECKING:
    from ...profiles.profile import Reference
    from .options import BatchOptions


@dataclass(slots=True)
class LeftCalls:
    """So many attempts, and what they may have cost: `usd` as far as it is estimated, and how many have no estimate."""

    calls: int = 0
    usd: Decimal = Decimal(0)
    unpriced: int = 0

    def words(self, what: str) -> list[str]:
        """What there is to tell of them."""
        if not self.calls:
            return []
        usd = f"estimated at {dollars(self.usd, ROUND_CEILING)} USD" if self.usd else "at an unknown price"
        if self.unpriced and self.usd:
            usd += f", and {self.unpriced:,} at an unknown price"
        return [f"{self.calls:,} {'call' if self.calls == 1 else 'calls'} of lost workers {what} ({usd})"]


@dataclass(slots=True)
class LeftBehind:
    """What workers had under way when they were lost: asked `again`, or left `unanswered`."""

    again: LeftCalls = field(default_factory=LeftCalls)
    unanswered: LeftCalls = field(default_factory=LeftCalls)

    def add(self, cost: Cost, *, again: bool) -> None:
        """Count one attempt."""
        part = self.again if again else self.unanswered
        part.calls += 1
        part.usd += cost.lost_usd or Decimal(0)
        part.unpriced += cost.lost_usd is None

    @property
    def words(self) -> list[str]:
        """What there is to tell of them."""
        return [
            *self.again.words("were asked again, and may be paid twice"),
            *self.unanswered.words("may be billed, unanswered"),
        ]


@dataclass(slots=True)
class Ended:
    """What became of this run. `output_problem` is set when results could not be written; `lost` holds their lines.

    `written` results stand for what is `expected`; the others are `missing`. Where it is not known how many are
    expected, be it that the input was not read to its end, `missing` is the least number, and None where nobody knows.
    `passing` results stand for nothing: a key, a budget or an interruption ended them, and they are asked again.
    `hands_problem` says why nobody was left to make calls. `read_all`: the input has been read to its end.
    """

    rows: int
    bad_rows: int
    tally: Tally
    finished: bool
    budget: Failure | None = None
    output_problem: ThinkdialError | None = None
    pipe_closed: bool = False
    interrupted: bool = False
    order: DigestMap | None = None
    lost: tuple[bytes, ...] = ()
    broken: dict[str, Failure] = field(default_factory=dict[str, Failure])
    gates: GateTally | None = None
    passing: int = 0
    expected: int | None = None
    written: int = 0
    missing: int | None = None
    left: LeftBehind = field(default_factory=LeftBehind)
    hands_problem: ThinkdialError | None = None
    read_all: bool = False

    def hold(self, asked: int, *, is_known: bool, finished: bool) -> None:
        """Hold what was `asked` against what is there: `finished` it is only when nothing is missing.

        `is_known`: more than that is not asked for.
        """
        there = self.tally.results - self.passing + self.tally.skipped
        self.reckon(asked if is_known else None, asked - there, there)
        self.finished = self.finished and finished

    def reckon(self, expected: int | None, missing: int | None, written: int | None = None) -> None:
        """Say what is missing of what is expected; `written` are the others, where they are not to be told apart."""
        self.expected, self.missing = expected, missing
        self.written = (expected or 0) - (missing or 0) if written is None else written
        self.finished = expected is not None and not missing

    def count(self, result: Result, row_id: str) -> None:
        """Count a result that is written."""
        self.tally.add_result(result, row_id)
        self.passing += result.error is not None and result.error.kind in PASSING_KINDS
        if self.gates is not None:
            self.gates.add(result, row_id)


class BatchOutcome(StrEnum):
    """How it went as a whole; of several the first one here."""

    PIPE_CLOSED = "pipe_closed"
    INTERRUPTED = "interrupted"
    OUTPUT_FAILED = "output_failed"
    OVER_BUDGET = "over_budget"
    NO_ROWS = "no_rows"
    ALL_FAILED = "all_failed"
    SOME_FAILED = "some_failed"
    OK = "ok"


class BatchEnd(Struct, frozen=True):
    """What became of this run, and the totals of all that the output holds."""

    ended: Ended
    tally: Tally
    gates: GateTally | None = None
    is_strict: bool = False

    def gate_failures(self) -> list[str]:
        """Which gates the results do not pass, in words; strict, also where thinking that was asked for is not seen."""
        failures = [] if self.gates is None else self.gates.failures()
        if self.is_strict:
            failures += [
                f"{group.profile} @{group.think}: --strict-think: thinking was asked for, and none was seen in"
                f" {unseen:,} of {group.results:,} results"
                for group in self.tally.groups.values()
                if (unseen := group.verdicts["not_observed"])
            ]
        return failures

    @property
    def outcome(self) -> BatchOutcome:
        ended = self.ended
        results, failed = ended.tally.results, ended.tally.failed
        if ended.pipe_closed:
            return BatchOutcome.PIPE_CLOSED
        if ended.interrupted:
            return BatchOutcome.INTERRUPTED
        if ended.output_problem is not None:
            return BatchOutcome.OUTPUT_FAILED
        if ended.budget is not None:
            return BatchOutcome.OVER_BUDGET
        if ended.rows == 0 and ended.bad_rows == 0:
            return BatchOutcome.NO_ROWS
        if results and failed == results and not ended.tally.skipped:
            return BatchOutcome.ALL_FAILED
        is_whole = ended.finished and not (failed or ended.bad_rows or ended.broken)
        return BatchOutcome.OK if is_whole else BatchOutcome.SOME_FAILED


def tally_of(documents: Iterable[Mapping[str, Any]], reference: Reference, this_run: Tally | None = None) -> Tally:
    """The totals of lines of output, with what only this run knows."""
    whole = Tally(reference=reference)
    if this_run is not None:
        whole.profiles, whole.skipped, whole.again = dict(this_run.profiles), this_run.skipped, this_run.again
    for document in documents:
        whole.add(document)
    return whole


def summary_document(end: BatchEnd, options: BatchOptions, at: datetime) -> dict[str, Any]:
    """`thinkdial.batch-summary/1`."""
    ended = end.ended
    return end.tally.document(
        created_at=timestamp(at),
        source=without_secret(options.source_name),
        output=options.output_name,
        rows=ended.rows,
        bad_rows=ended.bad_rows,
        finished=ended.finished,
        expected=ended.expected,
        written=ended.written,
        missing=ended.missing,
        interrupted=ended.interrupted,
        cost_limit=None if ended.budget is None else ended.budget.message,
        given_up=[
            {"profile": name, "kind": failed.kind, "message": failed.message} for name, failed in ended.broken.items()
        ],
    )
