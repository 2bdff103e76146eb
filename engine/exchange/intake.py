"""The bytes of one response on their way in: without our credentials, taken down, and no more than the bound."""

from __future__ import annotations

from collections.abc import Callable

from ...providers.framing.sse import MAX_BODY_BYTES
from .body import Bound
from .secrets import Secrets

MAX_RESPONSE_BYTES = MAX_BODY_BYTES
"""How much of one response is taken in all, as a stream or as a whole body."""


class Intake:
    """Gives what may be read of each chunk; `received` hears the same. Only the end may be held back until `close`."""

    __slots__ = ("_bound", "_received", "_redactor")

    def __init__(self, secrets: Secrets, received: Callable[[bytes], None] | None) -> None:
        self._redactor = secrets.redactor()
        self._received = received
        self._bound = Bound(MAX_RESPONSE_BYTES, "the response")

    def take(self, chunk: bytes) -> bytes:
        """What may be read now. Raises `TooLargeError`."""
        return self._given(self._redactor.feed(self._bound.take(chunk)))

    def close(self) -> bytes:
        """What was held back, once."""
        return self._given(self._redactor.close())

    def _given(self, data: bytes) -> bytes:
        if data and self._received is not None:
            self._received(data)
        return data
