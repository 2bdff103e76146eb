"""One worker as the driver of a batch sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...results.result import Result
from ...runs.hands.order import CallOrder
from .links import WorkerLink
from .messages import Message, RouteState, WorkOrder, packed
from .routes import CallRoute


@dataclass(slots=True, eq=False)
class OpenCall:
    """A call that somebody waits for, `since` a moment of the loop's clock. `member` has it, if anybody does."""

    id: int
    order: CallOrder
    route: CallRoute
    work: object
    answer: asyncio.Future[Result]
    since: float
    member: CrewMember | None = None


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
