"""One call, from the budget's leave to the price of what came: the way of every call to a model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...providers.dialect import failure
from ...providers.errors import Failure
from ...providers.schema import Notice
from ...providers.turns.pieces import FILE_MARK
from ..costs.prices.pricing import price_of
from ..exchange.exchange import Exchange
from ..exchange.observer import CallObserver
from ..exchange.outcome import Outcome, cancelled
from ..exchange.surroundings import Surroundings
from ..planning.prepare import Prepared
from ..results.assembly import result_of, unsent_result
from ..results.charge import is_lost
from ..results.result import Cost, Result
from .jobs import ReadyCall
from .observer import Silent

if TYPE_CHECKING:
    from ..costs.budget.purse import CallFunds, Purse
    from ..exchange.files.uploads import Uploads
    from .hands.order import Hands

OnStored = Callable[[], None]
"""To be called once a result is stored, or never will be: then the purse counts what it did cost."""

Keep = Callable[[Result, OnStored | None], Awaitable[Result]]
"""Stores a result and gives it back. `None` comes with it where nothing is held back: no purse, or its refusal."""

Begin = Callable[[Prepared, Decimal | None], Awaitable[None]]
"""Writes down that a call will be made, before its request leaves, and what is granted to it, if anything limits it.

Asked again it is another attempt at the same call, while the one before may be billed as well."""

_SILENT = Silent()


class UnheardError(Exception):
    """Raised by an observer that wants no more of a call: what came is kept, as of one that was cancelled."""


async def make_call(
    call: ReadyCall,
    surroundings: Surroundings,
    *,
    run_id: str,
    at: datetime | None = None,
    extra: tuple[Notice, ...] = (),
    index: int = 0,
    observer: CallObserver = _SILENT,
    purse: Purse | None = None,
    begin: Begin | None = None,
    keep: Keep | None = None,
    uploads: Uploads | None = None,
    is_paced: bool = False,
    hands: Hands | None = None,
    work: object = None,
) -> Result:
    """Make `call`, with the retries of its patience, and tell what came of it. Cancelled, it gives what came so far.

    `index` is its number in the run, for observer, tape and purse. `at` is when the run began, whose prices count;
    None is when the call may go. The purse may refuse it (`is_refused`), shorten it or cut it; what it holds back for
    the call is free again when `keep`, which has the result before anybody else, says so. What `begin` has been told
    of, `keep` hears of as well, whatever becomes of it. `uploads` are the files that the run has at providers.
    `is_paced`: the caller has leave of a shared limiter already, if there is one.
    Where there are `hands` they make it, but for a call that refers to such files; `work` is what they know it by.
    """
    prepared, funds = surroundings.transport.lessons.applied(call.prepared), None
    door = None
    if purse is not None:
        admission = purse.admit(index, prepared.target.profile.name, prepared)
        if purse.doors is not None and not is_paced:
            door = purse.doors.door(prepared.target, call.key)
            admitted = await door.admitted(admission, prepared)
        else:
            admitted = await admission
        if isinstance(admitted, Failure):
            if door is not None:
                purse.dismiss(index)
            profile, native = prepared.target.profile, prepared.plan.native
            refused = unsent_result(
                prepared.target, profile.name, profile.model, prepared.think, admitted,
                run_id=run_id, at=at or datetime.now(UTC), native=native,
                repeat=prepared.asked.repeat, twins=prepared.asked.twins,
            )  # fmt: skip
            return refused if keep is None else await keep(refused, None)
        prepared, funds = admitted.prepared, admitted.funds
        if door is not None:
            funds.on_again, surroundings = door.begun_again, replace(surroundings, on_response=door.heard)
    began = at or datetime.now(UTC)
    granted_usd = None if funds is None else funds.meter.grant_usd
    if hands is not None and FILE_MARK.encode() not in prepared.request.body:
        from .hands.order import CallOrder  # which few runs have

        given, heard = replace(call, prepared=prepared), surroundings.on_response
        again = _Again(begin, funds, prepared)
        order = CallOrder(given, index, run_id, began, extra, funds, heard, work, again.heard)
        try:
            if begin is not None:
                await begin(prepared, granted_usd)
            result = await hands.make(order)
        except asyncio.CancelledError:  # before it was begun
            result = order.unmade(Failure("cancelled", "interrupted before it was sent"))
        last, before = again.last, tuple(again.lost)
    else:
        exchange = Exchange(prepared, call.key, call.patience, surroundings, observer, index, call.authorize, funds)
        if begin is not None:
            exchange.go_again = partial(_begin_again, begin, funds)
        outcome = await _exchanged(exchange, begin, granted_usd, uploads)
        cost = price_of(outcome.reply, outcome.prepared.target, began)
        result = result_of(outcome, cost, run_id=run_id, at=began, extra=extra)
        last, before = outcome.prepared, outcome.lost
    settle = None
    if purse is not None:
        result = purse.priced(index, result)
    # Whoever has made it elsewhere, and says what was lost there, has counted that.
    if not result.cost.lost_attempts and ((broke := is_lost(result)) or before):
        attempts = (*before, last) if broke else before
        granted = () if funds is None else (*funds.lost, funds.meter.grant_usd)
        result = replace(result, cost=with_lost(result.cost, attempts, granted))
    if door is not None:
        door.over(result)
    if purse is not None:
        settle = partial(purse.settle, index, result)
    if keep is not None:
        return await keep(result, settle)
    if settle is not None:
        settle()
    return result


class _Again:
    """The attempts at a call that others make: the `last`, and those before it that were `lost`."""

    def __init__(self, begin: Begin | None, funds: CallFunds | None, prepared: Prepared) -> None:
        self._begin, self._funds, self.last = begin, funds, prepared
        self.lost: list[Prepared] = []

    async def heard(self, prepared: Prepared) -> None:
        """Another attempt will be made, beside one that may be billed."""
        self.lost.append(self.last)
        self.last = prepared
        if self._begin is not None:
            await _begin_again(self._begin, self._funds, prepared)


async def _begin_again(begin: Begin, funds: CallFunds | None, prepared: Prepared) -> None:
    await begin(prepared, None if funds is None else funds.meter.grant_usd)


async def _exchanged(
    exchange: Exchange, begin: Begin | None, granted_usd: Decimal | None, uploads: Uploads | None
) -> Outcome:
    """What came of an exchange, which raises nothing."""
    prepared = exchange.prepared
    try:
        if begin is not None:
            await begin(prepared, granted_usd)
        if FILE_MARK.encode() in prepared.request.body:
            from ..exchange.files.references import run_referring  # which few calls need

            return await run_referring(exchange, uploads)
        return await exchange.run()
    except asyncio.CancelledError:
        return cancelled(exchange.outcome())
    except UnheardError:
        exchange.observer = _SILENT
        return cancelled(exchange.outcome())
    except Exception as error:
        exchange.observer = _SILENT  # it may be the observer's error
        words = f"an error inside thinkdial: {type(error).__name__}: {error}"
        return exchange.outcome(failure("protocol", words, hint="please report it"))


def with_lost(cost: Cost, attempts: Sequence[Prepared], granted: Sequence[Decimal | None]) -> Cost:
    """`cost` with what the `attempts` that were lost may have cost: what was `granted` to each, else what is likely."""
    from ..costs.likely_cost import LikelyCost

    likely, usd = LikelyCost(), Decimal(0)
    for attempt, most in zip_longest(attempts, granted[: len(attempts)]):
        try:
            each = likely.usd(attempt) if most is None else most
        except Exception:  # an answer that was paid for is not lost to an estimate
            each = None
        if each is None:
            return replace(cost, lost_attempts=len(attempts))
        usd += each
    return replace(cost, lost_attempts=len(attempts), lost_usd=usd)


def is_refused(result: Result) -> bool:
    """Whether the budget did not let the call go: nothing was sent."""
    return not result.attempts and result.error is not None and result.error.kind == "budget"
