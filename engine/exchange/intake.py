"""The bytes of one response on their way in: without our credentials, taken down, and no more than the bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...providers.framing.sse import MAX_BODY_BYTES, FramingError
from .secrets import Redactor

MAX_RESPONSE_BYTES = MAX_BODY_BYTES
"""How much of one response is taken in all, as a stream or as a whole body."""


class Intake:
    """Gives what may be read of each chunk; `received` hears the same. Only the end may be held back until `close`."""

    def __init__(self, secrets: Sequence[bytes], received: Callable[[bytes], None] | None) -> None:
        self._redactor = Redactor(secrets) if secrets else None
        self._received = received
        self._size = 0

    def take(self, chunk: bytes) -> bytes:
        """What may be read now. Raises `FramingError` for a response that is too large."""
        self._size += len(chunk)
        if self._size > MAX_RESPONSE_BYTES:
            raise FramingError(f"the response is larger than {MAX_RESPONSE_BYTES // 2**20} MiB")
        return self._given(chunk if self._redactor is None else self._redactor.feed(chunk))

    def close(self) -> bytes:
        """What was held back, once."""
        return self._given(b"" if self._redactor is None else self._redactor.close())

    def _given(self, data: bytes) -> bytes:
        if data and self._received is not None:
            self._received(data)
        return data
