"""What `thinkdial batch --via provider` and the commands that look after such batches do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ....engine.batch.end import Ended
from ....engine.batch.output.csv_lines import HEADS, read_cells
from ....engine.batch.output.output_file import OutputFile
from ....engine.batch.output.summary import Tally
from ....engine.batch.provider.access import ProviderAccess
from ....engine.batch.provider.collector import Collector
from ....engine.batch.provider.job_store import BatchJob, JobStore, job_document
from ....engine.batch.provider.planning import Planned
from ....profiles.config import Config
from ....profiles.profile import Reference
from ....providers.errors import ConfigError, UsageError
from ...exit_codes import ExitCode
from ...formats import json_text
from ...output import check_writable, console, emit, rendered, say
from .via_plan import Clerk, encoder_for, planned_job
from .via_run import Note, Office, Workers, books_for, noted, opened_job

if TYPE_CHECKING:
    from ....engine.batch.rows.rows import BadRow, Row
    from .run import BatchWishes

PROVIDER = "provider"
_FORMS = {".csv": "csv", ".jsonl": "jsonl"}


def submit_via(
    wishes: BatchWishes,
    settings: Config,
    names: Sequence[str],
    rows: Iterator[Row | BadRow],
    memory: OutputFile | None,
    batch_id: str,
) -> None:
    """Hand `rows` to the providers' batch APIs, and exit with the code that says how it went.

    Rows that are done in `memory`, or are part of an open batch for the same file, are left out. With `wishes.wait`
    it waits for the results and writes them.
    """
    from .circumstances import asked_by

    if memory is None or wishes.output is None:
        raise UsageError("--via provider needs -o FILE: the results come hours later, by another command")
    _check_options(wishes)
    from .summary import write_summaries

    store, output = JobStore(), wishes.output.resolve()
    note = noted(quiet=wishes.quiet)
    run = Office(settings, store, note)
    with ExitStack() as stack:
        stack.callback(run.tidy)
        jobs = [_held(stack, job) for job in store.open_for(output)]
        for job in jobs:
            note(f"batch {job.id} is open for {output.name}: its rows are not submitted again")
        clerk = Clerk(wishes, memory, batch_id, jobs)
        job = store.new(
            output=str(output),
            form=memory.form,
            batch=batch_id,
            config=None if wishes.config is None else str(wishes.config.resolve()),
            options={
                "max_output_tokens": wishes.max_output_tokens,
                "emulate": wishes.emulate,
                "system": wishes.system,
                "asked": asked_by(wishes),
                "keeps_history": wishes.keeps_history,
            },
            settings={},
        )
        _held(stack, job)
        try:
            planned, accesses = planned_job(job, run, wishes, names, rows, clerk)
        except BaseException:
            job.discard()
            raise
        if planned.works:
            job.begin()
            jobs.append(job)
            _announce(job, planned, accesses, note)
        else:
            job.discard()
            note("there is nothing to submit")
        code = run.over(jobs, lambda made: _submit_all(made, jobs), poll_s=wishes.poll_s)
        for open_job in jobs:
            emit(f"{open_job.id}\n")
        if wishes.wait and code is None:
            code = run.over(jobs, lambda made: made.wait(jobs, None), poll_s=wishes.poll_s)
            code = code or _collected(run, jobs, memory, quiet=wishes.quiet)
            if wishes.summaries:
                tally = _tally(memory, settings.reference)
                write_summaries(
                    wishes.summaries, tally, Ended(planned.rows, planned.bad_rows, tally, finished=True), wishes
                )
        elif code is None:
            for open_job in jobs:
                say(
                    f"thinkdial batch wait {open_job.id} waits for the results, batch collect {open_job.id} writes them"
                )
            code = _code(jobs, allow_open=True)
    if code is ExitCode.OK and (planned.bad_rows or planned.refused):
        code = ExitCode.SOME_FAILED
    raise typer.Exit(code)


def _check_options(wishes: BatchWishes) -> None:
    """Raise `UsageError` for options that a provider's batch cannot honour."""
    if wishes.via != PROVIDER:
        raise UsageError(f"--via {wishes.via}: is not known", hint="--via provider uses the providers' own batch APIs")
    given = {"--ordered": wishes.ordered, "--concurrency": wishes.concurrency, "--retries": wishes.retries}
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} says nothing to --via provider: the provider decides", hint=f"leave {name} out")
    if wishes.summaries and not wishes.wait:
        raise UsageError("--summary is about results, and --via provider only submits", hint="add --wait")


