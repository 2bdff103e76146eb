"""Where text goes: data on stdout or into a file, notes and errors on stderr."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..providers.errors import ConfigError, ThinkdialError
from .exit_codes import ExitCode
from .render.untrusted import harmless

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """A console that never interprets markup or emoji codes in what it prints, and has no colours on pipes."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


def is_terminal(stream: object) -> bool:
    return bool(getattr(stream, "isatty", bool)())


def use_utf8() -> None:
    """Make standard output carry any character, and never fail on one: a lone surrogate is written as `?`."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
            reconfigure(
                encoding="utf-8" if encoding in ("ascii", "us-ascii", "ansi_x3.4-1968") else None, errors="replace"
            )


def say(text: str) -> None:
    """A line of notes for people, on stderr."""
    with pipe_may_close():
        sys.stderr.write(f"{harmless(text)}\n")
        sys.stderr.flush()


def complain(error: ThinkdialError) -> None:
    """An error and what to do about it, on stderr."""
    say(f"Error: {error.message}")
    if error.hint:
        say(f"  → {error.hint}")


def emit(text: str) -> None:
    """Data on stdout, at once. When nobody reads it any more, stop with the status of a broken pipe."""
    with pipe_may_close():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def pipe_may_close() -> Iterator[None]:
    """Turn a closed pipe into a quiet exit, and a full disk behind stdout into an error."""
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end; there must be something that takes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None
    except OSError as error:
        raise ConfigError(f"standard output cannot be written: {error.strerror}") from None


def write_file(path: Path, text: str) -> None:
    """Write `text` to `path`, readable by its owner only, whole or not at all.

    Raises `ConfigError` when that fails; the text is then printed by the caller, so that nothing paid for is lost.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def check_writable(path: Path) -> None:
    """Raise `ConfigError` before anything is paid for, when `path` cannot become a file."""
    if path.is_dir():
        raise ConfigError(f"{path} is a directory", hint="-o takes the name of a file")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is not a directory", hint="make it first")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{path.parent} cannot be written to")
