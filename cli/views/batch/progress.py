"""What people see of a batch while it runs: a display on a terminal, a line now and then elsewhere. Never on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from ....engine.planning.think_plan import OF_THE_MODEL
from ....providers.untrusted import one_line
from ...output import is_terminal, say
from ..line import BAD, CAUTION
from .figures import crew_words, figures_of, span

if TYPE_CHECKING:
    from ....engine.batch.progress import BatchProgress, Running
    from ....engine.batch.rows.rows import BadRow, Row
    from ....engine.results.result import Result

BAD_ROWS_SHOWN = 20
LINE_EVERY_S = 10.0

HowFar = Callable[[], float | None]


class Reporter:
    """Says what is wrong with the input or a profile, and nothing else: all there is with `--quiet`."""

    def __init__(self, how_far: HowFar | None = None) -> None:
        self._how_far = how_far
        self._bad_rows = 0
        self._of_models: dict[str, None] = {}

    def bad_row(self, bad: BadRow) -> None:
        """Tell of a line that is no row; of very many only the first."""
        self._bad_rows += 1
        if self._bad_rows <= BAD_ROWS_SHOWN:
            excerpt = f" ({one_line(bad.excerpt, 80)})" if bad.excerpt else ""
            say(f"{one_line(bad.problem, 600)}{excerpt}")
        elif self._bad_rows == BAD_ROWS_SHOWN + 1:
            say("further bad rows are counted, and not shown")

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        for notice in result.warnings:
            if notice.code in OF_THE_MODEL:
                self._of_models[notice.message] = None

    def tell_of_models(self) -> None:
        """Say what there is to say of the models themselves, once for all rows."""
        for words in self._of_models:
            say(f"note: {one_line(words, 600)}")

    def trouble(self, words: str) -> None:
        """Tell what has happened to a profile."""
        say(f"! {one_line(words, 600)}")

    @contextmanager
    def watching(self, batch: Running) -> Generator[None]:
        """While `batch` runs."""
        yield

    def progress(self, batch: Running) -> BatchProgress:
        """How far `batch` is."""
        return batch.progress(None if self._how_far is None else self._how_far())


class ProgressLines(Reporter):
    """A line every few seconds, and one in the end."""

    @contextmanager
    def watching(self, batch: Running) -> Generator[None]:
        over = Event()

        def report() -> None:
            while not over.wait(LINE_EVERY_S):
                say(line(self.progress(batch)))

        thread = Thread(target=report, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(LINE_EVERY_S)
            say(line(self.progress(batch)))
            self.tell_of_models()


class Display(Reporter):
    """A picture of all profiles that is drawn anew a few times a second and gone in the end."""

    @contextmanager
    def watching(self, batch: Running) -> Generator[None]:
        from .live import live

        try:
            with live(lambda: self.progress(batch)):
                yield
        finally:
            self.tell_of_models()


def watcher_for(quiet: bool, *, how_far: HowFar | None = None, beside_results: bool = False) -> Reporter:
    """Who tells of the batch on stderr. `beside_results`: the results go to the very terminal, line by line."""
    if quiet:
        return Reporter(how_far)
    if beside_results or not is_terminal(sys.stderr):
        return ProgressLines(how_far)
    from .live import can_draw

    return Display(how_far) if can_draw() else ProgressLines(how_far)


def line(progress: BatchProgress) -> str:
    """A batch at one moment in one line."""
    every, bad = figures_of(progress.together), progress.bad_rows
    at = every.at
    words = [
        f"{span(progress.elapsed_s)}: {every.progress} done",
        every.speed,
        *([f"{every.left} left"] if at.left_s else []),
        *([f"{at.earlier:,} of them done earlier"] if at.earlier else []),
        *([f"{bad:,} bad {'row' if bad == 1 else 'rows'}"] if bad else []),
        *([f"{at.failed:,} failed"] if at.failed else []),
        *([f"{at.retries:,} tried again"] if at.retries else []),
        *([f"{every.tokens} tokens"] if at.tokens is not None else []),
        *([every.money] if at.usd is not None else []),
        *crew_words(progress.crew),
    ]
    shown = [figures_of(one) for one in progress.profiles]
    return " · ".join([*words, *(f"{one.name} {one.state}" for one in shown if one.style in (BAD, CAUTION))])
