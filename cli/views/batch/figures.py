"""What is known of a running batch, profile by profile: counted as results come, worked out when it is drawn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from ..numbers import UNKNOWN, dollars, seconds
from ..run.phrases import BAD, CAUTION, GOOD, QUIET, kind_words
from ..untrusted import one_line

if TYPE_CHECKING:
    from ....engine.batch.batch import Batch
    from ....engine.batch.lane import Lane
    from ....engine.results.result import Result

WINDOW_S = 30.0
_CENT = Decimal("0.01")
_ENOUGH = 10
"""Results in the window from which on its rate says more than that of the whole run."""

_FIRST_RATE_S = 1.0


@dataclass(slots=True)
class Count:
    """What came of one profile in this run. `samples` are (moment, results so far), one a second at most."""

    results: int = 0
    failed: int = 0
    tokens: int = 0
    tokens_known: bool = False
    usd: Decimal = Decimal(0)
    usd_known: bool = False
    usd_unknown: int = 0
    samples: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    last_at: float | None = None

    def add(self, result: Result) -> None:
        """Count a result; cheap, for it is called for every one."""
        self.results += 1
        if result.status != "ok":
            self.failed += 1
        usage = result.usage
        if usage.output_tokens is not None:
            self.tokens += usage.output_tokens + (usage.input_tokens or 0)
            self.tokens_known = True
        if (usd := result.cost.usd) is not None:
            self.usd += usd
            self.usd_known = True
        elif result.attempts and result.status != "error":
            self.usd_unknown += 1

    def rate(self, now: float, began: float) -> float | None:
        """Results a second of late, or of the whole run while they are few; None before there is one to tell."""
        results, samples = self.results, self.samples
        if not samples or now - samples[-1][0] >= 1:
            if self.last_at is None or not samples or samples[-1][1] != results:
                self.last_at = now
            samples.append((now, results))
        while len(samples) > 2 and now - samples[1][0] >= WINDOW_S:
            samples.popleft()
        since, before = samples[0]
        if results - before >= _ENOUGH and now - since >= _FIRST_RATE_S:
            return (results - before) / (now - since)
        return results / (now - began) if results and now - began >= _FIRST_RATE_S else None

    def mean_rate(self, began: float) -> float | None:
        """Results a second until the last one came."""
        span = (self.last_at or began) - began
        return self.results / span if self.results and span >= _FIRST_RATE_S else None


@dataclass(frozen=True, slots=True)
class Figures:
    """One profile at this moment, or all of them together. `total` is a guess while the input is being read."""

    name: str
    results: int
    earlier: int
    total: int | None
    is_guess: bool
    failed: int
    retries: int
    in_flight: int
    at_once: int
    limits: str
    tokens: int | None
    usd: Decimal | None
    usd_unknown: int
    rate: float | None
    left_s: float | None
    state: str
    style: str

    @property
    def done(self) -> int:
        return self.results + self.earlier

    @property
    def share(self) -> float | None:
        """How much of it is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def progress(self) -> str:
        """`1,204 of 50,000`, with `~` before a guess, or `1,204` where nobody knows of how many."""
        if self.total is None:
            return f"{self.done:,}"
        return f"{self.done:,} of {'~' if self.is_guess else ''}{self.total:,}"

    @property
    def percent(self) -> str:
        return UNKNOWN if self.share is None else f"{int(100 * self.share)} %"

    @property
    def speed(self) -> str:
        """`812/s`, `24.3/s`, `40/min`."""
        if self.rate is None:
            return UNKNOWN
        if self.rate >= 1:
            return f"{self.rate:,.0f}/s" if self.rate >= 100 else f"{self.rate:.1f}/s"
        return f"{60 * self.rate:.0f}/min" if 60 * self.rate >= 9.5 else f"{60 * self.rate:.1f}/min"

    @property
    def money(self) -> str:
        """What is known to be spent; `≥` where something is not known."""
        sign = "≥" if self.usd is not None and self.usd_unknown else ""
        if self.usd is None or not _CENT <= self.usd < 1:
            return sign + dollars(self.usd)
        return f"{sign}${self.usd:.4f}"

    @property
    def left(self) -> str:
        return UNKNOWN if self.left_s is None else span(self.left_s)


