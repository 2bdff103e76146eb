"""What is said of a batch on stderr, beside the display of its progress and its summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from ....engine.batch.output.outputs import Pipe
from ....providers.errors import ConfigError
from ...output import say

if TYPE_CHECKING:
    from ....engine.batch.provider.job_store import BatchJob


class SpokenLines(Struct, frozen=True):
    """A listener that says what it hears; where all is to be quiet only what is important."""

    quiet: bool

    def info(self, words: str, *, important: bool = False) -> None:
        if important or not self.quiet:
            say(words)

    def note(self, words: str, *, important: bool = False) -> None:
        self.info(f"note: {words}", important=important)

    def interrupted(self) -> None:
        say("finishing what is under way; once more (Ctrl-C) stops at once")

    def lost(self, lines: Sequence[bytes]) -> None:
        say("results that were paid for follow on standard output, so that nothing is lost")
        with suppress(OSError, ConfigError):
            standard = Pipe(standard_output())
            for line in lines:
                standard.write(line)


def standard_output() -> int:
    """The descriptor of standard output. Raises `ConfigError` when it was closed before we began."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise ConfigError("standard output is closed", hint="-o FILE writes the results to a file")
    return sys.stdout.fileno()


def progress_of_jobs(listener: SpokenLines) -> Callable[[BatchJob], None]:
    """What says how jobs at providers are getting on, each time that has changed."""
    from ...views.batch.job_list import progress_line

    told = ""

    def looked(job: BatchJob) -> None:
        nonlocal told
        line = progress_line(job)
        if line != told:
            told = line
            listener.info(line)

    return looked
