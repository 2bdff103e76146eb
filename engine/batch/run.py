"""A batch on this machine: opened, run, and left in good order. Nothing here prints, asks or exits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from ...profiles.disk import is_device
from ...providers.errors import ConfigError, UsageError
from ..checks.gates import GateTally
from ..results.assembly import new_id
from ..targets.target import select
from .batch import Batch
from .caller import caller_maker, refuse_worse_plans
from .end import BatchEnd, Ended
from .interrupts import rare_collections, run_quickly, stopped_by_signals
from .known_rows import holds_rows
from .listener import Listener, NoListener, Watcher
from .output.document import Encode
from .output.output_file import Form, OutputFile
from .output.outputs import Lines
from .output.summary import Tally
from .output.target import (
    HEAD,
    LineTaker,
    begun_pipe,
    opened_device,
    output_file,
    output_form,
    result_encoder,
)
from .output.totals import OutputTotals
from .progress import Running
from .resources import pace_maker, resources_for
from .rows.checks import looks_at_rows
from .rows.rows import BadRow, Row
from .rows.source import Census, OpenSource, batch_id_of, open_source, rows_of
from .shards.book import BookedWatcher, ShardBook, shard_book
from .shards.manifest import FileKeep
from .storage.address import Address
from .storage.lines import PartForm, parts_form
from .storage.memory import OutputMemory

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ..costs.budget.purse import Purse
    from ..results.result import Result
    from .hands.crew import Crew
    from .options import BatchOptions


class BatchWatcher(Watcher, Protocol):
    """Hears of rows and results, and may look at the batch while it runs."""

    def watching(self, batch: Running) -> AbstractContextManager[None]: ...


class NoWatcher:
    """Hears nothing."""

    def bad_row(self, bad: BadRow) -> None:
        pass

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        pass

    def trouble(self, words: str) -> None:
        pass

    def watching(self, batch: Running) -> AbstractContextManager[None]:
        return nullcontext()


class BatchInput(Struct, frozen=True):
    """The rows of a batch, for the profiles `names` where they name none; `batch_id` recognises them the next time.

    `census` counts them where they are those of one shard.
    """

    source: OpenSource
    rows: Iterator[Row | BadRow]
    names: tuple[str, ...]
    batch_id: str
    census: Census


class BatchOutput(Struct, frozen=True):
    """Where lines go. A `memory` knows those of earlier runs, and `totals` counts them. A `book` is kept of a shard."""

    lines: Lines
    encode: Encode
    memory: OutputMemory | None = None
    totals: OutputTotals | None = None
    book: ShardBook | None = None


class ReadyBatch(Struct, frozen=True):
    """A batch whose input and output are open. It is run once."""

    options: BatchOptions
    config: Config
    input: BatchInput
    listener: Listener
    output: BatchOutput

    @property
    def has_memory(self) -> bool:
        """Whether the output remembers, so that the same batch goes on where it has stopped."""
        return self.output.memory is not None

    def run(self, watcher: BatchWatcher) -> BatchEnd:
        """Make the calls that are missing, on an event loop of our own that hears Ctrl-C and SIGTERM."""
        return run_quickly(self._make(watcher, None, is_ours=True))

    async def make(self, watcher: BatchWatcher, purse: Purse | None = None) -> BatchEnd:
        """The same on the caller's loop, from the caller's `purse` or, where a limit holds, from one of our own.

        A cancellation breaks off what is under way, and is taken back.
        """
        end = await self._make(watcher, purse, is_ours=False)
        if end.ended.interrupted and (task := asyncio.current_task()) is not None:
            task.uncancel()
        return end

    async def _make(self, watcher: BatchWatcher, purse: Purse | None, *, is_ours: bool) -> BatchEnd:
        options, given, output, run_id = self.options, self.input, self.output, new_id()
        if options.calls.shape_with is not None:
            from ..runs.beside.second_call import settled
            from .budget import profiles_of

            names = profiles_of(given.names, self.config)
            options = replace(options, calls=settled(options.calls, self.config, names, self.listener.note))
        async with (
            resources_for(options, self.config, given.names, run_id, self.listener, purse) as resources,
            self._workers() as crew,
        ):
            batch = Batch(
                make_caller=caller_maker(
                    self.config,
                    options.calls,
                    run_id,
                    system=options.system,
                    concurrency=options.concurrency,
                    uploads=resources.uploads,
                    kit=resources.kit,
                ),
                profiles=given.names,
                rows=given.rows,
                output=output.lines,
                surroundings=resources.surroundings,
                watcher=watcher if output.book is None else BookedWatcher(output.book, watcher),
                memory=output.memory,
                retry_failed=options.retry_failed,
                batch_id=given.batch_id if output.memory is None else output.memory.batch,
                encode=output.encode,
                purse=resources.purse,
                sums=resources.sums,
                is_live=given.source.is_live,
                ordered=options.ordered,
                window=options.window,
                examine=looks_at_rows(options, self.config, resources, run_id),
                book=output.book,
                hands=crew,
                make_pace=None
                if options.workers is None
                else pace_maker(resources.purse, options.workers.most_at_once),
            )
            if crew is not None:
                crew.on_failure = batch.stop
            batch.ended.gates = None if options.gate is None else GateTally(options.gate)
            with ExitStack() as stack:
                stack.enter_context(watcher.watching(batch))
                if is_ours:  # the process, and with it signals and memory
                    stack.enter_context(rare_collections())
                    stack.enter_context(stopped_by_signals(batch, self.listener.interrupted))
                ended = await batch.run()
            if crew is not None:
                self._tell_of(crew, ended)
        tally, gates = await self._left_in_order(ended)
        return BatchEnd(ended, tally, gates, options.calls.is_strict)

    def _workers(self) -> AbstractAsyncContextManager[Crew | None]:
        """Who makes the calls, where it is not this process."""
        if self.options.workers is None:
            return nullcontext(None)
        from .hands.opened_crew import opened_crew  # which few batches need

        return opened_crew(self.options.workers, self.listener)

    def _tell_of(self, crew: Crew, ended: Ended) -> None:
        """What workers have left behind."""
        if crew.failure is not None and not ended.tally.results and not ended.left.words:
            raise crew.failure
        ended.hands_problem = crew.failure
        for words in (*ended.left.words, *crew.late.words):
            self.listener.note(words, important=True)

    async def _left_in_order(self, ended: Ended) -> tuple[Tally, GateTally | None]:
        """Put the output in order, as far as it is a file; the totals and gates of all that it holds."""
        memory, totals, tally, gates = self.output.memory, self.output.totals, ended.tally, ended.gates
        tally.reference = self.config.reference
        if memory is None:
            return tally, gates
        if memory.parts is None:
            self._close_output(memory, ended)
        else:  # which may lie beyond a network
            await asyncio.to_thread(self._close_output, memory, ended)
        if ended.output_problem is None and totals is not None and memory.resumed:
            tally, gates = totals.tally, totals.gates
        for words in memory.notes:
            self.listener.info(words, important=True)
        memory.notes.clear()
        if ended.lost and not ended.pipe_closed:
            self.listener.lost(ended.lost)
        return tally, gates

    def _close_output(self, memory: OutputMemory, ended: Ended) -> None:
        """Have all of it written, in order and counted, and its book closed; what fails is the output's problem."""
        totals, book = self.output.totals, self.output.book
        try:
            memory.sync()
            if ended.output_problem is None and totals is not None and memory.resumed:
                totals.close(memory, ended.order, ended.tally)
            elif ended.output_problem is None:
                memory.tidy(ended.order)
        except ConfigError as error:
            ended.output_problem = ended.output_problem or error
        if book is None:
            return
        read, whole = ended.expected is not None, ended.finished and ended.output_problem is None
        try:
            book.close(batch=memory.batch, read=read, whole=whole, parts=memory.parts)
        except ConfigError as error:
            ended.output_problem = ended.output_problem or error


