"""Where cases are played: a home, a working directory and a simulator, at the same paths and port for both versions."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from .processes import Processes, interrupt, kill
from .steps import PUBLISHER, SIMULATOR, Case, Command
from .streams import Streams, pipes, terminal

PATIENCE_S = 60.0
TIMED_OUT = -999
KEYS = {
    "SIM_KEY": "sk-marked-KEY-0123456789abcdef",
    "AZURE_OPENAI_RESOURCE": "resource",
    "GOOGLE_CLOUD_PROJECT": "project",
}


class Ended(Struct, frozen=True):
    """How a command ended."""

    code: int
    out: bytes
    err: bytes


class Stage(Struct, frozen=True):
    """`processes` are those of the version that plays. Stages of different directories can be played on at once.

    `publisher` is the address of the files that are the same for everybody.
    """

    processes: Processes
    directory: Path
    port: int
    publisher: str

    @property
    def home(self) -> Path:
        return self.directory / "home"

    @property
    def work(self) -> Path:
        return self.directory / "work"

    @property
    def log(self) -> Path:
        return self.directory / "requests.jsonl"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set_up(self, case: Case, stored: Path | None) -> None:
        """Empty everything and write the case's files; `stored` is a home to begin with."""
        shutil.rmtree(self.directory, ignore_errors=True)
        if case.stored and stored is not None:
            shutil.copytree(stored, self.home)
        for directory in (self.home, self.work):
            directory.mkdir(parents=True, exist_ok=True)
        for path, text in case.files.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        found = self.work / path
        found.parent.mkdir(parents=True, exist_ok=True)
        found.write_text(self._addressed(text), encoding="utf-8")

    def run(self, command: Command, *, steady: bool) -> Ended:
        """Run one command to its end."""
        streams = terminal(command.columns, command.typed) if command.terminal else pipes(command.stdin)
        if command.unread:
            streams.leave_output()
        pid = self._start(command.arguments, streams, command.columns, command.environment, steady=steady)
        if command.interrupted_s is not None:
            streams.read_some(PATIENCE_S)
            time.sleep(command.interrupted_s)
            interrupt(pid)
        in_time = streams.read(PATIENCE_S)
        code = self.processes.wait(pid, PATIENCE_S if in_time else 0)
        if code is None:
            kill(pid)
            self.processes.wait(pid, PATIENCE_S)
            return Ended(TIMED_OUT, streams.out, streams.err)
        return Ended(code, streams.out, streams.err)

    @contextmanager
    def simulator(self, options: str, ended: list[Ended]) -> Iterator[None]:
        """A simulator that this version serves. What it said on the way is added to `ended`."""
        self.log.unlink(missing_ok=True)
        arguments = ("simulate", "--port", str(self.port), "--pace", "0", "--log", str(self.log), *options.split())
        streams = pipes("")
        pid = self._start(arguments, streams, 100, {}, steady=False)
        try:
            self._await_listening(pid)
            yield
        finally:
            interrupt(pid)
            streams.read(PATIENCE_S)
            code = self.processes.wait(pid, PATIENCE_S)
            kill(pid)
            ended.append(Ended(TIMED_OUT if code is None else code, streams.out, streams.err))

    def _start(
        self, arguments: tuple[str, ...], streams: Streams, columns: int, more: Mapping[str, str], *, steady: bool
    ) -> int:
        given = {**self.environment(), "COLUMNS": str(columns), **more}
        whole = [self._addressed(part) for part in arguments]
        with streams.theirs() as descriptors:
            return self.processes.start(
                whole, self.work, given, descriptors, steady=steady, terminal=streams.is_terminal
            )

    def environment(self) -> dict[str, str]:
        """All that a command sees of ours: no key and no proxy of the user's, and no place but this one."""
        return {**environment(), **KEYS, "HOME": str(self.home)}

    def _addressed(self, text: str) -> str:
        return text.replace(SIMULATOR, self.address).replace(PUBLISHER, self.publisher)

    def _await_listening(self, pid: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and Path(f"/proc/{pid}").exists():
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the simulator does not listen on port {self.port}")


def environment() -> dict[str, str]:
    """What every interpreter starts with."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "PYTHON_KEYRING_BACKEND": "file_ring.FileRing",
    }


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
