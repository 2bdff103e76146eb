"""`thinkdial batch collect`: the results of one submission, written to its output file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...common_options import ConfigFile, Quiet, output_option
from ...exit_codes import ExitCode
from .options import BatchName

if TYPE_CHECKING:
    from ....engine.batch.output.output_file import OutputFile
    from ....engine.batch.provider.job_store import BatchJob


def collect(
    batch: BatchName = None,
    output: Annotated[
        Path | None,
        output_option("Write all results to FILE, not to what submitting named.", is_stdout_else=False),
    ] = None,
    config: ConfigFile = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Write the results of all batches of one submission that have ended, to the file that was named then.

    What is there already is not written again. Rows that expired, were cancelled or got lost are accounted one by one.

    Example:  thinkdial batch collect 3f2a91
    """
    from ....profiles.disk import real_path
    from ...output import check_writable
    from .jobs import Interrupted, collected, looked_at, opened_job

    with opened_job(batch, config, quiet=quiet) as (job, manager):
        if output is not None:
            check_writable(output)
            output = real_path(output)
        else:
            _refuse_to_begin_anew(job)
        looked, problem = looked_at(job, manager)
        code: ExitCode = ExitCode.INTERRUPTED
        if not isinstance(looked, Interrupted):
            with _output_of(job, output) as memory:
                code = collected([job], manager, memory, output, quiet=quiet)
    if problem is not None:
        raise problem
    return code


def _refuse_to_begin_anew(job: BatchJob) -> None:
    """Raise `UsageError` where an output that was written before is gone."""
    from ....providers.errors import UsageError

    if job.is_open or Path(job.output).exists():
        return
    others = dict.fromkeys(part.written_to for part in job.parts if part.written_to)
    raise UsageError(
        f"batch {job.id} was collected before, and {job.output} is not there any more",
        hint=f"its results are in {', '.join(others)}" if others else
        "move the file back, or have the results written to another one as long as the provider keeps them: "
        f"thinkdial batch collect {job.id} -o FILE",
    )  # fmt: skip


def _output_of(job: BatchJob, elsewhere: Path | None) -> OutputFile:
    """The file that submitting named, or the one that is named now; the form of that is as its name says."""
    from ....engine.batch.output.output_file import OUTPUT_FORMS
    from ....engine.batch.output.target import output_file, output_form
    from ....engine.results.forms import form_of
    from ....providers.errors import ConfigError

    form = output_form(job.form, None)
    if elsewhere is not None:
        return output_file(elsewhere, form_of(elsewhere, OUTPUT_FORMS) or form, job.batch)
    try:
        return output_file(Path(job.output), form, job.batch)
    except ConfigError as error:
        raise ConfigError(
            error.message,
            hint=f"the results stay at the provider: see to {job.output} and collect again, or write them to another "
            f"file: thinkdial batch collect {job.id} -o FILE",
        ) from None
