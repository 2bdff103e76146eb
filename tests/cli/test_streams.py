"""Real processes: pipes that close, disks that are full, signals, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from thinkdial.simulator import simulator_in_thread

from ..cases import each

pytestmark = pytest.mark.slow  # processes of their own, terminals and signals

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def read_until(stream: Any, wanted: bytes) -> bytes:
    """What comes up to `wanted`. Fails when it does not come."""
    got = b""
    deadline = time.monotonic() + 20
    while wanted not in got:
        ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"{wanted!r} did not come, only {got!r}"
        piece = os.read(stream if isinstance(stream, int) else stream.fileno(), 65_536)
        assert piece, f"ended after {got!r}"
        got += piece
    return got


def test_a_pipe_gets_the_answer_alone(process: Any, sim: Path) -> None:
    ended = process("ask", "x", "-p", "a", "--config", sim)
    assert ended.code == 0 and ended.out.endswith("\n")
    assert "\x1b" not in ended.everything and "Simulated answer" in ended.out
    assert "tok/s" in ended.err and "tok/s" not in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "x", "-p", "trio"),
        ("ask", "x", "-p", "a"),
        ("plan", "x", "-p", "claude"),
        ("--version",),
    ],
)
def test_a_closed_pipe_is_quiet(process: Any, sim: Path, arguments: tuple[str, ...]) -> None:
    extra = () if arguments == ("--version",) else ("--config", str(sim), *(("-q",) if arguments[0] != "plan" else ()))
    reader, writer = os.pipe()
    os.close(reader)
    started = process.start(*arguments, *extra, stdout=writer)
    os.close(writer)
    _, err = started.communicate(timeout=20)
    assert started.returncode == 141 and err == b""


def test_a_reader_that_leaves_in_the_middle(process: Any, tmp_path: Path, config_for: Any) -> None:
    with simulator_in_thread(pace=0.3) as slow:
        started = process.start("ask", "x", "-p", "a", "-t", "off", "--config", config_for(slow.base_url))
        read_until(started.stdout, b" ")
        started.stdout.close()
        err = started.stderr.read()
        assert started.wait(20) == 141 and b"Traceback" not in err
        started.stderr.close()
        assert not slow.requests[0].completed


def test_nobody_reads_the_notes(process: Any, sim: Path) -> None:
    """A closed or full stderr costs nobody the answer that was paid for."""
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("wb") as full:
        for name, stream in (("ask", writer), ("compare", full)):
            started = process.start(name, "x", "-p", "a", "--config", sim, stderr=stream)
            out, _ = started.communicate(timeout=20)
            assert started.returncode == 0 and b"Simulated answer" in out
    os.close(writer)


@pytest.mark.parametrize("name", ["ask", "compare"])
def test_a_full_disk_behind_stdout(process: Any, sim: Path, name: str) -> None:
    with Path("/dev/full").open("wb") as full:
        started = process.start(name, "x", "-p", "a", "--config", sim, stdout=full)
        _, err = started.communicate(timeout=20)
    assert started.returncode == 2
    assert b"standard output cannot be written: No space left on device" in err and b"Traceback" not in err


@each("words", [("--version",), ("--help",), ("history", "list", "-h")])
def test_help_and_version_say_why_nobody_can_read_them(process: Any, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        started = process.start(*words, stdout=full)
        _, err = started.communicate(timeout=20)
    assert started.returncode == 2 and err.startswith(b"Error: standard output cannot be written: No space left")


@pytest.mark.parametrize("closing", ["0", "1", "2"])
def test_streams_that_are_not_there(process: Any, sim: Path, closing: str) -> None:
    ended = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'exec "$0" -m thinkdial.cli ask x -p a --config "$1" {closing}>&-',
            sys.executable,
            str(sim),
        ],
        env=process.environment(),
        capture_output=True,
        timeout=20,
    )
    assert b"Traceback" not in ended.stderr
    if closing == "1":
        assert ended.returncode == 2 and b"standard output is closed" in ended.stderr
    else:
        assert ended.returncode == 0 and b"Simulated answer" in ended.stdout


def test_a_disk_that_fills_while_the_results_are_written(process: Any, sim: Path, tmp_path: Path) -> None:
    """The results are printed, so that nothing paid for is lost, and the file is not half there."""
    target, no_cache = tmp_path / "out.json", {"PYTHONDONTWRITEBYTECODE": "1"}

    def tiny() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    ended = process("compare", "x", "-p", "a", "-o", target, "--config", sim, preexec_fn=tiny, env=no_cache)
    assert ended.code == 2 and ended.json["results"][0]["status"] == "ok"
    assert "cannot be written" in ended.err and "nothing is lost" in ended.err
    assert list(tmp_path.glob("*out.json*")) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_ask_keeps_what_came(process: Any, config_for: Any, sent: signal.Signals) -> None:
    with simulator_in_thread(pace=0.3) as slow:
        started = process.start("ask", "x", "-p", "stall", "-t", "off", "--config", config_for(slow.base_url))
        begun = read_until(started.stdout, b" ")
        started.send_signal(sent)
        rest, err = started.communicate(timeout=20)
    assert started.returncode == 130
    assert (begun + rest).endswith(b"\n")
    assert b"interrupted" in err and b"Traceback" not in err


def test_interrupting_compare_prints_all_results(process: Any, sim: Path, simulator: Any) -> None:
    before = len(simulator.requests)
    started = process.start("compare", "x", "-p", "a", "-p", "stall", "-p", "silent", "--json", "--config", sim)
    deadline = time.monotonic() + 20
    while sum(r.status is not None for r in simulator.requests[before:]) < 2 or len(simulator.requests) < before + 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=20)
    assert started.returncode == 130
    done, cut, silent = json.loads(out)["results"]
    # The server had sent all of the first; whether the client had read it yet, nothing tells.
    assert done["status"] in ("ok", "cancelled")
    assert (cut["status"], silent["status"]) == ("cancelled", "cancelled")
    assert cut["error"]["kind"] == "cancelled" and cut["usage"]["output_tokens"] is None
    assert silent["answer"] == "" and b"interrupted" in err


def test_interrupting_twice_is_quiet(process: Any, sim: Path, simulator: Any) -> None:
    before = len(simulator.requests)
    started = process.start("ask", "x", "-p", "silent", "--config", sim)
    deadline = time.monotonic() + 20
    while len(simulator.requests) == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=20)
    assert started.returncode == 130 and b"Traceback" not in err


def test_interrupting_while_the_prompt_is_read(process: Any, sim: Path) -> None:
    started = process.start("ask", "-", "-p", "a", "--config", sim, stdin=subprocess.PIPE)
    started.stdin.write(b"x" * 1_000_000)  # returns when it has been read, but for what a pipe holds
    started.stdin.flush()
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=20)
    assert started.returncode == 130 and err == b""


def on_a_terminal(process: Any, *arguments: object, columns: int = 80, env: dict[str, str] | None = None) -> str:
    """Everything that a terminal gets, from both streams."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = {"COLUMNS": str(columns), "LINES": "24", "PAGER": "cat", **(env or {})}
    started = process.start(*arguments, stdin=slave, stdout=slave, stderr=slave, env=settings)
    os.close(slave)
    got = b""
    while True:
        try:
            piece = os.read(master, 65_536)
        except OSError:
            break
        if not piece:
            break
        got += piece
    os.close(master)
    assert started.wait(20) is not None
    return got.decode()


