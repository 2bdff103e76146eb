"""Totals of a batch per profile and think value: the table from which one chooses a model. Pure."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import merge
from typing import TYPE_CHECKING, Any

from ....profiles import facts
from ....profiles.profile import Reference
from ...cells.levels import DosedSample, LevelStep, steps_by_upper
from ...results.documents import dollars_text
from ...results.result import Result
from ...shapes.figures import ShapeTally
from ...statistics.intervals import proportion_interval
from .group_summary import BatchSummary, GroupSummary
from .row_values import COMPETING, MOST_ROWS, QUANTITIES, RowSample, RowValues, said_of, shown_best
from .seen import Seen, seen_in, seen_in_line, seen_in_plain

if TYPE_CHECKING:
    from ..storage.plain_line import PlainLine

_FIGURES: Mapping[str, Callable[[Group], float | None]] = {
    "pass_rate": lambda group: group.pass_rate,
    "usd_mean": lambda group: None if group.mean_usd is None else float(group.mean_usd),
    "latency_median_s": lambda group: group.percentile_s(0.5),
}
SCHEMA = "thinkdial.batch-summary/1"
SORTED_AT_ONCE = 65_536
_SMALLEST_USD = Decimal("1e-12")


@dataclass(slots=True)
class Group:
    """What one profile did with one think value. Sums are over what is known; `_known` and `_unknown` count results.

    Reasoning tokens are those that providers report; `seconds` are the times of whole answers.
    """

    profile: str
    think: str
    model: str = ""
    results: int = 0
    statuses: Counter[str] = field(default_factory=Counter[str])
    judged: int = 0
    passed: int = 0
    verdicts: Counter[str] = field(default_factory=Counter[str])
    finishes: Counter[str] = field(default_factory=Counter[str])
    errors: Counter[str] = field(default_factory=Counter[str])
    usd: Decimal = Decimal(0)
    usd_known: int = 0
    usd_unknown: int = 0
    input_tokens: int = 0
    input_known: int = 0
    output_tokens: int = 0
    output_known: int = 0
    reasoning_tokens: int = 0
    reasoning_known: int = 0
    checks_usd: Decimal | None = None
    checks_usd_unknown: int = 0
    seconds: array[float] = field(default_factory=lambda: array("f"))
    values: RowValues = field(default_factory=RowValues)
    same_request_as: str | None = None
    best: tuple[str, ...] = ()
    step: LevelStep | None = None
    simulated: int = 0
    judge_calls: int = 0
    second_calls: int = 0
    shapes: ShapeTally = field(default_factory=ShapeTally)
    _is_sorted: bool = False

    def add(self, seen: Seen) -> None:
        """Count one result."""
        self.results += 1
        self.simulated += seen.simulated
        self.model = seen.model or self.model
        self.statuses[seen.status] += 1
        if seen.passed is not None:
            self.judged += 1
            self.passed += seen.passed
        if seen.status in ("ok", "partial"):
            self.verdicts[seen.verdict] += 1
            self.finishes[seen.finish] += 1
        if seen.error_kind is not None:
            self.errors[seen.error_kind] += 1
        if seen.usd is not None:
            self.usd += seen.usd
            self.usd_known += 1
        self.usd_unknown += seen.usd_unknown
        if seen.input_tokens is not None:
            self.input_tokens += seen.input_tokens
            self.input_known += 1
        if seen.output_tokens is not None:
            self.output_tokens += seen.output_tokens
            self.output_known += 1
        if seen.reasoning_tokens is not None:
            self.reasoning_tokens += seen.reasoning_tokens
            self.reasoning_known += 1
        if seen.shape is not None:
            self.shapes.add(seen.shape)
        if seen.judges or seen.seconds:
            self.judge_calls += len(seen.judges)
            self.second_calls += len(seen.seconds)
            for usd in (*seen.judges, *seen.seconds):
                self.checks_usd_unknown += usd is None
                self.checks_usd = self.checks_usd if usd is None else (self.checks_usd or 0) + usd
        if seen.status == "ok" and seen.total_s is not None:
            self.seconds.append(seen.total_s)
            self._is_sorted = False

    @property
    def failed(self) -> int:
        """Results without a whole answer."""
        return self.results - self.statuses["ok"]

    @property
    def empty(self) -> int:
        """Whole answers that hold no text."""
        return self.verdicts["empty"]

    def percentile_s(self, share: float) -> float | None:
        """The latency of whole answers that `share` of them do not exceed (nearest rank); None without any."""
        if not self.seconds:
            return None
        if not self._is_sorted:
            self.seconds, self._is_sorted = _sorted(self.seconds), True
        ordered = self.seconds
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    @property
    def mean_usd(self) -> Decimal | None:
        """What a result costs, of those whose cost is known."""
        return _divided(self.usd, self.usd_known) if self.usd_known else None

    @property
    def usd_per_passed(self) -> Decimal | None:
        """What an answer as expected costs, failures included; None unless every cost is known."""
        return _divided(self.usd, self.passed) if self.usd_known and not self.usd_unknown and self.passed else None

    @property
    def mean_output_tokens(self) -> float | None:
        return self.output_tokens / self.output_known if self.output_known else None

    @property
    def mean_reasoning_tokens(self) -> float | None:
        return self.reasoning_tokens / self.reasoning_known if self.reasoning_known else None

    @property
    def pass_rate(self) -> float | None:
        """The share of judged answers that passed; an error is no answer and is not judged."""
        return self.passed / self.judged if self.judged else None

    @property
    def pass_interval(self) -> tuple[float, float] | None:
        """The Wilson score interval of the pass rate, at 95 %: honest for few rows and for rates near 0 and 1."""
        if not self.judged:
            return None
        rate = self.passed / self.judged
        independent = self.values.independent(self.judged, rate)
        found = proportion_interval(min(rate * independent, independent), independent)
        return found.low, found.high

    def summary(self) -> GroupSummary:
        """The group at this moment."""
        median, slow = self.percentile_s(0.5), self.percentile_s(0.95)
        rate, interval = self.pass_rate, self.pass_interval
        reasoning = self.mean_reasoning_tokens
        return GroupSummary(
            profile=self.profile,
            think=self.think,
            model=self.model,
            results=self.results,
            statuses=dict(self.statuses),
            empty=self.empty,
            judged=self.judged,
            passed=self.passed,
            pass_rate=None if rate is None else round(rate, 6),
            pass_interval_95=None if interval is None else (round(interval[0], 6), round(interval[1], 6)),
            usd=self.usd if self.usd_known else None,
            usd_unknown=self.usd_unknown,
            usd_mean=self.mean_usd,
            usd_per_passed=self.usd_per_passed,
            latency_median_s=None if median is None else round(median, 6),
            latency_95th_s=None if slow is None else round(slow, 6),
            input_tokens=self.input_tokens if self.input_known else None,
            output_tokens=self.output_tokens if self.output_known else None,
            reasoning_tokens=self.reasoning_tokens if self.reasoning_known else None,
            reasoning_tokens_mean=None if reasoning is None else round(reasoning, 1),
            verdicts=dict(self.verdicts),
            finishes=dict(self.finishes),
            errors=dict(self.errors),
            checks_usd=self.checks_usd,
            checks_usd_unknown=self.checks_usd_unknown,
            samples=self.values.samples,
            agreement=None if (agreement := self.values.agreement) is None else round(agreement, 6),
            measures={name: self.values.measure(name) for name in QUANTITIES},
            best=self.best,
            same_request_as=self.same_request_as,
            step=self.step,
            simulated=self.simulated,
            judge_calls=self.judge_calls,
            second_calls=self.second_calls,
            shape=self.shapes.figures(),
        )

    def document(self) -> dict[str, Any]:
        """The group as a part of `thinkdial.batch-summary/1`."""
        return self.summary().document()


def _dosed(groups: Iterable[Group]) -> Iterator[DosedSample]:
    """The samples of all rows that are remembered and whose reasoning is known."""
    for group in groups:
        for row, samples in group.values.rows.items():
            for sample in samples:
                if sample.reasoning_tokens is not None:
                    yield DosedSample(group.profile, group.think, str(row), sample.reasoning_tokens)


@dataclass(slots=True)
class Tally:
    """All groups, and what happened beside them. `skipped` were done by an earlier run.

    `profiles` are in the order in which they are to be told; those of results come by themselves. `reference` says
    which think value is more than which.
    """

    groups: dict[tuple[str, str], Group] = field(default_factory=dict[tuple[str, str], Group])
    profiles: dict[str, None] = field(default_factory=dict[str, None])
    skipped: int = 0
    again: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    reference: Reference = field(default_factory=facts.reference)
    _rows: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, document: Mapping[str, Any]) -> None:
        """Count one line of output."""
        self._add(seen_in_line(document))

    def add_plain(self, line: PlainLine) -> None:
        """The same of a plain line."""
        self._add(seen_in_plain(line))

    def add_result(self, result: Result, row_id: str | None = None) -> None:
        """Count one result, to the row `row_id`, before it is a line."""
        self._add(seen_in(result, row_id))

    def _add(self, seen: Seen) -> None:
        key = seen.profile, seen.think
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(*key)
            self.profiles.setdefault(seen.profile)
        group.add(seen)
        if seen.status == "ok" and seen.row_id is not None and (row := self._row(seen.row_id)) is not None:
            said = said_of(seen.answer)
            group.values.add(
                row, RowSample(seen.usd, seen.total_s, seen.reasoning_tokens, seen.output_tokens, seen.passed, said)
            )
        for twin in seen.twins:
            stand_in = self.groups.setdefault((seen.profile, twin), Group(seen.profile, twin, seen.model))
            stand_in.same_request_as = seen.think

    def _row(self, row_id: str) -> int | None:
        """The number of a row whose values are remembered; None for one of those that come too late for it."""
        number = self._rows.get(row_id)
        if number is None and len(self._rows) < MOST_ROWS:
            number = self._rows[row_id] = len(self._rows)
        return number

    def judge(self) -> None:
        """Find out which groups are shown to be the best, and in what."""
        groups = [group for group in self.groups.values() if group.results]
        found: dict[int, list[str]] = {}
        for name, (better, most) in COMPETING.items():
            figures = [_FIGURES[name](group) for group in groups]
            place = shown_best([group.values for group in groups], figures, better, most=most)
            if place is not None:
                found.setdefault(place, []).append(name)
        for place, group in enumerate(groups):
            group.best = tuple(found.get(place, ()))
        steps = steps_by_upper(_dosed(groups))
        for group in groups:
            group.step = steps.get((group.profile, group.think))

    def tried_again(self, profile: str, kind: str) -> None:
        """Count an attempt that failed and was followed by another one."""
        self.again[profile, kind] += 1

    @property
    def ordered(self) -> list[Group]:
        """The groups by profile, and from little thinking to much; at the end what is no value of the dial."""
        places = {name: place for place, name in enumerate(self.profiles)}

        def place(group: Group) -> tuple[int, bool, int]:
            position = self.reference.position(group.think)
            return places[group.profile], position is None, position or 0

        return sorted(self.groups.values(), key=place)

    @property
    def results(self) -> int:
        return sum(group.results for group in self.groups.values())

    @property
    def failed(self) -> int:
        """Results without a whole answer."""
        return sum(group.failed for group in self.groups.values())

    @property
    def usd(self) -> Decimal | None:
        """The sum of the known costs; None when none is known."""
        if not any(group.usd_known for group in self.groups.values()):
            return None
        return sum((group.usd for group in self.groups.values()), Decimal(0))

    def summary(self) -> BatchSummary:
        """The totals at this moment."""
        self.judge()
        unknown = sum(group.usd_unknown for group in self.groups.values())
        groups = tuple(group.summary() for group in self.ordered)
        return BatchSummary(self.results, self.skipped, self.usd, unknown, dict(self.again), groups)

    def document(self, **about: Any) -> dict[str, Any]:
        """`thinkdial.batch-summary/1`. `about` says what it is a summary of."""
        whole = self.summary()
        return {
            "schema": SCHEMA,
            **about,
            "results": whole.results,
            "skipped": whole.skipped,
            "usd": None if whole.usd is None else dollars_text(whole.usd),
            "usd_unknown": whole.usd_unknown,
            "attempts_again": [
                {"profile": profile, "kind": kind, "times": times} for (profile, kind), times in self.again.items()
            ],
            "groups": [group.document() for group in whole.groups],
        }


def _sorted(numbers: array[float]) -> array[float]:
    """The same in order, without an object of each at the same time."""
    begins = range(0, len(numbers), SORTED_AT_ONCE)
    return array("f", merge(*(array("f", sorted(numbers[begin : begin + SORTED_AT_ONCE])) for begin in begins)))


def _divided(amount: Decimal, count: int) -> Decimal:
    return (amount / count).quantize(_SMALLEST_USD)
