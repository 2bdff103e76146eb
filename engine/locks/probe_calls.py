"""Probes put to chosen profiles, one after the other, within a limit on the money; what came is read for a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.config import Config
from ...providers.errors import BudgetError, ConfigError, Failure, UsageError
from ..batch.provider.budgets import settle_open_jobs
from ..planning.prepare import Prepared, Prompt
from ..results.result import Result
from ..runs.forecasts import Note
from ..runs.jobs import Job, Options, make_jobs, prepare_one, resolved
from ..runs.money import CostOptions, afford
from ..runs.observer import Silent
from ..runs.run import Circumstances, Finished, kept_of, run_jobs
from ..targets.target import Selection, think_values
from .fingerprint import price_now, request_print
from .lock import LockEntry, LockReading, Probe, Progress
from .measures import with_results

COMMAND = "lock"
GIVEN_UP_AFTER = 2
"""Probes without any answer, after which a profile is not asked again: each may have waited long."""


class ProbeCalls(Struct, frozen=True):
    """How probes are asked: of whom, how often, how, and for how much. `yes` agrees to what limits ask.

    `as_of` is when the lock was written that this is held against: some prices depend on weekday and hour.
    """

    selections: Sequence[Selection]
    config: Config
    options: Options
    cost: CostOptions
    keeps_history: bool = True
    yes: bool = False
    as_of: datetime | None = None


class Measured(Struct, frozen=True):
    """What came of it, by the names of entries. `asked` probes were asked; `stopped` is why not all were."""

    readings: Mapping[str, LockReading]
    asked: int
    usd: Decimal | None
    usd_unknown: int = 0
    stopped: str | None = None
    interrupted: bool = False


@dataclass(slots=True)
class _Answers:
    """What has come until now: results by entry and probe."""

    by_entry: dict[str, dict[str, list[Result]]] = field(default_factory=dict[str, dict[str, list[Result]]])
    usd: Decimal | None = None
    unknown: int = 0
    spent_usd: Decimal = Decimal(0)
    asked: int = 0
    notes: dict[str, None] = field(default_factory=dict[str, None])

    def silent(self, name: str) -> bool:
        """Whether this entry has been asked often enough, and has not answered once."""
        own = self.by_entry.get(name, {})
        return len(own) >= GIVEN_UP_AFTER and all(result.status != "ok" for some in own.values() for result in some)

    def add(self, probe: Probe, finished: Finished) -> None:
        for result in finished.run.results:
            own = self.by_entry.setdefault(f"{result.profile}@{result.think.requested}", {})
            own.setdefault(probe.id, []).append(result)
        self.asked += 1
        self.pay(finished)

    def pay(self, finished: Finished) -> None:
        """Count what it has cost, and nothing else of it."""
        usd = finished.run.summary.usd
        self.usd = usd if self.usd is None else self.usd + (usd or 0)
        self.unknown += finished.run.summary.usd_unknown
        self.spent_usd += finished.spent_usd
        self.notes |= dict.fromkeys(finished.notes)
        if finished.problem is not None:
            self.notes[f"probes are not in the history: {finished.problem.message}"] = None


def entries_now(calls: ProbeCalls, probe: Probe) -> dict[str, LockReading]:
    """The request and the price of each profile and think value as they are now; nothing is sent."""
    now = datetime.now(UTC)
    at = now if calls.as_of is None else next_like(calls.as_of, now)
    found: dict[str, LockReading] = {}
    for selection in calls.selections:
        for think in think_values(selection, calls.options.sweep, calls.config):
            name = f"{selection.profile.name}@{think}"
            try:
                target = resolved(selection, calls.config, calls.options)
                prepared = prepare_one(target, think, _prompt(probe), calls.config, calls.options)
            except ConfigError as error:
                found[name] = LockReading(None, error.message)
            else:
                found[name] = LockReading(entry_of(prepared, at))
    return found


def next_like(moment: datetime, now: datetime) -> datetime:
    """The first time from `now` on that has the weekday and the hour of `moment`."""
    weeks = -((moment - now) // timedelta(days=7))
    return moment + timedelta(days=7 * max(0, weeks))


def entry_of(prepared: Prepared, at: datetime) -> LockEntry:
    """An entry that has not been asked anything yet."""
    target = prepared.target
    return LockEntry(
        target.profile.name, str(prepared.think), target.provider.name, target.profile.model,
        request_print(prepared), price_now(prepared, at), target.is_simulated,
    )  # fmt: skip


def measured(calls: ProbeCalls, probes: Sequence[Probe], *, note: Note, progress: Progress | None = None) -> Measured:
    """Ask every probe and read what comes.

    Raises `BudgetError` when not even the first probe can be afforded; later ones are then left out, and that is said.
    Raises `UsageError` for a dose.
    """
    calls = _one_by_one(calls)
    for selection in calls.selections:
        if selection.think is not None and selection.think.aim is not None:
            raise UsageError(
                f"a lock holds one think value, and {selection.think} chooses another one as your history grows",
                hint="lock the value that it chooses today: thinkdial plan shows it",
            )
    readings, answers = entries_now(calls, probes[0]), _Answers()
    stopped: str | None = None
    interrupted = False
    for number, probe in enumerate(probes):
        heard = tuple(one for one in calls.selections if not answers.silent(f"{one.profile.name}@{one.think}"))
        if not heard:
            break
        calls = replace(calls, selections=heard)
        if progress is not None:
            progress(number, len(probes))
        try:
            finished = _asked(calls, probe, answers.spent_usd, note)
        except BudgetError as error:
            if not answers.asked:
                raise
            stopped = error.message
            break
        except ConfigError as error:  # nobody at all can be called
            return Measured({name: LockReading(one.entry, error.message) for name, one in readings.items()}, 0, None)
        interrupted, stopped = finished.interrupted, _over_budget(finished)
        if interrupted or stopped is not None:
            answers.pay(finished)  # what money has cut short is no sample: it is the long ones that are cut
            break
        answers.add(probe, finished)
    for words in answers.notes:
        note(words)
    if stopped is not None and not answers.asked:
        raise BudgetError(stopped, hint="raise --max-cost: it has to reach for one probe at least")
    done = probes[: answers.asked]
    read = {name: _read(one, answers.by_entry.get(name, {}), done) for name, one in readings.items()}
    return Measured(read, answers.asked, answers.usd, answers.unknown, stopped, interrupted)


def _one_by_one(calls: ProbeCalls) -> ProbeCalls:
    """The same with a selection for each think value."""
    apart = tuple(
        replace(selection, think=think)
        for selection in calls.selections
        for think in think_values(selection, calls.options.sweep, calls.config)
    )
    return replace(calls, selections=apart, options=replace(calls.options, sweep=()))


def _asked(calls: ProbeCalls, probe: Probe, spent_usd: Decimal, note: Note) -> Finished:
    prompt, config = _prompt(probe), calls.config
    jobs = make_jobs(calls.selections, prompt, config, calls.options)
    affordable = afford(
        jobs, prompt, config, replace(calls.cost, spent_usd=spent_usd), settle=settle_open_jobs, note=note
    )
    if affordable.question is not None:
        if not calls.yes:
            raise affordable.question.refusal()
        affordable = affordable.agreed()
    kept = kept_of(config, no_history=not calls.keeps_history)
    circumstances = Circumstances(
        COMMAND, kept, config.history, purse=affordable.purse, simulated=all(map(_is_simulated, jobs))
    )
    return run_jobs(affordable.jobs, prompt, Silent(), circumstances)


def _is_simulated(job: Job) -> bool:
    return job.target is not None and job.target.is_simulated


def _over_budget(finished: Finished) -> str | None:
    """Why the money did not reach for all of it, as it was asked; None where it did."""
    for result in finished.run.results:
        if result.error is not None and result.error.kind == "budget":
            return result.error.message
        lowered = next((notice.message for notice in result.warnings if notice.code == "output_limit_lowered"), None)
        if lowered is not None and result.finish == "length":
            return lowered
    return None


def _read(reading: LockReading, results: Mapping[str, Sequence[Result]], probes: Sequence[Probe]) -> LockReading:
    if reading.entry is None:
        return reading
    entry = with_results(reading.entry, results, probes)
    if entry.answered:
        return LockReading(entry)
    failures = (result.error for some in results.values() for result in some)
    problem = next((_words(error) for error in failures if error is not None), "no whole answer came")
    return LockReading(entry, problem)


def _words(failure: Failure) -> str:
    return f"{failure.kind.replace('_', ' ')}: {failure.message}"


def _prompt(probe: Probe) -> Prompt:
    return Prompt(probe.prompt, probe.system)