def test_ask_on_a_terminal_shows_reasoning_dim_and_a_receipt(process: Any, sim: Path) -> None:
    shown = on_a_terminal(process, "ask", "x", "-p", "a", "-t", "high", "--config", sim)
    plain = ESCAPES.sub("", shown).replace("\r\n", "\n")
    assert "\x1b[2m" in shown and "high → high → " in plain and "\n\n" in plain
    assert plain.index("Simulated answer") < plain.index("tok/s")


def test_no_color_has_no_colour(process: Any, sim: Path) -> None:
    for arguments in (("ask", "x", "-p", "a", "-t", "high"), ("compare", "x", "-p", "a")):
        shown = on_a_terminal(process, *arguments, "--config", sim, env={"NO_COLOR": "1"})
        colours = {code for code in re.findall(r"\x1b\[([0-9;]*)m", shown) if re.search(r"(^|;)[34]\d", code)}
        assert not colours


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_the_live_view_leaves_nothing_behind_and_fits(process: Any, sim: Path, columns: int) -> None:
    shown = on_a_terminal(process, "compare", "x", "-p", "trio", "--config", sim, columns=columns)
    assert "Ctrl-C stops" in shown  # it was there
    assert "\x1b[?25h" in shown  # and gave the cursor back
    last = ESCAPES.sub("", shown.rpartition("\x1b[?25h")[2]).replace("\r\n", "\n").lstrip("\r")
    assert "Ctrl-C" not in last and "3 ok" in last
    assert max(map(len, last.split("\n"))) <= columns