def wait_via(name: str | None, *, poll_s: float | None, most_s: float | None, config: Path | None, quiet: bool) -> None:
    """Wait until all batches of a job have ended; submit before that what was not submitted."""
    with opened_job(name, config, quiet=quiet) as (job, run):
        code = run.over([job], lambda made: made.wait([job], most_s), poll_s=poll_s)
        if code is None:
            code = ExitCode.OK
            if any(part.stage == "ended" for part in job.parts):
                say(f"batch {job.id} has ended; thinkdial batch collect {job.id} writes the results")
            if dropped := [part for part in job.parts if part.stage == "dropped"]:
                code = ExitCode.ALL_FAILED if len(dropped) == len(job.parts) else ExitCode.SOME_FAILED
    raise typer.Exit(code)


def collect_via(name: str | None, *, output: Path | None, config: Path | None, quiet: bool) -> None:
    """Write the results of all batches of a job that have ended: where submitting said, or all of them to `output`."""
    with opened_job(name, config, quiet=quiet) as (job, run):
        if output is not None:
            check_writable(output)
            output = output.resolve()
        elif not job.is_open and not Path(job.output).exists():
            others = dict.fromkeys(part.written_to for part in job.parts if part.written_to)
            raise UsageError(
                f"batch {job.id} was collected before, and {job.output} is not there any more",
                hint=f"its results are in {', '.join(others)}" if others else
                "move the file back, or have the results written to another one as long as the provider keeps them: "
                f"thinkdial batch collect {job.id} -o FILE",
            )  # fmt: skip
        code, problem = _looked(run, job)
        if code is None:
            with _output_of(job, output) as memory:
                code = _collected(run, [job], memory, elsewhere=output, quiet=quiet)
    if problem is not None:
        raise problem
    raise typer.Exit(code)


def status_via(name: str | None, *, as_json: bool, config: Path | None, quiet: bool) -> None:
    """Ask the providers how the batches of a job are getting on, and show it."""
    from ...views.batch.job_list import job_view

    with opened_job(name, config, quiet=quiet) as (job, run):
        code, problem = _looked(run, job)
        if as_json:
            emit(json_text(job_document(job)))
        else:
            emit(rendered(*job_view(job, datetime.now(UTC))))
    if problem is not None:
        raise problem
    raise typer.Exit(code or ExitCode.OK)


def cancel_via(name: str | None, *, config: Path | None, quiet: bool) -> None:
    """Cancel the batches of a job. What is done by then is kept and is paid for."""
    with opened_job(name, config, quiet=quiet) as (job, run):
        code = run.over([job], lambda made: made.cancel([job]), poll_s=None)
        if code is None:
            say(f"batch {job.id}: {_cancelled(job)}")
    raise typer.Exit(code or ExitCode.OK)


def list_via(*, as_json: bool, limit: int) -> None:
    """Show the jobs that were submitted from this machine, newest first. Asks nobody."""
    from ...views.batch.job_list import jobs_view

    store = JobStore()
    _tidied(store)
    jobs = store.jobs()[:limit]
    if as_json:
        emit(json_text({"schema": "thinkdial.batch-jobs/1", "jobs": [job_document(job) for job in jobs]}))
    elif jobs:
        emit(rendered(jobs_view(jobs, datetime.now(UTC), console().width)))
    else:
        say("no batch was submitted from this machine: thinkdial batch FILE -p NAME --via provider -o FILE")


def _tidied(store: JobStore) -> None:
    """Forget jobs that have long been over, unless the configuration cannot be read: it may say for how long."""
    from ....profiles.config import load

    with suppress(ConfigError):
        Office(load(None), store, say).tidy()


def _cancelled(job: BatchJob) -> str:
    """What cancelling has come to."""
    if any(part.guessed for part in job.parts):
        return f"not all of it is cancelled; thinkdial batch wait {job.id} finds out what is ours"
    if any(part.stage == "created" for part in job.parts):
        return f"being cancelled; thinkdial batch wait {job.id}, then collect what was done by then"
    if any(part.stage == "ended" for part in job.parts):
        return f"has ended; thinkdial batch collect {job.id} writes what was done by then"
    if any(part.stage == "collected" for part in job.parts):
        return "there is nothing left to cancel: its results have been collected"
    return "cancelled; there is nothing to collect"


