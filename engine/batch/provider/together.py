"""Work on the parts of a job, so that no provider stands in the way of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ...exchange.files.client import ApiError
from .job_store import BatchPart

Work = Callable[[BatchPart], Awaitable[None]]


async def at_each_provider(parts: Iterable[BatchPart], work: Work) -> dict[str, ApiError]:
    """Do `work` on all parts: several providers at once, those of one provider in turn.

    What has failed, by profile: a profile is left alone after its first failure, the others are not.
    """
    of_provider: dict[str, list[BatchPart]] = {}
    for part in parts:
        of_provider.setdefault(part.provider, []).append(part)
    failed: dict[str, ApiError] = {}

    async def in_turn(mine: list[BatchPart]) -> None:
        for part in mine:
            if part.profile in failed:
                continue
            try:
                await work(part)
            except ApiError as error:
                failed[part.profile] = error

    try:
        async with asyncio.TaskGroup() as group:
            for mine in of_provider.values():
                group.create_task(in_turn(mine))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return failed


def raise_one(failed: dict[str, ApiError], note: Callable[[str], None]) -> None:
    """Raise the failure that most needs somebody's attention, if there is one, and tell of the others."""
    if not failed:
        return
    worst = min(failed, key=lambda name: failed[name].failure.retryable)
    for name, error in failed.items():
        if name != worst:
            note(f"{name}: {error.failure.message}")
    raise failed[worst]
