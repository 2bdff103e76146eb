"""Finds the rate that a provider allows without saying so, from when it turns calls away. Pure.

When a burst of rejections is over, the minute behind it was used to the full: what was answered in it is what is
allowed. So is what was answered since the last burst, where that is longer ago; the higher of both counts. That holds
for fixed and sliding windows at once, and for buckets as soon as they have been emptied. After a burst the rate stays
just below what was found. Trying for more begins when rejections have become rare again or a while has passed, longer
each time that it was in vain. Where cuts do not help, rejections are not about the rate, and it is let go.
"""

from __future__ import annotations

import math
from collections import deque

from ....providers.refusals.rate_headers import MINUTE_S

BELOW = 0.96
"""The share of the rate that was found which is used."""

MOST_CUT = 0.5
MOST_CUT_KNOWN = 0.97
"""What one burst leaves of a rate at least; the second where the limit is known and may only be enforced strictly."""

FEW_ANSWERS = 5
"""Too few to measure a rate by: the burst goes on."""

SOME_ANSWERS = 30
"""Below, what was measured may as well be too little."""

FIRST_QUIET_S = 120.0
LONGEST_QUIET_S = 3600.0
"""How long without a rejection allows trying for more, where they have not become rare by then."""

GAIN = 1.2
"""Trying for more was worth it from here on."""

RARE = 0.004
"""The share of rejected calls below which trying for more is allowed."""

MEMORY_CALLS = 3000.0
"""Over how many calls the share of rejected ones is taken, the older ones counting less."""

FEW_REJECTED = 0.15
OFTEN_CALLS = 200
USELESS_CUTS = 5
MANY_REJECTED = 0.3
SCATTERED_CALLS = 3000
"""Rejections are scattered where so many cuts in a row were followed by few rejections, but soon.

They are taken so for a number of calls, unless they become many.
"""

FIRST_STEP = 0.001
LONGEST_STEP = 0.01
STEP_GROWTH = 0.03
"""By what share the rate grows a second, when trying for more, and by what share that grows."""

LEAST_PER_S = 1 / MINUTE_S
SLACK_S = 0.25
"""What may be caught up on, less one call."""


class RateSearch:
    """The rate of calls a second that was found, None while nothing is known."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._began: float | None = None
        self._since: float | None = None
        self._last_rejection = -math.inf
        self._quiet_s = FIRST_QUIET_S
        self._base = 0.0
        """The rate that the last burst left, from which more is tried."""
        self._answers: deque[list[float]] = deque()
        """Second and count of what was answered in it, of the last minute."""
        self._answered = 0
        self._turned_away = 0
        self._calls = 0.0
        self._rejected = 0.0
        self._useless = 0
        self._scattered_calls = 0
        self._limited = False
        self._step = FIRST_STEP
        self._balance = 0.0
        self._at = -math.inf

    @property
    def per_minute(self) -> float | None:
        """The rate a minute."""
        return None if self.rate is None else self.rate * MINUTE_S

    def _may_try_more(self, now: float) -> bool:
        return self._rejected <= RARE * self._calls or now > self._last_rejection + self._quiet_s

    def ready_at(self, now: float) -> float:
        """When one more call may start."""
        if self.rate is None:
            return now
        self._refill(now)
        if self._balance >= 0:
            return now
        self._limited = True
        return now - self._balance / self.rate

    def spend(self, now: float) -> None:
        """A call starts."""
        if self._since is None:
            self._began = self._since = now
        self._refill(now)
        if self.rate is not None:
            self._balance -= 1

    def answered(self, now: float) -> None:
        """A call was answered."""
        self._count(0)
        self._answered += 1
        if not self._answers or now - self._answers[-1][0] >= 1:
            self._answers.append([now, 0])
            self._forget(now)
        self._answers[-1][1] += 1
        if self.rate is None or not self._limited:
            return
        self._limited = False
        if self._may_try_more(now):
            once_a_second = max(1.0, self.rate)
            self.rate *= 1 + self._step / once_a_second
            self._step = min(LONGEST_STEP, self._step * (1 + STEP_GROWTH / once_a_second))

    def rejected(self, now: float) -> None:
        """A call was turned away."""
        self._count(1)
        self._turned_away += 1
        self._last_rejection = now

    def burst_over(self, now: float, known_per_s: float | None) -> None:
        """A burst of rejections has passed: take the measure, and go below it.

        `known_per_s` is the rate of a limit that is known: what is found cannot be far from it.
        """
        if self._answered < FEW_ANSWERS:
            return
        end = (now + min(now, max(self._last_rejection, self._since or now))) / 2
        answered, rejected, found = self._answered, self._turned_away, self._measure(end)
        grown = self.rate is not None and self.rate > self._base
        self._since, self._answered, self._turned_away, self._step = end, 0, 0, FIRST_STEP
        if found is None or self._is_scattered(answered, rejected, grown):
            return
        before = min((rate for rate in (self.rate, known_per_s) if rate is not None), default=None)
        if before is not None:
            least = MOST_CUT if known_per_s is None else MOST_CUT_KNOWN
            found = min(max(found, before * least), before)
        elif answered < SOME_ANSWERS:
            found *= 1 + 1 / math.sqrt(answered)
        self.rate = max(LEAST_PER_S, found * BELOW)
        if grown:
            in_vain = self.rate < self._base * GAIN
            self._quiet_s = min(self._quiet_s * 2, LONGEST_QUIET_S) if in_vain else FIRST_QUIET_S
        self._base = self.rate
        self._balance = min(self._balance, 0.0)

    def _measure(self, end: float) -> float | None:
        """What was answered a second, in the last minute or since the last burst."""
        if self._since is None or self._began is None:
            return None
        self._forget(end)
        lately = sum(count for _, count in self._answers) / min(MINUTE_S, max(1.0, end - self._began))
        return max(lately, self._answered / max(1.0, end - self._since))

    def _forget(self, now: float) -> None:
        while self._answers and self._answers[0][0] <= now - MINUTE_S:
            self._answers.popleft()

    def _is_scattered(self, answered: int, rejected: int, grown: bool) -> bool:
        """Whether rejections come one by one, however slow we are."""
        calls = answered + rejected
        if self._scattered_calls > 0:
            many = rejected > MANY_REJECTED * calls
            self._scattered_calls = 0 if many else self._scattered_calls - calls
            return not many
        often = not grown and answered < OFTEN_CALLS and rejected < FEW_REJECTED * calls
        self._useless = self._useless + 1 if often else 0
        if self._useless < USELESS_CUTS:
            return False
        self._useless, self._scattered_calls, self.rate = 0, SCATTERED_CALLS, None
        return True

    def _count(self, rejected: int) -> None:
        self._calls += 1 - self._calls / MEMORY_CALLS
        self._rejected += rejected - self._rejected / MEMORY_CALLS

    def _refill(self, now: float) -> None:
        if self.rate is not None and self._at > -math.inf:
            most = max(0.0, self.rate * SLACK_S - 1, self._balance)
            self._balance = min(most, self._balance + (now - self._at) * self.rate)
        self._at = now
