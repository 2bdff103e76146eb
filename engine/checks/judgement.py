"""Judging an answer beside a running event loop, which a slow expectation must not hold up."""

from __future__ import annotations

import asyncio

from ...providers.schema import Json
from ..results.result import Result
from ..shapes.patterns import UnfinishedError
from .expectation import judge_answer

QUICK_S = 0.005
"""What takes longer is judged in a thread: nearly nothing does, and a thread costs more than most judgements."""

QUICK_CHARACTERS = 100_000


async def judge_apart(expect: Json | None, result: Result) -> tuple[bool | None, str | None]:
    """What `judge_answer` says, without holding up the event loop."""
    if expect is None:
        return None, None
    if len(result.answer) <= QUICK_CHARACTERS:
        try:
            return judge_answer(expect, result, within_s=QUICK_S, unfinished=True)
        except UnfinishedError:
            pass
    return await asyncio.to_thread(judge_answer, expect, result)
