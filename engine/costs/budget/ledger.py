"""One run's shared purse: calls reserve what they may cost before they are sent, and settle what they did cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import ConfigError, Failure, StoreError
from .limits import Limit, aside_words, dollars
from .share import NOTHING, Account, Ask, Decision, Elsewhere, Grant, Need, Refuse, Wait, review

POLL_S = 0.5
"""How often a call that waits for other programs looks again: nobody tells us when they have settled."""

Choose = Callable[[Mapping[str, Elsewhere]], Sequence[Decision]]


class Held(Struct, frozen=True):
    """A decision that the history knows of. `row` is where it keeps the reservation; None where there is none."""

    decision: Decision
    row: int | None


class Shared(Protocol):
    """Reservations that other programs see: in the history (`engine.history.reservations`), or in the limiter.

    Errors are `StoreError`, and `ConfigError` where nothing at all may be granted.
    """

    async def decide(self, profiles: Sequence[str], choose: Choose, likely: Sequence[Decimal] = ()) -> list[Held]:
        """Let `choose` decide for calls of `profiles` while nobody else can, and keep what it grants.

        `likely` is what they are expected to cost, where nothing limits them.
        """
        ...

    async def release(self, row: int, usd: Decimal | None = NOTHING) -> None:
        """Give a reservation back, of a call that did cost `usd`; None is unknown."""
        ...

    async def close(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Waiter:
    index: int
    ask: Ask
    answer: asyncio.Future[Grant | Failure]


@dataclass(slots=True)
class _Reserved:
    """What a call under way holds. `row` is its reservation in the history, if it has one."""

    profile: str
    usd: Decimal
    row: int | None


class Ledger:
    """Shares limits among the calls of one run, in the order in which they ask. For one event loop, without threads.

    `profiles` are those of all calls that will be made, as far as they are known: a fair share is a share among them.
    Calls that are never made should not be in it. `shared` is needed for limits that all runs share (`Limit.since`),
    and hears of every call.
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        profiles: Sequence[str] = (),
        *,
        allow_unpriced: bool = False,
        shared: Shared | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._accounts = [Account(one, to_come=sum(one.covers(profile) for profile in profiles)) for one in limits]
        self._allow_unpriced = allow_unpriced
        self._shared = shared
        self._sleep = sleep
        self._queue: list[_Waiter] = []
        self._held: dict[int, _Reserved] = {}
        self._changed = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._releases: set[asyncio.Task[None]] = set()
        self._elsewhere: Mapping[str, Elsewhere] = {}
        self._spent = NOTHING

    @property
    def limits_anything(self) -> bool:
        """Whether there are limits at all, and not only somebody who hears of every call."""
        return bool(self._accounts)

    @property
    def spent_usd(self) -> Decimal:
        """What the settled calls cost; what was reserved for those whose cost is unknown."""
        return self._spent

    @property
    def reserved_usd(self) -> Decimal:
        """What the calls under way hold."""
        return sum((held.usd for held in self._held.values()), NOTHING)

    @property
    def left_usd(self) -> Decimal | None:
        """What the tightest of the enforced limits has left, reserved or not; None without one."""
        enforced = [account for account in self._accounts if account.limit.is_enforced]
        return min((account.limit.left_usd - account.spent_usd for account in enforced), default=None)

    def notes(self) -> list[str]:
        """Which of the limits that are not enforced have been passed, for people, when all is settled."""
        return [
            f"{account.limit.name} ({dollars(account.limit.total_usd)} USD) is passed by {dollars(-left)} USD"
            for account in self._accounts
            if not account.limit.is_enforced and (left := account.limit.left_usd - account.spent_usd) < 0
        ]

    def expect(self, profiles: Sequence[str]) -> None:
        """Hear of more calls that will be made: what is left is shared among them as well."""
        for i, account in enumerate(self._accounts):
            coming = sum(account.limit.covers(profile) for profile in profiles)
            self._accounts[i] = replace(account, to_come=account.to_come + coming)

    def expect_no_more(self, profiles: Sequence[str]) -> None:
        """Hear of calls that will not be made after all."""
        for profile in profiles:
            self._expect_less(profile)
        self._look_again()

    async def reserve(self, index: int, profile: str, need: Need) -> Grant | Failure:
        """What the call may cost, once that is certain: it waits while calls under way may leave it something.

        Each grant has to be settled. A call that is cancelled here holds nothing.
        """
        waiter = _Waiter(index, Ask(profile, need), asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._look_again()
        try:
            return await waiter.answer
        except asyncio.CancelledError:
            if waiter in self._queue:
                self._queue.remove(waiter)
                self._expect_less(waiter.ask.profile)
                self._look_again()
            else:
                self.settle(index, NOTHING)
            raise

    def settle(self, index: int, usd: Decimal | None) -> None:
        """Count what a call did cost; None is unknown, and counts as all that was reserved for it.

        To be called when the history has its result, so that no other program finds the money unspent meanwhile.
        Again, or for a call that was granted nothing, it does nothing.
        """
        held = self._held.pop(index, None)
        if held is None:
            return
        cost = held.usd if usd is None else usd
        self._spent += cost
        for i, account in enumerate(self._accounts):
            if account.limit.covers(held.profile):
                self._accounts[i] = replace(
                    account,
                    reserved_usd=account.reserved_usd - held.usd,
                    spent_usd=account.spent_usd + cost,
                    unrecorded_usd=account.unrecorded_usd + (cost if usd is None else NOTHING),
                )
        if held.row is not None:
            self._release(held.row, usd)
        self._look_again()

    def recorded(self, profile: str, usd: Decimal) -> None:
        """Hear that the history knows now of `usd` that was settled as unknown."""
        for i, account in enumerate(self._accounts):
            if account.limit.covers(profile):
                self._accounts[i] = replace(account, unrecorded_usd=account.unrecorded_usd - usd)

    async def close(self) -> None:
        """Give back in the history whatever has not been given back yet."""
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
        for waiter in self._queue:
            waiter.answer.cancel()
        self._queue.clear()
        for held in self._held.values():
            if held.row is not None:
                self._release(held.row)
                held.row = None
        while self._releases:
            await asyncio.wait(self._releases)
        if self._shared is not None:
            await self._shared.close()

    def _look_again(self) -> None:
        if self._shared is None:
            asking = self._asking()
            self._answer([Held(decision, None) for decision in self._choice(asking)({})], asking)
            return
        self._changed.set()
        if self._queue and (self._pump is None or self._pump.done()):
            self._pump = asyncio.create_task(self._keep_deciding(self._shared))

    async def _keep_deciding(self, shared: Shared) -> None:
        """Decide together with other programs until nobody waits."""
        while self._queue:
            self._changed.clear()
            asking = self._asking()
            likely = [one.ask.need.expected_usd or one.ask.need.low_usd for one in asking]
            profiles = [one.ask.profile for one in asking]
            deciding = asyncio.ensure_future(shared.decide(profiles, self._choice(asking), likely))
            try:
                held = await asyncio.shield(deciding)
            except asyncio.CancelledError:
                with suppress(Exception):
                    for one in await deciding:
                        if one.row is not None:
                            self._release(one.row)
                raise
            except StoreError as error:
                held = self._decide_alone(asking, error)
            except ConfigError as error:
                held = self._refuse_all(asking, error)
            except Exception as error:  # nobody is left without an answer
                held = self._decide_alone(asking, StoreError(f"{type(error).__name__}: {error}"))
            else:
                self._answer(held, asking)
            if self._changed.is_set() or not self._queue:
                continue
            await self._wait(any(isinstance(one.decision, Wait) and one.decision.elsewhere for one in held))

    async def _wait(self, elsewhere: bool) -> None:
        """Until something has changed here, or may have elsewhere."""
        if not elsewhere:
            await self._changed.wait()
            return
        alarm = asyncio.create_task(self._after_a_while())
        try:
            await self._changed.wait()
        finally:
            alarm.cancel()
            await asyncio.gather(alarm, return_exceptions=True)

    async def _after_a_while(self) -> None:
        await self._sleep(POLL_S)
        self._changed.set()

    def _asking(self) -> list[_Waiter]:
        """Who waits, but for those who were cancelled and have not noticed yet."""
        return [waiter for waiter in self._queue if not waiter.answer.done()]

    def _choice(self, asking: Sequence[_Waiter]) -> Choose:
        """The decision on these calls by what is known at this moment. What changes meanwhile can only be for less."""
        accounts, asks = tuple(self._accounts), [waiter.ask for waiter in asking]

        def choose(elsewhere: Mapping[str, Elsewhere]) -> Sequence[Decision]:
            self._elsewhere = elsewhere
            return review(accounts, asks, elsewhere, allow_unpriced=self._allow_unpriced)

        return choose

    def _answer(self, held: Sequence[Held], asking: Sequence[_Waiter]) -> None:
        for one, waiter in zip(held, asking, strict=True):
            decision = one.decision
            if isinstance(decision, Wait):
                continue
            if waiter not in self._queue or waiter.answer.done():  # cancelled while the decision was being made
                if one.row is not None:
                    self._release(one.row)
                continue
            self._queue.remove(waiter)
            self._expect_less(waiter.ask.profile)
            if isinstance(decision, Grant):
                self._hold(waiter, decision, one.row)
                waiter.answer.set_result(decision)
            else:
                waiter.answer.set_result(self._failure(decision, waiter.ask))

    def _hold(self, waiter: _Waiter, grant: Grant, row: int | None) -> None:
        usd = grant.usd or NOTHING
        self._held[waiter.index] = _Reserved(waiter.ask.profile, usd, row)
        for i, account in enumerate(self._accounts):
            if account.limit.covers(waiter.ask.profile):
                self._accounts[i] = replace(account, reserved_usd=account.reserved_usd + usd)

    def _expect_less(self, profile: str) -> None:
        for i, account in enumerate(self._accounts):
            if account.limit.covers(profile):
                self._accounts[i] = replace(account, to_come=max(0, account.to_come - 1))

    def _decide_alone(self, asking: Sequence[_Waiter], error: StoreError) -> list[Held]:
        """Without the history: refuse what a limit covers that all runs share, and decide on the rest."""
        shared = [one.limit for one in self._accounts if one.limit.is_enforced and one.limit.since is not None]
        rest: list[_Waiter] = []
        for waiter in asking:
            if not any(limit.covers(waiter.ask.profile) for limit in shared):
                rest.append(waiter)
            elif waiter in self._queue and not waiter.answer.done():
                self._queue.remove(waiter)
                self._expect_less(waiter.ask.profile)
                waiter.answer.set_result(
                    Failure("budget", f"the budget cannot be checked: {error.message}", hint=error.hint)
                )
        held = [Held(decision, None) for decision in self._choice(rest)({})]
        self._answer(held, rest)
        return held

    def _refuse_all(self, asking: Sequence[_Waiter], error: ConfigError) -> list[Held]:
        """Without leave for anything: nobody gets money, limited or not."""
        for waiter in asking:
            if waiter in self._queue and not waiter.answer.done():
                self._queue.remove(waiter)
                self._expect_less(waiter.ask.profile)
                waiter.answer.set_result(Failure("budget", error.message, hint=error.hint))
        return []

    def _release(self, row: int, usd: Decimal | None = NOTHING) -> None:
        async def release() -> None:
            if self._shared is not None:
                with suppress(StoreError):  # it ends by itself: with this process, or when it expires
                    await self._shared.release(row, usd)

        task = asyncio.create_task(release())
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    def _failure(self, refused: Refuse, ask: Ask) -> Failure:
        account = next((one for one in self._accounts if one.limit.name == refused.limit), None)
        if account is None:
            hint = "give the profile a price (price: {input: ..., output: ...}), or pass --allow-unpriced"
            return Failure("budget", f"the price of {ask.profile} is not known, so no budget can be kept", hint=hint)
        limit = account.limit
        words = f"{limit.name}: {dollars(max(NOTHING, refused.left_usd))} of {dollars(limit.total_usd)} USD is left"
        outside = self._elsewhere.get(limit.name, Elsewhere(NOTHING))
        others: list[str] = []
        if outside.reserved_usd > 0:
            others.append(f"other runs under way hold {dollars(outside.reserved_usd)} USD")
        if outside.aside_usd > 0:
            others.append(aside_words(outside.aside_usd))
        if others:
            words += f", as {' and '.join(others)}"
        return Failure("budget", f"{words}; the call costs at least {dollars(ask.need.low_usd)} USD", hint=limit.remedy)