def lane_names(profiles: Sequence[str], config: Config) -> tuple[str, ...]:
    """The names of single profiles that `profiles` stand for, each perhaps with `@think`. Raises `UsageError`."""
    return tuple(selection.label for selection in select(profiles, config))


@contextmanager
def open_input(options: BatchOptions, config: Config) -> Generator[BatchInput]:
    """The rows of a batch. Raises `UsageError` and `ConfigError` where they cannot be read or sent anywhere."""
    names = lane_names(options.profiles, config)
    with open_source(options.source) as source:
        census = Census()
        rows = rows_of(source, options, config, census)
        if options.output is not None and source.is_file(options.output):
            raise UsageError(f"{options.output} holds the rows", hint="choose another file for -o")
        yield BatchInput(source, rows, names, batch_id_of(options), census)


@contextmanager
def ready_batch(options: BatchOptions, config: Config, listener: Listener | None = None) -> Generator[ReadyBatch]:
    """Open what a batch reads and writes. Nothing is sent.

    Raises `UsageError` and `ConfigError`, and `BrokenPipeError` where nobody reads the output.
    """
    with open_input(options, config) as given, ready_rows(given, options, config, listener) as ready:
        yield ready


@contextmanager
def ready_rows(
    given: BatchInput, options: BatchOptions, config: Config, listener: Listener | None = None
) -> Generator[ReadyBatch]:
    """The same of rows that are open already. Raises as above."""
    listener = listener or NoListener()
    form = (
        "jsonl" if parts_form(options.output_form, options.target) else output_form(options.output_form, options.output)
    )
    if options.calls.is_strict:
        refuse_worse_plans(options.profiles, config, options.calls, options.names)
    with ExitStack() as stack:
        yield ReadyBatch(options, config, given, listener, _opened(options, config, form, given, listener, stack))


