"""What people see of a batch while it runs: a display on a terminal, a line now and then elsewhere. Never on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from ...output import is_terminal, say
from ..run.phrases import BAD, CAUTION
from ..untrusted import one_line
from .figures import Board, Figures, compact, span

if TYPE_CHECKING:
    from ....engine.batch.batch import Batch
    from ....engine.batch.lane import Lane
    from ....engine.batch.rows.rows import BadRow
    from ....engine.results.result import Result

BAD_ROWS_SHOWN = 20
LINE_EVERY_S = 10.0

HowFar = Callable[[], float | None]


class Reporter:
    """Says what is wrong with the input or a profile, and nothing else: all there is with `--quiet`."""

    def __init__(self, how_far: HowFar | None = None) -> None:
        self._how_far = how_far
        self._board: Board | None = None
        self._bad_rows = 0

    def bad_row(self, bad: BadRow) -> None:
        """Tell of a line that is no row; of very many only the first."""
        self._bad_rows += 1
        if self._bad_rows <= BAD_ROWS_SHOWN:
            excerpt = f" ({one_line(bad.excerpt, 80)})" if bad.excerpt else ""
            say(f"{one_line(bad.problem, 600)}{excerpt}")
        elif self._bad_rows == BAD_ROWS_SHOWN + 1:
            say("further bad rows are counted, and not shown")

    def done(self, lane: Lane, result: Result) -> None:
        """Count a result."""
        if self._board is not None:
            self._board.add(lane, result)

    def trouble(self, lane: Lane, words: str) -> None:
        """Tell what has happened to a profile."""
        say(f"! {one_line(words, 600)}")

    @contextmanager
    def watching(self, batch: Batch) -> Generator[None]:
        """While `batch` runs."""
        yield


class Lines(Reporter):
    """A line every few seconds, and one in the end."""

    @contextmanager
    def watching(self, batch: Batch) -> Generator[None]:
        self._board = Board(batch, self._how_far)
        over = Event()

        def report() -> None:
            while not over.wait(LINE_EVERY_S):
                say(self.line(batch))

        thread = Thread(target=report, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(LINE_EVERY_S)
            say(self.line(batch))

    def line(self, batch: Batch) -> str:
        """The run at this moment in one line."""
        board = self._board or Board(batch, self._how_far)
        figures = board.figures()
        every = board.together(figures)
        words = [f"{span(board.elapsed_s)}: {every.progress} done", *_counts(every, batch.ended.bad_rows)]
        if every.left_s:
            words.insert(2, f"{every.left} left")
        words += [f"{one.name} {one.state}" for one in figures if one.style in (BAD, CAUTION)]
        return " · ".join(words)


class Display(Reporter):
    """A picture of all profiles that is drawn anew a few times a second and gone in the end."""

    @contextmanager
    def watching(self, batch: Batch) -> Generator[None]:
        from .live import live

        self._board = Board(batch, self._how_far)
        with live(batch, self._board):
            yield


def watcher_for(quiet: bool, *, how_far: HowFar | None = None, beside_results: bool = False) -> Reporter:
    """Who tells of the batch on stderr. `beside_results`: the results go to the very terminal, line by line."""
    if quiet:
        return Reporter(how_far)
    if beside_results or not is_terminal(sys.stderr):
        return Lines(how_far)
    from .live import can_draw

    return Display(how_far) if can_draw() else Lines(how_far)


def _counts(every: Figures, bad_rows: int) -> Sequence[str]:
    """What there is to count of the whole run, as far as it is not nothing."""
    return [
        every.speed,
        *([f"{every.earlier:,} of them done earlier"] if every.earlier else []),
        *([f"{bad_rows:,} bad {'row' if bad_rows == 1 else 'rows'}"] if bad_rows else []),
        *([f"{every.failed:,} failed"] if every.failed else []),
        *([f"{every.retries:,} tried again"] if every.retries else []),
        *([f"{compact(every.tokens)} tokens"] if every.tokens is not None else []),
        *([every.money] if every.usd is not None else []),
    ]
