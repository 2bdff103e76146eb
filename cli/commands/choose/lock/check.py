"""`thinkdial lock check`: whether locked profiles are still what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ....common_options import AsJson, Force, Output, Yes
from ....exit_codes import ExitCode
from ....options import KEPT, AllowUnpriced, Format, KeepOptions, MaxCost, OutputFormat
from .options import DEFAULT, Answers, LockFile, MostProbes

if TYPE_CHECKING:
    from .....engine.locks.comparison import EntryState, LockCheck
    from .....engine.locks.lock import Lock, LockReading
    from .....engine.locks.probe_calls import Measured, ProbeCalls

FORMS = (Format.TABLE, Format.TEXT, Format.JSON, Format.MD)
TEXT_WIDTH = 80


def check(
    file: LockFile = DEFAULT,
    probes: MostProbes = None,
    repeat: Answers = None,
    max_cost: MaxCost = None,
    no_calls: Annotated[
        bool, typer.Option("--no-calls", help="Send nothing: compare what the history has seen since.")
    ] = False,
    false_alarms: Annotated[
        float,
        typer.Option(
            "--false-alarms",
            metavar="RATE",
            min=0.0001,
            max=0.5,
            help="How often a check may say that something has changed where nothing has.",
        ),
    ] = 0.05,
    allow_unpriced: AllowUnpriced = False,
    yes: Yes = False,
    output_format: OutputFormat = None,
    json: AsJson = False,
    output: Output = None,
    force: Force = False,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Ask the probes of a lock again, and say what has changed. Exit 7: something has; 8: something could not be read.

    Example:  thinkdial lock check --probes 6 --max-cost 0.10 --format md
    """
    from datetime import UTC, datetime

    from .....engine.locks.comparison import checked
    from .....engine.locks.lock_file import read_lock
    from .....engine.results.moments import timestamp
    from .....providers.errors import UsageError
    from ....formats import chosen_format
    from ....output import emit, say, write_file
    from ....views.choose.lock import counted, spent_words

    form = chosen_format(output_format, json, output, Format.TABLE, force=force)
    if form not in FORMS:
        raise UsageError(f"lock check has no --format {form}", hint=f"there are {', '.join(FORMS)}")
    lock = read_lock(file)
    calls, problems = _calls(lock, keeping, repeat or lock.repeat, max_cost, allow_unpriced=allow_unpriced, yes=yes)
    found = _read(lock, calls, probes, quiet=keeping.quiet, no_calls=no_calls)
    if found.interrupted:
        say("interrupted: nothing is said of what was read until then")
        return ExitCode.INTERRUPTED
    held = checked(lock, {**found.readings, **problems}, false_alarm_rate=false_alarms)
    now = timestamp(datetime.now(UTC))
    text = _text(held, found, form, now, no_calls=no_calls, written=output is not None)
    if output is None:
        emit(text)
    else:
        write_file(output, text)
    if not keeping.quiet and found.asked:
        simulated = all(one.entry is not None and one.entry.simulated for one in found.readings.values())
        say(f"{counted(found.asked, 'probe')} asked, {spent_words(found.usd, found.usd_unknown, simulated=simulated)}")
    if found.stopped is not None:
        say(f"not all probes were asked: {found.stopped}")
    return code_of_state(held.state)


def code_of_state(state: EntryState) -> ExitCode:
    """0 where nothing is shown to have changed, 7 and 8 else."""
    return {"same": ExitCode.OK, "changed": ExitCode.CHANGED, "unread": ExitCode.UNREADABLE}[state]


def _calls(
    lock: Lock, keeping: KeepOptions, repeat: int, max_cost: str | None, *, allow_unpriced: bool, yes: bool
) -> tuple[ProbeCalls, dict[str, LockReading]]:
    """The calls that ask all entries again, and what is no longer there to be asked."""
    from .....engine.lock_calls import calls_again
    from .....engine.runs.money import CostOptions, usd_of
    from ....selection import load_config

    config = load_config(
        keeping.config, [entry.profile for entry in lock.entries], quiet=keeping.quiet, shared=keeping.shared
    )
    cost = CostOptions(None if max_cost is None else usd_of(max_cost, "--max-cost"), allow_unpriced)
    return calls_again(lock, config, repeat, cost, keeps_history=not keeping.no_history, yes=yes)


def _read(lock: Lock, calls: ProbeCalls, probes: int | None, *, quiet: bool, no_calls: bool) -> Measured:
    from .....engine.locks.newer_history import with_history
    from .....engine.locks.probe_calls import Measured, entries_now, measured
    from ....output import noting
    from .options import progress_shown

    if not calls.selections:
        return Measured({}, 0, None)
    if no_calls:
        return Measured(with_history(lock, entries_now(calls, lock.probes[0])), 0, None)
    with progress_shown(quiet=quiet) as progress:
        return measured(calls, lock.probes[:probes], note=noting(quiet=quiet), progress=progress)


def _text(held: LockCheck, found: Measured, form: Format, now: str, *, no_calls: bool, written: bool) -> str:
    from .....engine.locks.documents import check_document
    from ....formats import FILE_WIDTH, json_text
    from ....output import console, rendered
    from ....views.choose.lock import check_lines, check_markdown

    if form is Format.JSON:
        return json_text(
            check_document(
                held,
                checked_at=now,
                read_from="history" if no_calls else "calls",
                probes=found.asked,
                usd=found.usd,
                stopped=found.stopped,
            )
        )
    if form is Format.MD:
        return check_markdown(held, checked_at=now)
    width = TEXT_WIDTH if form is Format.TEXT else FILE_WIDTH if written else None
    return rendered(*check_lines(held, width or console().width), width=width)
