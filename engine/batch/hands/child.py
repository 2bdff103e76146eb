"""A process of ours that talks to the one that has begun it over a socket it was given: a worker, say."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from subprocess import DEVNULL, Popen, TimeoutExpired

from ..interrupts import rare_collections, run_quickly
from .channel import FrameSocket, opened_channel
from .worker import CallWorker

LINGER_S = 0.003
"""How long results wait for others, on this machine."""

PROGRAM = f"from {__package__}.child import main; main()"


def begin(
    program: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None, *, quiet: bool = False
) -> Child:
    """Begin a process that runs `program`, which gets the number of its socket as its first argument.

    `quiet`: what it says of errors goes nowhere.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        os.set_inheritable(theirs.fileno(), True)
        argv = [sys.executable, "-P", "-c", program, str(theirs.fileno()), *arguments]
        process = Popen(  # noqa: S603 our own program
            argv, stdin=DEVNULL, stdout=DEVNULL, pass_fds=(theirs.fileno(),),
            stderr=DEVNULL if quiet else None, env=None if environment is None else dict(environment),
        )  # fmt: skip
    return Child(process, ours)


class Child:
    """A process that was begun, and our end of its socket."""

    def __init__(self, process: Popen[bytes], sock: socket.socket) -> None:
        self.process, self.sock = process, sock

    def end(self, within_s: float) -> None:
        """Wait for its end; after `within_s` seconds it is killed."""
        try:
            self.process.wait(within_s)
        except TimeoutExpired:
            self.process.kill()
            self.process.wait()


def alone() -> None:
    """Leave signals of the terminal to the process that has begun us: at its end we end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """Be a worker until the other end of the socket is gone."""
    alone()
    with rare_collections():
        run_quickly(_work(socket.socket(fileno=int(sys.argv[1]))))
    os._exit(0)  # nothing is left to be tidied, and imported libraries take their time


async def _work(sock: socket.socket) -> None:
    over = asyncio.Event()
    channel: FrameSocket | None = None

    def send(frame: bytes) -> None:
        if channel is not None:
            channel.send(frame)

    worker = CallWorker(send, linger_s=LINGER_S, unseal=lambda sealed: sealed)
    channel = await opened_channel(sock, worker.take, over.set)
    channel.send(worker.greeting.packed())
    await over.wait()
    with suppress(Exception):  # nobody is left to hear of it
        await worker.close()
