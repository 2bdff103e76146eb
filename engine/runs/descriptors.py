"""How many calls this process has file descriptors for: each takes one, and macOS gives 256 to all that it opens."""

from __future__ import annotations

import os

SPARE = 48
"""Those that are not for calls: the history, rows, results, logs and modules that are still to be read."""


def room_for(calls: int) -> int:
    """As many of `calls` at once as there are file descriptors for, and at least one."""
    limit = _limit()
    return calls if limit is None else max(1, min(calls, limit - SPARE - _in_use()))


def _limit() -> int | None:
    """How many files this process may have open; None where nobody says."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _in_use() -> int:
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 it is only counted
    except OSError:
        return SPARE
