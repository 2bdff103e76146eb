"""Where text goes: data on stdout or into a file, notes and errors on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..profiles.disk import PrivateFile, is_device, real_path
from ..providers.errors import ConfigError, MissingKeyError, StrictPlanError, ThinkdialError
from ..providers.untrusted import harmless
from .closed_pipe import ClosedPipeError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from .views.line import Line

USUAL_WIDTH = 80
"""The columns of what is no terminal: Rich's own rule."""

_FORCED = {"FORCE_COLOR", "TTY_COMPATIBLE"}
"""Variables by which Rich takes a pipe for a terminal."""

WIDEST_ON_PIPES = 1000
"""The columns of tables that nobody's window folds."""

WRITTEN_AT_ONCE = 2**20
"""Characters of a long text."""


def console(*, stderr: bool = False) -> Console:
    """A console that never interprets markup or emoji codes in what it prints, and has no colours on pipes."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=False)


def rendered(
    *renderables: RenderableType, screen: Console | None = None, width: int | None = None, soft_wrap: bool = False
) -> str:
    """What `renderables` look like on `screen` (stdout unless given), or on paper of `width` columns, without colours.

    Nothing is written: what Rich writes itself would end the program when nobody reads it. It is not even imported
    where it has nothing to do.
    """
    if width is not None:
        from .views.sheet import Sheet

        if (text := Sheet(renderables).text(width)) is not None:
            return text
    from rich.console import Console

    screen = screen or console()
    paper = Console(
        file=StringIO(),
        width=width or screen.width,
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=screen.is_terminal and width is None,
        no_color=screen.no_color or width is not None,
        legacy_windows=False,
    )
    with paper.capture() as captured:
        for renderable in renderables:
            paper.print(renderable, soft_wrap=soft_wrap)
    text = captured.get()
    if width is not None or not is_heard():
        return text
    return "".join(line for line in text.splitlines(keepends=True) if not _is_rule(line))


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.strip(" ─━│┼╇\n")


def is_heard() -> bool:
    """Whether stdout is a terminal of lines alone, as screen readers and editors have it: nothing stands beside
    another thing there, and rules of a hundred lines and corners are not drawn."""
    return is_terminal(sys.stdout) and os.environ.get("TERM") in ("dumb", "unknown")


def listed(view: Callable[[int], RenderableType]) -> str:
    """A list for stdout: laid out on a terminal of so many columns; on a pipe a line a row, with tabs between cells."""
    if has_styles():
        screen = console()
        if screen.is_terminal:
            return rendered(view(screen.width), screen=screen)
    from .views.name_list import UNFOLDED, tabbed

    return "".join(f"{line}\n" for line in tabbed(view(UNFOLDED)))


def unfolded_width() -> int:
    """How wide a table on stdout may be: as the terminal; on a pipe as wide as it is, unless COLUMNS is set."""
    if has_styles() and (screen := console()).is_terminal:
        return screen.width
    return _said_columns() or WIDEST_ON_PIPES


def screen_width() -> int:
    """How many columns Rich sees on stdout; where it has nothing to do, without importing it."""
    return console().width if has_styles() else _columns()


def has_styles() -> bool:
    """Whether Rich may write styles to stdout: to a terminal, or because a variable asks for them."""
    return is_terminal(sys.stdout) or bool(_FORCED & os.environ.keys())


def spread(view: Callable[[int], RenderableType]) -> str:
    """Tables for reading: laid out for the terminal, and on a pipe with every row on one line."""
    width = unfolded_width()
    if not has_styles():
        return rendered(view(width), width=width)
    screen = console()
    return rendered(view(width), screen=screen, width=None if screen.is_terminal else width)


def is_terminal(stream: object) -> bool:
    return bool(getattr(stream, "isatty", bool)())


def has_colours(stream: object) -> bool:
    """Whether text may be styled there: Rich's own rule, without importing Rich."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")


def use_utf8() -> None:
    """Make standard output carry any character, and never fail on one: a lone surrogate is written as `?`."""
    for stream in (sys.stdout, sys.stderr):  # None when it was closed before we began
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
            reconfigure(
                encoding="utf-8" if encoding in ("ascii", "us-ascii", "ansi_x3.4-1968") else None, errors="replace"
            )


def say(text: str) -> None:
    """A line of notes for people, on stderr."""
    aside(f"{harmless(text)}\n")


def noting(*, quiet: bool) -> Callable[[str], None]:
    """What takes lines for people and says them as notes on stderr, unless all is to be quiet."""
    return (lambda _: None) if quiet else (lambda words: say(f"note: {words}"))