def opened_memory(
    path: Path,
    form: Form,
    given: BatchInput,
    listener: Listener,
    options: BatchOptions,
    config: Config,
    totals: OutputTotals | None = None,
) -> OutputFile:
    """The file of the results, which knows what is done already, and tells it and `totals`. Raises `ConfigError`."""
    is_same = partial(holds_rows, options, config, given.names)
    memory = output_file(path, form, given.batch_id, is_same, None if totals is None else totals.hear)
    _tell_opened(memory, path, listener)
    return memory


def _tell_opened(memory: OutputMemory, place: Path | Address, listener: Listener) -> None:
    for words in memory.notes:
        listener.info(words, important=True)
    memory.notes.clear()
    if memory.resumed:
        listener.info(resumed_words(place, memory.resumed))


def resumed_words(output: Path | Address, results: int) -> str:
    """What is said of an output that holds results."""
    return f"{output} holds {results:,} results; what is missing is run"


def _opened(
    options: BatchOptions, config: Config, form: Form, given: BatchInput, listener: Listener, stack: ExitStack
) -> BatchOutput:
    target = options.target
    if isinstance(target, Path | Address) and (parts := parts_form(options.output_form, target)) is not None:
        return _opened_parts(options, config, target, parts, given, listener, stack)
    if isinstance(target, Path) and not is_device(target):
        totals = OutputTotals(config.reference, options.gate)
        memory = stack.enter_context(opened_memory(target, form, given, listener, options, config, totals))
        book = shard_book(FileKeep(target), options, config, given, memory)
        return BatchOutput(memory, result_encoder(form, columns=memory.columns), memory, totals, book)
    if isinstance(target, Path):
        target = opened_device(target)
        stack.callback(os.close, target)
    if isinstance(target, int):
        return BatchOutput(begun_pipe(target, form), result_encoder(form, for_screens=True))
    if target is None or isinstance(target, Address):
        raise UsageError("the results have to go somewhere", hint="name a file")
    if HEAD[form]:
        target(HEAD[form])
    return BatchOutput(LineTaker(target), result_encoder(form))


def _opened_parts(
    options: BatchOptions,
    config: Config,
    target: Path | Address,
    form: PartForm,
    given: BatchInput,
    listener: Listener,
    stack: ExitStack,
) -> BatchOutput:
    from .storage.opened import opened_parts

    totals = OutputTotals(config.reference, options.gate)
    is_same = partial(holds_rows, options, config, given.names)
    memory, keep = opened_parts(
        target, form, given.batch_id, is_same=is_same, hear=totals.hear, rows=options.part_rows, seconds=options.part_s
    )
    memory = stack.enter_context(memory)
    book = shard_book(keep, options, config, given, memory, always=True)
    _tell_opened(memory, target, listener)
    return BatchOutput(memory, result_encoder("jsonl"), memory, totals, book)
