"""A trial on this machine: opened, run as a batch whose rows come in rounds, and summed up. Nothing here prints."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, cast

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import UsageError
from ..batch.end import BatchEnd, BatchOutcome
from ..batch.listener import Listener
from ..batch.rows.source import OpenSource
from ..batch.run import BatchInput, ReadyBatch, open_input, ready_rows
from ..batch.storage.address import Address
from .arms import records_of
from .candidates import TrialArm, TrialRows, candidates, trial_rows
from .earlier import take_others, take_remembered
from .evidence import least_rows
from .feed import RowFeed
from .guard import Guard
from .report import TrialEnd, TrialReport, report_of
from .samples import sample_of
from .standings import Rules

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ...profiles.config import Config
    from ..batch.batch import Batch
    from ..batch.progress import Running
    from ..batch.rows.rows import BadRow, Row
    from ..costs.budget.purse import Purse
    from ..results.result import Result
    from ..runs.forecasts import Note
    from .likely_cost import TrialCost
    from .options import TrialOptions


class TrialWatcher(Protocol):
    """Hears what people should know of a trial, and may look at it while it runs."""

    def bad_row(self, bad: BadRow) -> None: ...

    def trouble(self, words: str) -> None: ...

    def watching(self, trial: RunningTrial) -> AbstractContextManager[None]: ...


class RunningTrial(Struct, frozen=True):
    """A trial at any moment: what is known of the arms, and the batch that asks them."""

    feed: RowFeed
    seed: int
    batch: Running

    def report(self) -> TrialReport:
        """What is known now; any thread may ask."""
        feed = self.feed
        return report_of(feed.snapshot(), feed.rules, TrialEnd.INTERRUPTED, seed=self.seed, found=feed.standings)


class TrialDone(Struct, frozen=True):
    """What a trial came to, and how the batch ended that asked its rows; None where nothing was asked."""

    report: TrialReport
    batch: BatchEnd | None = None


class ReadyTrial(Struct, frozen=True):
    """A trial whose rows are read and whose output is open. It is run once. `notes` are for people."""

    options: TrialOptions
    rows: TrialRows
    candidates: tuple[TrialArm, ...]
    feed: RowFeed
    earlier: int
    notes: tuple[str, ...]
    ready: ReadyBatch
    guard: Guard

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that are asked."""
        return self.ready.input.names

    def cost(self, note: Note) -> TrialCost:
        """What it may cost, before it is run."""
        from .likely_cost import trial_cost

        return trial_cost(
            self.candidates, self.rows.rows, self.feed.records, self.ready.config, datetime.now(UTC), note
        )

    @property
    def has_memory(self) -> bool:
        """Whether the output remembers, so that the same trial goes on where it has stopped."""
        return self.ready.has_memory

    def run(self, watcher: TrialWatcher) -> TrialDone:
        """Make the calls that it takes, on an event loop of our own that hears Ctrl-C and SIGTERM."""
        heard = _Hearing(self, watcher)
        return self._done(self._fed().run(heard))

    async def make(self, watcher: TrialWatcher, purse: Purse | None = None) -> TrialDone:
        """The same on the caller's loop, from the caller's `purse` or, where a limit holds, from one of our own."""
        heard = _Hearing(self, watcher)
        return self._done(await self._fed().make(heard, purse))

    def _fed(self) -> ReadyBatch:
        return replace(self.ready, input=replace(self.ready.input, rows=cast("Iterator[Any]", self.feed.rows())))

    def _done(self, end: BatchEnd) -> TrialDone:
        feed = self.feed
        report = report_of(feed.records, feed.rules, _end_of(end), seed=self.options.seed)
        tally = end.ended.tally
        groups = tally.groups.values()
        judges = [group.checks_usd for group in groups if group.checks_usd is not None]
        failures = tuple(self.guard.failures(report.chosen))
        return TrialDone(
            replace(
                report,
                earlier=self.earlier,
                usd=tally.usd,
                usd_unknown=sum(group.usd_unknown for group in groups),
                checks_usd=sum(judges, Decimal(0)) if judges else None,
                checks_usd_unknown=sum(group.checks_usd_unknown for group in groups),
                gate_failures=failures,
            ),
            end,
        )


