"""What a batch tells people in whole lines, beside the rows and results that its watcher hears of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..results.result import Result
from .output.works import Work
from .rows.rows import BadRow, Row


class Listener(Protocol):
    """Hears what is going on. What is `important` is to be told even where nobody wants notes."""

    def info(self, words: str, *, important: bool = False) -> None:
        """What happens."""
        ...

    def note(self, words: str, *, important: bool = False) -> None:
        """What one may want to know beside that."""
        ...

    def interrupted(self) -> None:
        """Somebody wants the batch to stop: what is under way is finished first."""
        ...

    def lost(self, lines: Sequence[bytes]) -> None:
        """Results that were paid for, and cannot be written to where they belong."""
        ...


class NoListener:
    """Hears nothing."""

    def info(self, words: str, *, important: bool = False) -> None:
        pass

    def note(self, words: str, *, important: bool = False) -> None:
        pass

    def interrupted(self) -> None:
        pass

    def lost(self, lines: Sequence[bytes]) -> None:
        pass


class Watcher(Protocol):
    """Hears what people should know while it runs, on the event loop. An error of its own ends the batch."""

    def bad_row(self, bad: BadRow) -> None: ...

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        """The result of a row, once its line is safe or cannot be written, and how it was judged."""
        ...

    def trouble(self, words: str) -> None: ...


class WorksBook(Protocol):
    """Hears what is asked for each row of the input, in its order."""

    def asked(self, row: Row, works: Sequence[Work]) -> None: ...
