"""A line that somebody types on a terminal."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress

from ..output import is_terminal


def typed_line() -> str:
    """The next line of standard input with its end, without one where the input ends. Raises `KeyboardInterrupt`.

    A Ctrl-C that comes when the interpreter has looked for one, and the system does not wait yet, would be heard with
    the next line only: on a terminal both are waited for.
    """
    if is_terminal(sys.stdin):
        with suppress(OSError, ValueError):  # another thread, or a system that waits for sockets alone
            _wait(sys.stdin.fileno())
    return sys.stdin.readline()


def _wait(number: int) -> None:
    """Wait until a line lies at the descriptor; what hears a signal meanwhile may raise."""
    heard, rings = os.pipe()
    try:
        os.set_blocking(rings, False)
        before = signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
        try:
            while number not in select.select([number, heard], [], [])[0]:
                os.read(heard, 64)
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(heard)
        os.close(rings)
