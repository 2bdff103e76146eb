"""What is longer than the screen goes to the user's pager, which gets no key of ours in its environment."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

from ..closed_pipe import ClosedPipeError
from ..output import emit_pieces, is_terminal

_USUAL = "less"
_LESS = "FRX"
"""End where all fits on one screen, keep styles, leave the text on the screen: as git has it."""


def show_text(text: str | Iterable[str], variables: Callable[[], Iterable[str]] = tuple) -> None:
    """Data, also in pieces, on stdout: through a pager where stdout is a terminal that is too short.

    `variables` gives those that hold keys: to know them all, every provider is read.
    """
    pieces = iter((text,) if isinstance(text, str) else text)
    if not (is_terminal(sys.stdout) and is_terminal(sys.stdin)) or os.environ.get("TERM") in ("dumb", "unknown"):
        emit_pieces(pieces)
        return
    command = pager(os.environ)
    first, lines, screen = list[str](), 0, shutil.get_terminal_size().lines
    while lines < screen and (piece := next(pieces, None)) is not None:
        first.append(piece)
        lines += piece.count("\n")
    pieces = chain(first, pieces)
    if not command or lines < screen:
        emit_pieces(pieces)
        return
    from ...engine.targets.bare_environment import without_keys

    environment = {"LESS": _LESS, **without_keys(os.environ, variables())}
    try:
        started = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603
    except OSError:
        emit_pieces(pieces)
        return
    try:
        if (pipe := started.stdin) is not None:
            pipe.writelines(piece.encode("utf-8", "replace") for piece in pieces)
        started.communicate()
    except KeyboardInterrupt:  # it is the pager's: Ctrl-C stops a search there
        started.communicate()
    except BrokenPipeError:
        raise ClosedPipeError from None


def pager(environment: Mapping[str, str]) -> list[str]:
    """The command of `THINKDIAL_PAGER` or `PAGER`, else `less` where there is one. Empty, and `cat`, are none."""
    for name in ("THINKDIAL_PAGER", "PAGER"):
        if (value := environment.get(name)) is not None:
            try:
                words = shlex.split(value, posix=os.name != "nt")
            except ValueError:
                words = [value]
            return [] if words in ([], ["cat"]) else words
    found = shutil.which(_USUAL)
    return [found] if found else []
