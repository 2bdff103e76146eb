"""The pace of a profile whose limits several processes share: its own pace, and beside it the limiter's leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from ....profiles.profile import CallLimits
from ....providers.errors import Failure
from ...costs.budget.doorway import Doors
from ...limiter.doors import LimiterDoors
from ...limiter.leave import CallLeave
from ...targets.keys import Key
from ...targets.target import Target
from .pace import Pace, PaceReport


class Callee(Protocol):
    """Whom a lane calls, and with which credential (`RowCaller`)."""

    target: Target
    limits: CallLimits

    @property
    def key(self) -> Key | None: ...


def limited_paces(doors: Doors, most_at_once: int) -> Callable[[Callee], Pace]:
    """How a profile's pace is made for a batch whose purse has `doors`."""
    if not isinstance(doors, LimiterDoors):
        raise TypeError("no doors of a limiter")
    found = doors

    def make(callee: Callee) -> Pace:
        leave = found.leave(callee.target, callee.key, callee.limits)
        return LimitedPace(callee.limits, leave, most_at_once=most_at_once)

    return make


class LimitedPace(Pace):
    """A pace that starts a call only in a place that the limiter gave, got ahead of need and many at a time."""

    def __init__(self, limits: CallLimits, leave: CallLeave, *, most_at_once: int = 64) -> None:
        super().__init__(limits, most_at_once=most_at_once)
        self._leave = leave
        self._thought: float = 0.0
        """The tokens of a call as the limiter was told last."""

    @property
    def broken(self) -> Failure | None:
        """Why no more calls make sense, if so."""
        failed = self._leave.failure
        if failed is not None:
            return Failure("config", failed.message, hint=failed.hint)
        return super().broken

    def on_change(self, stir: Callable[[], None]) -> None:
        """Have `stir` called when another look is worth it."""
        self._leave.on_change = stir

    def next_start(self, now: float, tokens: int) -> float:
        start = super().next_start(now, tokens)
        if math.isinf(start):
            return start
        self._thought = max(1.0, tokens * self._shares.get("tokens", 1.0))
        return max(start, self._leave.next_place(now, int(self._thought)))

    def start(self, now: float, tokens: int) -> None:
        super().start(now, tokens)
        self._leave.use()

    def finish(self, now: float, report: PaceReport) -> None:
        super().finish(now, report)
        if not report.is_made:
            self._leave.give_back()
            return
        self._leave.ended(0.0 if report.tokens is None else report.tokens - self._thought)

    def learn(self, now: float, status: int, headers: Mapping[str, str]) -> None:
        super().learn(now, status, headers)
        self._leave.hear(status, headers)
