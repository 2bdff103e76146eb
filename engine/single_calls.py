"""The library's calls without a client of the caller's: each with one of its own, on an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from ..profiles.config import Config
from ..providers.errors import UsageError
from .call_options import (
    BatchRunOptions,
    PlanOptions,
    RunOptions,
    ThinkValue,
    TuneRunOptions,
    apart,
    rows_apart,
    tune_apart,
)
from .client import Client
from .results.result import Result, Run
from .runs.forecasts import Note, unheard

if TYPE_CHECKING:
    from .batch.values import BatchRun, Rows
    from .runs.plans import Plans
    from .trials.report import TrialReport

_T = TypeVar("_T")


def ask(
    prompt: str,
    profile: str | None = None,
    *,
    think: ThinkValue | None = None,
    config: str | Path | Config | None = None,
    **options: Unpack[RunOptions],
) -> Result:
    """`Client.ask` for one call, without an event loop."""

    async def call() -> Result:
        ours, rest = apart(options)
        async with Client(config, **ours) as client:
            return await client.ask(prompt, profile, think=think, **rest)

    return alone("ask", call)


def compare(
    prompt: str,
    profiles: str | Sequence[str] = (),
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    config: str | Path | Config | None = None,
    **options: Unpack[RunOptions],
) -> Run:
    """`Client.compare` for one run, without an event loop."""

    async def call() -> Run:
        ours, rest = apart(options)
        async with Client(config, **ours) as client:
            return await client.compare(prompt, profiles, think=think, **rest)

    return alone("compare", call)


def batch(
    rows: Rows,
    profiles: str | Sequence[str] = (),
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    config: str | Path | Config | None = None,
    output: str | Path | None = None,
    **options: Unpack[BatchRunOptions],
) -> BatchRun:
    """`Client.batch` for one batch, without an event loop."""
    from .batch.interrupts import run_quickly

    async def call() -> BatchRun:
        ours, rest = rows_apart(options)
        async with Client(config, **ours) as client:
            return await client.batch(rows, profiles, think=think, output=output, **rest)

    return alone("batch", call, run_quickly)


def tune(
    rows: Rows,
    profiles: str | Sequence[str] = (),
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    target: float | None = None,
    config: str | Path | Config | None = None,
    output: str | Path | None = None,
    **options: Unpack[TuneRunOptions],
) -> TrialReport:
    """`Client.tune` for one trial, without an event loop."""
    from .batch.interrupts import run_quickly

    async def call() -> TrialReport:
        ours, rest = tune_apart(options)
        async with Client(config, **ours) as client:
            return await client.tune(rows, profiles, think=think, target=target, output=output, **rest)

    return alone("tune", call, run_quickly)


def plan(
    prompt: str,
    profiles: str | Sequence[str] = (),
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    config: str | Path | Config | None = None,
    note: Note = unheard,
    **options: Unpack[PlanOptions],
) -> Plans:
    """`Client.plan`, which needs no event loop."""
    return Client(config, note=note).plan(prompt, profiles, think=think, **options)


def alone(
    name: str,
    call: Callable[[], Coroutine[Any, Any, _T]],
    run: Callable[[Coroutine[Any, Any, _T]], _T] = asyncio.run,
) -> _T:
    """What `call` gives, on an event loop of its own. Raises `UsageError` where one is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run(call())
    raise UsageError(
        f"thinkdial.{name} cannot be called inside a running event loop",
        hint=f"use await client.{name}(...), in: async with thinkdial.Client() as client",
    )
