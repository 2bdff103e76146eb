"""Which process of which machine wrote something, and whether it still runs."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from msgspec import Struct


class Process(Struct, frozen=True):
    """A process as others can look for it. `began` tells it from a later one of the same number; empty is unknown."""

    machine: str
    pid: int
    began: str = ""


def this_process() -> Process:
    """The process that this runs in."""
    pid = os.getpid()
    return Process(this_machine(), pid, _began(pid))


@cache
def this_machine() -> str:
    """All processes that see the same process ids, and no others: hosts and containers may share a home directory.

    The name alone does not do: containers of one image share it, and so do machines called localhost.
    """
    import socket

    parts = [socket.gethostname()]
    if sys.platform == "linux":
        parts += [_text("/proc/sys/kernel/random/boot_id"), _link("/proc/self/ns/pid")]
    else:
        import uuid

        parts.append(f"{uuid.getnode():x}")
    return " ".join(part for part in parts if part)


def is_alive(process: Process) -> bool:
    """Whether a process may still run. Of another machine nobody can tell, so that it does until its time is over."""
    if process.machine != this_machine():
        return True
    if not is_running(process.pid):
        return False
    now = _began(process.pid)
    return not process.began or not now or now == process.began


def is_running(pid: int) -> bool:
    """Whether a process of this machine runs. Where that cannot be asked without harm, it is taken to."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _state(pid) != "Z"


def _state(pid: int) -> str:
    """`Z` is a process that has ended and whose parent has not asked for it yet (proc(5), the third field)."""
    return _after_name(_text(f"/proc/{pid}/stat"))[:1]


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine did (proc(5), field 22); empty where nobody says."""
    fields = _after_name(_text(f"/proc/{pid}/stat")).split()
    return fields[19] if len(fields) > 19 else ""


def _after_name(stat: str) -> str:
    return stat.rpartition(") ")[2]


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("ascii", "replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return Path(path).readlink().name
    except OSError:
        return ""
