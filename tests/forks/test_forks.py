"""A fork is the process that was asked for, and where it cannot be that, it is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .child import GUARD, Child, Forks, can_fork
from .server import is_alike

pytestmark = pytest.mark.skipif(not can_fork(), reason="forks need descriptors of processes")
COMMAND = [sys.executable, "-m", "thinkdial.cli"]
SERVES = ["simulate", "--port", "0"]
PIPES: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(GUARD), **more}


def is_fork(child: Child) -> bool:
    parent = Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
    return int(parent) != os.getpid()


def test_place_and_session_are_those_asked_for(forks: Forks, tmp_path: Path) -> None:
    given = {**PIPES, "cwd": tmp_path, "env": environment(), "start_new_session": True}
    with Child(forks, [*COMMAND, "simulate", "--port", "0"], **given) as child:
        assert child.stdout is not None and child.stdout.readline()
        assert is_fork(child) and child.poll() is None
        assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
        assert Path(f"/proc/{child.pid}/cwd").resolve() == tmp_path.resolve()
        own, its = (
            [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(("Umask", "Uid"))]
            for pid in ("self", child.pid)
        )
        assert own == its
        child.kill()
        assert child.wait(20) == child.poll() == -signal.SIGKILL


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="interrupts are ignored here")
def test_it_waits_as_long_as_it_is_told_to(forks: Forks) -> None:
    with Child(forks, [*COMMAND, "simulate", "--port", "0"], **PIPES, env=environment()) as child:
        assert child.stdout is not None and child.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.01)
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=20)[1].endswith(b"stopped\n") and child.returncode == 0


def test_what_a_fork_cannot_be_is_a_process(forks: Forks) -> None:
    for options in ({"env": environment(PYTHONIOENCODING="ascii")}, {"env": environment(), "preexec_fn": lambda: None}):
        with Child(forks, [*COMMAND, "--version"], **PIPES, **options) as child:
            assert not is_fork(child)
            assert child.communicate(timeout=20)[0].startswith(b"thinkdial ") and child.returncode == 0


def test_what_imports_read_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READ_BY_AN_IMPORT", "1")
    here = dict(os.environ)
    assert is_alike({**here, "NO_COLOR": "1", "HOME": "/elsewhere"}, {"READ_BY_AN_IMPORT", "HOME"})
    assert not is_alike({**here, "READ_BY_AN_IMPORT": "2"}, {"READ_BY_AN_IMPORT"})
    assert not is_alike({**here, "LC_ALL": "C"}, set())


@pytest.mark.slow
def test_forks_programs_and_processes_say_the_same(forks: Forks, tmp_path: Path) -> None:
    forks.write_program(tmp_path / "thinkdial")
    for words in (["plan", "x", "-p", "claude"], ["ask", "x", "-p", "nope"], ["compare", "--nope"], ["--help"]):
        said: list[tuple[int, bytes, bytes]] = []
        for command in (COMMAND, [str(tmp_path / "thinkdial")]):
            done = subprocess.run([*command, *words], env=environment(), stdin=subprocess.DEVNULL, capture_output=True)
            said.append((done.returncode, done.stdout, done.stderr))
        with Child(forks, [*COMMAND, *words], env=environment(), **PIPES) as child:
            out, err = child.communicate(timeout=20)
        assert said == [(child.returncode, out, err)] * 2


@pytest.mark.slow
def test_a_program_passes_signals_on_and_ends_as_its_process(forks: Forks, tmp_path: Path) -> None:
    forks.write_program(tmp_path / "thinkdial")
    for sent in (signal.SIGTERM, signal.SIGQUIT):  # the others may be ignored by who runs the tests
        with (
            subprocess.Popen([tmp_path / "thinkdial", *SERVES], env=environment(), **PIPES) as running,
            Child(forks, [*COMMAND, *SERVES], env=environment(), **PIPES) as child,
        ):
            try:
                for started in (running, child):
                    assert started.stdout is not None and started.stdout.readline()
                    started.send_signal(sent)
                assert running.wait(20) == child.wait(20)
            finally:
                running.terminate()
                child.kill()
