"""A loopback stand-in for the vendors, for the demo, for trying pipelines offline, and for tests. Nothing here is real.

Paths below the base URL: `/anthropic`, `/openai/v1`, `/google`, `/compatible/v1`. Faults: see `faults`.
Models: see `models`.
"""

from __future__ import annotations

from .faults import MENU as FAULTS
from .log import LoggedRequest
from .server import DEMO_PACE, Simulator, running_simulator, serve_forever, simulator_in_thread

__all__ = [
    "DEMO_PACE",
    "FAULTS",
    "LoggedRequest",
    "Simulator",
    "running_simulator",
    "serve_forever",
    "simulator_in_thread",
]
