"""A process that has everything imported, and forks for each command that a test starts.

A cold start of Python and our libraries costs half a second of a processor; a fork of this process costs three
thousandths. From `main()` on a fork runs what a process of its own would: its streams, arguments, working directory,
environment, session and process group are those that were asked for, and it gets signals under a pid of its own. Left
out are the imports before, and that modules are taken apart at the end. What a test says about these, or about
streams that are not there, is of a real process (`child.py` chooses).

Nothing runs beside: no thread, no loop. All workers of a test run share one server. A connection brings one request,
a length of eight bytes and JSON: what is to run, with three descriptors; the pid to `reap`, of what has ended; or
`hold`, which keeps the server as long as the connection is open.
"""

from __future__ import annotations

import atexit
import gc
import importlib.util
import io
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, NoReturn

LENGTH = struct.Struct("!Q")
STREAMS = ("stdin", "stdout", "stderr")
ROOMS = ("cli", "engine", "profiles", "providers", "simulator")
OF_EXTRAS = ("browser", "cluster", "transports", "__main__")
"""Parts of the names of modules whose libraries hardly any command needs."""

OF_NO_MATTER = ("HOME", "XDG_")
"""Every test has its own: while modules are imported they only say where parsed texts are kept."""

KEPT: list[Any] = []
"""This module, which a fork calls `__main__` no more."""

OF_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "DYLD_", "MALLOC_", "TEST_")
"""What the interpreter, the loader and `sitecustomize` of the tests read before any of our code."""


class Noted:
    """The names that imports read in the environment: a command with another value for one of them cannot be a fork."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._get = os._Environ.__getitem__

    def __enter__(self) -> Noted:
        def noted(environment: Any, name: str) -> str:
            self.names.add(name)
            return self._get(environment, name)

        os._Environ.__getitem__ = noted  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        os._Environ.__getitem__ = self._get  # type: ignore[method-assign]


def serve(path: str) -> None:
    """Import, listen, and serve as long as somebody holds standard input or a connection open."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a fork takes it when it can, and this process never
    with Noted() as read:
        for module in modules():
            importlib.import_module(module)
    assert threading.active_count() == 1, threading.enumerate()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    gc.collect()
    gc.freeze()
    holders: list[Any] = [sys.stdin]
    while holders:
        ready = select.select([listener, *holders], [], [])[0]
        holders = [holder for holder in holders if holder not in ready]
        if listener not in ready:
            continue
        connection, _ = listener.accept()
        request, descriptors = received(connection)
        if "hold" in request:
            holders.append(connection)
            answer = 1
        elif "reap" in request:
            answer = os.waitpid(request["reap"], 0)[1]
        elif not is_alike(request["environment"], read.names):
            answer = 0
        elif (answer := os.fork()) == 0:
            for inherited in (connection, listener, *holders[1:]):
                inherited.close()
            run(request, descriptors)
        connection.sendall(LENGTH.pack(answer))
        for descriptor in descriptors:
            os.close(descriptor)
        if connection not in holders:
            connection.close()


def modules() -> Iterator[str]:
    import thinkdial

    for room in ROOMS:
        for found in pkgutil.walk_packages([f"{thinkdial.__path__[0]}/{room}"], f"thinkdial.{room}."):
            if not any(part in found.name for part in OF_EXTRAS):
                yield found.name


def is_alike(environment: dict[str, str], read: set[str]) -> bool:
    """Whether all that was read so far would have been the same in this environment."""
    names = {name for name in {*environment, *os.environ} if name.startswith(OF_THE_START)} | read
    return all(environment.get(name) == os.environ.get(name) for name in names if not name.startswith(OF_NO_MATTER))


def received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, len(STREAMS))
    body = bytearray()
    while len(body) < LENGTH.unpack(head)[0]:
        body += connection.recv(1 << 20)
    return json.loads(body), descriptors


def run(request: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Become the process that was asked for."""
    code = 1
    try:
        become(request, descriptors)
        code = ended()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def become(request: dict[str, Any], descriptors: list[int]) -> None:
    if request["session"]:
        os.setsid()
    elif request["group"] is not None:
        os.setpgid(0, request["group"])
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    if request["terminal"]:
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.umask(request["umask"])
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.SIG_IGN if request["uninterrupted"] else signal.default_int_handler)
    for number, name in enumerate(STREAMS):
        opened = stream(number, getattr(sys, name))
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)
    main = importlib.util.module_from_spec(found(f"{request['module']}.__main__"))
    main.__name__ = "__main__"
    sys.modules["__main__"], KEPT[:] = main, [sys.modules["__main__"]]
    sys.argv = [str(main.__file__), *request["arguments"]]
    sys.path[0] = str(Path.cwd())


def found(module: str) -> ModuleSpec:
    """The description of a module that `python -m` runs."""
    spec = importlib.util.find_spec(module)
    assert spec is not None, module
    return spec


def stream(number: int, like: Any) -> Any:
    """A standard stream as the interpreter makes it."""
    binary: Any = open(  # noqa: SIM115 - it stays open
        number, "rb" if number == 0 else "wb", closefd=False
    )
    binary.raw.name = f"<{STREAMS[number]}>"
    is_by_line = number == 2 or os.isatty(number)
    return io.TextIOWrapper(binary, like.encoding, like.errors, "\n", is_by_line)


def ended() -> int:
    """Run the command line. The exit code, after all that the interpreter does at an end but to take modules apart."""
    from thinkdial.cli.main import main

    code: Any = 0
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        main()
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            sys.stderr.write(f"{code}\n")
            code = 1
    except KeyboardInterrupt:
        sys.excepthook(*sys.exc_info())
        code = -signal.SIGINT
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for name in ("stdout", "stderr"):
        try:
            if (written := getattr(sys, name)) is not None and not written.closed:
                written.flush()
        except Exception:
            code = 120
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return int(code or 0) & 0xFF


if __name__ == "__main__":
    serve(sys.argv[1])
