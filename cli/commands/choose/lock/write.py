"""`thinkdial lock write`: probes put to chosen profiles, and what came of them written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ....common_options import AsJson, Yes
from ....exit_codes import ExitCode
from ....options import KEPT, AllowUnpriced, KeepOptions, MaxCost, Profiles, ThinkSweep
from .options import DEFAULT, Answers, LockFile, MostProbes

if TYPE_CHECKING:
    from .....engine.locks.probe_calls import Measured


def write(
    file: LockFile = DEFAULT,
    profile: Profiles = None,
    think: ThinkSweep = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            "--rows", metavar="FILE", help="Probes of your own, as the rows of a batch: prompt, system, expect."
        ),
    ] = None,
    probes: MostProbes = None,
    repeat: Answers = None,
    max_cost: MaxCost = None,
    allow_unpriced: AllowUnpriced = False,
    yes: Yes = False,
    json: AsJson = False,
    keeping: KeepOptions = KEPT,
) -> ExitCode:
    """Ask probes, and write down of each profile and think value what a later check is held against.

    A lock has the prompts of its probes, and no key, no account and no answer. Without --rows it asks twelve sums, each
    three times.

    Example:  thinkdial lock write -p claude@high -p gpt@low --max-cost 0.50
    """
    from .....engine.lock_calls import REPEAT, lock_of
    from .....engine.locks.lock_file import is_lock, lock_text
    from .....engine.locks.probe_calls import ProbeCalls, measured
    from .....engine.locks.probes import probes_from, shipped_probes
    from .....engine.runs.jobs import Options
    from .....engine.runs.money import CostOptions, usd_of
    from .....engine.targets.target import select
    from .....providers.errors import UsageError
    from ....output import check_writable, complain, emit, noting, say, spread, write_file
    from ....selection import load_config, sweep_values
    from ....views.choose.lock import counted, lock_view, spent_words
    from .options import progress_shown

    if file.is_dir():
        raise UsageError(f"{file} is a directory", hint="say the name of a file: thinkdial lock write FILE")
    check_writable(file)
    if file.exists() and not is_lock(file):
        raise UsageError(f"{file} is there, and is no lock", hint="take another name, or remove it first")
    config = load_config(keeping.config, profile or [], quiet=keeping.quiet, shared=keeping.shared)
    asked = (shipped_probes() if rows is None else probes_from(rows, probes))[:probes]
    times = repeat or REPEAT
    cost = CostOptions(None if max_cost is None else usd_of(max_cost, "--max-cost"), allow_unpriced)
    calls = ProbeCalls(
        select(profile or [], config), config, Options(sweep_values(think), repeat=times), cost,
        keeps_history=not keeping.no_history, yes=yes,
    )  # fmt: skip
    with progress_shown(quiet=keeping.quiet) as progress:
        found = measured(calls, asked, note=noting(quiet=keeping.quiet), progress=progress)
    if found.interrupted:
        say("interrupted: no lock was written")
        return ExitCode.INTERRUPTED
    lock = lock_of(found, asked, times, say)
    if lock is None:
        say("no lock was written")
        return ExitCode.ALL_FAILED
    text = lock_text(lock, as_json=file.suffix.lower() == ".json")
    try:
        write_file(file, text)
    except UsageError as error:
        complain(error)
        emit(text)
        return ExitCode.USAGE
    emit(lock_text(lock, as_json=True) if json else spread(lambda width: lock_view(lock, width)))
    if not keeping.quiet:
        simulated = all(entry.simulated for entry in lock.entries)
        spent = spent_words(found.usd, found.usd_unknown, simulated=simulated)
        often = "once" if times == 1 else f"{times} times"
        say(f"written: {file}, {counted(found.asked, 'probe')}, each {often}, {spent}")
    return _code(found)


def _code(found: Measured) -> ExitCode:
    from ....output import say

    if found.stopped is not None:
        say(f"not all probes were asked: {found.stopped}")
        return ExitCode.COST_LIMIT
    return ExitCode.SOME_FAILED if any(one.problem for one in found.readings.values()) else ExitCode.OK
