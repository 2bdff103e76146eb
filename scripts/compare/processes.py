"""Commands as processes of an interpreter: each forked from a server that runs in it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

SERVER = Path(__file__).parent / "inside" / "server.py"
STARTUP_S = 60.0


class Processes:
    """Starts commands with one interpreter, a few at once."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._requests, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen([python, str(SERVER)], stdin=theirs, env=environment)
        self._unread = b""
        self._ended: dict[int, int] = {}

    def start(
        self,
        arguments: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        streams: Sequence[int],
        *,
        steady: bool,
        terminal: bool = False,
    ) -> int:
        """Begin a command with standard streams of ours, and return its pid."""
        request = {
            "arguments": list(arguments),
            "directory": str(directory),
            "environment": dict(environment),
            "steady": steady,
            "terminal": terminal,
        }
        socket.send_fds(self._requests, [json.dumps(request).encode()], list(streams))
        return self._hear("started", None, STARTUP_S)

    def wait(self, pid: int, patience_s: float) -> int | None:
        """The exit code; None when it has not ended by then."""
        if pid not in self._ended:
            with suppress(TimeoutError):
                self._hear("ended", pid, patience_s)
        return self._ended.pop(pid, None)

    def close(self) -> None:
        """Let the server go."""
        self._requests.close()
        self._server.wait()

    def _hear(self, what: str, pid: int | None, patience_s: float) -> int:
        """Read messages until one is about `what`, of `pid` if that is given. Raises `TimeoutError`."""
        until = time.monotonic() + patience_s
        while True:
            line, newline, rest = self._unread.partition(b"\n")
            if newline:
                self._unread = rest
                message: dict[str, int] = json.loads(line)
                if "ended" in message:
                    self._ended[message["ended"]] = message["code"]
                if what in message and pid in (None, message[what]):
                    return message[what]
                continue
            self._requests.settimeout(max(0.01, until - time.monotonic()))
            piece = self._requests.recv(65536)
            if not piece:
                raise RuntimeError("the interpreter has gone; is thinkdial installed in it?")
            self._unread += piece


def interrupt(pid: int) -> None:
    """Send what Ctrl-C sends."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)


def kill(pid: int) -> None:
    """End it at once."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
