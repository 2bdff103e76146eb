"""A world in which a pace can be tried: servers that enforce limits, a network, and a clock that costs no time."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

from thinkdial.engine.batch.pace.pace import Pace, PaceReport

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Limit(Protocol):
    """A limit as a server enforces it."""

    limit: float

    def admits(self, now: float, cost: float) -> bool: ...

    def take(self, now: float, cost: float) -> None: ...

    def left(self, now: float) -> float: ...

    def reset_s(self, now: float) -> float: ...

    def wait_s(self, now: float, cost: float) -> float: ...


class Bucket:
    """Refills steadily; `seconds` of the limit may be used in one burst."""

    def __init__(self, limit: float, seconds: float = 60.0) -> None:
        self.limit, self._size = limit, max(1.0, limit * seconds / 60)
        self._level, self._at = self._size, 0.0

    def _refill(self, now: float) -> None:
        self._level = min(self._size, self._level + (now - self._at) * self.limit / 60)
        self._at = now

    def admits(self, now: float, cost: float) -> bool:
        self._refill(now)
        return self._level >= min(cost, self._size) - 1e-9

    def take(self, now: float, cost: float) -> None:
        self._level -= cost

    def left(self, now: float) -> float:
        self._refill(now)
        return max(0.0, self._level) * self.limit / self._size

    def reset_s(self, now: float) -> float:
        self._refill(now)
        return (self._size - self._level) * 60 / self.limit

    def wait_s(self, now: float, cost: float) -> float:
        self._refill(now)
        return max(0.0, (cost - self._level) * 60 / self.limit)


class Fixed:
    """Starts anew each minute, `offset` seconds after the first call."""

    def __init__(self, limit: float, offset: float = 23.0) -> None:
        self.limit, self._offset = limit, offset
        self._window, self._used = -1, 0.0

    def _roll(self, now: float) -> None:
        window = math.floor((now - self._offset) / 60)
        if window != self._window:
            self._window, self._used = window, 0.0

    def admits(self, now: float, cost: float) -> bool:
        self._roll(now)
        return self._used + cost <= self.limit

    def take(self, now: float, cost: float) -> None:
        self._used += cost

    def left(self, now: float) -> float:
        self._roll(now)
        return max(0.0, self.limit - self._used)

    def reset_s(self, now: float) -> float:
        return 60 - (now - self._offset) % 60

    def wait_s(self, now: float, cost: float) -> float:
        return self.reset_s(now)


class Sliding:
    """Counts what was used in the last sixty seconds."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._used: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def _drop(self, now: float) -> None:
        while self._used and self._used[0][0] <= now - 60:
            self._sum -= self._used.popleft()[1]

    def admits(self, now: float, cost: float) -> bool:
        self._drop(now)
        return self._sum + cost <= self.limit

    def take(self, now: float, cost: float) -> None:
        self._used.append((now, cost))
        self._sum += cost

    def left(self, now: float) -> float:
        self._drop(now)
        return max(0.0, self.limit - self._sum)

    def reset_s(self, now: float) -> float:
        return self._used[0][0] + 60 - now if self._used else 0.0

    def wait_s(self, now: float, cost: float) -> float:
        return self.reset_s(now)


def openai_headers(name: str, limit: Limit, now: float) -> dict[str, str]:
    """The headers of the OpenAI kind."""
    return {
        f"x-ratelimit-limit-{name}": f"{limit.limit:.0f}",
        f"x-ratelimit-remaining-{name}": f"{math.floor(limit.left(now))}",
        f"x-ratelimit-reset-{name}": f"{limit.reset_s(now):.3f}s",
    }