def _looked(run: Office, job: BatchJob) -> tuple[ExitCode | None, ConfigError | None]:
    """Look at all parts. What went wrong is told when the rest has been done."""
    try:
        return run.over([job], lambda made: made.look([job]), poll_s=None), None
    except ConfigError as error:
        return None, error


def _output_of(job: BatchJob, elsewhere: Path | None) -> OutputFile:
    """The file that submitting named, or the one that is named now; the form of that is as its name says."""
    form: Any = job.form
    if elsewhere is not None:
        form = _FORMS.get(elsewhere.suffix.lower(), form)
        return OutputFile(elsewhere, form, job.batch, HEADS, read_cells)
    try:
        return OutputFile(Path(job.output), form, job.batch, HEADS, read_cells)
    except ConfigError as error:
        raise ConfigError(
            error.message,
            hint=f"the results stay at the provider: see to {job.output} and collect again, or write them to another "
            f"file: thinkdial batch collect {job.id} -o FILE",
        ) from None


async def _submit_all(made: Workers, jobs: Sequence[BatchJob]) -> None:
    for job in jobs:
        await made.submitters[job.id].submit(job)


def _announce(job: BatchJob, planned: Planned, accesses: Mapping[str, ProviderAccess], note: Note) -> None:
    parts = f"{len(job.parts)} batches" if len(job.parts) > 1 else "one batch"
    note(f"batch {job.id}: {planned.works:,} calls in {parts}")
    for name in dict.fromkeys(part.profile for part in job.parts):
        terms = accesses[name].terms
        share = f"{(Decimal(100) * terms.price_share).normalize():f}"
        note(f"{name}: about {share} % of the usual price; results may take up to {terms.hours} h")


def _collected(
    run: Office, jobs: Sequence[BatchJob], memory: OutputFile, *, elsewhere: Path | None = None, quiet: bool
) -> ExitCode:
    """Write all results that there are, sum the whole file up, and say how it went.

    `elsewhere` is a file other than submitting named: what has been written to that is written again.
    """
    from .summary import print_summary

    async def collect(made: Workers) -> None:
        for job in jobs:
            if not job.is_owing and elsewhere is None:
                run.note(f"batch {job.id} was collected before: there is nothing new")
                continue
            async with books_for(job, run.settings) as books:
                collector = Collector(made.accesses[job.id], memory, encoder_for(memory), note=run.note, books=books)
                try:
                    await collector.collect(job, elsewhere=elsewhere)
                finally:
                    done = collector.done
                    if done.written or done.skipped:
                        known = f", {done.skipped:,} were there before" if done.skipped else ""
                        run.note(f"batch {job.id}: {done.written:,} results written to {memory.path}{known}")

    code = run.over(jobs, collect, poll_s=None)
    if code is not None:
        return code
    memory.tidy()
    for words in memory.notes:
        say(words)
    if not quiet and any(part.stage == "collected" for job in jobs for part in job.parts):
        tally = _tally(memory, run.settings.reference)
        print_summary(tally, Ended(0, 0, tally, finished=True))
    for job in jobs:
        if job.is_open:
            say(f"batch {job.id} has not ended; thinkdial batch wait {job.id}")
    return _code(jobs, allow_open=False)


def _tally(memory: OutputFile, reference: Reference) -> Tally:
    """The totals of the whole file."""
    tally = Tally(reference=reference)
    for document in memory.documents():
        tally.add(document)
    return tally


def _code(jobs: Sequence[BatchJob], *, allow_open: bool) -> ExitCode:
    parts = [part for job in jobs for part in job.parts]
    dropped = sum(part.rows for part in parts if part.stage == "dropped")
    failed, ok = sum(part.failed for part in parts) + dropped, sum(part.ok for part in parts)
    waiting = any(part.is_open for part in parts)
    if failed and not ok and not waiting:
        return ExitCode.ALL_FAILED
    return ExitCode.SOME_FAILED if failed or (waiting and not allow_open) else ExitCode.OK


def _held(stack: ExitStack, job: BatchJob) -> BatchJob:
    locked: AbstractContextManager[None] = job.locked()
    stack.enter_context(locked)
    return job
