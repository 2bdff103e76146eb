"""`--processes`: workers that are processes on this machine, each at the other end of a pair of sockets."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from subprocess import TimeoutExpired

from ....providers.errors import UsageError
from .channel import FrameSocket, opened_channel
from .child import LINGER_S, PROGRAM, Child, begin
from .crew import Crew
from .messages import Secret

END_S = 3.0
"""How long a worker has to end by itself."""

LEAST_LIFE_S = 2.0
"""A process that has lived for less is not replaced: the next one would die as well."""


def sealed_for_child(secret: Secret, seal: str) -> bytes:
    """A secret for a process of ours, over a socket that nobody else can read."""
    return pickle.dumps(secret, protocol=5)


@asynccontextmanager
async def local_workers(
    crew: Crew, count: int, *, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[list[Child]]:
    """`count` workers for `crew`; one that dies is replaced. Raises `UsageError` where there can be none."""
    if sys.platform == "win32":
        raise UsageError("--processes needs pairs of sockets, which Windows has not", hint="leave it out")
    carrier = _Carrier(crew, environment)

    async def begin_all() -> None:
        for _ in range(count):
            await carrier.add()

    crew.begin = begin_all
    try:
        yield carrier.children
    finally:
        await crew.close()
        await carrier.close()


class _Carrier:
    def __init__(self, crew: Crew, environment: Mapping[str, str] | None) -> None:
        self._crew, self._environment = crew, environment
        self._loop = asyncio.get_running_loop()
        self._closing = False
        self._adding: set[asyncio.Task[None]] = set()
        self.children: list[Child] = []

    async def add(self) -> None:
        """Begin one more."""
        child, began = begin(PROGRAM, environment=self._environment), self._loop.time()
        self.children.append(child)
        link = _LocalLink(f"process {child.process.pid}")
        member = self._crew.joined(link)

        def heard(frame: bytes) -> None:
            self._crew.heard(member, frame)

        def ended() -> None:
            if self._closing:
                return
            self._crew.gone(member, _how_it_ended(child))
            if self._loop.time() - began > LEAST_LIFE_S:
                task = self._loop.create_task(self.add())
                self._adding.add(task)
                task.add_done_callback(self._adding.discard)
            elif all(one.process.poll() is not None for one in self.children):
                self._crew.fail("no worker process lives")

        link.channel = await opened_channel(child.sock, heard, ended)

    async def close(self) -> None:
        """End all."""
        self._closing = True
        for task in self._adding:
            task.cancel()
        await asyncio.gather(
            *(self._loop.run_in_executor(None, child.end, END_S) for child in self.children), return_exceptions=True
        )


class _LocalLink:
    """The way to one process."""

    linger_s = LINGER_S

    def __init__(self, name: str) -> None:
        self.name = name
        self.channel: FrameSocket | None = None

    def send(self, frame: bytes) -> None:
        if self.channel is not None:
            self.channel.send(frame)

    def close(self) -> None:
        if self.channel is not None:
            self.channel.close()


def _how_it_ended(child: Child) -> str:
    try:
        code = child.process.wait(0.2)
    except TimeoutExpired:
        return "its socket is closed"
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
