"""The prompt: an argument, files, and standard input, in this order."""

from __future__ import annotations

import sys
from pathlib import Path

from ..engine.planning.prepare import Prompt, checked_text
from ..profiles.disk import read_bounded, read_stream
from ..providers.errors import UsageError
from .output import is_terminal

MAX_PROMPT_BYTES = 64 * 1024 * 1024


def read_prompt(argument: str | None, prompt_files: list[Path], system: str | None) -> Prompt:
    """Join what the user gave. `-` as the argument, or nothing else to read, means standard input.

    Raises `UsageError` for an empty prompt, for bytes that are no text, and for more than 64 MiB.
    """
    pieces: list[str] = []
    if argument is not None and argument != "-":
        pieces.append(checked_text(argument, "the prompt"))
    pieces += [_decoded(_read(path), str(path)) for path in prompt_files]
    wants_stdin = argument == "-"
    if wants_stdin or not is_terminal(sys.stdin):
        pieces.append(_decoded(_standard_input(), "standard input"))
    text = "\n\n".join(piece.strip("\n") for piece in pieces if piece.strip())
    if not text:
        raise UsageError(
            "the prompt is empty", hint='give one: thinkdial ask "..."  or  -f FILE  or  ... | thinkdial ask'
        )
    return Prompt(text, checked_text(system, "--system") if system else None)


def _standard_input() -> bytes:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        return b""
    try:
        return read_stream(stream, MAX_PROMPT_BYTES)
    except OSError as error:
        raise UsageError(f"standard input cannot be read: {error.strerror}") from None


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, MAX_PROMPT_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, name: str) -> str:
    if b"\x00" in data[:65_536]:
        raise UsageError(f"{name} is binary data, not text", hint="only text can be sent")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x})",
            hint="convert it first, for instance: iconv -f latin1 -t utf-8",
        ) from None
