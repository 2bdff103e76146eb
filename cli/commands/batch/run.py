"""What `thinkdial batch` does: open, run, stop in good order, sum up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import typer

from ....engine.batch.batch import Batch
from ....engine.batch.caller import caller_maker
from ....engine.batch.end import Ended
from ....engine.batch.output.csv_lines import HEADS, csv_line, read_cells
from ....engine.batch.output.document import Encode, output_document, output_line
from ....engine.batch.output.output_file import Form as OutputForm
from ....engine.batch.output.output_file import OutputFile
from ....engine.batch.output.outputs import Pipe
from ....engine.batch.output.records import line_of_cells
from ....engine.batch.output.summary import Tally
from ....engine.batch.rows.digests import digest_of
from ....engine.batch.rows.rows import BadRow, Form, Row, bounded_lines, guess_form, read_rows
from ....engine.results.assembly import new_id
from ....engine.results.untrusted import harmless_json
from ....engine.runs.jobs import Options
from ....engine.targets.target import select
from ....profiles.config import Config
from ....providers.errors import ConfigError, UsageError
from ...exit_codes import ExitCode
from ...output import check_writable, complain, forget, is_terminal, say
from ...selection import load_config, sweep_values
from .progress_of_input import HowFar
from .summary import check_summary_paths

FORMS = ("jsonl", "csv", "tsv", "lines")


@dataclass(frozen=True, slots=True)
class BatchWishes:
    """The options of one batch."""

    source: str
    profiles: tuple[str, ...]
    think: str | None
    output: Path | None
    template: str | None
    constants: tuple[str, ...]
    system: str | None
    max_output_tokens: int | None
    max_cost_usd: str | None
    allow_unpriced: bool
    concurrency: int | None
    retry_failed: bool
    ordered: bool
    window: int
    input_format: str | None
    output_format: str | None
    summaries: tuple[Path, ...]
    timeout_s: float | None
    retries: int | None
    no_stream: bool
    emulate: bool
    via: str | None
    engine: str | None
    config: Path | None
    keeps_history: bool
    quiet: bool
    wait: bool = False
    poll_s: float | None = None
    workers: int | None = None
    shard_rows: int = 1000


def run_batch(wishes: BatchWishes) -> None:
    """Run it and exit with its code. Raises `UsageError` and `ConfigError` before anything is sent."""
    form = _output_form(wishes)
    check_summary_paths(wishes.summaries)
    if wishes.engine not in (None, "ray"):
        raise UsageError(f"--engine {wishes.engine}: is not known", hint="--engine ray, or none")
    outputs = (wishes.output,) if wishes.output is not None and wishes.engine is None else ()
    for path in (*wishes.summaries, *outputs):
        check_writable(path)
    settings = load_config(wishes.config, wishes.profiles, quiet=wishes.quiet)
    names = [
        selection.profile.name if selection.think is None else f"{selection.profile.name}@{selection.think}"
        for selection in select(wishes.profiles, settings)
    ]
    with ExitStack() as stack:
        source = _source(wishes.source, stack)
        how_far = HowFar(source)
        rows = _rows(source, wishes, how_far)
        if wishes.engine is not None:
            from .ray import run_ray

            _finish(wishes, run_ray(wishes, settings, names, rows, _batch_id(wishes)), None)
        memory = None
        _check_not_input(wishes.output, source)
        if wishes.output is not None and (wishes.via is not None or not _is_device(wishes.output)):
            memory = stack.enter_context(OutputFile(wishes.output, form, _batch_id(wishes), HEADS, read_cells))
            if not wishes.quiet:
                _say_resumed(memory)
        if wishes.via is not None:
            from .via import submit_via

            submit_via(wishes, settings, names, rows, memory, _batch_id(wishes))
        from .circumstances import run_quickly

        ended = run_quickly(_run(wishes, settings, names, rows, memory, form, source, how_far))
        ended.tally.reference = settings.reference
        _finish(wishes, ended, memory)


async def _run(
    wishes: BatchWishes,
    settings: Config,
    names: list[str],
    rows: Iterator[Row | BadRow],
    memory: OutputFile | None,
    form: OutputForm,
    source: BinaryIO,
    how_far: HowFar,
) -> Ended:
    from ...views.batch.progress import watcher_for
    from .circumstances import surroundings_for

    run_id = new_id()
    asked = Options(
        sweep=sweep_values(wishes.think),
        max_output_tokens=wishes.max_output_tokens,
        timeout_s=wishes.timeout_s,
        retries=wishes.retries,
        no_stream=wishes.no_stream,
        emulate=wishes.emulate,
    )
    encode: Encode = _csv_line if form == "csv" else output_line
    out = memory or _pipe(wishes.output)
    if isinstance(out, Pipe):
        if form == "csv":
            _begin_csv(out)
        else:
            encode = _harmless_line
    async with surroundings_for(wishes, settings, names, run_id) as (surroundings, purse, sums):
        mixed = memory is None and is_terminal(sys.stdout)
        watcher = watcher_for(wishes.quiet, how_far=how_far.share, beside_results=mixed)
        batch = Batch(
            make_caller=caller_maker(settings, asked, run_id, system=wishes.system, concurrency=wishes.concurrency),
            profiles=names,
            rows=rows,
            output=out,
            surroundings=surroundings,
            watcher=watcher,
            memory=memory,
            retry_failed=wishes.retry_failed,
            batch_id=_batch_id(wishes),
            encode=encode,
            purse=purse,
            sums=sums,
            is_live=not _is_regular(source),
            ordered=wishes.ordered,
            window=wishes.window,
        )
        with watcher.watching(batch), _listening(batch):
            return await batch.run()


def _pipe(output: Path | None) -> Pipe:
    """Standard output, or a device that was named as the output: what was written there cannot be read again."""
    if output is not None:
        try:
            return Pipe(os.open(output, os.O_WRONLY))
        except OSError as error:
            raise ConfigError(f"{output} cannot be written: {error.strerror}") from None
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] it was closed before we began
        raise ConfigError("standard output is closed", hint="-o FILE writes the results to a file")
    return Pipe(sys.stdout.fileno())


def _begin_csv(out: Pipe) -> None:
    try:
        out.write(line_of_cells(HEADS[0]))
    except BrokenPipeError:
        forget(sys.stdout)
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None
    except OSError as error:
        raise ConfigError(f"the output cannot be written: {error.strerror}") from None


def _csv_line(*result: Any) -> bytes:
    return csv_line(output_document(*result))


def _harmless_line(*result: Any) -> bytes:
    return harmless_json(output_line(*result).decode()).encode()


@contextmanager
def _listening(batch: Batch) -> Generator[None]:
    """SIGINT or SIGTERM once: finish what is under way; again: stop at once. A third one is heard after that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    at_once = False

    def stop() -> None:
        nonlocal at_once
        if not batch.stopping:
            batch.interrupted = True
            batch.stop()
            say("finishing what is under way; once more (Ctrl-C) stops at once")
        elif not at_once and task is not None:
            at_once = True
            task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in signals:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)


