"""How fast all clients together may call one model of one account: calls and tokens a minute, and calls at once. Pure.

The nearest word holds: the least of what clients have configured and of what the provider's headers tell any of them.
Leave is given ahead of need, as places in time: a call that has one needs no message.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ...profiles.profile import CallLimits
from ...providers.refusals.rate_headers import MINUTE_S, What
from .allowance import RateAllowance
from .messages import MOST_CALLS, BucketName, BucketStatus, CallsGiven, CallsWanted

AHEAD_S = 1.0
"""How far ahead places are given to a client that has some. One that has none gets the next, however far."""

MOST_AHEAD_S = 120.0
"""A place further away is not kept: who waits asks again."""

LONGEST_PAUSE_S = 3600.0
SILENT_S = 3.0
"""A client that is not heard of for so long has no claim on a fair share."""

CROWDED_AGAIN_S = 0.05


class BucketMemory(Struct, frozen=True):
    """What is kept of a bucket on disk: what headers said, a second, by what it is of, and for how long it pauses."""

    name: BucketName
    said: Mapping[str, float]
    pause_s: float = 0.0
    pause_from: float = 0.0
    """When the pause was written down, in seconds since 1970 of the server's clock."""


class _Part(Struct):
    """What one client has of a bucket."""

    limits: CallLimits
    seen: float
    under_way: int = 0
    ready: int = 0


