"""The prompt: an argument, files, and standard input, in this order."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..engine.planning.prepare import Prompt, checked_text
from ..profiles.disk import read_bounded, read_stream
from ..providers.errors import UsageError
from .output import is_terminal, say

if TYPE_CHECKING:
    from ..engine.attachments.attachment import Attachment
    from ..engine.attachments.wishes import FileWishes

MAX_PROMPT_BYTES = 64 * 1024 * 1024

SILENT_WAIT_S = 0.8
"""Seconds for which a pipe may keep us waiting without a word."""


class Beside(Struct, frozen=True):
    """What is attached to the prompt, as it was named. `is_remote`: addresses are for the provider to fetch."""

    names: list[str] = []
    is_remote: bool = False
    convert: bool = False
    as_is: bool = False
    detail: str = "high"
    upload: bool = False

    @property
    def wishes(self) -> FileWishes:
        """What is wished for them. Raises `UsageError` for an unknown detail."""
        from ..engine.attachments.wishes import FileWishes, checked_detail

        return FileWishes(self.convert, self.as_is, checked_detail(self.detail), self.upload)


NOTHING_BESIDE = Beside()


def _unsaid(_: str) -> None:
    pass


def read_prompt(
    argument: str | None,
    prompt_files: list[Path],
    system: str | None,
    note: Callable[[str], None] = _unsaid,
    beside: Beside = NOTHING_BESIDE,
) -> Prompt:
    """What the user gave, as a prompt. Raises `UsageError` for an empty one, and as `read_given` does."""
    text = read_given(argument, prompt_files, note, beside)
    if not text:
        raise UsageError(
            "the prompt is empty", hint='give one: thinkdial ask "..."  or  -f FILE  or  ... | thinkdial ask'
        )
    return with_beside(Prompt(text, checked_text(system, "--system") if system else None), beside, note)


def with_beside(prompt: Prompt, beside: Beside, note: Callable[[str], None] = _unsaid) -> Prompt:
    """`prompt` with what goes along beside its text. Raises `UsageError`."""
    if not beside.names:
        return replace(prompt, converts=True) if beside.convert else prompt
    from ..engine.attachments.beside import prompt_with

    with _said_of_pipes(beside.names):
        return prompt_with(prompt, beside.names, is_remote=beside.is_remote, note=note, wishes=beside.wishes)


def read_given(
    argument: str | None,
    prompt_files: list[Path],
    note: Callable[[str], None] = _unsaid,
    beside: Beside = NOTHING_BESIDE,
) -> str:
    """Join what the user gave. `-` as the argument, or nothing else to read, means standard input.

    What standard input adds to another prompt is noted. A pipe that stays open is waited for, which is said.
    Raises `UsageError` for bytes that are no text, and for more than 64 MiB.
    """
    pieces: list[str] = []
    if argument is not None and argument != "-":
        pieces.append(checked_text(argument, "the prompt"))
    pieces += [read_text(path) for path in prompt_files]
    wants_stdin, is_attached = argument == "-", any(name.rpartition(":")[2] == "-" for name in beside.names)
    if wants_stdin and is_attached:
        raise UsageError("standard input can be the prompt or an attachment, not both")
    if wants_stdin or (not is_attached and not is_terminal(sys.stdin)):
        with _said_when_long(is_more=bool(pieces)):
            given = _standard_input()
        added = _decoded(given, "standard input")
        if pieces and added.strip():
            note(f"standard input is part of the prompt: {len(added):,} characters")
        pieces.append(added)
    return "\n\n".join(piece.strip("\n") for piece in pieces if piece.strip())


def read_beside(beside: Beside, note: Callable[[str], None] = _unsaid) -> tuple[Attachment, ...]:
    """The files themselves, for a prompt that is still to come. Raises `UsageError`."""
    if not beside.names:
        return ()
    if any(name.rpartition(":")[2] == "-" for name in beside.names):
        raise UsageError("standard input holds the messages of a chat, and cannot be attached")
    from ..engine.attachments.beside import attachments_named

    with _said_of_pipes(beside.names):
        return attachments_named(beside.names, is_remote=beside.is_remote, note=note, wishes=beside.wishes)


def read_texts(paths: list[Path]) -> tuple[Attachment, ...]:
    """Files of text, each called as it was written. Raises `UsageError` as `read_text` does."""
    if not paths:
        return ()
    from ..engine.attachments.attachment import Attachment

    return tuple(
        Attachment("text", "text/plain", str(path), read_text(path).encode(), origin=str(path)) for path in paths
    )


def _standard_input() -> bytes:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        return b""
    try:
        return read_stream(stream, MAX_PROMPT_BYTES)
    except OSError as error:
        raise UsageError(f"standard input cannot be read: {error.strerror}") from None


@contextmanager
def _said_when_long(*, is_more: bool) -> Generator[None]:
    """Say what is waited for where standard input is no file and does not end at once. `is_more`: beside a prompt."""
    if is_terminal(sys.stdin) or not _may_wait():
        yield
        return
    words = "waiting until standard input ends, a pipe that is still open"
    if is_more:
        words += "; what comes is added to the prompt (</dev/null: nothing is)"
    with _said_later(words):
        yield


def _said_of_pipes(names: Sequence[str]) -> AbstractContextManager[None]:
    """Say which pipes are waited for among what is attached."""
    pipes = [said for name in names for said in (name, name.partition(":")[2]) if _is_named_pipe(said)]
    if _may_wait() and any(name.rpartition(":")[2] == "-" for name in names):
        pipes.append("standard input")
    return _said_later(f"waiting until {' and '.join(pipes)} ends, a pipe") if pipes else nullcontext()


def _is_named_pipe(name: str) -> bool:
    try:
        return Path(name).is_fifo()
    except (OSError, ValueError):  # no path at all
        return False


@contextmanager
def _said_later(words: str) -> Generator[None]:
    """Say what is waited for, unless it comes soon."""
    from threading import Timer

    timer = Timer(SILENT_WAIT_S, say, (words,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _may_wait() -> bool:
    """Whether standard input is something that others write to while we read."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # closed, or none of the system's
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def read_text(path: Path) -> str:
    """The text of a file. Raises `UsageError` where it cannot be read, or is no text."""
    try:
        with _said_later(f"waiting until {path} ends, a pipe") if path.is_fifo() else nullcontext():
            data = read_bounded(path, MAX_PROMPT_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return _decoded(data, str(path))


def _decoded(data: bytes, name: str) -> str:
    if not data:
        return ""
    from ..engine.attachments.encodings import encoding_of  # a prompt that was typed needs none

    encoding = encoding_of(data)
    if encoding == "utf-8-sig" and b"\x00" in data[:65_536]:
        raise UsageError(f"{name} is binary data, not text", hint="only text can be sent")
    try:
        # Lines end as they do elsewhere: the same prompt is the same request on every system, and for caches.
        return data.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            words = f"{name} begins as {encoding.upper()} text and goes on as something else (byte {error.start})"
            raise UsageError(words, hint="save it as UTF-8") from None
        raise UsageError(
            f"{name} is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})",
            hint="convert it first, for instance: iconv -f latin1 -t utf-8",
        ) from None
