"""Tells the history what a run does, as it does it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from ...providers.errors import StoreError
from ..exchange.secrets import kept_body, masked_headers
from ..history.heads import CallHead
from ..history.record import Recorder
from ..planning.prepare import Prepared
from ..results.result import Forecast, Result
from .forecasts import runs_in, unheard
from .jobs import Job

if TYPE_CHECKING:
    from ..costs.forecast import Samples
    from ..costs.likely_cost import LikelyCost

_T = TypeVar("_T")


class Keeper:
    """A tape, and the place where results go before anybody is shown them.

    Nothing is stored of a run that never sent anything; of one that did, also the calls that could not be made.
    `foresee` gives the forecast of a call that was sent without one, by the user's own runs where they can be read. It
    is asked when the answer is there.
    """

    def __init__(self, recorder: Recorder, foresee: Callable[[Job, Samples | None], Forecast | None] | None) -> None:
        self._recorder = recorder
        self._foresee = foresee
        self._begun: dict[int, bool] = {}
        self._expected = set[int]()
        self._unpriced: dict[int, Prepared] = {}
        self._likely: LikelyCost | None = None
        self._unsent: list[tuple[int, Job, Result]] = []

    @property
    def problem(self) -> StoreError | None:
        """Why nothing more is stored, if something went wrong."""
        return self._recorder.problem

    async def expect(self, index: int, prepared: Prepared, usd: Decimal | None) -> None:
        """To be awaited before a request leaves: then it counts, with `usd` or what is likely, should we be killed.

        Without it that begins a moment after the request has left.
        """
        if prepared.target.is_simulated:
            return
        self._expected.add(index)
        if usd is None:
            self._unpriced[index] = prepared
        await self._recorder.reserve(index, replace(_call_head(prepared), sent={}), usd)

    def has_begun(self, index: int) -> bool:
        """Whether a request of this call has left: what is expected of it then is another attempt."""
        return index in self._begun

    def price_expected(self) -> None:
        """Have it worked out what the calls under way may cost, as far as nobody has said. Any thread may ask."""
        while self._unpriced:
            index, prepared = self._unpriced.popitem()
            self._recorder.estimate_by(index, partial(self._likely_usd, prepared))

    def _likely_usd(self, prepared: Prepared) -> Decimal | None:
        if self._likely is None:
            from ..costs.likely_cost import LikelyCost

            self._likely = LikelyCost()
        return self._likely.usd(prepared)

    def begin(self, index: int, prepared: Prepared) -> None:
        is_first = index not in self._begun
        self._begun[index] = prepared.call.stream
        if is_first:
            self._recorder.begin(index, _call_head(prepared))
            if index not in self._expected and not prepared.target.is_simulated:
                self._unpriced[index] = prepared

    def opened(self, index: int, status: int, headers: Mapping[str, str]) -> None:
        self._recorder.opened(index, status, headers.get("content-type", ""), self._begun.get(index, False))

    def received(self, index: int, data: bytes) -> None:
        self._recorder.received(index, data)

    @property
    def is_behind(self) -> bool:
        return self._recorder.is_behind

    def withheld(self, index: int) -> None:
        self._recorder.withheld(index)

    async def finished(self, index: int, job: Job, result: Result) -> Result:
        """Store `result`, with its forecast, and give it back when it is stored."""
        self._unpriced.pop(index, None)
        if index not in self._begun and not result.attempts:
            self._unsent.append((index, job, result))
            if index in self._expected:
                self._recorder.dropped(index)
            return result
        if index not in self._begun and job.prepared is not None:
            self.begin(index, job.prepared)
        if result.forecast is not None or job.prepared is None or not result.attempts or self._foresee is None:
            return await _in_any_case(self._recorder.finished(index, result))
        foretell = partial(_foretold, result, job, self._foresee)
        stored = await _in_any_case(
            self._recorder.finished(index, result, lambda store: foretell(runs_in(store, unheard)))
        )
        if stored is result:  # it could not be kept: nobody has worked it out yet
            with suppress(Exception):  # an answer that was paid for is not lost to a forecast
                return foretell(None)
        return stored

    def amended(self, index: int, result: Result) -> None:
        """A result that is stored already is known better: its checks have been made."""
        self._recorder.amended(index, result)

    async def close(self, total_s: float | None) -> int | None:
        """End the record. The number of the run in the history; None when nothing was stored."""
        if self._begun:
            for index, job, result in self._unsent:
                self._recorder.begin(index, _unsent_head(job, result))
                await _in_any_case(self._recorder.finished(index, result))
        return await _in_any_case(self._recorder.close(total_s))


def _foretold(
    result: Result, job: Job, foresee: Callable[[Job, Samples | None], Forecast | None], samples: Samples | None
) -> Result:
    return replace(result, forecast=foresee(job, samples))


async def _in_any_case(storing: Awaitable[_T]) -> _T:
    """Wait until it is stored, also when the run is being interrupted: that takes a moment, and loses nothing."""
    waiting = asyncio.ensure_future(storing)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        return await waiting


def _call_head(prepared: Prepared) -> CallHead:
    target, decided = prepared.target, prepared.plan
    sent = {
        "method": prepared.request.method,
        "url": prepared.request.url,
        "headers": masked_headers(prepared, None),
        "body": kept_body(prepared),
        "native": decided.native,
        "fidelity": decided.fidelity,
        "note": decided.note,
        "stream": prepared.call.stream,
        "max_output_tokens": prepared.call.max_output_tokens,
        "base_url": target.base_url,
        "quirks": target.use.quirks,
        "emulated": prepared.emulated,
    }
    if prepared.asked.account is not None:
        sent["account"] = prepared.asked.account
    if prepared.shape is not None:
        from ..shapes.kept import kept_shape

        sent["shape"] = kept_shape(prepared.shape)
    if prepared.tools is not None:
        from ..tools.kept import kept_tools

        sent["tools"] = kept_tools(prepared.tools)
    if prepared.asked.repeat is not None:
        sent["repeat"] = prepared.asked.repeat
    return CallHead(
        profile=target.profile.name,
        provider=target.provider.name,
        dialect=target.dialect,
        model=target.profile.model,
        think=str(prepared.think),
        sent=sent,
        host=target.host,
        simulated=target.is_simulated,
    )


def _unsent_head(job: Job, result: Result) -> CallHead:
    if job.prepared is not None:
        return _call_head(job.prepared)
    sent = {} if job.repeat is None else {"repeat": job.repeat}
    return CallHead(job.profile, result.provider, result.dialect, job.model, str(job.think), sent)
