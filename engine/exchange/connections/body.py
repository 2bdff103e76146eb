"""The body of a response, read as a whole and no further than a bound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from .errors import SlowBodyError, TransportError

MAX_ERROR_BODY_BYTES = 1024 * 1024
ERROR_BODY_S = 10.0
"""Seconds for the body of an error: its status already says what matters."""


LOOK_UP_S = 120.0
"""Seconds for the body of what is looked up beside calls: a list of models, prices, facts."""


class TooLargeError(ValueError):
    """A body that is larger than its bound."""


class Bound:
    """Counts the bytes of one body. `what` it is, is said when there are too many."""

    __slots__ = ("_left", "_most_bytes", "_what")

    def __init__(self, most_bytes: int, what: str) -> None:
        self._most_bytes = self._left = most_bytes
        self._what = what

    def take(self, chunk: bytes) -> bytes:
        """`chunk`. Raises `TooLargeError` where it is one too many."""
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLargeError(f"{self._what} is larger than {self._most_bytes // 2**20} MiB")
        return chunk


async def read_body(
    chunks: AsyncIterator[bytes], most_bytes: int, what: str = "the answer", within_s: float | None = None
) -> bytes:
    """All of a body. Raises `TooLargeError`, `SlowBodyError`, and what the transport raises."""
    import asyncio

    bound = Bound(most_bytes, what)
    try:
        async with asyncio.timeout(within_s):
            return b"".join([bound.take(chunk) async for chunk in chunks])
    except TimeoutError:
        raise SlowBodyError(f"{what} is not whole after {within_s:g} s") from None


async def read_error_body(chunks: AsyncIterator[bytes]) -> bytes:
    """The body of an error, as far as it comes and the bounds reach: the status is not lost with its end."""
    import asyncio  # here: the bound is also for what is read from the history, without a loop or a client

    body = bytearray()
    with suppress(TimeoutError, TransportError):
        async with asyncio.timeout(ERROR_BODY_S):
            async for chunk in chunks:
                body += chunk
                if len(body) > MAX_ERROR_BODY_BYTES:
                    break
    return bytes(body[:MAX_ERROR_BODY_BYTES])
