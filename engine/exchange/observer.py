"""What the engine tells whoever watches a run. Everything is optional to hear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ...providers.errors import Failure
from ...providers.schema import Delta, Result

if TYPE_CHECKING:
    from ..planning.prepare import Prepared


class Observer(Protocol):
    """Hears about each call by its index in the run, on the event loop: an implementation must return quickly."""

    def started(self, index: int, attempt: int) -> None: ...

    def delta(self, index: int, delta: Delta) -> None: ...

    def waiting(self, index: int, seconds: float, failure: Failure) -> None: ...

    def finished(self, index: int, result: Result) -> None: ...


class Tape(Protocol):
    """Takes down what comes over the wire, by the call's index. It returns at once and raises nothing.

    `begin` is told when a request has left in full; `opened` when a response begins, with its lower-case headers, and
    makes everything before it, an earlier attempt, void. The bytes of `received` hold no credential of ours.
    """

    def begin(self, index: int, prepared: Prepared) -> None: ...

    def opened(self, index: int, status: int, headers: Mapping[str, str]) -> None: ...

    def received(self, index: int, data: bytes) -> None: ...


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
