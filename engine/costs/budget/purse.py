"""Stands between a call and the budget: how much it may cost, and what it did cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import Failure
from ....providers.schema import Delta, Notice, Usage
from ...planning.prepare import Prepared, with_output_limit
from ...results.charge import is_lost, last_may_have_cost
from ...results.result import Cost, Result
from ..forecast import affordable_output_tokens, ample_usd, ceiling_usd, cost_of_usage, estimated_input_tokens, forecast
from ..likely_cost import LikelyCost
from .doorway import Doors
from .ledger import Ledger
from .limits import dollars
from .meter import FeesOf, Meter, PriceOf
from .share import Grant, Need

LEAST_OUTPUT_TOKENS = 64
"""With less than this left for it a call is not worth its input."""


class Admitted(Struct, frozen=True):
    """A call that may be sent, perhaps with a lower output limit, and what cuts it when it costs more."""

    prepared: Prepared
    funds: CallFunds


@dataclass(slots=True)
class CallFunds:
    """What one admitted call draws on (`exchange.observer.CallPurse`).

    `lost` is what had been granted to each attempt that was lost, None where nothing limited it.
    """

    purse: Purse
    index: int
    profile: str
    prepared: Prepared
    meter: Meter
    lost: list[Decimal | None] = field(default_factory=list[Decimal | None])
    on_again: Callable[[], None] | None = None
    """Called when another attempt is let go."""

    def take(self, delta: Delta) -> bool:
        return self.meter.take(delta)

    async def again(self, prepared: Prepared, *, lost: bool) -> Prepared | Failure:
        """Reserve anew, unless the same request is sent again and the one before was turned away.

        What was reserved for an attempt that is `lost` counts as spent.
        """
        if prepared is self.prepared and not lost:
            self.meter.again()
            self._tell()
            return prepared
        admitted = await self.purse.readmit(self.index, self.profile, prepared, lost=lost)
        if isinstance(admitted, Failure):
            return admitted
        if lost:
            self.lost.append(self.meter.grant_usd)
        self.prepared, self.meter = admitted.prepared, admitted.funds.meter
        self._tell()
        return self.prepared

    def _tell(self) -> None:
        if self.on_again is not None:
            self.on_again()


class Purse:
    """Lets calls in as the ledger's limits allow. `now` is asked for the moment whose prices count.

    Where several processes share a limiter, `doors` are the way in for single calls.
    """

    def __init__(self, ledger: Ledger, now: Callable[[], datetime], doors: Doors | None = None) -> None:
        self._ledger, self._now, self.doors = ledger, now, doors
        self._meters: dict[int, Meter] = {}
        self._likely = LikelyCost()
        self._lost: dict[int, Decimal] = {}

    def share(self, first: int, profiles: Sequence[str]) -> Purse:
        """A purse for one more run over the same money: for calls of `profiles`, which are counted from `first` on."""
        self._ledger.expect(profiles)
        return _Share(self, first, profiles)

    def expect(self, profiles: Sequence[str]) -> None:
        """Hear of more calls that will be made."""
        self._ledger.expect(profiles)

    def expect_no_more(self, profiles: Sequence[str]) -> None:
        """Hear of calls that will not be made after all."""
        self._ledger.expect_no_more(profiles)

    @property
    def spent_usd(self) -> Decimal:
        return self._ledger.spent_usd

    async def admit(self, index: int, profile: str, prepared: Prepared) -> Admitted | Failure:
        """Reserve what the call may cost; it waits while others may leave something. Each one is to be settled."""
        if not self._ledger.limits_anything:
            return await self._counted(index, profile, prepared)
        at, prompt = self._now(), prepared.asked.prompt
        made = forecast(prepared, prompt, at)
        need = Need.of(made, ceiling_usd(prepared, prompt, at), ample_usd(prepared, prompt, made, at))
        grant = await self._ledger.reserve(index, profile, need)
        if isinstance(grant, Failure):
            return grant
        shortened = self._shortened(prepared, grant, at)
        if shortened is None:
            self._ledger.settle(index, Decimal(0))
            return _too_little(prepared, grant, at)
        meter = meter_of(shortened, grant.usd, at)
        self._meters[index] = meter
        return Admitted(shortened, CallFunds(self, index, profile, shortened, meter))

    async def _counted(self, index: int, profile: str, prepared: Prepared) -> Admitted | Failure:
        """Let a call in that nothing limits: others hear of what it is likely to cost, which takes no time to say."""
        likely = self._likely.usd(prepared)
        grant = await self._ledger.reserve(index, profile, Need(expected_usd=likely, priced=likely is not None))
        if isinstance(grant, Failure):
            return grant
        meter = self._meters[index] = idle_meter()
        return Admitted(prepared, CallFunds(self, index, profile, prepared, meter))

    async def readmit(self, index: int, profile: str, prepared: Prepared, *, lost: bool) -> Admitted | Failure:
        """The same for another attempt of a call that was admitted; that it is `lost` counts the one before in full."""
        meter = self._meters.pop(index, None)
        self._ledger.settle(index, None if lost else Decimal(0))
        self._ledger.expect([profile])
        admitted = await self.admit(index, profile, prepared)
        if lost and meter is not None and meter.grant_usd is not None and isinstance(admitted, Admitted):
            self._lost[index] = self._lost.get(index, Decimal(0)) + meter.grant_usd
        return admitted

    def priced(self, index: int, result: Result) -> Result:
        """`result`; of a call that the budget has cut, with what the meter says as its cost.

        One that was whole before it could be cut, and cost more than was left for it, says so.
        """
        meter = self._meters.get(index)
        if meter is None:
            return result
        cut = result.error is not None and result.error.kind == "budget"
        if cut:
            return result if result.cost.usd is not None else replace(result, cost=estimated_cost(meter))
        usd, most = result.cost.usd, meter.grant_usd
        if usd is None or most is None or usd <= most:
            return result
        words = f"it cost more than the {dollars(most)} USD that were set aside for it, which showed when it was whole"
        return replace(result, warnings=(*result.warnings, Notice("over_limit", words)))

    def settle(self, index: int, result: Result) -> None:
        """Count what the call did cost, once the history has it. Of one that never left, nothing."""
        if (meter := self._meters.pop(index, None)) is not None:
            if is_lost(result) and meter.grant_usd is not None:
                self._lost[index] = self._lost.get(index, Decimal(0)) + meter.grant_usd
            free = result.cost.usd is None and not last_may_have_cost(result)
            self._ledger.settle(index, Decimal(0) if free else result.cost.usd)
        if (lost := self._lost.pop(index, None)) and result.cost.lost_usd is not None:
            self._ledger.recorded(result.profile, lost)

    async def ready(self) -> None:
        """Find what it depends on, before anything is sent. Raises `ConfigError` where it is not there."""
        if self.doors is not None:
            await self.doors.ready()

    def dismiss(self, index: int) -> None:
        """A call that was admitted will not be made after all."""
        self._meters.pop(index, None)
        self._ledger.settle(index, Decimal(0))

    async def close(self) -> list[str]:
        """Give back what is still reserved. Notes on limits that were passed and only warn, and on the limiter."""
        if self.doors is not None:
            await self.doors.close()
        await self._ledger.close()
        return [*self._ledger.notes(), *(() if self.doors is None else self.doors.notes())]

    def _shortened(self, prepared: Prepared, grant: Grant, at: datetime) -> Prepared | None:
        """The call with an output limit that the grant pays for; None when that leaves nothing worth having."""
        if not grant.shorter or grant.usd is None:
            return prepared
        tokens = affordable_output_tokens(prepared, prepared.asked.prompt, grant.usd, at)
        if tokens is None or not prepared.target.card.output_limit_covers_thinking:
            return prepared
        limit = prepared.plan.max_output_tokens
        if limit is not None and limit <= tokens:
            return prepared
        if tokens < LEAST_OUTPUT_TOKENS:
            return None
        words = f"the output limit is {tokens:,} tokens: the budget leaves {grant.usd:f} USD for this call"
        return with_output_limit(prepared, tokens, Notice("output_limit_lowered", words))


class _Share(Purse):
    """One run's way into a purse that several runs share."""

    def __init__(self, whole: Purse, first: int, profiles: Sequence[str]) -> None:
        self._whole, self._first, self._to_come = whole, first, list(profiles)
        self.doors = whole.doors

    @property
    def spent_usd(self) -> Decimal:
        return self._whole.spent_usd

    def share(self, first: int, profiles: Sequence[str]) -> Purse:
        return self._whole.share(first, profiles)

    def expect(self, profiles: Sequence[str]) -> None:
        self._whole.expect(profiles)
        self._to_come += profiles

    async def admit(self, index: int, profile: str, prepared: Prepared) -> Admitted | Failure:
        if profile in self._to_come:
            self._to_come.remove(profile)
        return await self._whole.admit(self._first + index, profile, prepared)

    def dismiss(self, index: int) -> None:
        self._whole.dismiss(self._first + index)

    def priced(self, index: int, result: Result) -> Result:
        return self._whole.priced(self._first + index, result)

    def settle(self, index: int, result: Result) -> None:
        self._whole.settle(self._first + index, result)

    async def close(self) -> list[str]:
        """The whole stays open; what this run did not come to is left to others."""
        self._whole.expect_no_more(self._to_come)
        return []