class SharedBucket:
    """One model of one account at one host. Times are of one monotonic clock."""

    def __init__(self, name: BucketName) -> None:
        self.name = name
        self.parts: dict[str, _Part] = {}
        self.paused_until = -math.inf
        self.calls = 0
        self.concurrency: int | None = None
        self._lately: deque[tuple[float, int]] = deque()
        self._allowances: dict[What, RateAllowance] = {
            "requests": RateAllowance(None),
            "tokens": RateAllowance(None),
        }
        self._first: deque[str] = deque()
        """Who was turned away for want of room, in order."""

    def take(self, now: float, session: str, wanted: CallsWanted) -> CallsGiven:
        """Count what a client tells, and give it as many places as there are."""
        part = self.parts.get(session)
        if part is None:
            part = self.parts[session] = _Part(wanted.limits, now)
            self._agree()
        elif part.limits != wanted.limits:
            part.limits = wanted.limits
            self._agree()
        part.seen, part.under_way, part.ready = now, max(0, wanted.under_way), max(0, wanted.ready)
        self._hear(now, wanted)
        pause_s = max(0.0, self.paused_until - now)
        want = min(max(0, wanted.want), MOST_CALLS)
        if pause_s and want:
            return CallsGiven(pause_s=pause_s, again_s=pause_s)
        room = self._room(session, want)
        rates = [one.rate(now) for one in self._allowances.values()]
        if all(rate is None for rate in rates):
            latest = self._ready_at(now)
            given, first, last = (room, 0.0, 0.0) if latest <= now else (0, 0.0, 0.0)
            again_s = 0.0 if latest <= now else latest - now
            self._count(now, given)
        else:
            given, first, last, again_s = self._places(now, part, wanted, room)
        part.ready += given
        short = room < want
        if short and not given:
            again_s = max(again_s, CROWDED_AGAIN_S)
        return CallsGiven(given, first, last, pause_s, again_s, is_crowded=short or self._is_full())

    def leave(self, session: str) -> None:
        """A client is gone: what it had under way is over, its limits no longer count."""
        if self.parts.pop(session, None) is not None:
            self._agree()
        if session in self._first:
            self._first.remove(session)

    def pause(self, now: float, seconds: float) -> bool:
        """Begin nothing for so long. Whether that is news."""
        until = now + min(max(0.0, seconds), LONGEST_PAUSE_S)
        is_news = until > self.paused_until + 0.05
        self.paused_until = max(self.paused_until, until)
        return is_news

    @property
    def told(self) -> tuple[float | None, ...]:
        """The limits that headers told, a second."""
        return tuple(one.said for one in self._allowances.values())

    def memory(self, now: float, wall_s: float) -> BucketMemory:
        """What is worth keeping."""
        said = {what: one.said for what, one in self._allowances.items() if one.said is not None}
        return BucketMemory(self.name, said, max(0.0, self.paused_until - now), wall_s)

    def recall(self, now: float, wall_s: float, memory: BucketMemory) -> None:
        """Take in what was kept before a restart."""
        for what, per_s in memory.said.items():
            if what in ("requests", "tokens", "input_tokens", "output_tokens") and 0 < per_s < math.inf:
                self._allowance(what).said = per_s
        if memory.pause_s > 0:
            self.pause(now, memory.pause_s - max(0.0, wall_s - memory.pause_from))

    def status(self, now: float) -> BucketStatus:
        """How it stands."""
        self._forget(now)
        count = sum(calls for _, calls in self._lately)
        return BucketStatus(
            self.name.host,
            self.name.account,
            self.name.model,
            self._allowances["requests"].per_minute,
            self._allowances["tokens"].per_minute,
            self.concurrency,
            sum(part.under_way for part in self.parts.values()),
            sum(part.ready for part in self.parts.values()),
            len(self.parts),
            self.calls,
            float(count),
            max(0.0, self.paused_until - now),
        )

    def _allowance(self, what: What) -> RateAllowance:
        if what not in self._allowances:
            self._allowances[what] = RateAllowance(None)
        return self._allowances[what]

    def _agree(self) -> None:
        """The least of what those who are here have configured."""
        said = [part.limits for part in self.parts.values()]
        self._allowances["requests"].configured = _least_per_s(one.rpm for one in said)
        self._allowances["tokens"].configured = _least_per_s(one.tpm for one in said)
        self.concurrency = min((one.concurrency for one in said if one.concurrency), default=None)

    def _hear(self, now: float, wanted: CallsWanted) -> None:
        for reading in wanted.readings:
            self._allowance(reading.what).learn(
                now, reading, asked_s=wanted.pause_s, turned_away=wanted.turned_away
            )  # fmt: skip
        if wanted.unused > 0:
            back = min(wanted.unused, MOST_CALLS)
            for what, allowance in self._allowances.items():
                allowance.correct(-float(back if what == "requests" else back * wanted.tokens))
            self.calls = max(0, self.calls - back)
            self._lately.append((now, -back))
        if wanted.tokens_more:
            for what, allowance in self._allowances.items():
                if what != "requests":
                    allowance.correct(max(-1e9, min(1e9, wanted.tokens_more)))
        for _ in range(min(max(0, wanted.started), MOST_CALLS)):
            self._spend(now, wanted.tokens)
            self._count(now, 1)

    def _room(self, session: str, want: int) -> int:
        """How many of `want` may be under way beside all others; who was turned away before goes first."""
        if self.concurrency is None:
            return want
        free = self.concurrency - sum(part.under_way + part.ready for part in self.parts.values())
        others = [one for one in self._first if one != session]
        before = len(others if session not in self._first else list(self._first)[: self._first.index(session)])
        given = max(0, min(want, free - before))
        if given >= want or given:
            if session in self._first:
                self._first.remove(session)
        elif want and session not in self._first:
            self._first.append(session)
        return given

    def _is_full(self) -> bool:
        if self.concurrency is None:
            return False
        return sum(part.under_way + part.ready for part in self.parts.values()) >= self.concurrency

    def _places(
        self, now: float, part: _Part, wanted: CallsWanted, room: int
    ) -> tuple[int, float, float, float]:  # fmt: skip
        """Number, first and last of the places that are given, and when to ask for more."""
        active = sum(one.seen > now - SILENT_S for one in self.parts.values())
        most = max(0, max(1, math.ceil(self._calls_per_s(now, wanted.tokens) * AHEAD_S / active)) - part.ready)
        given, first, last, at = 0, 0.0, 0.0, now
        while given < min(room, most):
            at = self._ready_at(now)
            ahead = at - now
            if ahead > (AHEAD_S if given or part.ready else MOST_AHEAD_S):
                break
            self._spend(now, wanted.tokens)
            self._count(now, 1)
            first, last, given = (ahead if not given else first), ahead, given + 1
        wait = max(0.0, at - now - (AHEAD_S if given or part.ready else MOST_AHEAD_S), AHEAD_S / 4)
        return given, first, last, wait if given < wanted.want else 0.0

    def _calls_per_s(self, now: float, tokens: int) -> float:
        rates: list[float] = []
        for what, allowance in self._allowances.items():
            rate = allowance.rate(now)
            if rate is not None:
                rates.append(rate if what == "requests" else rate / max(1, tokens))
        return min(rates, default=float(MOST_CALLS))

    def _ready_at(self, now: float) -> float:
        return max(allowance.ready_at(now) for allowance in self._allowances.values())

    def _spend(self, now: float, tokens: int) -> None:
        for what, allowance in self._allowances.items():
            allowance.spend(now, 1.0 if what == "requests" else float(max(0, tokens)))

    def _count(self, now: float, calls: int) -> None:
        if calls:
            self.calls += calls
            self._lately.append((now, calls))
            self._forget(now)

    def _forget(self, now: float) -> None:
        while self._lately and self._lately[0][0] <= now - MINUTE_S:
            self._lately.popleft()


def _least_per_s(per_minute: Iterable[int | None]) -> float | None:
    least = min((one for one in per_minute if one), default=None)
    return None if least is None else least / MINUTE_S
