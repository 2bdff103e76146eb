"""Workers as the hands of a batch: calls go to where hands are free, results come back one by one.

A worker that dies, or says nothing for `silence_s`, loses what it had under way: those attempts are given back as lost
(`WORKER_LOST`), so that the batch asks again by its own rules of money and order. One that was only silent may still
answer them: kept where the answer is still wanted, else counted.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ....providers.errors import ConfigError, Failure, ThinkdialError
from ...results.result import Result
from ...runs.hands.order import NO_WORKER, WORKER_LOST, CallOrder
from ..progress import CrewStanding
from .late import LateAnswers, counted
from .links import Sealing, WorkerLink
from .member import CrewMember, OpenCall, freest, least_lag
from .messages import (
    AskMore,
    BreakOff,
    CallBroke,
    CallDone,
    Heard,
    MoreGranted,
    RouteState,
    TakenBack,
    WorkerGreeting,
    WorkOrder,
    unpacked,
)
from .parcels import Parcels, bare, clad
from .roll import Roll
from .routes import CallRoute, Routes

SILENCE_S = 15.0
"""A worker that is not heard of for so long is taken for dead. It says that it lives every 2 seconds."""

NOBODY_S = 60.0
"""How long a call waits for a worker that can make it, where there is none."""

GATHER_S = 0.1
"""How long calls wait for more workers to come, before one gets more than its share."""

LAST_WORDS_S = 2.0
"""How long a call that is broken off may take to say what came of it."""

Tell = Callable[[str], None]


class Crew:
    """The workers of one batch (`Hands`). Everything runs on the batch's event loop; carriers call it there.

    `tell` hears in words what becomes of workers. `sealing` makes what only a worker may read; None: keys stay here.
    """

    def __init__(
        self,
        greeting: WorkerGreeting,
        tell: Tell,
        *,
        sealing: Sealing | None,
        silence_s: float | None = None,
        nobody_s: float = NOBODY_S,
        gather_s: float = GATHER_S,
        asks_reach: bool = True,
    ) -> None:
        self._tell, self._roll = tell, Roll(greeting, tell, sealing, asks_reach=asks_reach)
        self._silence_s = SILENCE_S if silence_s is None else silence_s
        self._nobody_s, self._gather_s, self._least_lag_s = nobody_s, gather_s, 0.0
        self._gathering: asyncio.TimerHandle | None = None
        self._met_at = math.inf
        """When the first worker was there."""
        self._members: list[CrewMember] = []
        self._routes, self._parcels = Routes(), Parcels()
        self._waiting: deque[OpenCall] = deque()
        self._open: dict[object, OpenCall] = {}
        """Calls whose answer somebody waits for, by their work."""
        self.late = LateAnswers(self._open)
        self._count = 0
        self._failed: ConfigError | None = None
        self.begin: Callable[[], Awaitable[None]] | None = None
        """Begins the workers, once there is something to do."""
        self._beginning: asyncio.Task[None] | None = None
        self.on_failure: Callable[[], None] = lambda: None
        """Called when there will be no more workers."""
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._watch = self._loop.create_task(self._keep_watch())

    # What the batch asks.

    async def make(self, order: CallOrder) -> Result:
        """Have one call made by whoever is free (`Hands`)."""
        if self._beginning is None:
            self._beginning = self._loop.create_task(self._begin())
        work = order.work if order.work is not None else order.index
        if (early := self.late.early(work)) is not None:
            return early
        self._count += 1
        call = OpenCall(self._count, order, self._route(order), work, self._loop.create_future(), self._loop.time())
        self._open[work] = call
        self._place(call)
        try:
            result = await call.answer
        except asyncio.CancelledError:
            result = await self._broken_off(call)
        if self._open.get(work) is call:
            del self._open[work]
        return result

    def standing(self) -> CrewStanding:
        """Who is there at this moment."""
        live = [one for one in self._members if one.is_greeted and not one.is_silent]
        return CrewStanding(
            workers=len(live),
            nodes=len({one.host for one in live}),
            silent=sum(one.is_silent for one in self._members),
            refused=tuple(self._roll.refused.items()),
            under_way=sum(len(one.calls) for one in live),
        )

    async def close(self) -> None:
        """Send all workers home."""
        self._closing = True
        self._watch.cancel()
        if self._gathering is not None:
            self._gathering.cancel()
        if self._beginning is not None:
            self._beginning.cancel()
        for member in list(self._members):
            member.link.close()

    # What carriers tell.

    def joined(self, link: WorkerLink) -> CrewMember:
        """A worker is there; it has not said yet what it is."""
        member = CrewMember(link, self._loop.time())
        self._members.append(member)
        return member

    def heard(self, member: CrewMember, frame: bytes) -> None:
        """A frame has come."""
        member.heard_at = self._loop.time()
        if not member.is_greeted:
            self._greet(member, WorkerGreeting.read(frame))
            return
        if member.is_silent:
            member.is_silent = False
            self._tell(f"{member.name} is heard of again")
            member.send([])
        for message in unpacked(frame):
            match message:
                case CallDone():
                    self._done(member, message.id, message.result)
                case CallBroke():
                    if (call := member.calls.pop(message.id, None)) is not None and not call.answer.done():
                        broken = Failure("protocol", f"{member.name} failed: {message.why}", hint="please report it")
                        call.answer.set_result(call.order.unmade(broken, attempts=1))
                case Heard():
                    if (call := member.calls.get(message.id)) is not None and call.order.on_response is not None:
                        call.order.on_response(message.status, message.headers)
                case RouteState():
                    self._roll.learn(member, message, self._routes.numbered(message.number))
                case AskMore():
                    task = self._loop.create_task(self._grant(member, message))
                    member.tasks.add(task)
                    task.add_done_callback(member.tasks.discard)
                case _:
                    pass
        self._drain()

    def gone(self, member: CrewMember, why: str) -> None:
        """A worker will not be heard of any more."""
        if member not in self._members:
            return
        self._members.remove(member)
        self.late.forget(member)
        if not member.is_greeted and not self._closing:
            self._roll.refuse(member.name, why)
        lost = self._give_up(member)
        if not self._closing and member.is_greeted and not member.is_refused:
            self._tell(f"{member.name} is gone ({why})" + (f" with {counted(lost)} under way" if lost else ""))
        self._drain()

    def refuse(self, name: str, why: str) -> None:
        """A carrier could not make a worker somewhere."""
        self._roll.refuse(name, why)

    def fail(self, why: str, hint: str | None = None) -> None:
        """There will be no more workers at all."""
        if self._closing or self._failed is not None:
            return
        self._failed = ConfigError(why, hint=hint)
        self.on_failure()
        for member in list(self._members):
            self.gone(member, why)
        self._drain()

    @property
    def failure(self) -> ConfigError | None:
        """Why there are no workers any more."""
        return self._failed

    # Workers.

    async def _begin(self) -> None:
        try:
            if self.begin is not None:
                await self.begin()
        except OSError as error:
            self.fail(f"no worker can be started: {error.strerror}")
        except ThinkdialError as error:
            self.fail(error.message, error.hint)

    def _greet(self, member: CrewMember, greeting: WorkerGreeting | None) -> None:
        if not self._roll.admits(member, greeting):
            member.is_refused = True
            self._members.remove(member)
            member.link.close()
            return
        member.is_greeted, self._met_at = True, min(self._met_at, self._loop.time())
        for route in self._routes.all():
            self._roll.introduce(member, route)
        self._drain()

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._silence_s / 4))
            late = self._loop.time() - self._silence_s
            self._least_lag_s = least_lag(self._members)
            for member in list(self._members):
                if member.is_greeted and not member.is_silent and member.heard_at < late:
                    member.is_silent = True
                    lost = self._give_up(member, owes=True)
                    self._tell(
                        f"{member.name} is not heard of for {self._silence_s:g} s"
                        + (f": its {counted(lost)} under way are asked again" if lost else "")
                    )
            self._drain()

    # Calls.

    def _route(self, order: CallOrder) -> CallRoute:
        route, is_new = self._routes.of(order)
        if is_new:
            for member in self._members:
                if member.is_greeted:
                    self._roll.introduce(member, route)
        return route

    def _place(self, call: OpenCall) -> None:
        if (member := self._freest(call)) is not None:
            self._hand(call, member)
        elif self._failed is not None:
            call.answer.set_result(call.order.unmade(Failure("cancelled", self._failed.message), NO_WORKER))
        else:
            self._waiting.append(call)
            self._gather()

    def _freest(self, call: OpenCall) -> CrewMember | None:
        return freest(self._members, call, has_waited=self._has_waited(call))

    def _has_waited(self, call: OpenCall) -> bool:
        return self._loop.time() - max(call.since, self._met_at) >= self._gather_s

    def _gather(self) -> None:
        if self._gathering is None and self._met_at < math.inf:
            self._gathering = self._loop.call_later(self._gather_s, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self._drain()

    def _hand(self, call: OpenCall, member: CrewMember) -> None:
        order, prepared = call.order, call.order.call.prepared
        template, given = self._parcels.pack(prepared, call.route.number)
        if template is not None and template.number not in member.templates:
            member.templates.add(template.number)
            member.send([template])
        funds = order.funds
        grant = None if funds is None else funds.meter.grant_usd
        call.member, call.handed_at = member, self._loop.time()
        member.calls[call.id] = call
        number = None if template is None else template.number
        is_metered, asks = funds is not None, funds is not None or order.go_again is not None
        member.send([WorkOrder(call.id, call.route.number, number, given, order.at, is_metered, asks, grant)])

    def _drain(self) -> None:
        """Hand out what waits, and give up on what nobody can do."""
        now, left, full = self._loop.time(), deque[OpenCall](), set[tuple[int, bool]]()
        while self._waiting:
            call = self._waiting.popleft()
            if call.answer.done():
                continue
            alike = call.route.number, self._has_waited(call)
            if alike not in full and (member := self._freest(call)) is not None:
                self._hand(call, member)
                continue
            full.add(alike)
            if self._failed is not None:
                call.answer.set_result(call.order.unmade(Failure("cancelled", self._failed.message), NO_WORKER))
            elif not any(one.may_take(call) for one in self._members) and now - call.since > self._nobody_s:
                words = f"no worker can call {call.route.name}"
                if self._roll.refused:
                    words += ": " + "; ".join(f"{host}: {why}" for host, why in list(self._roll.refused.items())[:3])
                hint = "the workers and what they lack are named above"
                call.answer.set_result(call.order.unmade(Failure("config", words, hint=hint)))
            else:
                left.append(call)
        self._waiting = left
        if left and not self._has_waited(left[-1]):
            self._gather()

    def _done(self, member: CrewMember, number: int, result: Result) -> None:
        call = member.calls.pop(number, None)
        if call is None:
            self.late.take(number, result)
            return
        if result.attempts == 1 and (own_s := result.latency.total_s) is not None:
            took_s = self._loop.time() - call.handed_at
            member.share.answered(took_s - own_s - (result.latency.connect_s or 0.0), self._least_lag_s)
        if result.error is not None and result.error.kind == "auth" and self._only_here(member, call):
            self._roll.learn(member, RouteState(call.route.number, problem="its key is refused here"), call.route)
            self._place(call)
            return
        if not call.answer.done():
            call.answer.set_result(result)
            self.late.answered(call.work)

    def _only_here(self, member: CrewMember, call: OpenCall) -> bool:
        """Whether others would make the call with a key of another account."""
        number = call.route.number
        own = member.account(number)
        return any(one is not member and one.can_take(call) and one.account(number) != own for one in self._members)

    def _give_up(self, member: CrewMember, *, owes: bool = False) -> int:
        """Have others asked what `member` had under way. How many calls it may have begun."""
        lost = 0
        given = list(member.calls.values())
        for call in given:
            if member.take_back(call):
                self._place(call)
                continue
            member.calls.pop(call.id, None)
            if call.answer.done():
                continue
            lost += 1
            self.late.lost(call, owed=owes)
            failed = Failure("cancelled", f"{member.name} was lost while it made the call")
            call.answer.set_result(call.order.unmade(failed, WORKER_LOST, attempts=1))
        if owes and given:
            member.send([TakenBack(tuple(call.id for call in given))])
        return lost

    async def _broken_off(self, call: OpenCall) -> Result:
        """What came of a call that is to end now."""
        if call.member is None or call.member.take_back(call):
            call.answer = self._loop.create_future()
            with suppress(ValueError):
                self._waiting.remove(call)
            return call.order.unmade(Failure("cancelled", "interrupted before it was sent"), NO_WORKER)
        call.answer = self._loop.create_future()
        call.member.send([BreakOff(call.id)])
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                return await call.answer
        call.member.calls.pop(call.id, None)
        failed = Failure("cancelled", "interrupted before the answer was complete")
        return call.order.unmade(failed, attempts=1)

    async def _grant(self, member: CrewMember, asked: AskMore) -> None:
        call = member.calls.get(asked.id)
        if call is None:
            member.send([MoreGranted(asked.id, Failure("cancelled", "another worker makes the call"))])
            return
        funds, wanted = call.order.funds, clad(asked.prepared, call.order.call.prepared.target)
        answer = wanted if funds is None else await funds.again(wanted, lost=asked.lost)
        if isinstance(answer, Failure):
            member.send([MoreGranted(asked.id, answer)])
            return
        if asked.lost and call.order.go_again is not None:
            await call.order.go_again(answer)
        member.send([MoreGranted(asked.id, bare(answer), None if funds is None else funds.meter.grant_usd)])
