"""Workers as the driver of a batch sees them, and who of them gets a call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...results.result import Result
from ...runs.hands.order import CallOrder
from .links import WorkerLink
from .messages import Message, RouteState, WorkOrder, packed
from .routes import CallRoute

FIRST = 16
"""Calls for a worker of which nothing is known."""

LEAST = 4
SLOW_S, SLOW_TIMES = 1.0, 3.0
"""A worker is slow whose delay is longer than this, and than so many times that of the swiftest one."""

NEWEST = 0.2
"""How much the newest delay counts."""


@dataclass(slots=True, eq=False)
class OpenCall:
    """A call that somebody waits for, `since` a moment of the loop's clock. `member` has it, if anybody does, since
    `handed_at`.
    """

    id: int
    order: CallOrder
    route: CallRoute
    work: object
    answer: asyncio.Future[Result]
    since: float
    member: CrewMember | None = None
    handed_at: float = 0.0


@dataclass(slots=True)
class Share:
    """How many calls a worker may have under way: few until it has answered, then as many as it answers without delay.

    So the first one that comes does not take what others could begin a moment later, and a machine that is slower than
    the others holds up few calls. `lag_s` is by how much its answers come later than the provider gives them.
    """

    limit: int = FIRST
    lag_s: float | None = None
    is_slow: bool = False
    _since_cut: int = 0

    def answered(self, lag_s: float, least_lag_s: float) -> None:
        """An answer has come, and `least_lag_s` is the lag of the swiftest worker."""
        lag_s = max(0.0, lag_s)
        self.lag_s = lag_s if self.lag_s is None else self.lag_s + NEWEST * (lag_s - self.lag_s)
        self.is_slow = self.lag_s > SLOW_S + SLOW_TIMES * least_lag_s
        self._since_cut += 1
        if not self.is_slow:
            self.limit += 1
        elif self._since_cut >= self.limit:
            self.limit, self._since_cut = max(LEAST, self.limit * 3 // 4), 0


@dataclass(slots=True, eq=False)
class CrewMember:
    """A worker: what it has said of itself, what it can do, and what it has under way."""

    link: WorkerLink
    heard_at: float
    name: str = ""
    host: str = ""
    room: int = 0
    seal: str = ""
    is_greeted: bool = False
    is_silent: bool = False
    is_refused: bool = False
    calls: dict[int, OpenCall] = field(default_factory=dict[int, OpenCall])
    routes: dict[int, RouteState | None] = field(default_factory=dict[int, RouteState | None])
    """What it can do; None while it finds out."""
    share: Share = field(default_factory=Share)
    templates: set[int] = field(default_factory=set[int])
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _outbox: list[Message] = field(default_factory=list[Message])
    _flush: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self.name = self.link.name

    def can_take(self, call: OpenCall) -> bool:
        """Whether it can make the call now."""
        state = self.routes.get(call.route.number)
        able = state is not None and state.problem is None
        return able and not self.is_silent and len(self.calls) < self.room

    def may_take(self, call: OpenCall) -> bool:
        """Whether it can make it, or it is not known yet that it cannot."""
        state = self.routes.get(call.route.number)
        return state is None or state.problem is None

    def account(self, route: int) -> str | None:
        """What stands for its key."""
        state = self.routes.get(route)
        return None if state is None else state.account

    def send(self, messages: Iterable[Message]) -> None:
        """Send these, with what follows in a moment."""
        self._outbox += messages
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(self.link.linger_s, self._send_now)

    def take_back(self, call: OpenCall) -> bool:
        """Take back a call that has not left yet. Whether it had not."""
        for at, message in enumerate(self._outbox):
            if isinstance(message, WorkOrder) and message.id == call.id:
                del self._outbox[at]
                self.calls.pop(call.id, None)
                call.member = None
                return True
        return False

    def _send_now(self) -> None:
        self._flush = None
        messages, self._outbox = self._outbox, []
        if messages:
            self.link.send(packed(messages))


def least_lag(members: Iterable[CrewMember]) -> float:
    """The lag of the swiftest of them, in seconds."""
    return min((one.share.lag_s for one in members if one.share.lag_s is not None and not one.is_silent), default=0.0)


def freest(members: Iterable[CrewMember], call: OpenCall, *, has_waited: bool) -> CrewMember | None:
    """Who gets `call`: whoever has least under way of those within their share.

    One that `has_waited` for others to come goes to any that is not slow.
    """
    able = [one for one in members if one.can_take(call)]
    within = [one for one in able if len(one.calls) < one.share.limit]
    if not within and has_waited:
        within = [one for one in able if not one.share.is_slow]
    return min(within, key=lambda one: len(one.calls), default=None)
