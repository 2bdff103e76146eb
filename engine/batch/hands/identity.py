"""What a worker is: its code, its prices, its place. Workers that differ from the driver get no calls."""

from __future__ import annotations

import os
import socket
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...costs.prices.price_table import cache_file
from ...runs.descriptors import room_for
from .messages import WorkerGreeting

MOST_CALLS = 4096
"""Calls under way in one worker, where there are as many file descriptors."""


def greeting(seal: str = "") -> WorkerGreeting:
    """What this process says of itself."""
    return WorkerGreeting(
        code_version(), prices_version(), socket.gethostname(), os.getpid(), room_for(MOST_CALLS), seal
    )


def code_version() -> str:
    """The version of this program, and a digest of the code that is really there: clones have one version for long."""
    root, digest = Path(__file__).resolve().parents[3], sha256()
    for folder in ("engine", "providers", "profiles"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return f"{installed_version()} ({digest.hexdigest()[:8]})"


def installed_version() -> str:
    """The version as it is installed where this runs."""
    try:
        return version("thinkdial")
    except PackageNotFoundError:
        return "unknown"


def prices_version() -> str:
    """Which price table is in use here: the installed one, or the one that `prices update` has fetched."""
    try:
        fetched = sha256(cache_file().read_bytes()).hexdigest()[:8]
    except OSError:
        fetched = "as installed"
    return f"{version('genai-prices')} ({fetched})"
