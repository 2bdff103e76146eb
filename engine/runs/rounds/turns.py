"""Rounds of which each is a turn of a session, on the caller's event loop."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from ....providers.turns.pieces import TurnPiece
from ...planning.prepare import Prompt
from ...results.result import Result
from ...results.rounds import whole_answer
from ...results.tool_use import ToolRun
from ...tool_runs.output import ToolOutput
from ..jobs import Options
from .limits import ToolSupply
from .loop import result_piece, run_calls, unforced, why_ended


async def in_rounds(
    asked: Prompt,
    options: Options,
    supply: ToolSupply,
    make: Callable[[Prompt, Options], Awaitable[Result]],
    following: Callable[[tuple[TurnPiece, ...]], Awaitable[Prompt]],
) -> Result:
    """The answer to `asked`, with what it calls run in between. `make` makes a turn, `following` is the next prompt.

    An answer without calls is as it is. A cancellation is raised; the session has the turns that were made.
    """
    results: list[Result] = []
    began = time.monotonic()
    async with supply.opened() as kit:
        while True:
            result = await make(asked, options)
            results.append(result)
            end = why_ended(results, supply.limits, time.monotonic() - began, goes_on=bool(results[-1].tool_calls))
            if end is not None:
                return whole_answer(results, end) if len(results) > 1 or result.tool_calls else result
            ran: list[tuple[ToolRun, ToolOutput]] = []
            if kit.toolbox is None:
                raise AssertionError("a supply has tools")
            await run_calls(kit.toolbox, result.tool_calls, len(results), ran)
            results[-1] = replace(result, tool_runs=tuple(run for run, _ in ran))
            pieces = (
                result_piece(call, output, result) for call, (_, output) in zip(result.tool_calls, ran, strict=True)
            )
            asked = await following(tuple(pieces))
            options = replace(options, tools=unforced(options.tools))
