"""What carries frames between the driver of a batch and one worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .messages import Secret

Sealing = Callable[[Secret, str], bytes]
"""Makes of a secret what only the worker with this seal can read."""


class WorkerLink(Protocol):
    """The way to one worker. What comes from it goes to `Crew.heard`, its end to `Crew.gone`."""

    name: str
    linger_s: float
    """How long what is sent may wait for more."""

    def send(self, frame: bytes) -> None:
        """Hand a frame over; it returns at once, and raises nothing where the worker is gone."""
        ...

    def close(self) -> None:
        """Let the worker end."""
        ...
