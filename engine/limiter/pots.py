"""A client's money from the limiter: pots of several calls each, so that most calls need no message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from msgspec import Struct

from ...providers.errors import StoreError
from ..costs.budget.ledger import Choose, Held, Shared
from ..costs.budget.limits import Limit
from ..costs.budget.share import Decision, Elsewhere, Grant, Wait
from .link import Link
from .messages import LimitState, Look, MoneyLimit, MoneySpent, MoneyState, MoneyWanted, Span, Welcome

NOTHING = Decimal(0)
CALLS_AHEAD, MOST_AHEAD = 16, 1024
"""How many calls like this one a pot is to last for, where there is plenty: more where it is soon empty again."""

SOON_S = 0.25

TELL_S = 0.2
"""How soon the limiter hears what calls did cost."""

IDLE_S = 1.0
"""A pot out of which no call was paid for so long goes back."""

MOST_TRIES = 20


class _Hold(Struct, frozen=True):
    """A call's part of a pot. `row` is its reservation in the history of this machine, if it has one."""

    profile: str
    usd: Decimal
    row: int | None


class _Told(Struct):
    """What is to be told of a profile."""

    usd: Decimal = NOTHING
    back: Decimal = NOTHING
    calls: int = 0


class SharedPots:
    """Reservations in the ledger of the limiter, and in the history of this machine as well where `inner` keeps them.

    `limits` are those of the run; a limit of the day or month, or of a job, is held to by all together. All that calls
    cost is told, whether anything limits it or not; but not of profiles that are simulated.
    """

    def __init__(
        self, link: Link, limits: Sequence[Limit], simulated: frozenset[str] = frozenset(), inner: Shared | None = None
    ) -> None:
        self._link, self._inner = link, inner
        self._limits = [one for one in limits if span_of(one) is not None]
        self._simulated = simulated
        self._state: MoneyState | None = None
        self._pots: dict[str, Decimal] = {}
        self._untold: dict[str, Decimal] = {}
        """What was spent since the state was told, by profile."""
        self._told: dict[str, _Told] = {}
        self._holds: dict[int, _Hold] = {}
        self._rows = 0
        self._waits = False
        self._ahead, self._filled_at = CALLS_AHEAD // 2, 0.0
        self._decided_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def decide(self, profiles: Sequence[str], choose: Choose, likely: Sequence[Decimal] = ()) -> list[Held]:
        """Let `choose` decide by what all clients leave, and hold what it grants, from the pots where they have it.

        Raises `ConfigError` where the limiter cannot be reached, and `StoreError` where the history cannot be used.
        """
        self._decided_at = time.monotonic()
        if self._state is None and self._limits:
            await self._link.greeted()
            if isinstance(welcome := self._link.opened, Welcome):
                self._take(MoneyState(welcome.limits))
        fresh = self._state is None and bool(self._limits)
        for _ in range(MOST_TRIES):
            if fresh:
                await self._look()
            held = await self._choice(profiles, choose)
            decisions = [one.decision for one in held]
            if not fresh and self._limits and not all(map(_is_whole, decisions)):
                # It is by what was known a moment ago that there is too little.
                await self._give_up(held)
                fresh = True
                continue
            self._waits = any(isinstance(one, Wait) and one.elsewhere for one in decisions)
            amounts = [
                self._amount(profile, decision, likely[i] if i < len(likely) else NOTHING)
                for i, (profile, decision) in enumerate(zip(profiles, decisions, strict=True))
            ]
            if await self._filled(profiles, amounts):
                return [
                    self._held(profile, one, usd) for profile, one, usd in zip(profiles, held, amounts, strict=True)
                ]
            await self._give_up(held)
            fresh = True
        raise StoreError("other programs took what was left each time", hint="run the same command again")

    async def release(self, row: int, usd: Decimal | None = NOTHING) -> None:
        """A call did cost `usd`; None is unknown, and counts as all that was held for it."""
        hold = self._holds.pop(row, None)
        if hold is None:
            return
        cost = hold.usd if usd is None else usd
        self._pots[hold.profile] = self._pots.get(hold.profile, NOTHING) + hold.usd - cost
        self._untold[hold.profile] = self._untold.get(hold.profile, NOTHING) + cost
        told = self._told.setdefault(hold.profile, _Told())
        told.usd += cost
        told.calls += cost > 0
        self._tell_in(TELL_S)
        if hold.row is not None and self._inner is not None:
            await self._inner.release(hold.row, usd)

    async def close(self) -> None:
        """Tell the rest, give back what is left, and say farewell."""
        for row in list(self._holds):
            with suppress(StoreError):
                await self.release(row)
        if self._timer is not None:
            self._timer.cancel()
        while self._telling:
            await asyncio.wait(self._telling)
        for profile, usd in self._pots.items():
            if usd > 0:
                self._told.setdefault(profile, _Told()).back += usd
        self._pots.clear()
        telling = asyncio.ensure_future(self._tell())
        await asyncio.sleep(0)  # what it posts goes in the frame of the farewell
        await asyncio.gather(telling, self._link.close())
        if self._inner is not None:
            await self._inner.close()

    async def _choice(self, profiles: Sequence[str], choose: Choose) -> list[Held]:
        here = {
            limit.name: self._elsewhere(limit, state)
            for limit, state in zip(self._limits, () if self._state is None else self._state.limits, strict=False)
        }

        def nearest(known: Mapping[str, Elsewhere]) -> Sequence[Decision]:
            return choose(_nearest(known, here))

        if self._inner is not None:
            return await self._inner.decide(profiles, nearest)
        return [Held(decision, None) for decision in choose(here)]

    def _elsewhere(self, limit: Limit, state: LimitState) -> Elsewhere:
        untold = sum((usd for profile, usd in self._untold.items() if limit.covers(profile)), NOTHING)
        return Elsewhere(limit.total_usd - state.spent_usd - untold, state.others_usd, state.aside_usd)

    def _amount(self, profile: str, decision: Decision, likely: Decimal) -> Decimal:
        if not isinstance(decision, Grant) or profile in self._simulated:
            return NOTHING
        return likely if decision.usd is None else decision.usd

    async def _filled(self, profiles: Sequence[str], amounts: Sequence[Decimal]) -> bool:
        """Whether the pots have what is needed, filled anew where that is allowed."""
        needed: dict[str, Decimal] = {}
        calls: dict[str, int] = {}
        for profile, usd in zip(profiles, amounts, strict=True):
            if usd > 0:
                needed[profile] = needed.get(profile, NOTHING) + usd
                calls[profile] = calls.get(profile, 0) + 1
        for profile, usd in needed.items():
            missing = usd - self._pots.get(profile, NOTHING)
            if missing <= 0:
                continue
            given = await self._ask(
                MoneyWanted(profile, missing, missing + usd / calls[profile] * self._calls_ahead(calls))
            )
            if given is None:
                return False
            self._pots[profile] = self._pots.get(profile, NOTHING) + given
        return True

    def _calls_ahead(self, calls: Mapping[str, int]) -> int:
        """None ahead for the only call of a run: it is over after that."""
        if self._rows < 2 and sum(calls.values()) < 2:
            return 0
        now = time.monotonic()
        is_soon, self._filled_at = now - self._filled_at < SOON_S, now
        self._ahead = min(MOST_AHEAD, self._ahead * 2) if is_soon else max(CALLS_AHEAD, self._ahead // 2)
        return self._ahead

    def _held(self, profile: str, one: Held, usd: Decimal) -> Held:
        if not isinstance(one.decision, Grant) or profile in self._simulated:
            return one
        self._rows += 1
        self._holds[self._rows] = _Hold(profile, usd, one.row)
        self._pots[profile] = self._pots.get(profile, NOTHING) - usd
        return Held(one.decision, self._rows)

    async def _give_up(self, held: Sequence[Held]) -> None:
        if self._inner is not None:
            for one in held:
                if one.row is not None:
                    await self._inner.release(one.row)

    async def _ask(self, demand: MoneyWanted) -> Decimal | None:
        """What was given; all that was needed where the run is on its own. Raises `ConfigError`."""
        answer = await self._link.ask(demand)
        if self._link.failed is not None:
            raise self._link.failed
        if answer is None and self._link.alone:
            return demand.least
        if isinstance(answer, MoneyState):
            self._take(answer)
            return answer.given
        return None

    async def _look(self) -> None:
        await self._tell(looks=True)
        if self._link.failed is not None:
            raise self._link.failed
        if self._link.alone:
            self._state = None

    def _take(self, state: MoneyState) -> None:
        self._state = state

    def _tell_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._tell_soon)

    def _tell_soon(self) -> None:
        self._timer = None
        task = asyncio.get_running_loop().create_task(self._tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, *, looks: bool = False) -> None:
        """Tell what was spent. What pots hold goes back where somebody waits for it, or nobody draws on it."""
        is_idle = time.monotonic() - self._decided_at > IDLE_S
        if is_idle or (self._state is not None and self._state.is_short):
            for profile, usd in self._pots.items():
                if usd > 0:
                    self._told.setdefault(profile, _Told()).back += usd
                    self._pots[profile] = NOTHING
        told, self._told = self._told, {}
        posted = [
            self._link.post(MoneySpent(profile, one.usd, one.back, one.calls)) for profile, one in told.items()
        ]  # fmt: skip
        last = await self._link.post(Look(waits=self._waits)) if looks else None
        for (profile, one), future in zip(told.items(), posted, strict=True):
            answer = await future
            if isinstance(answer, MoneyState):
                self._untold[profile] = self._untold.get(profile, NOTHING) - one.usd
                self._take(answer)
        if isinstance(last, MoneyState):
            self._take(last)
        if any(usd > 0 for usd in self._pots.values()):
            self._tell_in(IDLE_S)


def span_of(limit: Limit) -> Span | None:
    """What a limit is for, as the limiter counts it; None for one of a single run, and one that only warns."""
    if not limit.is_enforced:
        return None
    if limit.job is not None:
        return "job"
    if limit.since is None:
        return None
    return "month" if limit.name.endswith("monthly_usd") else "day"


def money_limits(limits: Sequence[Limit]) -> tuple[MoneyLimit, ...]:
    """The limits that the limiter looks at."""
    return tuple(
        MoneyLimit(span, one.total_usd, one.profiles, one.exempt)
        for one in limits
        if (span := span_of(one)) is not None
    )


def _is_whole(decision: Decision) -> bool:
    return isinstance(decision, Grant) and not decision.shorter


def _nearest(known: Mapping[str, Elsewhere], here: Mapping[str, Elsewhere]) -> Mapping[str, Elsewhere]:
    """For each limit what leaves less: the history of this machine, or the ledger of all."""
    found = dict(known)
    for name, one in here.items():
        other = found.get(name)
        if other is None or one.free_usd < other.free_usd:
            found[name] = one
    return found
