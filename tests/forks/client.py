"""What asks the server for a process: for tests (`child.py`), and as the program that shells call `thinkdial`.

As a program it hands its own streams over, passes signals on and ends as its process ends; it imports next to nothing.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any

LENGTH = struct.Struct("!Q")
PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def asked(path: str, request: dict[str, Any], descriptors: Sequence[int] = ()) -> int:
    """The server's answer: a pid, 0 where the command has to be a process of its own, or the status of one reaped."""
    with socket.socket(socket.AF_UNIX) as connection:
        return _asked(connection, path, request, descriptors)


def held(path: str) -> socket.socket:
    """A connection that keeps the server until it is closed."""
    connection = socket.socket(socket.AF_UNIX)
    _asked(connection, path, {"hold": True}, ())
    return connection


def _asked(connection: socket.socket, path: str, request: dict[str, Any], descriptors: Sequence[int]) -> int:
    connection.connect(path)
    body = json.dumps(request).encode()
    head = LENGTH.pack(len(body))
    if descriptors:
        socket.send_fds(connection, [head], descriptors)
    else:
        connection.sendall(head)
    connection.sendall(body)
    answer = bytearray()
    while len(answer) < LENGTH.size:
        piece = connection.recv(LENGTH.size - len(answer))
        if not piece:
            raise ConnectionError("the server of forks has ended")
        answer += piece
    return LENGTH.unpack(answer)[0]


def wish(module: str, arguments: Sequence[str], environment: dict[str, str], **more: Any) -> dict[str, Any]:
    """A request for a process like one that this process would start itself."""
    os.umask(mask := os.umask(0o077))
    return {
        "module": module,
        "arguments": [*arguments],
        "environment": environment,
        "cwd": os.getcwd(),  # noqa: PTH109 - pathlib is not imported for it
        "umask": mask,
        "uninterrupted": signal.getsignal(signal.SIGINT) == signal.SIG_IGN,
        "session": False,
        "terminal": False,
        "group": None,
        **more,
    }


def main(path: str, module: str) -> None:
    """Be `python -m MODULE` with the arguments of this process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until there is somebody to pass them on to
    request = wish(module, sys.argv[1:], dict(os.environ), group=0)
    pid = asked(path, request, (0, 1, 2))
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])  # noqa: S606
    descriptor = os.pidfd_open(pid)
    for number in PASSED_ON:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: signal.pidfd_send_signal(descriptor, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    select.select([descriptor], [], [])
    code = os.waitstatus_to_exitcode(asked(path, {"reap": pid}))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
