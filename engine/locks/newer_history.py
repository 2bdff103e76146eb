"""What the history has seen since a lock was written, read as if the lock's probes had been asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..history.seen.later import LaterResult, results_since
from ..history.store import Store
from .lock import Lock, LockReading
from .measures import with_results

MOST_RESULTS = 2000
"""Of one profile and think value, the newest."""


def with_history(lock: Lock, readings: Mapping[str, LockReading]) -> dict[str, LockReading]:
    """The readings with what newer results of the same profile and think value show.

    Any of them tells who answered. How much was thought, and what passed, is compared where a prompt is a probe's.
    """
    asked = {(probe.prompt, probe.system): probe.id for probe in lock.probes}
    entries = {entry.name: entry for entry in lock.entries}
    found: dict[str, LockReading] = {}
    with Store.open() as store:
        for name, reading in readings.items():
            if reading.entry is None:
                found[name] = reading
                continue
            entry = reading.entry
            later = results_since(store, entry.profile, entry.think, lock.written_at, MOST_RESULTS)
            later = [one for one in later if one.result.simulated == entries[name].simulated]
            found[name] = _read(lock, reading, later, asked)
    return found


def _read(
    lock: Lock, reading: LockReading, later: Sequence[LaterResult], asked: Mapping[tuple[str, str | None], str]
) -> LockReading:
    if reading.entry is None or not later:
        return LockReading(reading.entry, f"the history has nothing newer than {lock.written_at}")
    by_probe: dict[str, list[LaterResult]] = {}
    for one in later:
        by_probe.setdefault(asked.get((one.prompt, one.system), ""), []).append(one)
    results = {name: [one.result for one in some] for name, some in by_probe.items()}
    entry = with_results(reading.entry, results, lock.probes)
    return LockReading(entry, None if entry.answered else "no newer answer in the history is whole")
