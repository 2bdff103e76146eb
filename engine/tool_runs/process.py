"""A program that is none of ours, run within bounds: no shell, its own process group, a time and a size."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

from msgspec import Struct

MOST_PRINTED = 8 * 2**20
"""Bytes that a program may print; with more it is ended."""

PIECE = 65_536
LAST_WORDS_S = 0.2
"""How long what it has printed is still waited for, once it has ended."""


class ProgramEnd(Struct, frozen=True):
    """How a program ended: `code` is None where it was ended by us, or never began, and `problem` says why.

    `cause` is why it was ended by us: its time, or its size. `head` and `tail` are the first and the last bytes of what
    it printed, `size` is how many it printed.
    """

    code: int | None = None
    problem: str | None = None
    head: bytes = b""
    tail: bytes = b""
    size: int = 0
    cause: Literal["time", "size"] | None = None


async def run_bounded(
    argv: Sequence[str],
    given: bytes,
    environment: Mapping[str, str],
    timeout_s: float,
    *,
    head_bytes: int = 0,
    tail_bytes: int = 4096,
    most_bytes: int = MOST_PRINTED,
) -> ProgramEnd:
    """Run a program in the working directory, in `environment` alone, with `given` on its standard input.

    It is ended, with all that it has begun, when its time is over, when it prints too much, and when the caller is
    cancelled. Its errors are a part of what it prints.
    """
    name = argv[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=PIPE, stdout=PIPE, stderr=STDOUT, env=dict(environment), start_new_session=True
        )
    except (OSError, ValueError) as error:
        return ProgramEnd(problem=f"{name} cannot run: {getattr(error, 'strerror', None) or error}")
    said = _Said(head_bytes, tail_bytes, most_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            feeding = asyncio.create_task(_feed(process, given))
            hearing = asyncio.create_task(said.hear(process))
            ending = asyncio.create_task(has_ended(process))
            try:
                await asyncio.wait({ending, hearing}, return_when=asyncio.FIRST_COMPLETED)
                if hearing.done() and not hearing.result():
                    return said.end(None, f"{name} printed more than {size_words(most_bytes)}, and was ended", "size")
                code = await ending
                await asyncio.wait({hearing}, timeout=LAST_WORDS_S)  # what it has left behind may keep the pipe open
            finally:
                for task in (feeding, hearing, ending):
                    task.cancel()
    except TimeoutError:
        return said.end(None, f"{name} did not end within {timeout_s:g} s", "time")
    finally:
        await end_process(process)
    if code < 0:
        return said.end(code, f"{name} was ended by {signal_name(-code)}")
    return said.end(code, None)


def size_words(size: int) -> str:
    """`8 MiB`, `64 KiB`, `100 bytes`."""
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size:,} bytes"


class _Said:
    """What a program prints, as far as it is kept."""

    def __init__(self, head_bytes: int, tail_bytes: int, most_bytes: int) -> None:
        self._head_bytes, self._tail_bytes, self._most = head_bytes, tail_bytes, most_bytes
        self._head, self._tail, self._size = bytearray(), bytearray(), 0

    async def hear(self, process: Process) -> bool:
        """Listen to the end. False once it is too much."""
        if (pipe := process.stdout) is None:
            return True
        while data := await pipe.read(PIECE):
            self._size += len(data)
            self._head += data[: max(0, self._head_bytes - len(self._head))]
            if self._size > self._most:
                return False
            if self._tail_bytes:
                self._tail += data
                del self._tail[: -self._tail_bytes]
        return True

    def end(self, code: int | None, problem: str | None, cause: Literal["time", "size"] | None = None) -> ProgramEnd:
        return ProgramEnd(code, problem, bytes(self._head), bytes(self._tail), self._size, cause)


async def _feed(process: Process, given: bytes) -> None:
    """Give it its input; it need not take it."""
    if (pipe := process.stdin) is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(given)
        await pipe.drain()
    pipe.close()


async def end_process(process: Process) -> None:
    """End what still runs of it, and of what it has begun."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await has_ended(process)
    process._transport.close()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]


async def has_ended(process: Process) -> int:
    """Its exit code, as soon as it has ended: `wait` would wait for its pipes too, which others may hold."""
    pause_s = 0.001
    while process.returncode is None:
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.02)
    return process.returncode


def signal_name(number: int) -> str:
    """The name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
