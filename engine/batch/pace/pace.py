"""How fast one profile may be called: as fast as its provider allows, and no faster. Pure; the clock is given.

Four things hold a call back, and the latest wins: a pause that the provider asked for, the number of calls under way,
the limits that are configured or that the response headers tell, and, where nothing tells them, the rate that was found
by being turned away.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping

from msgspec import Struct

from ....profiles.profile import CallLimits
from ....providers.errors import ErrorKind, Failure
from ....providers.refusals.rate_headers import What, readings
from ....providers.refusals.waits import retry_delay_s
from ...limiter.allowance import RateAllowance
from .circuit import Circuit
from .rate_search import RateSearch

TURNED_AWAY: frozenset[ErrorKind] = frozenset({"rate_limit", "overloaded"})

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
"""How long to pause when turned away without being told: doubled each time until a call is answered."""

LESS = 0.7
"""What a burst of rejections leaves of the calls under way."""

NEARLY = 0.95
FIRST_EAGERNESS = 0.05

SHARE_WEIGHT = 0.1


class PaceReport(Struct, frozen=True):
    """How a call ended. `kind` None: it was answered. Tokens are None where they are not known.

    `is_made`: a request may have left; no leave has been used by any other.
    """

    kind: ErrorKind | None
    retry_after_s: float | None
    tokens: int | None
    input_tokens: int | None = None
    output_tokens: int | None = None
    is_made: bool = True


class Pace:
    """When the next call of one profile may start.

    `most_at_once` bounds the calls under way where the profile does not; `start_at_once` is what it begins with.
    """

    def __init__(self, limits: CallLimits, *, most_at_once: int = 64, start_at_once: int = 8) -> None:
        self._most = max(1, limits.concurrency or most_at_once)
        self._window = float(min(start_at_once, self._most))
        self._mark = math.inf
        """Calls under way from which on more are added slowly: here we were turned away."""
        self.in_flight = 0
        self.held_until: float | None = None
        self._pause = FIRST_PAUSE_S
        self._burst = False
        self._told = False
        """Whether the provider has said how long to pause in this burst of rejections."""
        self._burst_at = -math.inf
        self._started: deque[float] = deque()
        self._eagerness = FIRST_EAGERNESS
        self._crowded = False
        self._fresh = math.inf
        """Calls answered that had started since the last time that their number was cut."""
        self._circuit = Circuit()
        self._search = RateSearch()
        self._allowances: dict[What, RateAllowance] = {
            "requests": RateAllowance(limits.rpm),
            "tokens": RateAllowance(limits.tpm),
        }
        self._shares: dict[What, float] = {"tokens": 1.0}
        """What a call costs of each, for each token that it was likely to cost."""
        self._expected = 0.0

    @property
    def at_once(self) -> int:
        """How many calls may be under way."""
        return max(1, int(self._window))

    def on_change(self, stir: Callable[[], None]) -> None:
        """Have `stir` called when another look is worth it, other than by time and by what ends: here, never."""

    @property
    def broken(self) -> Failure | None:
        """Why no more calls make sense, if so."""
        return self._circuit.broken

    @property
    def learned(self) -> dict[str, float | None]:
        """The limits in force, a minute: configured, told by headers, or found. None where nothing is known."""
        rpm = self._allowances["requests"].per_minute
        found = self._search.per_minute
        if found is not None:
            rpm = found if rpm is None else min(rpm, found)
        return {"rpm": rpm, "tpm": self._allowances["tokens"].per_minute}

    def next_start(self, now: float, tokens: int) -> float:
        """The earliest moment at which one more call may start; infinite: only after one under way has ended."""
        if self.held_until is not None and self.held_until <= now:
            self.held_until = None
        if self.in_flight >= self.at_once:
            self._crowded = True
            return math.inf
        start = now if self.held_until is None else max(now, self.held_until)
        for allowance in self._allowances.values():
            if not allowance.is_free:
                start = max(start, allowance.ready_at(now))
        return start if self._search.rate is None else max(start, self._search.ready_at(now))

    def start(self, now: float, tokens: int) -> None:
        """A call of about `tokens` starts."""
        self.in_flight += 1
        self._started.append(now)
        self._expected += 0.05 * (tokens - self._expected) if self._expected else tokens
        if self._burst:
            if self._told:
                self._burst_over(now)
            else:
                # One call at a time until one is answered.
                self._hold_until(now + self._pause)
        self._search.spend(now)
        for what, allowance in self._allowances.items():
            allowance.spend(now, 1.0 if what == "requests" else tokens * self._shares.get(what, 1.0))

    def finish(self, now: float, report: PaceReport) -> None:
        """A call has ended."""
        away = report.kind in TURNED_AWAY
        stale = self._ended(quickly=away)
        if away:
            self._turned_away(now, report, stale)
            return
        if report.retry_after_s is not None:
            self._hold_until(now + report.retry_after_s)
        if report.kind is None:
            self._answered(now, report, stale)
        else:
            self._circuit.bad(report.kind)

    def learn(self, now: float, status: int, headers: Mapping[str, str]) -> None:
        """Take in what a response says about limits; names of headers in lower case."""
        asked_s = retry_delay_s(headers)
        for reading in readings(headers):
            if reading.limit == 0 and status == 429:
                self._circuit.bad("quota")
                continue
            if reading.what not in self._allowances:
                self._allowances[reading.what] = RateAllowance(None)
            self._allowances[reading.what].learn(now, reading, asked_s=asked_s, turned_away=status == 429)

    def _ended(self, *, quickly: bool) -> bool:
        """Take one call from those under way. Whether it had started before the last burst of rejections began.

        Which one it was nobody says; rejections come at once, so it was the latest, and else the first.
        """
        self.in_flight = max(0, self.in_flight - 1)
        if not self._started:
            return False
        return (self._started.pop() if quickly else self._started.popleft()) <= self._burst_at

    def _answered(self, now: float, report: PaceReport, stale: bool) -> None:
        self._circuit.good()
        self._search.answered(now)
        self._weigh(report)
        if stale:
            return
        if self._burst and not self._told:
            self.held_until = None
            self._burst_over(now)
        self._pause = FIRST_PAUSE_S
        self._fresh += 1
        if self._crowded:
            self._grow()
        if self.in_flight + 1 < self.at_once:
            self._crowded = False

    def _grow(self) -> None:
        """One call more for each that is answered; near where we were turned away, much slower at first."""
        if self._window < self._mark:
            self._window += 1.0
        else:
            self._window += self._eagerness / self._window
            self._eagerness = min(1.0, self._eagerness * 1.005)
        self._window = min(self._most, self._window)

    def _weigh(self, report: PaceReport, *, learn: bool = True) -> None:
        """Learn what calls cost beside what they were likely to cost, and correct the balances by the mean."""
        used: dict[What, int | None] = {
            "tokens": report.tokens,
            "input_tokens": report.input_tokens,
            "output_tokens": report.output_tokens,
        }
        for what, count in used.items():
            if count is None or not self._expected:
                continue
            before = self._shares.get(what, 1.0)
            if learn:
                self._shares[what] = before + SHARE_WEIGHT * (count / self._expected - before)
            if what in self._allowances:
                self._allowances[what].correct(count - self._expected * before)

    def _turned_away(self, now: float, report: PaceReport, stale: bool) -> None:
        self._search.rejected(now)
        self._weigh(PaceReport(None, None, 0, 0, 0) if report.tokens is None else report, learn=False)
        if not self._burst and not stale:
            self._burst, self._told = True, False
            self._burst_at = now
            if self._fresh * 2 >= self._window:
                self._shrink()
        if report.retry_after_s is not None:
            self._told = True
            self._hold_until(now + report.retry_after_s)
        elif not stale or self.held_until is None:
            self._hold_until(now + self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def _shrink(self) -> None:
        """Fewer calls at a time. Where a rate is known, and yet did not hold us back, it was their number."""
        used = min(self._window, self.in_flight + 1.0)
        number = self._crowded and self._search.rate is not None
        self._mark = max(1.0, used * NEARLY) if number else math.inf
        self._window = max(1.0, used * LESS)
        self._eagerness = FIRST_EAGERNESS
        self._fresh = 0.0

    def _known_per_s(self, now: float) -> float | None:
        """The calls a second that the known limits allow."""
        rates: list[float] = []
        for what, allowance in self._allowances.items():
            rate = allowance.rate(now)
            cost = 1.0 if what == "requests" else self._expected * self._shares.get(what, 1.0)
            if rate is not None and cost > 0:
                rates.append(rate / cost)
        return min(rates, default=None)

    def _burst_over(self, now: float) -> None:
        self._burst = False
        self._search.burst_over(now, self._known_per_s(now))

    def _hold_until(self, moment: float) -> None:
        self.held_until = max(self.held_until or moment, moment)