def anthropic_headers(name: str, limit: Limit, now: float) -> dict[str, str]:
    """The headers of Anthropic: a moment, rounded up to seconds."""
    reset = EPOCH + timedelta(seconds=math.ceil(now + limit.reset_s(now)))
    left = limit.left(now)
    return {
        f"anthropic-ratelimit-{name}-limit": f"{limit.limit:.0f}",
        f"anthropic-ratelimit-{name}-remaining": f"{math.floor(left) if name == 'requests' else round(left, -3):.0f}",
        f"anthropic-ratelimit-{name}-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date": (EPOCH + timedelta(seconds=math.floor(now))).strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def no_headers(name: str, limit: Limit, now: float) -> dict[str, str]:
    """A server that says nothing."""
    return {}


Headers = Callable[[str, Limit, float], Mapping[str, str]]


@dataclass(slots=True)
class Server:
    """What the calls meet."""

    requests: Limit | None = None
    tokens: Limit | None = None
    headers: Headers = no_headers
    retry_after: bool = False
    most_at_once: int | None = None
    faults: float = 0.0
    under_way: int = 0

    def answer(self, now: float, tokens: float, dice: random.Random) -> tuple[bool, float | None, dict[str, str]]:
        """Whether the call is admitted, how long to wait if not, and the headers."""
        limits = [(name, limit, cost) for name, limit, cost in self._limits(tokens) if limit is not None]
        refusing = [limit.wait_s(now, cost) for _, limit, cost in limits if not limit.admits(now, cost)]
        if self.most_at_once is not None and self.under_way >= self.most_at_once:
            refusing.append(0.1)
        if dice.random() < self.faults:
            refusing.append(0.1)
        if not refusing:
            for _, limit, cost in limits:
                limit.take(now, cost)
            self.under_way += 1
        headers: dict[str, str] = {}
        for name, limit, _ in limits:
            headers |= self.headers(name, limit, now)
        return not refusing, max(refusing) if refusing and self.retry_after else None, headers

    def _limits(self, tokens: float) -> tuple[tuple[str, Limit | None, float], ...]:
        return ("requests", self.requests, 1.0), ("tokens", self.tokens, tokens)


@dataclass(slots=True)
class Seen:
    """What was counted, by the minute in which it happened."""

    answered: list[int] = field(default_factory=lambda: [0] * 2000)
    rejected: list[int] = field(default_factory=lambda: [0] * 2000)
    tokens: list[float] = field(default_factory=lambda: [0.0] * 2000)
    most_under_way: int = 0

    def share_rejected(self, first: int, last: int) -> float:
        rejected = sum(self.rejected[first:last])
        return rejected / max(1, rejected + sum(self.answered[first:last]))

    def per_minute(self, first: int, last: int) -> float:
        return sum(self.answered[first:last]) / (last - first)

    def tokens_per_minute(self, first: int, last: int) -> float:
        return sum(self.tokens[first:last]) / (last - first)


@dataclass(slots=True)
class Client:
    """A program with endless work."""

    pace: Pace
    guess: int = 500
    used: Callable[[random.Random], int] = lambda dice: 500
    begins_at: float = 0.0
    seen: Seen = field(default_factory=Seen)


def play(
    clients: list[Client],
    server: Server,
    minutes: int,
    *,
    latency_s: tuple[float, float],
    streamed: bool = False,
    seed: int = 1,
) -> None:
    """Let all clients call the server for some minutes."""
    dice, order, now = random.Random(seed), count(), 0.0
    events: list[tuple[float, int, Callable[[], None]]] = []

    def at(moment: float, what: Callable[[], None]) -> None:
        heapq.heappush(events, (moment, next(order), what))

    woken: dict[int, float] = {}

    def look(client: Client) -> None:
        while (start := client.pace.next_start(now, client.guess)) <= now and client.pace.broken is None:
            client.pace.start(now, client.guess)
            client.seen.most_under_way = max(client.seen.most_under_way, client.pace.in_flight)
            at(now + dice.uniform(0.01, 0.05), lambda: arrive(client))
        if math.isfinite(start) and woken.get(id(client)) != start:
            woken[id(client)] = start
            at(start, lambda: look(client))

    def arrive(client: Client) -> None:
        tokens = client.used(dice)
        admitted, wait, headers = server.answer(now, tokens, dice)
        minute = int(now // 60)
        if not admitted:
            client.seen.rejected[minute] += 1

            def refused() -> None:
                client.pace.learn(now, 429, headers)
                client.pace.finish(now, PaceReport("rate_limit", wait, None))
                look(client)

            at(now + dice.uniform(0.01, 0.05), refused)
            return
        client.seen.answered[minute] += 1
        client.seen.tokens[minute] += tokens
        took = dice.uniform(*latency_s)

        def done() -> None:
            server.under_way -= 1
            if not streamed:
                client.pace.learn(now, 200, headers)
            client.pace.finish(now, PaceReport(None, None, tokens))
            look(client)

        if streamed:
            at(now + 0.1 * took, lambda: client.pace.learn(now, 200, headers))
        at(now + took, done)

    for client in clients:
        at(client.begins_at, lambda client=client: look(client))
    while events and events[0][0] < minutes * 60:
        now, _, what = heapq.heappop(events)
        what()
