"""No Ctrl-C is lost that comes between the prompt and the wait for a line."""

from __future__ import annotations

import os
import pty
import signal
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from thinkdial.cli.framework import keyboard
from thinkdial.cli.framework.keyboard import typed_line


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Standard input is a terminal, whose other end this is."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield ours
    os.close(ours)


def test_a_line_is_read(terminal: int) -> None:
    os.write(terminal, b"one\ntwo\n")
    assert (typed_line(), typed_line()) == ("one\n", "two\n")
    os.write(terminal, b"\x04")
    assert typed_line() == ""


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="interrupts are ignored here")
def test_a_signal_just_before_the_wait_is_heard(terminal: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system begins to wait when the interpreter has heard nothing: its flag alone would wake nobody."""
    select, waits = keyboard.select.select, list[Any]()

    def late(readable: list[int], *rest: list[int]) -> Any:
        waits.append(readable)
        if len(waits) == 1:
            os.write(wakeup[-1], b"\x02")  # what the system's handler writes
        else:
            os.write(terminal, b"one\n")
        return select(readable, *rest)

    wakeup: list[int] = []
    set_wakeup_fd = signal.set_wakeup_fd

    def noted(number: int, **options: Any) -> int:
        wakeup.append(number)
        return set_wakeup_fd(number, **options)

    monkeypatch.setattr(keyboard.signal, "set_wakeup_fd", noted)
    monkeypatch.setattr(keyboard.select, "select", late)
    assert typed_line() == "one\n" and len(waits) == 2
    assert wakeup[-1] == -1, "nobody listens any more"


def test_what_is_no_terminal_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("a\nb"))
    assert (typed_line(), typed_line(), typed_line()) == ("a\n", "b", "")
