"""What a run tells whoever watches it: what its calls tell, and each result."""

from __future__ import annotations

from typing import Protocol

from ...providers.errors import Failure
from ...providers.schema import Delta
from ..exchange.observer import CallObserver
from ..results.result import Result


class Observer(CallObserver, Protocol):
    """Hears about each call by its index in the run, on the event loop: an implementation must return quickly."""

    def finished(self, index: int, result: Result) -> None: ...


class Silent:
    """Hears and does nothing."""

    def started(self, index: int, attempt: int) -> None:
        pass

    def delta(self, index: int, delta: Delta) -> None:
        pass

    def waiting(self, index: int, seconds: float, failure: Failure) -> None:
        pass

    def finished(self, index: int, result: Result) -> None:
        pass