def _too_little(prepared: Prepared, grant: Grant, at: datetime) -> Failure:
    """The refusal of a call for which what is left of a limit cannot be enough, with what would be."""
    least = ceiling_usd(with_output_limit(prepared, LEAST_OUTPUT_TOKENS), prepared.asked.prompt, at)
    words = f"{dollars(grant.usd or Decimal(0))} USD is all that is left for it, which does not pay for an answer"
    if least is not None:
        words += f": with {LEAST_OUTPUT_TOKENS} tokens of output it may cost up to {dollars(least, ROUND_CEILING)} USD"
    return Failure("budget", words, hint="raise the limit, or shorten the prompt")


def idle_meter() -> Meter:
    """That of a call which nothing limits."""
    return Meter(None, _no_price, 0)


def meter_of(prepared: Prepared, grant_usd: Decimal | None, at: datetime) -> Meter:
    """What adds up the cost of `prepared` while it streams, at the prices of `at`."""
    tokens = estimated_input_tokens(prepared, prepared.asked.prompt)
    return Meter(grant_usd, _price_of(prepared, at), tokens, _fees_of(prepared))


def _price_of(prepared: Prepared, at: datetime) -> PriceOf:
    def price(usage: Usage) -> Decimal | None:
        return cost_of_usage(prepared, usage, at)

    return price


def _no_price(_: Usage) -> None:
    return None


def _fees_of(prepared: Prepared) -> FeesOf | None:
    if not prepared.server_tools:
        return None
    from ..server_tool_fees import fees_so_far  # which few calls need

    return partial(fees_so_far, prepared)


def estimated_cost(meter: Meter) -> Cost:
    """What a call that was cut has cost, by what came of it."""
    spent = meter.usd
    if spent is None:
        return Cost()
    note = "estimated from what came before it was cut: the provider did not report the usage"
    return Cost(usd=spent, source="estimated", note=note)
