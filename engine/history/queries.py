"""What the user asks of the history by number, id or filter. Each question opens the store and closes it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace

from ...providers.errors import StoreError, UsageError, first_of
from ..exchange.raw_response import RawResponse
from ..results.assembly import summarize
from ..results.result import Result
from .conversations.rows import sessions_holding
from .read import StoredResult, StoredRun, find_run, remove_runs, run_numbers, stored_run
from .store import Store

MOST_NAMES = 8
"""Results that are named where one has to be chosen."""


def named_runs(names: Sequence[str]) -> list[StoredRun]:
    """The runs that are meant, each once. Raises `StoreError` when one is not there."""
    with Store.open() as store:
        numbers = dict.fromkeys(find_run(store, name) for name in names)
        return [stored_run(store, number) for number in numbers]


def named_run(name: str, only: str | None = None) -> StoredRun:
    """One run; with `only` the results of that profile, or of `PROFILE[@THINK][#SAMPLE]`.

    Raises `StoreError` when it is not there, and `UsageError` when it has no such results.
    """
    stored = named_runs([name])[0]
    if only is None:
        return stored
    kept = tuple(entry for entry in stored.entries if is_named(entry, only))
    if not kept:
        raise UsageError(f"run {stored.number} has no result of {only!r}", hint=f"it has {_names(stored.entries)}")
    results = tuple(entry.result for entry in kept)
    run = replace(stored.run, results=results, summary=summarize(results, stored.run.summary.total_s))
    return replace(stored, run=run, entries=kept)


class NamedResult(Struct, frozen=True):
    """One stored result, what it is called (`run 12, claude@high`), and what was asked."""

    name: str
    result: Result
    prompt: str
    system: str | None


def named_pair(first: str, second: str | None = None) -> tuple[NamedResult, NamedResult]:
    """The two results that `RUN[:PROFILE]` names, twice; of the first alone, the two that the run has.

    Raises `StoreError` for a run that is not there, and `UsageError` where it is not clear which result is meant.
    """
    if second is not None:
        return _named_result(first), _named_result(second)
    run, _, only = first.partition(":")
    stored = named_run(run, only or None)
    if len(stored.entries) != 2:
        refuse_without_results(stored)
        raise UsageError(
            f"{first!r} has {_count(stored)}: two are compared", hint=f"name both: {_written(stored, run or first)}"
        )
    a, b = stored.entries
    return _as_named(stored, a), _as_named(stored, b)


def _named_result(written: str) -> NamedResult:
    run, _, only = written.partition(":")
    stored = named_run(run, only or None)
    if len(stored.entries) != 1:
        refuse_without_results(stored)
        raise UsageError(f"{written!r} has {_count(stored)}", hint=f"say which: {_written(stored, run)}")
    return _as_named(stored, stored.entries[0])


def _as_named(stored: StoredRun, entry: StoredResult) -> NamedResult:
    return NamedResult(f"run {stored.number}, {entry_name(entry)}", entry.result, stored.run.prompt, stored.run.system)


def refuse_without_results(stored: StoredRun) -> None:
    """Raise `UsageError` for a run of which the history has no result."""
    if stored.entries:
        return
    if stored.command == "batch":
        raise UsageError(
            f"run {stored.number} is a batch: its results are in its output, and not in the history",
            hint="the same batch command again with --summary FILE.html makes a page of them and calls nobody twice",
        )
    raise UsageError(f"run {stored.number} has no results", hint="thinkdial history list shows which runs have some")


def _count(stored: StoredRun) -> str:
    return f"{len(stored.entries)} result{'' if len(stored.entries) == 1 else 's'}"


def _written(stored: StoredRun, run: str) -> str:
    """The results of a run as `RUN:PROFILE` names them."""
    names = list(dict.fromkeys(f"{run}:{entry_name(entry)}" for entry in stored.entries))
    return first_of(names, MOST_NAMES)


def one_response(stored: StoredRun) -> RawResponse:
    """The bytes of the one response of a run.

    Raises `UsageError` when there is more than one, and `StoreError` when none was stored.
    """
    if len(stored.entries) != 1:
        raise UsageError(
            f"run {stored.number} has {len(stored.entries)} results",
            hint=f"choose one with -p: {_names(stored.entries)}",
        )
    raw = stored.entries[0].raw
    if raw is None:
        raise StoreError(f"run {stored.number} holds no response of {entry_name(stored.entries[0])}")
    return raw


class ChosenRuns(Struct, frozen=True):
    """Numbers of runs that can be forgotten, and the names of the sessions that hold each of the others."""

    numbers: Sequence[int]
    held: Mapping[int, Sequence[str]] = field(default_factory=dict[int, Sequence[str]])


def chosen_runs(names: Sequence[str], before: date | None = None) -> ChosenRuns:
    """The runs of these names; without names all, or those from before a moment, but for what sessions hold."""
    with Store.open() as store:
        if names:
            return ChosenRuns(list(dict.fromkeys(find_run(store, name) for name in names)))
        numbers = run_numbers(store, before)
        held = sessions_holding(store, numbers)
        return ChosenRuns([number for number in numbers if number not in held], held)


def forget_runs(numbers: Sequence[int]) -> int:
    """Forget these runs; the number of those that were there. Raises `UsageError` where a session holds one."""
    with Store.open() as store:
        held = sessions_holding(store, numbers)
        if held:
            run, names = next(iter(held.items()))
            more = f", and {len(held) - 1} more are held by sessions" if len(held) > 1 else ""
            raise UsageError(
                f"run {run} belongs to session {', '.join(names)}{more}",
                hint=f"thinkdial session rm {names[0]} lets it go",
            )
        return remove_runs(store, numbers)


def entry_name(entry: StoredResult) -> str:
    """The result's profile and think value: `claude@high`; of several samples its number: `claude@high#2`."""
    sample = "" if entry.result.repeat is None else f"#{entry.result.repeat}"
    return f"{entry.result.profile}@{entry.result.think.requested}{sample}"


def is_named(entry: StoredResult, wanted: str) -> bool:
    """Whether `PROFILE`, `PROFILE@THINK`, or one of them with `#SAMPLE` behind it means this result."""
    result = entry.result
    name, sharp, sample = wanted.partition("#")
    means_it = name in (result.profile, f"{result.profile}@{result.think.requested}")
    return means_it and (not sharp or sample == str(result.repeat or 1))


def _names(entries: Sequence[StoredResult]) -> str:
    return ", ".join(dict.fromkeys(entry_name(entry) for entry in entries)) or "none"
