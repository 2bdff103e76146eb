"""What a call may cost, from what is left and who else needs it: decisions only, without a clock or a queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct
from msgspec.structs import replace

from ...results.result import Forecast
from .limits import Limit

NOTHING = Decimal(0)
AMPLE = 2
"""A grant below the ceiling has to be this many times what the call is expected to cost."""

SMALLEST_SHARE = Decimal("1e-12")


class Need(Struct, frozen=True):
    """What a call may cost in USD. A ceiling of None is unbounded; `priced` is False when its price is not known.

    `ample_usd` is what it should have where it cannot have its ceiling, at least AMPLE times what is expected.
    """

    low_usd: Decimal = NOTHING
    expected_usd: Decimal | None = None
    ceiling_usd: Decimal | None = None
    priced: bool = True
    ample_usd: Decimal | None = None

    @classmethod
    def of(cls, forecast: Forecast | None, ceiling_usd: Decimal | None, ample_usd: Decimal | None = None) -> Need:
        """The need of a call with this forecast and this worst case."""
        if forecast is None or forecast.least_usd is None:
            return cls(priced=False)
        return cls(forecast.least_usd, forecast.expected_usd, ceiling_usd, ample_usd=ample_usd)


class Grant(Struct, frozen=True):
    """What a call may cost; None when nothing limits it. `shorter`: that is less than it could need."""

    usd: Decimal | None
    shorter: bool = False


class Wait(Struct, frozen=True):
    """The calls under way may leave enough. `limits` are those that are too tight; `elsewhere`: by other programs."""

    limits: frozenset[str]
    elsewhere: bool = False


class Refuse(Struct, frozen=True):
    """It cannot be afforded, whatever the calls under way leave. None for the limit: its price is not known."""

    limit: str | None
    left_usd: Decimal = NOTHING


Decision = Grant | Wait | Refuse


class Room(Struct, frozen=True):
    """One limit as one call finds it.

    `reserved_usd` is what calls of this run hold, `elsewhere_usd` what those of other programs hold; neither is in
    `free_usd`. `claimants` are the calls that have yet to get their part, this one among them.
    """

    limit: str
    free_usd: Decimal
    reserved_usd: Decimal = NOTHING
    elsewhere_usd: Decimal = NOTHING
    claimants: int = 1


def decide(rooms: Iterable[Room], need: Need) -> Decision:
    """What a call gets under all limits that apply to it: the least of what each of them allows.

    Under each: its ceiling if that is free; else a fair share, or as much as is ample, if that is free; else it waits
    while calls under way may still leave something; else it gets all that is left, if that is worth a try.
    """
    if not need.priced or need.ceiling_usd == 0:
        return Grant(NOTHING if need.priced else None)
    offered: Decimal | None = None
    tight: set[str] = set()
    elsewhere = False
    for room in rooms:
        match _under(room, need):
            case Refuse() as refused:
                return refused
            case Wait() as waits:
                tight |= waits.limits
                elsewhere = elsewhere or waits.elsewhere
            case Grant(usd=usd) if usd is not None:
                offered = usd if offered is None else min(offered, usd)
            case _:
                pass
    if tight:
        return Wait(frozenset(tight), elsewhere)
    if offered is None:
        return Grant(None)
    return Grant(offered, need.ceiling_usd is None or offered < need.ceiling_usd)


def _under(room: Room, need: Need) -> Decision:
    free, ceiling = room.free_usd, need.ceiling_usd
    if ceiling is not None and ceiling <= free:
        return Grant(ceiling)
    low = need.low_usd
    expected = max(low, need.expected_usd if need.expected_usd is not None else low)
    share = _floor(free / max(1, room.claimants))
    wanted = max(share, AMPLE * expected, need.ample_usd or NOTHING)
    if ceiling is not None:
        wanted = min(wanted, ceiling)
    if 0 < wanted <= free:
        return Grant(wanted)
    worth_a_try = free > 0 and free >= low
    if room.reserved_usd > 0 and free + room.reserved_usd > 0 and free + room.reserved_usd >= low:
        return Wait(frozenset({room.limit}), room.elsewhere_usd > 0)
    in_the_end = free + room.reserved_usd + room.elsewhere_usd
    if room.elsewhere_usd > 0 and not (worth_a_try and free >= expected) and in_the_end > 0 and in_the_end >= low:
        return Wait(frozenset({room.limit}), elsewhere=True)
    return Grant(free) if worth_a_try else Refuse(room.limit, free)


def _floor(amount: Decimal) -> Decimal:
    return amount.quantize(SMALLEST_SHARE, ROUND_FLOOR)


class Elsewhere(Struct, frozen=True):
    """A limit as the history knows it: what is left after all that was spent, and what of that others need.

    Calls of other programs hold `reserved_usd`, for minutes. Batches that are open at providers are expected to cost
    `aside_usd`; that may take a day, so no call waits for it.
    """

    left_usd: Decimal
    reserved_usd: Decimal = NOTHING
    aside_usd: Decimal = NOTHING

    @property
    def free_usd(self) -> Decimal:
        return self.left_usd - self.reserved_usd - self.aside_usd


class Account(Struct, frozen=True):
    """A limit, and what this run has done to it so far.

    `unrecorded_usd` is the part of `spent_usd` that the history does not know. `to_come` are the calls that have not
    yet been decided on.
    """

    limit: Limit
    spent_usd: Decimal = NOTHING
    unrecorded_usd: Decimal = NOTHING
    reserved_usd: Decimal = NOTHING
    to_come: int = 0

    def free_usd(self, elsewhere: Elsewhere | None) -> Decimal:
        """What nobody has spent or holds: the lower of what this run knows and what the history knows."""
        free = self.limit.left_usd - self.spent_usd
        if elsewhere is not None:
            free = min(free, elsewhere.free_usd - self.unrecorded_usd)
        return free - self.reserved_usd


class Ask(Struct, frozen=True):
    """A call that waits for a decision."""

    profile: str
    need: Need


def review(
    accounts: Sequence[Account],
    asks: Sequence[Ask],
    elsewhere: Mapping[str, Elsewhere],
    *,
    allow_unpriced: bool = False,
) -> list[Decision]:
    """The decision for each of `asks`, in their order. Nobody overtakes a call that waits for the same limit."""
    current = [account for account in accounts if account.limit.is_enforced]
    queued = [sum(account.limit.covers(ask.profile) for ask in asks) for account in current]
    blocked: set[str] = set()
    decisions: list[Decision] = []
    for ask in asks:
        applying = [i for i, account in enumerate(current) if account.limit.covers(ask.profile)]
        names = {current[i].limit.name for i in applying}
        if applying and not ask.need.priced and not allow_unpriced:
            decision: Decision = Refuse(None)
        elif ask.need.priced and ask.need.ceiling_usd != 0 and names & blocked:
            decision = Wait(frozenset(names & blocked))
        else:
            decision = decide([_room(current[i], queued[i], elsewhere) for i in applying], ask.need)
        decisions.append(decision)
        if isinstance(decision, Wait):
            blocked |= decision.limits
            continue
        usd = decision.usd or NOTHING if isinstance(decision, Grant) else NOTHING
        for i in applying:
            account = current[i]
            queued[i] -= 1
            current[i] = replace(account, reserved_usd=account.reserved_usd + usd, to_come=max(0, account.to_come - 1))
    return decisions


def _room(account: Account, queued: int, elsewhere: Mapping[str, Elsewhere]) -> Room:
    outside = elsewhere.get(account.limit.name)
    return Room(
        limit=account.limit.name,
        free_usd=account.free_usd(outside),
        reserved_usd=account.reserved_usd,
        elsewhere_usd=outside.reserved_usd if outside is not None else NOTHING,
        claimants=max(account.to_come, queued, 1),
    )
