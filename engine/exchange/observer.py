"""What a call tells whoever watches it, and whoever takes it down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ...providers.errors import Failure
from ...providers.schema import Delta
from ..planning.prepare import Prepared


class CallObserver(Protocol):
    """Hears about each call by its index in the run, on the event loop: an implementation must return quickly."""

    def started(self, index: int, attempt: int) -> None: ...

    def delta(self, index: int, delta: Delta) -> None: ...

    def waiting(self, index: int, seconds: float, failure: Failure) -> None: ...


class Tape(Protocol):
    """Takes down what comes over the wire, by the call's index. It returns at once and raises nothing.

    `begin` is told when a request has left in full; `opened` when a response begins, with its lower-case headers, and
    makes everything before it, an earlier attempt, void. The bytes of `received` hold no credential of ours. `withheld`
    is told when they hold one in pieces: nothing of this response may be kept. `is_behind`: so much is not stored
    yet that a moment's rest saves memory.
    """

    @property
    def is_behind(self) -> bool: ...

    def begin(self, index: int, prepared: Prepared) -> None: ...

    def opened(self, index: int, status: int, headers: Mapping[str, str]) -> None: ...

    def received(self, index: int, data: bytes) -> None: ...

    def withheld(self, index: int) -> None: ...


class CallPurse(Protocol):
    """What one call may cost. `take` adds up while it streams, and says whether that is more than it may.

    `again` asks for what another attempt with `prepared` may cost, and gives what may be sent, perhaps with a lower
    output limit, or why nothing may. `lost`: the attempt before may have been billed, and nobody will say how much.
    """

    def take(self, delta: Delta) -> bool: ...

    async def again(self, prepared: Prepared, *, lost: bool) -> Prepared | Failure: ...