def _finish(wishes: BatchWishes, ended: Ended, memory: OutputFile | None) -> None:
    from .summary import print_summary, write_summaries

    tally = ended.tally
    if memory is not None:
        memory.sync()
        if ended.output_problem is None:
            memory.tidy(ended.order)
            if memory.resumed:
                tally = replace_tally(memory, ended.tally)
        for note in memory.notes:
            say(note)
        memory.notes.clear()
    if ended.lost and not ended.pipe_closed and memory is not None:
        say("results that were paid for follow on standard output, so that nothing is lost")
        with suppress(OSError, ConfigError):
            standard = _pipe(None)
            for line in ended.lost:
                standard.write(line)
    if not ended.pipe_closed:
        if not wishes.quiet:
            print_summary(tally, ended)
        write_summaries(wishes.summaries, tally, ended, wishes)
    raise typer.Exit(_exit_code(ended, wishes))


def replace_tally(memory: OutputFile, this_run: Tally) -> Tally:
    """The tally of the whole file, with what only this run knows."""
    whole = Tally(
        skipped=this_run.skipped, again=this_run.again, profiles=dict(this_run.profiles), reference=this_run.reference
    )
    for document in memory.documents():
        whole.add(document)
    return whole


def _exit_code(ended: Ended, wishes: BatchWishes) -> ExitCode:
    if ended.pipe_closed:
        forget(sys.stdout)
        return ExitCode.BROKEN_PIPE
    if ended.interrupted:
        say(_go_on(wishes))
        return ExitCode.INTERRUPTED
    if ended.output_problem is not None:
        complain(ended.output_problem)
        return ExitCode.USAGE
    if ended.budget is not None:
        say(f"{ended.budget.message}")
        say(_go_on(wishes))
        return ExitCode.COST_LIMIT
    if ended.rows == 0 and ended.bad_rows == 0:
        say("there are no rows in the input")
        return ExitCode.OK
    failed = ended.tally.failed
    if ended.tally.results and failed == ended.tally.results and not ended.tally.skipped:
        return ExitCode.ALL_FAILED
    return ExitCode.SOME_FAILED if failed or ended.bad_rows or ended.broken else ExitCode.OK


