"""A trial while it runs: its arms drawn anew a few times a second, or a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from ...output import console, is_terminal, say
from ..batch.figures import span
from ..batch.live import can_draw
from ..batch.progress import LINE_EVERY_S, Reporter
from ..line import QUIET
from ..numbers import dollars
from ..wrap import fit
from .cells import ArmCells, cells_of
from .table import arm_table
from .words import names

if TYPE_CHECKING:
    from ....engine.batch.rows.rows import BadRow
    from ....engine.trials.report import TrialReport
    from ....engine.trials.trial import RunningTrial

FRAMES_PER_SECOND = 2
_AROUND = 5
"""Lines beside those of arms."""


class QuietTrial:
    """Says what is wrong with the input or a profile, and nothing else: all there is with `--quiet`."""

    def __init__(self) -> None:
        self._reporter = Reporter()

    def bad_row(self, bad: BadRow) -> None:
        self._reporter.bad_row(bad)

    def trouble(self, words: str) -> None:
        self._reporter.trouble(words)

    @contextmanager
    def watching(self, trial: RunningTrial) -> Generator[None]:
        """While `trial` runs."""
        yield


class TrialLines(QuietTrial):
    """A line every few seconds."""

    @contextmanager
    def watching(self, trial: RunningTrial) -> Generator[None]:
        over = Event()

        def tell() -> None:
            while not over.wait(LINE_EVERY_S):
                say(line(trial))

        thread = Thread(target=tell, name="trial", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(LINE_EVERY_S)


class TrialDisplay(QuietTrial):
    """The table of the arms, drawn anew while it runs and gone in the end."""

    @contextmanager
    def watching(self, trial: RunningTrial) -> Generator[None]:
        with Live(
            TrialPicture(trial),
            console=console(stderr=True),
            refresh_per_second=FRAMES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            vertical_overflow="crop",
        ):
            yield


class TrialPicture:
    """The trial at the moment when it is drawn."""

    def __init__(self, trial: RunningTrial) -> None:
        self._trial = trial

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        report, width = self._trial.report(), options.max_width
        table = arm_table(shown(report, max(1, (console.size.height - _AROUND) // _lines_each(width))), width)
        yield Text()
        yield table
        for words in foot(self._trial, report):
            yield Text(fit(words, width).rstrip(), QUIET)


def shown(report: TrialReport, room: int) -> list[ArmCells]:
    """As many arms as there is room for; those that are out go first."""
    cells = cells_of(report)
    if len(cells) <= room:
        return cells
    by_need = sorted(range(len(cells)), key=lambda place: (cells[place].mark in ("out", "failed"), place))
    return [cells[place] for place in sorted(by_need[:room])]


def foot(trial: RunningTrial, report: TrialReport) -> list[str]:
    """How far it is, and how it is stopped."""
    progress = trial.batch.progress()
    if progress.is_stopping and not progress.together.in_flight:
        return [_so_far(trial, report)]
    if progress.is_stopping:
        return [_so_far(trial, report), "finishing what is under way; Ctrl-C once more stops at once"]
    return [_so_far(trial, report), "Ctrl-C finishes what is under way and stops"]


def line(trial: RunningTrial) -> str:
    """A trial at one moment in one line."""
    report = trial.report()
    return f"{_so_far(trial, report)} · may be it: {names(report.left)}"


def watcher_for(quiet: bool) -> QuietTrial:
    """Who tells of the trial on stderr."""
    if quiet:
        return QuietTrial()
    return TrialDisplay() if is_terminal(sys.stderr) and can_draw() else TrialLines()


def _so_far(trial: RunningTrial, report: TrialReport) -> str:
    progress = trial.batch.progress()
    parts = [
        span(progress.elapsed_s),
        f"round {trial.feed.round}",
        f"{report.calls:,} of {report.whole_grid:,} calls",
        f"{trial.feed.under_way:,} under way",
        f"{len(report.left)} of {len(report.arms)} arms left",
    ]
    if progress.together.usd is not None:
        parts.append(dollars(progress.together.usd))
    if progress.together.failed:
        parts.append(f"{progress.together.failed:,} failed")
    return " · ".join(parts)


def _lines_each(width: int) -> int:
    return 1 if width >= 130 else 3
