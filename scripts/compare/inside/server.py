"""Runs in an interpreter that has thinkdial: forks a process for each command, as `python -m thinkdial.cli` would be.

What takes most of a command's CPU is importing other people's libraries. Here they are imported once; thinkdial itself
is not, so each command begins with modules of its own. Requests come as JSON over the socket on standard input, with
the three standard streams as descriptors; pids and exit codes go back.

Two things are not as they are for users. A connection to anywhere else than this machine fails. And, when a command is
to be `steady`, code of thinkdial reads a monotonic clock that goes in steps of half a minute, and throws dice that
always show the same: durations differ between any two runs, and their width moves whole tables. Everybody else has the
true ones (timeouts of asyncio, say).
"""

from __future__ import annotations

import gc
import importlib
import ipaddress
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

LIBRARIES = (
    "aiohttp", "anyio", "anyio._backends._asyncio", "anyio.streams.tls", "asyncio", "genai_prices.data",
    "genai_prices.data_snapshot", "h11", "httpcore2", "httpx2", "jinja2", "jsonschema", "markdown_it", "orjson",
    "platformdirs", "pydantic", "regex", "rich._unicode_data", "rich.console", "rich.live", "rich.markdown",
    "rich.panel", "rich.table", "sniffio", "sqlite3", "truststore", "typer", "typer.main", "uvloop", "yaml", "zoneinfo",
)  # fmt: skip
STEP_S = 30.0
MOST_BYTES = 1 << 20


def serve(requests: socket.socket) -> None:
    """Fork for every request until the socket is closed. Returns in the children, ready to be a command."""
    ended, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    alive: set[int] = set()
    while True:
        ready, _, _ = select.select([requests, ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            alive -= set(_reaped(requests))
        if requests in ready:
            text, descriptors, _, _ = socket.recv_fds(requests, MOST_BYTES, 3)
            if not text:
                for pid in alive:
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(
                    signal.SIGINT, signal.default_int_handler
                )  # ignored by what a shell runs in the background
                for descriptor in (requests.fileno(), ended, woken):
                    os.close(descriptor)
                requests.detach()
                _become(json.loads(text), descriptors)
                return
            for descriptor in descriptors:
                os.close(descriptor)
            alive.add(pid)
            _tell(requests, {"started": pid})


def _reaped(requests: socket.socket) -> Iterator[int]:
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            _tell(requests, {"ended": found[0], "code": os.waitstatus_to_exitcode(found[1])})
            yield found[0]


def _tell(requests: socket.socket, message: dict[str, int]) -> None:
    with suppress(OSError):
        requests.sendall(json.dumps(message).encode() + b"\n")


def _become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Take over streams, directory, environment and arguments of the command."""
    if request["terminal"]:
        os.setsid()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    for descriptor in {*descriptors} - {0, 1, 2}:
        os.close(descriptor)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, f"__{name}__")
        mode = {"encoding": before.encoding, "errors": before.errors}
        stream = open(number, "r" if number == 0 else "w", closefd=False, **mode)  # noqa: SIM115
        if number:
            stream.reconfigure(line_buffering=number == 2 or os.isatty(number))
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.path[0] = request["directory"]
    sys.argv = ["-m", *request["arguments"]]
    if request["steady"]:
        time.monotonic = _for_thinkdial(time.monotonic, _in_steps(time.monotonic))
        time.perf_counter = _for_thinkdial(time.perf_counter, _in_steps(time.perf_counter))
        random.random = _for_thinkdial(random.random, lambda: 0.5)


def _for_thinkdial(theirs: Callable[[], float], ours: Callable[[], float]) -> Callable[[], float]:
    def read() -> float:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        return ours() if caller.partition(".")[0] == "thinkdial" else theirs()

    return read


def _in_steps(clock: Callable[[], float]) -> Callable[[], float]:
    began = clock()
    return lambda: began + (clock() - began) // STEP_S * STEP_S


def _stay_here() -> None:
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ipaddress.ip_address(address[0]).is_loopback:
            raise OSError(f"a comparison does not call {address[0]}")
        connect(self, address)

    socket.socket.connect = connect_here  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parent))
    for library in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(library)
    _stay_here()
    gc.freeze()
    serve(socket.socket(fileno=os.dup(0)))
    runpy.run_module("thinkdial.cli", run_name="__main__", alter_sys=True)
