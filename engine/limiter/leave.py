"""A client's leave to call one model: places in time, got many at a time and ahead of need. For one event loop."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Mapping

from ...profiles.profile import CallLimits
from ...providers.errors import ConfigError
from ...providers.refusals.rate_headers import Reading, readings
from ...providers.refusals.waits import retry_delay_s
from .link import Link
from .messages import MOST_CALLS, Answer, BucketName, CallsGiven, CallsWanted

STALE_S = 1.0
"""A place that is not used for so long is given back: calls made late would come in a heap."""

TELL_S = 0.25
"""How soon the limiter hears of what has ended, where nobody waits for it."""

FIRST_WANT = 8
NEXT_LOOK_S = 0.005


class CallLeave:
    """Places for calls of one bucket. `on_change` is called when there are more, or none any more."""

    def __init__(
        self,
        link: Link,
        bucket: BucketName,
        limits: CallLimits,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link, self._bucket, self._limits, self._clock = link, bucket, limits, clock
        self.on_change = on_change
        self._places: deque[float] = deque()
        self._paused_until = -math.inf
        self._again_at = -math.inf
        self._want = FIRST_WANT
        self._used = 0
        self._tokens = 1
        self._under_way = self._unused = self._started = 0
        self._tokens_more = 0.0
        self._readings: dict[str, Reading] = {}
        self._turned_away = False
        self._pause_s: float | None = None
        self._waiters, self._is_lean = 0, False
        self._more = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._is_crowded = False
        link.on_pause[bucket] = self._pause
        link.on_break.append(self._broken_off)

    @property
    def failure(self) -> ConfigError | None:
        """Why there is no leave any more."""
        return self._link.failed

    def next_place(self, now: float, tokens: int) -> float:
        """When the next call of about `tokens` may begin; infinite while there is no place: `on_change` says more."""
        if self._link.alone:
            return now
        self._tokens = max(1, tokens)
        self._drop_stale(now)
        if len(self._places) * 2 <= self._want:
            self._ask(now)
        if not self._places:
            return math.inf
        return max(self._places[0], self._paused_until, now)

    def use(self) -> None:
        """A call begins, in its place where there is one."""
        self._under_way += 1
        self._used += 1
        if self._places:
            self._places.popleft()
        else:
            self._started += 1

    def use_none(self) -> None:
        """A call begins without a place."""
        self._under_way += 1
        self._started += 1
        self._tell(TELL_S)

    def ended(self, tokens_more: float) -> None:
        """A call has ended, and took so many tokens more than was thought (or, negative, less)."""
        self._under_way -= 1
        self._tokens_more += tokens_more
        self._tell(0.0 if self._is_crowded else TELL_S)

    def give_back(self) -> None:
        """A call has ended before it was made."""
        self._under_way -= 1
        self._unused += 1
        self._tell(TELL_S)

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """What a response says about limits; names of headers in lower case."""
        for reading in readings(headers):
            self._readings[reading.what] = reading
        asked_s = retry_delay_s(headers) if status >= 400 else None
        if status == 429 or asked_s is not None:
            self._turned_away = True
            if asked_s is not None:
                self._pause_s = max(self._pause_s or 0.0, asked_s)
            self._tell(0.0)

    async def enter(self, tokens: int) -> ConfigError | None:
        """Wait for one place, and take it. Why there is none, if so."""
        self._waiters += 1
        try:
            while True:
                if self._link.failed is not None:
                    return self._link.failed
                self._more.clear()
                now = self._clock()
                place = self.next_place(now, tokens)
                if place <= now:
                    self.use()
                    return None
                if math.isinf(place):
                    await self._more.wait()
                    continue
                try:
                    async with asyncio.timeout(place - now):
                        await self._more.wait()
                except TimeoutError:
                    pass
        finally:
            self._waiters -= 1

    async def close(self) -> None:
        """Tell the rest, and give back what was not used."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        self._unused += len(self._places)
        self._places.clear()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self._unused or self._tokens_more or self._readings:
            await self._exchange(0)

    def only_wanted(self) -> None:
        """Ask for no more places at a time than there are calls that wait: for few calls."""
        self._want, self._is_lean = 1, True

    def _ask(self, now: float) -> None:
        if self._asking is None and now >= self._again_at and self._link.failed is None:
            self._asking = asyncio.get_running_loop().create_task(self._get())

    async def _get(self) -> None:
        want = max(self._want, self._waiters)
        try:
            answer = await self._exchange(max(0, min(MOST_CALLS, want) - len(self._places)))
        finally:
            self._asking = None
        if isinstance(answer, CallsGiven) and answer.again_s:
            asyncio.get_running_loop().call_later(answer.again_s + NEXT_LOOK_S, self._changed)
        elif answer is None and not self._link.alone and self._link.failed is None:
            asyncio.get_running_loop().call_later(TELL_S, self._changed)
        self._changed()

    async def _exchange(self, want: int) -> Answer | None:
        """Tell what there is to tell, ask for `want` places, and take in what is given."""
        used, self._used = self._used, 0
        if used and not self._is_lean:
            self._want = max(1, min(MOST_CALLS // 2, 2 * used))
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        said = CallsWanted(
            self._bucket, self._limits, want, self._tokens, self._under_way, len(self._places), self._started,
            self._unused, self._tokens_more, tuple(self._readings.values()), self._turned_away, self._pause_s,
        )  # fmt: skip
        self._started = self._unused = 0
        self._tokens_more, self._turned_away, self._pause_s = 0.0, False, None
        self._readings.clear()
        answer = await self._link.ask(said)
        if isinstance(answer, CallsGiven):
            now = self._clock()
            step = (answer.last_s - answer.first_s) / max(1, answer.calls - 1)
            self._places.extend(now + answer.first_s + step * i for i in range(answer.calls))
            self._again_at = now + answer.again_s
            self._is_crowded = answer.is_crowded
            if answer.pause_s:
                self._pause(answer.pause_s)
        return answer

    def _tell(self, in_s: float) -> None:
        """Have the limiter hear of it, unless it is about to be asked anyway."""
        if self._telling is not None and in_s > 0:
            return
        if self._telling is not None:
            self._telling.cancel()
        self._telling = asyncio.get_running_loop().call_later(in_s, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        if self._asking is None and self._link.failed is None and not self._link.alone:
            self._asking = asyncio.get_running_loop().create_task(self._get_none())
        elif self._asking is not None:
            self._tell(TELL_S / 5)

    async def _get_none(self) -> None:
        try:
            await self._exchange(0)
        finally:
            self._asking = None
        self._changed()

    def _drop_stale(self, now: float) -> None:
        while self._places and max(self._places[0], self._paused_until) < now - STALE_S:
            self._places.popleft()
            self._unused += 1
            self._tell(TELL_S)

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
        self._unused += len(self._places)  # after the pause they would all be due at once
        self._places.clear()

    def _broken_off(self) -> None:
        """The limiter that gave these places may know of them no more."""
        self._places.clear()
        self._unused, self._again_at = 0, -math.inf

    def _changed(self) -> None:
        self._more.set()
        self.on_change()
