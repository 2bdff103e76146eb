"""How much of one thing (requests, tokens) may be spent a second: as configured, and as the headers say. Pure.

Spending is smooth: what was not spent stays available for a fraction of a second only, because a limit per minute may
be enforced a second at a time. A start is allowed while the balance is not negative; what it costs is taken off
afterwards, so that one call may cost more than what a second brings.
"""

from __future__ import annotations

import math

from ...providers.refusals.rate_headers import MINUTE_S, Reading

HEADROOM = 0.97
"""The share of a limit that is used: clocks and networks jitter, and a rejected request is worse than a late one."""

SLACK_S = 0.25
"""What may be caught up on, less one call: a limit of 60 a minute may be enforced as one a second."""

LEAN_SHARE = 1 / 3
"""Where the server refills steadily, we slow down below this share of its bucket: someone else draws on it too."""

LEAST_SHARE = 0.02
"""Of the limit's rate that is always tried, so that there are readings from which to learn that it is better again."""

SOON = 3.0
"""A reset that is not further away than so many calls is no reason to slow down."""

SURE = 3.0
STEADY_FROM = 0.05


_UNKNOWN = (None, None, None)


class RateAllowance:
    """One limit: `rate` a second (None: unknown), and a balance that goes negative when something cost more."""

    def __init__(self, per_minute: float | None) -> None:
        self.configured = None if per_minute is None else per_minute / MINUTE_S
        self.said: float | None = None
        self._share: float | None = None
        """What the last reading leaves, a second, until `_share_until`."""
        self._share_until = -math.inf
        self._balance = 0.0
        self._at = -math.inf
        self._typical = 0.0
        self._windows = 0.0
        """Positive when resets have looked like those of fixed windows, negative like those of a steady refill."""
        self._long = False
        self._barred_until = -math.inf

    @property
    def is_free(self) -> bool:
        """Whether nothing that is known limits it."""
        known = self.configured, self.said, self._share
        return known == _UNKNOWN and self._barred_until == -math.inf

    def rate(self, now: float) -> float | None:
        """What may be spent a second."""
        least = self._share if self._share is not None and now < self._share_until else None
        for rate in (self.configured, self.said):
            if rate is not None and (least is None or HEADROOM * rate < least):
                least = HEADROOM * rate
        return least

    @property
    def per_minute(self) -> float | None:
        """The limit in force, if any is known."""
        known = [rate * MINUTE_S for rate in (self.configured, self.said) if rate is not None]
        return min(known, default=None)

    def ready_at(self, now: float) -> float:
        """When something more may be spent."""
        rate = self.rate(now)
        if rate is None:
            return max(now, self._barred_until)
        self._refill(now)
        wait = -self._balance / rate if self._balance < 0 else 0.0
        if self._share is not None and now < self._share_until < now + wait:
            # The reading will be out of date before the balance is even at its rate.
            slower, self._share = self._share, None
            later = self.rate(now)
            self._share = slower
            rest = -self._balance - rate * (self._share_until - now)
            wait = self._share_until - now + (rest / later if later else 0.0)
        return max(now + wait, self._barred_until)

    def spend(self, now: float, amount: float) -> None:
        """Take off what a call is likely to cost."""
        self._refill(now)
        self._typical = amount if not self._typical else self._typical + 0.1 * (amount - self._typical)
        self._balance -= amount

    def correct(self, amount: float) -> None:
        """Take off what a call cost more (or, negative, less) than was thought."""
        self._balance -= amount

    def learn(self, now: float, reading: Reading, *, asked_s: float | None = None, turned_away: bool = False) -> None:
        """What a response says of this limit, one that was `turned_away` or not. `asked_s` is its own `retry-after`."""
        if not reading.limit and reading.remaining is None:
            return
        window = self._window(reading)
        if reading.limit and window is not None:
            self.said = reading.limit / window
        elif window is None:
            self.said = None
        if reading.remaining is None:
            return
        if window is None:
            # A bucket of more than a minute, or a quota of hours or days: there is no pace in it, only an end.
            if reading.remaining < 1 and reading.reset_s is not None:
                self._barred_until = now + self._until_next(reading, reading.reset_s, asked_s, turned_away)
            return
        self._take_share(now, reading, window, asked_s)

    def _until_next(self, reading: Reading, reset_s: float, asked_s: float | None, turned_away: bool) -> float:
        """Seconds until something may be spent of what is used up.

        The nearer of the provider's words counts. Where the header names no window, the reset is the time until all is
        back, of which the next call needs a part: until we are turned away all the same, as by a quota of a fixed day.
        Source: https://developers.openai.com/api/docs/guides/rate-limits
        """
        if asked_s is not None:
            return min(reset_s, asked_s)
        if turned_away or not reading.limit or reading.window_s is not None:
            return reset_s
        return reset_s * min(1.0, max(self._typical, 1.0) / reading.limit)

    def _window(self, reading: Reading) -> float | None:
        """The seconds that the limit is for; None when it is for hours or days."""
        if reading.window_s is not None:
            return reading.window_s if reading.window_s <= 10 * MINUTE_S else None
        if reading.reset_s is not None and reading.reset_s > 1.1 * MINUTE_S:
            self._long = True
        return None if self._long else MINUTE_S

    def _take_share(self, now: float, reading: Reading, window: float, asked_s: float | None) -> None:
        """How fast what remains may be spent."""
        remaining, limit, reset = reading.remaining or 0.0, reading.limit, reading.reset_s
        self._share = None
        if limit and reset is not None:
            self._judge(remaining / limit, reset / window)
            if reset <= SOON * max(self._typical, 1.0) * window / limit:
                return
        if reset is not None and asked_s is not None:
            reset = min(reset, asked_s)
        if limit and (reset is None or self._windows < 0):
            lean = remaining / limit / LEAN_SHARE
            if lean < 1:
                self._share = max(lean, LEAST_SHARE) * limit / window
                self._share_until = now + window
        elif reset is not None and reset > 0:
            self._share = (remaining + max(self._typical, 1.0)) / reset
            self._share_until = now + reset
        if remaining < 1:
            self._refill(now)
            self._balance = min(self._balance, -max(self._typical, 1.0))

    def _judge(self, left: float, reset: float) -> None:
        """Whether the limit refills steadily (its reset is the time until all is back) or at once, at the reset."""
        used = 1 - left
        if abs(reset - used) < STEADY_FROM:
            self._windows = max(self._windows - 1, -SURE)
        elif abs(reset - used) > 2 * STEADY_FROM:
            self._windows = min(self._windows + 1, SURE)

    def _refill(self, now: float) -> None:
        rate = self.rate(now)
        if rate is not None and self._at > -math.inf:
            most = max(0.0, rate * SLACK_S - self._typical)
            self._balance = min(max(most, self._balance), self._balance + (now - self._at) * rate)
        self._at = now
