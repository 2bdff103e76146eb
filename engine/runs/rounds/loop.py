"""The loop of calls for one answer: with tools in between, or where the provider paused in the middle of its own.

Each call is a call like any other: admitted, made, priced, kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from ....profiles.tools.rule import tools_rule
from ....providers.dialects.finish_words import is_paused
from ....providers.schema import Json, Notice
from ....providers.turns.pieces import TurnPiece
from ...exchange.observer import CallObserver
from ...exchange.surroundings import Surroundings
from ...planning.prepare import Prepared, with_prompt
from ...results.charge import after_lost
from ...results.result import Cost, Result, RoundsEnd
from ...results.rounds import as_round, whole_answer
from ...results.tool_use import ToolRun
from ...tool_runs.output import ToolOutput
from ...tool_runs.toolbox import Toolbox, logged
from ..call import OnStored, is_refused, make_call
from ..jobs import ReadyCall
from .limits import RoundLimits
from .tape import PlacedTape

if TYPE_CHECKING:
    from ...costs.budget.purse import Purse
    from ...exchange.files.uploads import Uploads
    from ...tools.toolset import ToolsWish
    from ...tools.words import ToolCall
    from ..hands.order import Hands

BROKEN_OFF = ToolOutput("error: it was broken off", "interrupted", note="it was broken off")


class ToolKit:
    """The tools of one run, and how far each of its answers may go with them. Without a toolbox none are run."""

    def __init__(self, toolbox: Toolbox | None, limits: RoundLimits) -> None:
        self.toolbox, self.limits = toolbox, limits

    def goes_on(self, result: Result) -> bool:
        """Whether there is a next round: for what was called, or since the provider paused."""
        return is_paused(result.finish_raw) or (bool(result.tool_calls) and self.toolbox is not None)


CONTINUING = ToolKit(None, RoundLimits())
"""For answers of which nothing is run here, and which may be paused."""


class RoundBooks(Protocol):
    """Where the rounds of one answer are kept, each at a place of its own; None keeps nothing."""

    def place(self, number: int) -> int: ...

    async def begin(self, place: int, prepared: Prepared, usd: Decimal | None) -> None: ...

    async def keep(self, place: int, prepared: Prepared, result: Result, settle: OnStored | None) -> Result: ...

    def amend(self, place: int, result: Result) -> None: ...

    def told(self, number: int, run: ToolRun) -> None: ...


async def make_rounds(
    call: ReadyCall,
    surroundings: Surroundings,
    kit: ToolKit,
    books: RoundBooks,
    *,
    run_id: str,
    at: datetime | None = None,
    extra: tuple[Notice, ...] = (),
    index: int = 0,
    observer: CallObserver,
    purse: Purse | None = None,
    uploads: Uploads | None = None,
    indexes: Callable[[], int] | None = None,
    hands: Hands | None = None,
    work: object = None,
    left_behind: Callable[[Cost], bool] = lambda _: False,
) -> Result:
    """Make `call`, run what it calls, and go on with what the tools say until there is an answer.

    An answer that does not go on is the result as it is; else it is that of all rounds together. Cancelled, it gives
    what came so far. A call beyond the first counts for the budget like any other; `indexes` gives it a number of its
    own there, where the one before may not be settled yet.
    `hands` make the calls, and know them by `work` and round. One that a lost worker has left behind is made again
    where `left_behind`, which hears of its cost, says so.
    """
    loop = _Loop(call, kit, books, clock_from=surroundings.clock())
    while True:
        number, prepared = len(loop.results) + 1, loop.prepared
        place = books.place(number)
        if number > 1 and purse is not None:
            purse.expect((prepared.target.profile.name,))

        async def begin(sent: Prepared, usd: Decimal | None, place: int = place) -> None:
            await books.begin(place, sent, usd)

        async def keep(
            result: Result, settle: OnStored | None, place: int = place, prepared: Prepared = prepared
        ) -> Result:
            return await books.keep(place, prepared, loop.marked(result), settle)

        own = index if (number == 1 and not loop.lost) or indexes is None else indexes()
        where = surroundings
        if surroundings.tape is not None and place != index:
            where = replace(surroundings, tape=PlacedTape(surroundings.tape, place))
        result = await make_call(
            replace(call, prepared=prepared), where, run_id=run_id, at=at, extra=extra, index=own,
            observer=observer, purse=purse, begin=begin, keep=keep, uploads=uploads, hands=hands, work=(work, number),
        )  # fmt: skip
        if hands is not None and _is_left_behind(result) and left_behind(result.cost):
            loop.lost.append(result.cost)
            continue
        if number == 1 and not kit.goes_on(result):
            return loop.with_lost(result)
        if number > 1 and is_refused(result):
            return loop.end("budget", place, refused=result)
        if number > 1 and hands is not None and _is_unmade(result):
            return loop.end("interrupted", place)
        loop.results.append(loop.with_lost(result))
        if (end := loop.ended(surroundings.clock())) is not None:
            return loop.end(end, place)
        try:
            await loop.run_tools(place)
        except asyncio.CancelledError:
            return loop.end("interrupted", place)


class _Loop:
    """The rounds so far. `prepared` is the next call."""

    def __init__(self, call: ReadyCall, kit: ToolKit, books: RoundBooks, clock_from: float) -> None:
        self.results: list[Result] = []
        self.lost: list[Cost] = []
        """What is known of attempts at the next round whose workers are gone."""
        self.prepared = call.prepared
        self._first, self._kit, self._books, self._began = call.prepared, kit, books, clock_from

    def marked(self, result: Result) -> Result:
        """The result as one round of several, once it is that."""
        if not self.results and not self._kit.goes_on(result):
            return result
        first = self.results[0].id if self.results else result.id
        return as_round(result, len(self.results) + 1, first)

    def with_lost(self, result: Result) -> Result:
        """The result of a round, with the attempts at it that were lost."""
        if not self.lost:
            return result
        lost, self.lost = self.lost, []
        return after_lost(replace(result, attempts=len(lost) + result.attempts), lost)

    def ended(self, now: float) -> RoundsEnd | None:
        """Why no tools are run after the newest round."""
        kit = self._kit
        return why_ended(self.results, kit.limits, now - self._began, goes_on=kit.goes_on(self.results[-1]))

    async def run_tools(self, place: int) -> None:
        """Run the calls of the newest round, and prepare the next one. Cancelled, what had ended is in the log."""
        calls, number = self.results[-1].tool_calls, len(self.results)
        ran: list[tuple[ToolRun, ToolOutput]] = []
        if self._kit.toolbox is not None and calls:
            try:
                await run_calls(self._kit.toolbox, calls, number, ran)
            finally:
                self._log(place, [run for run, _ in ran])
        self.prepared = self._next([output for _, output in ran])

    def end(self, end: RoundsEnd, place: int, refused: Result | None = None) -> Result:
        """All rounds as one result; the last one is stored with why it ended."""
        if refused is None:
            self.results[-1] = replace(self.results[-1], rounds_end=end)
            self._books.amend(place, self.results[-1])
        whole = whole_answer(self.results, end)
        if refused is not None:
            whole = replace(whole, status="partial", error=refused.error)
        return whole

    def _log(self, place: int, runs: Sequence[ToolRun]) -> None:
        self.results[-1] = replace(self.results[-1], tool_runs=tuple(runs))
        self._books.amend(place, self.results[-1])
        for run in runs:
            self._books.told(len(self.results), run)

    def _next(self, outputs: Sequence[ToolOutput]) -> Prepared:
        """The next call: all turns so far, and what the tools said."""
        result, prompt = self.results[-1], self.prepared.asked.prompt
        past = prompt.past
        if past is None or result.turn is None:
            raise AssertionError("a call that goes on keeps its turns")
        results = tuple(
            result_piece(call, output, result) for call, output in zip(result.tool_calls, outputs, strict=True)
        )
        following = replace(prompt, text="", asked=results, past=replace(past, turns=(*past.turns, result.turn)))
        return with_prompt(self._first, replace(following, tools=unforced(following.tools)))


def _is_left_behind(result: Result) -> bool:
    from ..hands.order import is_left_behind  # which few runs need

    return is_left_behind(result)


def _is_unmade(result: Result) -> bool:
    from ..hands.order import NO_WORKER

    return NO_WORKER in result.warnings


def why_ended(results: Sequence[Result], limits: RoundLimits, took_s: float, *, goes_on: bool) -> RoundsEnd | None:
    """Why there is no round after the newest of `results`, which `goes_on` or not; None where there is one."""
    result = results[-1]
    if result.status == "cancelled":
        return "interrupted"
    if result.status != "ok":
        return "failed"
    if result.turn is None or not goes_on:
        return "answered"
    if len(results) >= limits.rounds:
        return "max_rounds"
    if len(result.tool_calls) > limits.calls:
        return "max_calls"
    return "time" if took_s >= limits.total_s else None


async def run_calls(
    toolbox: Toolbox, calls: Sequence[ToolCall], number: int, ran: list[tuple[ToolRun, ToolOutput]]
) -> None:
    """Run all `calls` of a round, and put what came of them into `ran`, in their order: also where it is cancelled."""
    tasks = [asyncio.create_task(toolbox.run(one, number)) for one in calls]
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    finally:
        ran += (_ran(task, one, number) for task, one in zip(tasks, calls, strict=True))


def result_piece(call: ToolCall, output: ToolOutput, result: Result) -> TurnPiece:
    """What goes back to the model of `result` for one call; where its wire has a mark for it, that it failed."""
    native: Json = {}
    if output.is_error:
        native = tools_rule(result.provider, result.dialect, result.model).failed
    return TurnPiece("result", output.text, native=native, id=call.id, name=call.name or None)


def unforced(wish: ToolsWish | None) -> ToolsWish | None:
    """The wish without a demand to call a tool: that was for the first round, and would never end."""
    return wish if wish is None or wish.choice in (None, "auto", "none") else replace(wish, choice="auto")


def _ran(task: asyncio.Task[tuple[ToolRun, ToolOutput]], call: ToolCall, number: int) -> tuple[ToolRun, ToolOutput]:
    """What came of one call; that it was broken off, and an error of ours, is told as well."""
    if not task.done() or task.cancelled():
        return logged(call, BROKEN_OFF, number), BROKEN_OFF
    if (error := task.exception()) is not None:
        words = f"an error inside thinkdial: {type(error).__name__}: {error}"
        failed = ToolOutput(f"error: {words}", "failed", note=words)
        return logged(call, failed, number), failed
    return task.result()
