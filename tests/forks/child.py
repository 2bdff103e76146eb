"""Commands as processes that tests start: forks of a process that has everything imported, where that is the same."""

from __future__ import annotations

import fcntl
import inspect
import os
import select
import socket
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .client import asked, held, wish

HERE = Path(__file__).parent
GUARD = HERE / "guard"
"""A directory for `PYTHONPATH`: processes reach nothing but this machine."""

LONGEST = 100
"""Characters of the address of a socket; systems differ a little."""

PROGRAMS = ("thinkdial", "thinkdial.cli")
_START: Any = subprocess.Popen._execute_child  # type: ignore[attr-defined]
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
_NOT_OF_A_FORK = ("preexec_fn", "pass_fds", "executable", "shell", "uid", "gid", "gids")


def can_fork() -> bool:
    """Whether this system has what forks need."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return hasattr(socket, "send_fds")


class Forks:
    """The server of forks, started by the first process of a test run that needs it."""

    def __init__(self, directory: Path) -> None:
        self._lock = directory / "forks.lock"
        self._socket = str(directory / "forks")
        self._started: subprocess.Popen[bytes] | None = None
        self._held: socket.socket | None = None

    @property
    def path(self) -> str | None:
        """Where it listens; None where all commands have to be processes of their own."""
        if not can_fork() or len(self._socket) > LONGEST:
            return None
        if self._started is None and self._held is None:
            with self._lock.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if Path(self._socket).exists():
                    self._held = held(self._socket)
                else:
                    self._start()
        return self._socket

    def _start(self) -> None:
        command = [sys.executable, str(HERE / "server.py"), self._socket]
        pipe = subprocess.PIPE
        environment = {**os.environ, "PYTHONPATH": str(GUARD)}
        self._started = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment)
        assert self._started.stdout is not None
        assert self._started.stdout.readline() == b"ready\n", "the server of forks did not start"

    def write_program(self, path: Path, module: str = "thinkdial.cli") -> None:
        """Write `python -m MODULE` as a program for shells."""
        begin = f"-m {module}"
        if self.path is not None:
            code = f"import sys; sys.path.insert(0, '{HERE}'); import client; client.main('{self.path}', '{module}')"
            begin = f'-BISc "{code}"'
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {begin} "$@"\n', encoding="utf-8")
        path.chmod(0o755)

    def start(self, *arguments: str, **options: Any) -> Child:
        """`thinkdial` with these arguments as a process without input, which reaches nothing but this machine."""
        environment = {**os.environ, "PYTHONPATH": str(GUARD), **options.pop("env", {})}
        command = [sys.executable, "-m", PROGRAMS[0], *arguments]
        return Child(self, command, env=environment, **({"stdin": subprocess.DEVNULL} | options))

    def end(self) -> None:
        """Let go of it; who started it waits until all have."""
        if self._held is not None:
            self._held.close()
        if self._started is not None:
            self._started.communicate()


class Child(subprocess.Popen[bytes]):
    """`subprocess.Popen`, which forks a command of ours where the server can make the very process that is asked for.

    `terminal` makes standard input the controlling terminal of a session of its own.
    """

    def __init__(self, forks: Forks, command: Sequence[str], *, terminal: bool = False, **options: Any) -> None:
        self._forks, self._terminal = forks, terminal
        self._end: int | None = None
        """A descriptor that can be read when a fork has ended; None with a process of its own."""

        super().__init__(command, **(options | ({"start_new_session": True} if terminal else {})))

    def _execute_child(self, *given: Any) -> None:
        """What starts the process in `Popen`, and is private to it.

        Nothing public is asked between the pipes that it makes and the process that gets them, and all else that it
        does (communicate, time limits, kills) would have to be written again.
        """
        wanted = inspect.signature(_START).bind(self, *given).arguments
        pid = self._forked(wanted)
        if pid == 0:
            if self._terminal:
                wanted["preexec_fn"] = _take_terminal
            _START(**wanted)
            return
        self.pid, self._end = pid, os.pidfd_open(pid)
        self._child_created = True
        self._close_pipe_fds(*(wanted[name] for name in _PIPES))  # type: ignore[attr-defined]

    def _forked(self, wanted: dict[str, Any]) -> int:
        """The pid of a fork, or 0 where it would not be the same."""
        python, option, module, *arguments = map(os.fsdecode, wanted["args"])
        is_ours = (python, option) == (sys.executable, "-m") and module in PROGRAMS
        if not is_ours or any(wanted[name] for name in _NOT_OF_A_FORK) or (path := self._forks.path) is None:
            return 0
        environment = wanted["env"] if wanted["env"] is not None else os.environ
        group = wanted["process_group"]
        request = wish(
            module, arguments, dict(environment), session=wanted["start_new_session"], terminal=self._terminal,
            group=group if group != -1 else None, cwd=str(Path(wanted["cwd"] or ".").absolute()),
        )  # fmt: skip
        ends = ("p2cread", "c2pwrite", "errwrite")
        return asked(path, request, [wanted[name] if wanted[name] != -1 else n for n, name in enumerate(ends)])

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        if kind is not None:  # what a failed test has started would be waited for without end
            self.kill()
        super().__exit__(kind, value, traceback)

    def poll(self) -> int | None:
        return super().poll() if self._end is None else self._told(0)

    def wait(self, timeout: float | None = None) -> int:
        if self._end is None:
            return super().wait(timeout)
        code = self._told(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def _internal_poll(self, *given: Any, **more: Any) -> int | None:
        """What `Popen` asks when it is dropped."""
        own: Any = super()
        return own._internal_poll(*given, **more) if self._end is None else self._told(0)

    def _told(self, timeout_s: float | None) -> int | None:
        """The exit code. Until it is told, the pid stays that of the process."""
        if self.returncode is None and self._end is not None and select.select([self._end], [], [], timeout_s)[0]:
            path = self._forks.path
            assert path is not None
            self.returncode = os.waitstatus_to_exitcode(asked(path, {"reap": self.pid}))
            os.close(self._end)
        return self.returncode


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
