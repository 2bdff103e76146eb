"""`thinkdial open`: the stored results in a browser within the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...common_options import ConfigFile
from ...exit_codes import ExitCode

if TYPE_CHECKING:
    from ....engine.history.read import StoredRun
    from ....engine.results.result import Result

_PROGRAM = f"{(__package__ or '').partition('.cli')[0]}.cli"
_MOST_RUNS = 500
_MOST_SECONDS = 3600


def open_(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run: its number, last, or the beginning of its id.")
    ] = None,
    config: ConfigFile = None,
) -> ExitCode:
    """Browse stored results: sort, filter, pin two and see their difference, unfold reasoning, copy, send again.

    Example:  thinkdial open last
    """
    from ....engine.history.queries import named_run
    from ....engine.history.search.matches import RunFilter
    from ....engine.history.search.run_rows import matching_runs
    from ....engine.targets.extras import how_to_add
    from ....profiles.config import load
    from ....providers.errors import UsageError
    from ...output import is_heard, is_terminal, say

    is_screen = is_terminal(sys.stdout) and is_terminal(sys.stdin) and not is_heard()
    if not is_screen:
        raise UsageError("open needs a terminal with a screen", hint="thinkdial history show RUN prints a run")
    try:
        from ...views.browser.app import History, ResultBrowser
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        raise UsageError(
            "open needs Textual, which is not installed",
            hint=f"{how_to_add('browse')}; thinkdial history show RUN prints a run without it",
        ) from None
    settings = load(config)
    chosen = named_run(run) if run is not None else None
    if chosen is None and not matching_runs(RunFilter(limit=1)).rows:
        say("nothing is stored yet: every ask and compare will be")
        return ExitCode.OK
    history = History(
        lambda: matching_runs(RunFilter(limit=_MOST_RUNS)).rows,
        named_run,
        lambda stored, result, think: send_again(stored, result, think, config),
        settings.reference,
    )
    ResultBrowser(history, chosen).run()
    return ExitCode.OK


def send_again(stored: StoredRun, result: Result, think: str, config: Path | None) -> str:
    """Ask the profile of a result the same with another think value, by `ask` itself: its limits, its history.

    Gives the id of the new run. Raises `UsageError` with what `ask` said where it failed.
    """
    from ....providers.errors import UsageError
    from ....providers.think import parse_think

    parse_think(think)
    command = [sys.executable, "-m", _PROGRAM, "ask", "-"]
    command += [f"--profile={result.profile}", f"--think={think}", "--json", "--quiet"]
    command += [f"--system={stored.run.system}"] if stored.run.system else []
    command += [f"--config={config}"] if config is not None else []
    ended = subprocess.run(  # noqa: S603
        command, input=stored.run.prompt, capture_output=True, text=True, encoding="utf-8", timeout=_MOST_SECONDS,
        check=False,
    )  # fmt: skip
    try:
        return str(json.loads(ended.stdout)["run_id"])
    except (ValueError, KeyError):
        said = next(iter(ended.stderr.strip().splitlines()), f"ask ended with exit code {ended.returncode}")
        raise UsageError(said.removeprefix("Error: ")) from None