class Board:
    """All counts of one batch."""

    def __init__(self, batch: Batch, how_far: Callable[[], float | None] | None = None) -> None:
        self._batch, self._how_far = batch, how_far
        self._counts: dict[str, Count] = {}
        self._began = batch.surroundings.clock()

    def add(self, lane: Lane, result: Result) -> None:
        name = lane.name
        count = self._counts.get(name)
        if count is None:
            count = self._counts[name] = Count()
        count.add(result)

    @property
    def elapsed_s(self) -> float:
        return self._batch.surroundings.clock() - self._began

    def figures(self) -> list[Figures]:
        """One entry a profile, in the order in which they were made."""
        return [self._of(lane) for lane in list(self._batch.lanes.values())]

    def together(self, figures: Iterable[Figures]) -> Figures:
        """The sum of `figures`; the time left is that of the slowest."""
        every = list(figures)
        totals = [one.done if one.style == BAD else one.total for one in every]
        left = [one.left_s for one in every if one.state != "done" and one.style != BAD]
        rates = [one.rate for one in every if one.rate is not None and one.state != "done"]
        tokens = [one.tokens for one in every if one.tokens is not None]
        usd = [one.usd for one in every if one.usd is not None]
        return Figures(
            name="all",
            results=sum(one.results for one in every),
            earlier=sum(one.earlier for one in every),
            total=None if None in totals else sum(total or 0 for total in totals),
            is_guess=any(one.is_guess for one in every),
            failed=sum(one.failed for one in every),
            retries=sum(one.retries for one in every),
            in_flight=sum(one.in_flight for one in every),
            at_once=sum(one.at_once for one in every),
            limits="",
            tokens=sum(tokens) if tokens else None,
            usd=sum(usd, Decimal(0)) if usd else None,
            usd_unknown=sum(one.usd_unknown for one in every),
            rate=sum(rates) if rates else None,
            left_s=max((one for one in left if one is not None), default=None) if None not in left else None,
            state="",
            style="",
        )

    def _of(self, lane: Lane) -> Figures:
        name, batch = lane.name, self._batch
        count = self._counts.get(name) or Count()
        now = batch.surroundings.clock()
        total, is_guess = (None, False) if lane.pace.broken is not None else self._total(name)
        waiting, in_flight, earlier = lane.waiting, len(lane.in_flight), batch.skipped[name]
        state, style = _state(batch, lane, waiting, in_flight, now)
        rate = count.rate(now, self._began)
        if state == "done":
            rate = count.mean_rate(self._began)
        open_ = None if total is None else max(0, total - earlier - count.results)
        left_s = open_ / rate if rate and open_ is not None and style != BAD else None
        learned = lane.pace.learned
        return Figures(
            name=one_line(name, 40),
            results=count.results,
            earlier=earlier,
            total=total,
            is_guess=is_guess,
            failed=count.failed,
            retries=sum(times for (who, _), times in list(batch.ended.tally.again.items()) if who == name),
            in_flight=in_flight,
            at_once=lane.pace.at_once,
            limits=" ".join(
                f"{compact(limit)} {what}" for what in ("rpm", "tpm") if (limit := learned.get(what)) is not None
            ),
            tokens=count.tokens if count.tokens_known else None,
            usd=count.usd if count.usd_known else None,
            usd_unknown=count.usd_unknown,
            rate=None if style == BAD else rate,
            left_s=None if state == "done" else left_s,
            state=state,
            style=style,
        )

    def _total(self, name: str) -> tuple[int | None, bool]:
        """Results to be had of a profile, earlier ones among them, and whether that is a guess."""
        asked = self._batch.asked[name]
        if self._batch.reading_done:
            return asked, False
        share = self._how_far() if self._how_far is not None else None
        return (max(asked, round(asked / share)), True) if share and asked else (None, False)


def _state(batch: Batch, lane: Lane, waiting: int, in_flight: int, now: float) -> tuple[str, str]:
    """In a few words what a profile is doing, and their style."""
    pace = lane.pace
    if (broken := pace.broken) is not None:
        return f"given up: {one_line(kind_words(broken), 40)}", BAD
    if lane.ended and not waiting and not in_flight:
        return "done", GOOD
    if batch.stopping:
        return f"finishing {in_flight}" if in_flight else "stopped", CAUTION
    held_until = pace.held_until
    if held_until is not None and held_until > now:
        return f"held for {span(held_until - now)}", CAUTION
    if not waiting and not in_flight:
        return "waiting for rows", QUIET
    return "running", ""


def span(value_s: float) -> str:
    """`12 s`, `1m 12s`, `1h 02m`: whole seconds, and none is told as one."""
    whole = max(1, round(value_s))
    return f"{whole} s" if whole < 60 else seconds(float(whole))


def compact(count: float | None) -> str:
    """`812`, `12.3k`, `1.2M`: at most three digits that count."""
    if count is None:
        return UNKNOWN
    if count < 1000:
        return f"{count:.0f}"
    for unit in ("k", "M", "G"):
        count /= 1000
        if count < 999.5 or unit == "G":
            return f"{count:.0f}{unit}" if count >= 99.95 else f"{count:.3g}{unit}"
    raise AssertionError("unreachable")
