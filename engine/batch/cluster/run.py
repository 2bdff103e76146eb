"""A batch over a Ray cluster: its rows in blocks, its results in shards, and the same command goes on with both."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.disk import make_private_directory, write_private
from ....providers.errors import ConfigError, UsageError
from ...results.assembly import new_id
from ...runs.run import kept_of
from ..books import BookTerms, book_terms, tell_unbooked
from ..budget import LONGEST_CALL_S, batch_limits, is_limited, profiles_of
from ..caller import caller_maker
from ..end import BatchEnd, Ended, tally_of
from ..interrupts import broken_off_by_signals
from ..known_rows import holds_rows
from ..listener import Listener, NoListener
from ..output.merge import Missing, OrderWriter, Shards, count_missing, locked
from ..output.summary import Tally
from ..run import BatchInput, open_input, resumed_words
from .blocks import Blocks
from .limiter import BudgetTerms
from .ray_batch import RayBatch
from .worker import Block, BlockReport, Orders, installed_version, mark_of, seen_path

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ..options import BatchOptions
    from ..rows.rows import BadRow

STATUS_EVERY_S = 5.0

OnStatus = Callable[[Mapping[str, Any], int], None]
"""Hears every few seconds how the limiter stands (`Limiter.status`), and how many shards are done."""


class ClusterOptions(Struct, frozen=True):
    """How rows are spread: over as many `workers` as there are CPUs where it is None, `shard_rows` to a file."""

    workers: int | None = None
    shard_rows: int = 1000


def run_on_cluster(
    options: BatchOptions,
    config: Config,
    cluster: ClusterOptions,
    *,
    on_bad_row: Callable[[BadRow], None] = lambda _: None,
    listener: Listener | None = None,
    on_status: OnStatus | None = None,
) -> BatchEnd:
    """Run what is missing in the shards of a directory; how it ended, with the totals of all shards.

    It blocks, and in the main thread hears Ctrl-C and SIGTERM. Raises `UsageError` and `ConfigError` before anything
    is sent.
    """
    with open_input(options, config) as given:
        directory = _directory(options)
        run = _ClusterRun(options, config, given, directory, listener or NoListener(), on_status)
        with locked(directory), OrderWriter(directory) as order:
            return run.run(cluster, order, on_bad_row)


class _ClusterRun:
    """One run, while the shards are ours alone."""

    def __init__(
        self,
        options: BatchOptions,
        config: Config,
        given: BatchInput,
        directory: Path,
        listener: Listener,
        on_status: OnStatus | None,
    ) -> None:
        self._options, self._config, self._given = options, config, given
        self._directory, self._listener, self._on_status = directory, listener, on_status
        self._ended = Ended(0, 0, Tally(), finished=True)

    def run(self, cluster: ClusterOptions, order: OrderWriter, on_bad_row: Callable[[BadRow], None]) -> BatchEnd:
        options, given, ended = self._options, self._given, self._ended
        shards = self._shards()
        if len(shards):
            self._listener.info(resumed_words(self._directory, len(shards)))
        batch_id = shards.batch or given.batch_id
        orders = self._orders(batch_id)
        blocks = Blocks(
            given.rows,
            size=cluster.shard_rows,
            profiles=given.names,
            make_caller=caller_maker(
                self._config, orders.options, orders.run_id, system=options.system, concurrency=options.concurrency
            ),
            shards=shards,
            order=order,
            on_bad_row=on_bad_row,
            retry_failed=options.retry_failed,
        )
        budget, books = self._budget(), self._books(orders.run_id)
        to_come = iter(blocks)
        first = next(to_come, None)
        if first is not None:
            with _shown(orders), RayBatch(orders, cluster.workers, budget, books) as batch:
                self._listener.info(f"{batch.workers} workers on {batch.nodes} of Ray's nodes")
                ended.output_problem = self._follow(batch, chain((first,), to_come))
                self._close(batch)
        ended.rows, ended.bad_rows = blocks.rows, blocks.bad_rows
        this_run = Tally(skipped=blocks.skipped, again=ended.tally.again)
        written = Shards.read(self._directory, batch_id)
        ended.tally = tally_of(written.documents(), self._config.reference, this_run)
        self._compare(count_missing(self._directory, written))
        return BatchEnd(ended, ended.tally)

    def _compare(self, found: Missing | None) -> None:
        """Hold what was to be written against what is there."""
        if found is None or not found.missing:
            return
        self._ended.finished = False
        self._listener.info(f"{found.words} in {self._directory}; the same command runs them", important=True)

    def _books(self, run_id: str) -> BookTerms | None:
        options = self._options
        terms = book_terms(self._config, run_id, options.asked, options.system, keeps_history=options.keeps_history)
        if terms is None:
            return None
        from ...history.store import database_path

        return replace(terms, path=database_path())

    def _shards(self) -> Shards:
        """What is there already. Raises `ConfigError` for the results of another batch."""
        given, shards = self._given, Shards.read(self._directory)
        is_ours = shards.batch in (None, given.batch_id)
        if not is_ours and not holds_rows(self._options, self._config, given.names, shards.state):
            raise ConfigError(
                f"{self._directory} holds results of another batch: none of its rows is in this input",
                hint="choose another directory for -o",
            )
        return shards

    def _orders(self, batch_id: str) -> Orders:
        options, given = self._options, self._given
        run_id, path = new_id(), options.config_file
        make = caller_maker(self._config, options.calls, run_id, system=options.system)
        return Orders(
            version=installed_version(),
            config=None if path is None else path.absolute(),
            start=Path.cwd(),
            profiles=given.names,
            options=options.calls,
            system=options.system,
            concurrency=options.concurrency,
            run_id=run_id,
            batch_id=batch_id,
            directory=self._directory,
            retry_failed=options.retry_failed,
            is_limited=is_limited(options.cost, self._config),
            is_booked=kept_of(self._config, no_history=not options.keeps_history) is not None,
            seen=secrets.token_hex(16),
            marks=tuple((name, mark_of(make(name))) for name in given.names),
        )

    def _budget(self) -> BudgetTerms | None:
        cost = self._options.cost
        if not is_limited(cost, self._config):
            return None
        found = batch_limits(self._options, self._config, profiles_of(self._given.names, self._config))
        for words in found.notes:
            self._listener.note(words)
        return BudgetTerms(tuple(found.limits), LONGEST_CALL_S, cost.allow_unpriced)

    def _follow(self, batch: RayBatch, blocks: Iterable[Block]) -> ConfigError | None:
        """Hear of every block until all have ended. Why no worker could go on, if so."""
        trouble: ConfigError | None = None
        finished, seen, last = True, 0, time.monotonic()

        def stop() -> None:
            self._ended.interrupted = True
            batch.stop()
            self._listener.interrupted()

        with broken_off_by_signals(stop):
            for report in batch.reports(blocks):
                if report is not None:
                    seen += 1
                    finished = finished and report.finished
                    self._count(report)
                    if report.trouble is not None and trouble is None:
                        trouble = ConfigError(report.trouble.message, hint=report.trouble.hint)
                        batch.stop()
                if self._on_status is not None and time.monotonic() - last >= STATUS_EVERY_S:
                    last = time.monotonic()
                    self._on_status(batch.status(), seen)
        self._ended.finished = finished and trouble is None
        return trouble

    def _count(self, report: BlockReport) -> None:
        ended = self._ended
        ended.budget = ended.budget or report.budget
        for profile, kind, times in report.again:
            ended.tally.again[profile, kind] += times
        if report.lost:
            self._listener.lost(report.lost)

    def _close(self, batch: RayBatch) -> None:
        status, ended, listener = batch.status(), self._ended, self._listener
        ended.budget = ended.budget or status["refused"]
        ended.broken = {
            name: profile["broken"] for name, profile in status["profiles"].items() if profile["broken"] is not None
        }
        if status["taken_over"]:
            words = f"{status['taken_over']} times a block was taken over from a worker that had died"
            listener.info(words, important=True)
        for name, failed in ended.broken.items():
            listener.info(f"{name} is given up: {failed.message}", important=True)
        for words in batch.close():
            listener.note(words, important=True)
        tell_unbooked(batch.status()["unbooked"], listener)


@contextmanager
def _shown(orders: Orders) -> Generator[None]:
    """What workers look for in the directory, while they work."""
    path = seen_path(orders)
    try:
        write_private(path, orders.seen.encode())
    except OSError as error:
        raise ConfigError(f"{orders.directory} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _directory(options: BatchOptions) -> Path:
    """The directory of the shards, made where it is missing."""
    output = options.output
    if output is None:
        raise UsageError("--engine ray writes shards into a directory", hint="add -o DIR")
    if options.output_form not in (None, "jsonl"):
        raise UsageError("--engine ray writes JSONL shards", hint="thinkdial batch merge DIR -o all.csv makes CSV")
    if options.ordered:
        raise UsageError("--engine ray writes results as they come", hint="thinkdial batch merge DIR --ordered")
    directory = output.absolute()
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{output} is a file", hint="--engine ray takes a directory for -o")
    try:
        make_private_directory(directory, parents=False)
    except OSError as error:
        raise ConfigError(f"{output} cannot be made: {error.strerror}") from None
    return directory