class TrialNotes:
    """Hears of a trial, for a program: a `TrialWatcher`, and a `Listener`, that gives lines to `note`."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def bad_row(self, bad: BadRow) -> None:
        self._note(bad.problem)

    def trouble(self, words: str) -> None:
        self._note(words)

    @contextmanager
    def watching(self, trial: RunningTrial) -> Generator[None]:
        yield

    def info(self, words: str, *, important: bool = False) -> None:
        self._note(words)

    def note(self, words: str, *, important: bool = False) -> None:
        self._note(words)

    def interrupted(self) -> None:
        pass

    def lost(self, lines: Sequence[bytes]) -> None:
        """They are among the samples."""


class _Hearing:
    """Hears of the batch for the feed, and for whoever watches the trial (a `BatchWatcher`)."""

    def __init__(self, trial: ReadyTrial, watcher: TrialWatcher) -> None:
        self._trial, self._watcher = trial, watcher

    def bad_row(self, bad: BadRow) -> None:
        self._watcher.bad_row(bad)

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        self._trial.feed.take(row, sample_of(result))
        self._trial.guard.add(result, row.id)

    def trouble(self, words: str) -> None:
        self._watcher.trouble(words)

    @contextmanager
    def watching(self, batch: Running) -> Generator[None]:
        feed = self._trial.feed
        feed.attach(cast("Batch", batch))
        for bad in self._trial.rows.bad:
            self._watcher.bad_row(bad)
        with self._watcher.watching(RunningTrial(feed, self._trial.options.seed, batch)):
            yield


@contextmanager
def ready_trial(options: TrialOptions, config: Config, listener: Listener | None = None) -> Generator[ReadyTrial]:
    """Read the rows, find the arms, open the output, and take in the samples that there are. Nothing is sent.

    Raises `UsageError` and `ConfigError`.
    """
    options.check()
    output = options.batch.output
    if isinstance(options.batch.target, Address) or (
        output is not None and output.suffix.lower() in (".csv", ".parquet")
    ):
        raise UsageError(
            f"{options.batch.output_name}: a trial keeps its results as JSONL, in a file", hint="-o FILE.jsonl"
        )
    with open_input(options.batch, config) as given:
        read = trial_rows(given.rows, options)
    arms = candidates(options, config, read.rows[0])
    records = records_of(one.arm for one in arms)
    for one in arms:
        records[one.arm.name].trouble = one.trouble
    profiles = tuple(dict.fromkeys(one.arm.profile for one in arms if one.caller is not None))
    fed = BatchInput(OpenSource(()), iter(()), profiles, given.batch_id, given.census)
    with ready_rows(fed, replace(options.batch, retry_failed=False), config, listener) as ready:
        guard, memory = Guard(options.gate, is_strict=options.batch.calls.is_strict), ready.output.memory
        earlier = 0 if memory is None else take_remembered(memory, arms, read.rows, records, guard)
        taken, others = take_others(options, arms, read.rows, records, guard)
        rules = Rules(len(read.rows), options.target, options.confidence)
        feed = RowFeed(arms, records, rules, read.rows)
        notes = tuple(_notes(options, read, arms, taken, others))
        yield ReadyTrial(options, read, tuple(arms), feed, earlier + taken, notes, ready, guard)


def _notes(options: TrialOptions, read: TrialRows, arms: Sequence[TrialArm], taken: int, others: int) -> Iterator[str]:
    """What one should know before it begins."""
    rows = len(read.rows)
    if read.without_expect:
        yield f"{read.without_expect:,} rows expect nothing and are left out"
    if read.with_settings:
        yield f"{read.with_settings:,} rows name profiles or think values: a trial asks its own arms instead"
    for one in arms:
        if one.arm.same_as:
            told = ", ".join(f"@{think}" for think in one.arm.same_as)
            yield f"{one.arm.profile}: {told} would be the same request as @{one.arm.think}, and is not asked apart"
        if one.trouble is not None:
            yield f"{one.arm.name} cannot be asked: {one.trouble}"
    if options.samples_from:
        yield f"{taken:,} samples are taken over; {others:,} lines answer something else and are left aside"
    if options.target is not None:
        alpha = Rules(rows, options.target, options.confidence).target_alpha(len(arms))
        if (least := least_rows(options.target, alpha)) > rows:
            yield (
                f"with {rows:,} rows no arm can be shown to reach {options.target:g}: of {len(arms)} arms that takes"
                f" at least {least:,} rows, all of them passed"
            )


def _end_of(end: BatchEnd) -> TrialEnd:
    match end.outcome:
        case BatchOutcome.INTERRUPTED:
            return TrialEnd.INTERRUPTED
        case BatchOutcome.OUTPUT_FAILED | BatchOutcome.PIPE_CLOSED:
            return TrialEnd.OUTPUT_FAILED
        case BatchOutcome.OVER_BUDGET:
            return TrialEnd.BUDGET
        case _:
            return TrialEnd.ROWS
