"""A program as a check: it gets the answer on its standard input, and passes by ending with 0."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct

from ...profiles.checks.definitions import CommandCheck
from ...providers.untrusted import one_line

KEPT_BYTES = 4096
MOST_BYTES = 8 * 2**20
"""What a program may print; with more it is ended, and nothing is known."""

LONGEST_SAID = 160
PIECE = 65_536
LAST_WORDS_S = 0.2
"""How long what it has printed is still waited for, once it has ended."""


class Judged(Struct, frozen=True):
    """Whether an answer passes, and why not; None is not known."""

    passed: bool | None
    note: str | None = None


async def judge_by_command(check: CommandCheck, answer: str, environment: Mapping[str, str]) -> Judged:
    """What the program says of `answer`. It is ended, with all that it has begun, when its time is over.

    It runs without a shell, in the working directory, and in `environment` alone. That it cannot be started, is killed
    or takes too long is not known to be the answer's fault.
    """
    name = check.argv[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *check.argv, stdin=PIPE, stdout=PIPE, stderr=STDOUT, env=dict(environment), start_new_session=True
        )
    except (OSError, ValueError) as error:
        return Judged(None, f"{name} cannot run: {getattr(error, 'strerror', None) or error}")
    said = bytearray()
    try:
        async with asyncio.timeout(check.timeout_s):
            feeding = asyncio.create_task(_feed(process, answer))
            hearing = asyncio.create_task(_hear(process, said))
            ending = asyncio.create_task(_ended(process))
            try:
                await asyncio.wait({ending, hearing}, return_when=asyncio.FIRST_COMPLETED)
                if hearing.done() and not hearing.result():
                    return Judged(None, f"{name} printed more than {MOST_BYTES // 2**20} MiB, and was ended")
                code = await ending
                await asyncio.wait({hearing}, timeout=LAST_WORDS_S)  # what it has left behind may keep the pipe open
            finally:
                for task in (feeding, hearing, ending):
                    task.cancel()
    except TimeoutError:
        return Judged(None, f"{name} did not end within {check.timeout_s:g} s")
    finally:
        await _end(process)
    return _judged(name, code, bytes(said))


def _judged(name: str, code: int, said: bytes) -> Judged:
    if code == 0:
        return Judged(True)
    if code < 0:
        return Judged(None, f"{name} was ended by {_signal_name(-code)}")
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    words = one_line(lines[-1], LONGEST_SAID) if lines else "it said nothing"
    return Judged(False, f"{name} ended with {code}: {words}")


async def _feed(process: Process, answer: str) -> None:
    """Give it the answer; it need not take it."""
    if (pipe := process.stdin) is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(answer.encode("utf-8", "replace"))
        await pipe.drain()
    pipe.close()


async def _hear(process: Process, said: bytearray) -> bool:
    """Keep the end of what it prints. False once that is too much."""
    if (pipe := process.stdout) is None:
        return True
    total = 0
    while data := await pipe.read(PIECE):
        total += len(data)
        if total > MOST_BYTES:
            return False
        said += data
        del said[:-KEPT_BYTES]
    return True


async def _end(process: Process) -> None:
    """End what still runs of it, and of what it has begun."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    await _ended(process)
    process._transport.close()  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]


async def _ended(process: Process) -> int:
    """Its exit code, as soon as it has ended: `wait` would wait for its pipes too, which others may hold."""
    pause_s = 0.001
    while process.returncode is None:
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.02)
    return process.returncode


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
