"""Tools for callers without an event loop of their own: one is held in a thread for as long as they are open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from ...results.tool_use import ToolRun
from ...tool_runs.output import ToolOutput
from .limits import ToolSupply
from .loop import ToolKit, run_calls

if TYPE_CHECKING:
    from ...tools.words import ToolCall

CLOSING_S = 15.0


class ToolThread:
    """The tools of several rounds, each of which is a run of its own."""

    def __init__(self, supply: ToolSupply) -> None:
        self.limits = supply.limits
        self._opening = supply.opened()
        self._loop = asyncio.new_event_loop()
        self._running: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._loop.run_forever, name="thinkdial-tools", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._kit: ToolKit = asyncio.run_coroutine_threadsafe(self._opening.__aenter__(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        closing = asyncio.run_coroutine_threadsafe(self._opening.__aexit__(None, None, None), self._loop)
        try:
            closing.result(CLOSING_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSING_S)
            self._loop.close()

    def run(self, calls: Sequence[ToolCall], number: int, ran: list[tuple[ToolRun, ToolOutput]]) -> None:
        """Run the calls of a round into `ran`. Ctrl-C breaks them off, is raised, and what came is there."""
        running = asyncio.run_coroutine_threadsafe(self._run(calls, number, ran), self._loop)
        try:
            running.result()
        except KeyboardInterrupt:
            over = Event()
            self._loop.call_soon_threadsafe(self._break_off, over)
            over.wait(CLOSING_S)
            raise

    async def _run(self, calls: Sequence[ToolCall], number: int, ran: list[tuple[ToolRun, ToolOutput]]) -> None:
        if self._kit.toolbox is None:
            raise AssertionError("a supply has tools")
        self._running = asyncio.current_task()
        await run_calls(self._kit.toolbox, calls, number, ran)

    def _break_off(self, over: Event) -> None:
        """End what runs, and say when it has ended."""
        task = self._running
        if task is None or task.done():
            over.set()
            return
        task.add_done_callback(lambda _: over.set())
        task.cancel()
