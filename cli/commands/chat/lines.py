"""Where the messages of a chat come from: a pipe, or a terminal that cannot move its cursor."""

from __future__ import annotations

import sys
from typing import Protocol

from ....engine.sessions.drafts import Draft
from ....providers.errors import UsageError
from ....providers.untrusted import harmless
from ...framework.keyboard import typed_line
from ...output import aside
from ...prompt import MAX_PROMPT_BYTES


class Messages(Protocol):
    """Gives one message after another. `is_typed`: a person types them; `can_recall`: a draft comes back to be edited.

    `read` returns None at the end. It raises `KeyboardInterrupt` for a Ctrl-C.
    """

    is_typed: bool
    can_recall: bool

    def read(self, who: str, draft: Draft) -> Draft | None: ...


class PipedLines:
    """Standard input that is no terminal: each line is a message, as it is."""

    is_typed = can_recall = False

    def __init__(self) -> None:
        self.number = 0

    def read(self, who: str, draft: Draft) -> Draft | None:
        stream = getattr(sys.stdin, "buffer", None)
        try:
            data = b"" if stream is None else stream.readline(MAX_PROMPT_BYTES + 1)
        except OSError as error:
            raise UsageError(f"standard input cannot be read: {error.strerror}") from None
        if not data:
            return None
        self.number += 1
        if len(data) > MAX_PROMPT_BYTES:
            raise UsageError(f"line {self.number} of standard input is longer than {MAX_PROMPT_BYTES >> 20} MiB")
        return Draft(self._text_of(data).rstrip("\r\n"))

    def _text_of(self, data: bytes) -> str:
        """Lines are told apart by their bytes, so that nothing but UTF-8 will do."""
        try:
            if b"\x00" not in data:
                return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
        raise UsageError(
            f"line {self.number} of standard input is not UTF-8 text",
            hint="convert it first, for instance: iconv -f latin1 -t utf-8",
        )


class PlainLines:
    """A terminal without an editor, as with TERM=dumb: a line that ends with a backslash goes on in the next one."""

    is_typed, can_recall = True, False

    def read(self, who: str, draft: Draft) -> Draft | None:
        lines: list[str] = []
        while True:
            aside(f"{harmless(who)}> " if not lines else "... ")
            try:
                line = typed_line()
            except KeyboardInterrupt:
                aside("\n")
                raise
            if not line:
                aside("\n")
                return Draft("\n".join(lines)) if lines else None
            line = line.rstrip("\r\n")
            if not line.endswith("\\"):
                return Draft("\n".join([*lines, line]))
            lines.append(line[:-1])
