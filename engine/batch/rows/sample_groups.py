"""Answers of a batch held against what is expected, samples of one row together where they have to agree."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from msgspec.structs import replace

from ....providers.think import Think
from ...results.result import Result
from ..caller import RowCaller
from .checks import Examination
from .rows import Row


class Sampled(Protocol):
    """A call of a row: `samples` of the same are made in this run, itself included."""

    @property
    def row(self) -> Row: ...
    @property
    def think(self) -> Think: ...
    @property
    def samples(self) -> int: ...


class Calling(Protocol):
    """Whose calls they are."""

    @property
    def caller(self) -> RowCaller: ...


_Lane = TypeVar("_Lane", bound=Calling)
_Task = TypeVar("_Task", bound=Sampled)


class SampleGroups(Generic[_Lane, _Task]):
    """Judges results as they come; those that are compared with each other wait until all of them are there."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination
        self._waiting: dict[tuple[int, int, Think], tuple[_Lane, list[tuple[_Task, Result]]]] = {}

    async def take(self, lane: _Lane, task: _Task, result: Result) -> list[tuple[_Task, Result]]:
        """The results that are judged now: this one, or nothing yet, or with it all that waited for it."""
        caller = lane.caller
        result = await self._examination.shaped(result, task.row, caller)
        if task.samples < 2 or not self._examination.waits(task.row, caller):
            return [(task, await self._judged(task, result, caller, [result] if caller.samples == 1 else []))]
        key = id(lane), id(task.row), task.think
        _, group = self._waiting.setdefault(key, (lane, []))
        group.append((task, result))
        if len(group) < task.samples:
            return []
        del self._waiting[key]
        return await self._together(group, caller)

    async def rest(self) -> list[tuple[_Lane, _Task, Result]]:
        """Those that waited for samples that will not come."""
        waiting, self._waiting = self._waiting, {}
        return [
            (lane, task, result)
            for lane, group in waiting.values()
            for task, result in await self._together(group, lane.caller)
        ]

    async def _together(self, group: Sequence[tuple[_Task, Result]], caller: RowCaller) -> list[tuple[_Task, Result]]:
        among = [result for _, result in group] if len(group) == caller.samples else []
        return [(task, await self._judged(task, result, caller, among)) for task, result in group]

    async def _judged(self, task: _Task, result: Result, caller: RowCaller, among: Sequence[Result]) -> Result:
        try:
            return await self._examination.examine(result, task.row, caller, among)
        except asyncio.CancelledError:
            return replace(result, expect_note="interrupted before it was judged")
