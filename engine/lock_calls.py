"""Locks as commands and programs ask for them: written from probes, and held against what answers today."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..profiles.config import Config
from ..providers.errors import ThinkdialError, UsageError
from ..providers.version import VERSION
from .call_options import ThinkValue, Usd, names_of, sweep_of
from .client import load_config
from .locks.comparison import LockCheck, checked
from .locks.lock import Lock, LockReading
from .locks.lock_file import is_lock, lock_text, read_lock
from .locks.newer_history import with_history
from .locks.probe_calls import Measured, ProbeCalls, entries_now, measured
from .locks.probes import probes_from, shipped_probes
from .planning.option_names import within
from .results.moments import timestamp
from .runs.forecasts import Note, unheard
from .runs.jobs import Options
from .runs.money import CostOptions, usd_of
from .targets.target import Selection, select

if TYPE_CHECKING:
    from .locks.lock import Probe

REPEAT = 3
"""How often a lock asks each of its probes."""

MOST_REPEAT = 1000


def write_lock(
    file: str | Path,
    profiles: str | Sequence[str],
    *,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    rows: str | Path | None = None,
    probes: int | None = None,
    repeat: int = REPEAT,
    max_cost: Usd | None = None,
    allow_unpriced: bool = False,
    config: str | Path | Config | None = None,
    note: Note = unheard,
) -> Lock:
    """Ask probes, of `rows` or those that ship, and write down what came: `thinkdial lock write`.

    What could not be locked is noted. Raises `BudgetError` where the first probe cannot be afforded, and
    `ThinkdialError` where nothing came that could be locked.
    """
    refuse_in_a_loop("write_lock")
    place, names = Path(file), names_of(profiles)
    if place.exists() and not is_lock(place):
        raise UsageError(f"{place} is there, and is no lock", hint="take another name, or remove it first")
    within("repeat", repeat, 1, MOST_REPEAT)
    within("probes", probes, 1)
    settings = config if isinstance(config, Config) else load_config(config, profiles=names)
    asked = (shipped_probes() if rows is None else probes_from(Path(rows), probes))[:probes]
    calls = ProbeCalls(
        select(names, settings), settings, Options(sweep_of(think), repeat=repeat), _cost(max_cost, allow_unpriced)
    )
    found = measured(calls, asked, note=note)
    lock = lock_of(found, asked, repeat, note)
    if lock is None:
        raise ThinkdialError(f"no lock was written to {place}: no probe was answered")
    try:
        place.write_text(lock_text(lock, as_json=place.suffix.lower() == ".json"), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror or error}") from None
    return lock


def check_lock(
    file: str | Path,
    *,
    probes: int | None = None,
    repeat: int | None = None,
    calls: bool = True,
    false_alarms: float = 0.05,
    max_cost: Usd | None = None,
    allow_unpriced: bool = False,
    config: str | Path | Config | None = None,
    note: Note = unheard,
) -> LockCheck:
    """Ask the probes of a lock again, or without `calls` look at newer history: `thinkdial lock check`.

    `state` of what it gives is `same` (not shown to have changed), `changed`, or `unread`. Raises `BudgetError` where
    the first probe cannot be afforded, and `ThinkdialError` for a lock that cannot be read.
    """
    refuse_in_a_loop("check_lock")
    within("false_alarms", false_alarms, 0.0001, 0.5)
    within("repeat", repeat, 1, MOST_REPEAT)
    within("probes", probes, 1)
    lock = read_lock(Path(file))
    names = [entry.profile for entry in lock.entries]
    settings = config if isinstance(config, Config) else load_config(config, profiles=names)
    again, problems = calls_again(lock, settings, repeat or lock.repeat, _cost(max_cost, allow_unpriced))
    found = Measured({}, 0, None)
    if again.selections and not calls:
        found = Measured(with_history(lock, entries_now(again, lock.probes[0])), 0, None)
    elif again.selections:
        found = measured(again, lock.probes[:probes], note=note)
    if found.stopped is not None:
        note(f"not all probes were asked: {found.stopped}")
    if found.interrupted:
        raise KeyboardInterrupt
    return checked(lock, {**found.readings, **problems}, false_alarm_rate=false_alarms)


def lock_of(found: Measured, probes: Sequence[Probe], repeat: int, note: Note) -> Lock | None:
    """The lock of what came of `probes`; None where nothing did. What is not in it is noted."""
    for name, one in found.readings.items():
        if one.problem is not None:
            note(f"{name}: not in the lock: {one.problem}")
    entries = tuple(one.entry for one in found.readings.values() if one.entry is not None and one.problem is None)
    if not entries or found.interrupted:
        return None
    return Lock(timestamp(datetime.now(UTC)), VERSION, repeat, tuple(probes[: found.asked]), entries)


def calls_again(
    lock: Lock, config: Config, repeat: int, cost: CostOptions, *, keeps_history: bool = True, yes: bool = False
) -> tuple[ProbeCalls, dict[str, LockReading]]:
    """The calls that ask all entries again, and what is no longer there to be asked."""
    selections: list[Selection] = []
    problems: dict[str, LockReading] = {}
    for entry in lock.entries:
        try:
            selections += select([entry.name], config)
        except UsageError as error:
            problems[entry.name] = LockReading(None, error.message)
    options, as_of = Options(repeat=repeat), datetime.fromisoformat(lock.written_at)
    return ProbeCalls(selections, config, options, cost, keeps_history, yes, as_of), problems


def refuse_in_a_loop(name: str) -> None:
    """Raise `UsageError` inside a running event loop: the calls have one of their own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        f"thinkdial.{name} cannot be called inside a running event loop", hint=f"await asyncio.to_thread({name}, ...)"
    )


def _cost(max_cost: Usd | None, allow_unpriced: bool) -> CostOptions:
    return CostOptions(None if max_cost is None else usd_of(max_cost, "max_cost"), allow_unpriced)