def show_line(line: Line) -> None:
    """The same for a line with styles. Rich takes long to import, and has nothing to do where none are shown."""
    if has_styles_aside():
        show(line)
    else:
        aside(f"{line.plain}\n")


def width_aside() -> int:
    """How many columns Rich sees on stderr; where it has nothing to do, without importing it."""
    return console(stderr=True).width if has_styles_aside() else _columns()


def _columns() -> int:
    if said := _said_columns():
        return said
    for descriptor in range(3):  # any of the standard streams may still be the terminal
        with suppress(OSError):
            return os.get_terminal_size(descriptor).columns or USUAL_WIDTH
    return USUAL_WIDTH


def _said_columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() else 0


def has_styles_aside() -> bool:
    """Whether Rich may write styles to stderr: to a terminal, or because a variable asks for them."""
    return is_terminal(sys.stderr) or any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))


def show(renderable: RenderableType) -> None:
    """The same for something that Rich lays out: wrapped on a terminal, one line a note elsewhere."""
    aside(rendered(renderable, screen=console(stderr=True), soft_wrap=not is_terminal(sys.stderr)))


def aside(text: str) -> None:
    """Text on stderr, at once. Nobody has to read it: when it cannot be written, the data still matters."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except AttributeError:  # there is no stderr
        pass
    except OSError:
        forget(sys.stderr)


def forget(stream: TextIO) -> None:
    """Let what `stream` still holds go nowhere, for the interpreter writes it once more at its end, and fails."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def complain(error: ThinkdialError) -> None:
    """An error and what to do about it, on stderr. A refusal that somebody asked for is none, and told as it is."""
    if isinstance(error, StrictPlanError):
        for reason in (*error.reasons, "nothing was sent"):
            say(reason)
        return
    say(f"Error: {error.message}")
    if error.hint:
        say(f"  → {error.hint}")
    if isinstance(error, MissingKeyError):
        say("  → to see it at work without a key: thinkdial demo")


def emit(text: str) -> None:
    """Data on stdout, at once. Raises `ClosedPipeError` when nobody reads it any more."""
    emit_pieces((text,))


def emit_pieces(texts: Iterable[str]) -> None:
    """The same for one text in pieces. A long one is encoded bit by bit, which saves holding it twice."""
    with _written(hint="-o FILE writes the results to a file"):
        for text in texts:
            for at in range(0, len(text), WRITTEN_AT_ONCE):
                sys.stdout.write(text[at : at + WRITTEN_AT_ONCE])
        sys.stdout.flush()


def emit_bytes(data: bytes) -> None:
    """The same for bytes, as they are."""
    with _written():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _written(hint: str | None = None) -> Generator[None]:
    try:
        yield
    except AttributeError:  # there is no stdout
        raise ConfigError("standard output is closed", hint=hint) from None
    except BrokenPipeError:
        forget(sys.stdout)
        raise ClosedPipeError from None
    except OSError as error:
        forget(sys.stdout)
        raise ConfigError(f"standard output cannot be written: {error.strerror}") from None


def write_file(path: Path, text: str | Iterable[str]) -> None:
    """Write `text`, or its pieces, to `path`, readable by its owner only, whole or not at all.

    What is there and no regular file, such as /dev/null or a named pipe, is written to and not replaced. Raises
    `ConfigError` when that fails; the text is then printed by the caller, so that nothing paid for is lost.
    """
    from .files.written_files import remember_written

    path = real_path(path)
    pieces = (text,) if isinstance(text, str) else text
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as device:
                for data in _encoded(pieces):
                    device.write(data)
        else:
            with PrivateFile(path) as file:
                for data in _encoded(pieces):
                    file.write(data)
            remember_written(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    return (
        piece[at : at + WRITTEN_AT_ONCE].encode("utf-8", "replace")
        for piece in pieces
        for at in range(0, len(piece), WRITTEN_AT_ONCE)
    )


def check_writable(path: Path) -> None:
    """Raise `ConfigError` before anything is paid for, when `path` cannot become a file."""
    path = real_path(path)
    try:
        is_directory = path.is_dir()
    except OSError as error:  # a name that is too long, say
        raise ConfigError(f"-o {path.name[:40]}…: cannot be written: {error.strerror}") from None
    if is_directory:
        raise ConfigError(f"{path} is a directory", hint="-o takes the name of a file")
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is not a directory", hint="make it first")
    written = path if is_device(path) else path.parent
    if not os.access(written, os.W_OK):
        raise ConfigError(f"{written} cannot be written to")