def _go_on(wishes: BatchWishes) -> str:
    if wishes.output is None:
        return "nothing is remembered without -o FILE: the same command begins anew"
    return f"everything so far is in {wishes.output}; the same command goes on from there"


def _say_resumed(memory: OutputFile) -> None:
    for note in memory.notes:
        say(note)
    memory.notes.clear()
    if memory.resumed:
        say(f"{memory.path} holds {memory.resumed:,} results; what is missing is run")


def _output_form(wishes: BatchWishes) -> OutputForm:
    form = wishes.output_format
    if form is None:
        return "csv" if wishes.output is not None and wishes.output.suffix.lower() == ".csv" else "jsonl"
    if form not in ("jsonl", "csv"):
        raise UsageError(f"--format {form}: a batch writes jsonl or csv", hint="--summary FILE.html has the totals")
    return form


def _source(name: str, stack: ExitStack) -> BufferedReader:
    """The input, unbuffered by anybody else. Raises `UsageError` when it cannot be read."""
    try:
        if name == "-":
            if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] it was closed before we began
                raise UsageError("standard input is closed", hint="name a file")
            source = open(os.dup(sys.stdin.fileno()), "rb")  # noqa: PTH123, SIM115 see below
            return _closed_if_file(source, stack)
        path = Path(name)
        if path.is_dir():
            raise UsageError(f"{name} is a directory", hint="the rows are read from a file, or from -")
        return _closed_if_file(path.open("rb"), stack)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{'standard input' if name == '-' else name} cannot be read: {words}") from None


def _closed_if_file(source: BufferedReader, stack: ExitStack) -> BufferedReader:
    """`source`; a stream stays open, for the thread that reads it may wait in it when all else is over."""
    return stack.enter_context(source) if _is_regular(source) else source


def _rows(source: BufferedReader, wishes: BatchWishes, how_far: HowFar) -> Iterator[Row | BadRow]:
    template = None
    if wishes.template is not None:
        from ....engine.batch.rows.templates import template_of

        template = template_of(wishes.template, _constants(wishes.constants))
    elif wishes.constants:
        raise UsageError("--var gives fields to a template, and there is none", hint="add --template")
    given = wishes.input_format
    if given is not None and given not in FORMS:
        raise UsageError(f"--input-format {given}: rows are {', '.join(FORMS)}")
    form: Form | None = "csv" if given == "tsv" else given
    form = form or guess_form(wishes.source, source.peek(4096)[:4096])
    is_tsv = given == "tsv" or (given is None and wishes.source.lower().endswith(".tsv"))
    return read_rows(how_far.counted(bounded_lines(source)), form, template=template, delimiter="\t" if is_tsv else ",")


def _constants(written: tuple[str, ...]) -> Mapping[str, str]:
    constants: dict[str, str] = {}
    for pair in written:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--var {pair}: is not NAME=VALUE")
        constants[name] = value
    return constants


def _batch_id(wishes: BatchWishes) -> str:
    """What the input of a batch is recognised by: where it comes from, and its template."""
    is_file = wishes.source != "-" and Path(wishes.source).is_file()
    place = str(Path(wishes.source).resolve()) if is_file else "-"
    return digest_of(place, wishes.template or "", *wishes.constants).hex()[:16]


def _is_device(output: Path) -> bool:
    return output.exists() and not output.is_file()


def _check_not_input(output: Path | None, source: BinaryIO) -> None:
    if output is not None and output.is_file() and os.path.samestat(output.stat(), os.fstat(source.fileno())):
        raise UsageError(f"{output} holds the rows", hint="choose another file for -o")


def _is_regular(source: BinaryIO) -> bool:
    import stat

    return stat.S_ISREG(os.fstat(source.fileno()).st_mode)
