"""Chats that people type: a process on a terminal of our own, whose screen is waited for and never slept for."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07")
PATIENCE_S = 20.0


class Screen:
    """A terminal with a process on it. `shown` is all that it was sent, without what only moves or colours."""

    def __init__(self, process: Any, *arguments: object, columns: int, env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        settings = {"COLUMNS": str(columns), "LINES": "24", "PROMPT_TOOLKIT_NO_CPR": "1", **env}
        self.process: subprocess.Popen[bytes] = process.start(
            *arguments, stdin=slave, stdout=slave, stderr=slave, env=settings, terminal=True
        )
        os.close(slave)
        self._got = b""
        self._seen = 0

    @property
    def shown(self) -> str:
        return ESCAPES.sub("", self._got.decode("utf-8", "replace"))

    @property
    def raw(self) -> str:
        return self._got.decode("utf-8", "replace")

    def wait(self, words: str) -> str:
        """Read until `words` are shown behind what was waited for before. What came until then.

        An editor moves its cursor where others write a blank: blanks do not count.
        """
        deadline = time.monotonic() + PATIENCE_S
        wanted = re.compile(r"\s*".join(map(re.escape, "".join(words.split()))))
        while True:
            new = self.shown[self._seen :]
            if found := wanted.search(new):
                self._seen += found.end()
                return new[: found.end()]
            assert self._read(deadline), f"{words!r} was not shown; this was: {new!r}"

    def keys(self, text: str) -> None:
        os.write(self._master, text.encode())

    def line(self, text: str) -> None:
        """Type a line, see it, and send it."""
        self.keys(text)
        if text:
            self.wait(text)
        self.keys("\r")

    def answered(self, who: str) -> str:
        """Wait for the end of an answer, and for the line after it. What was shown of it."""
        answer = self.wait("tok/s")
        self.wait(f"{who}> ")
        return answer

    def end(self) -> int:
        """Read to the end. The exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read(deadline):
            pass
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        with suppress(OSError):
            os.close(self._master)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self._got += data
        return bool(data)


@pytest.fixture
def screen(process: Any, sim: Path) -> Iterator[Callable[..., Screen]]:
    """`thinkdial chat ...` on a terminal, with the simulator's profiles."""
    opened: list[Screen] = []

    def start(
        *arguments: object, columns: int = 80, env: dict[str, str] | None = None, config: Path | None = None
    ) -> Screen:
        opened.append(Screen(process, "chat", *arguments, "--config", config or sim, columns=columns, env=env or {}))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def turns(cli: Callable[..., Any]) -> Callable[[str], list[dict[str, Any]]]:
    """The turns of a session that it goes on after, in their order."""

    def read(name: str) -> list[dict[str, Any]]:
        document = cli("session", "show", name, "--json").json
        nodes = {node["node"]: node for node in document["nodes"]}
        way: list[dict[str, Any]] = []
        at = document["tip"]
        while at is not None:
            way.append(nodes[at])
            at = nodes[at]["parent"]
        return way[::-1]

    return read
