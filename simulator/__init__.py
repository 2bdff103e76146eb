"""A stand-in for the vendors on loopback, for the demo, for trying things offline, for tests: nothing in it is real."""

from __future__ import annotations

from .answers.arms import KnownArm
from .batches.logged import LoggedBatch, LoggedRow, row_digest
from .calls.faults import BATCH_FAULTS
from .calls.faults import MENU as FAULTS
from .server.limits import RateLimits
from .server.log import LoggedRequest
from .server.simulator import DEMO_PACE, Simulator, running_simulator, serve_forever, simulator_in_thread
from .vendors.compatible.arms import ARMS

__all__ = [
    "ARMS",
    "BATCH_FAULTS",
    "DEMO_PACE",
    "FAULTS",
    "KnownArm",
    "LoggedBatch",
    "LoggedRequest",
    "LoggedRow",
    "RateLimits",
    "Simulator",
    "row_digest",
    "running_simulator",
    "serve_forever",
    "simulator_in_thread",
]
