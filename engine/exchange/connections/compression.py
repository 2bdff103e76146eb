"""Which compressed bodies this installation can read. We ask for none, and servers send some all the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from functools import cache
from importlib.util import find_spec

from .errors import UnreadableCodingError, read_errors

PACKAGES = {
    "br": ("brotli", ("brotli", "brotlicffi")),
    "zstd": ("backports.zstd", ("compression.zstd", "backports.zstd")),
}
"""What to install for a coding, and the modules of which one reads it."""

TAKEN_AT_ONCE = 2**16

ALWAYS = frozenset({"", "identity", "gzip", "deflate"})


def body_of(chunks: AsyncIterator[bytes], header: str | None) -> AsyncIterator[bytes]:
    """A body as it was before it was packed. `header` is its `content-encoding`."""
    if not header or header.strip().lower() == "identity":
        return chunks
    coding = unreadable_coding(header)
    return unreadable(coding) if coding else _unpacked(chunks, header)


async def _unpacked(chunks: AsyncIterator[bytes], header: str) -> AsyncIterator[bytes]:
    import httpx2  # here: we ask for bodies that are not packed

    with read_errors():
        packed = httpx2.Response(200, headers={"content-encoding": header}, content=chunks)
        async for chunk in in_turns(packed.aiter_bytes()):
            yield chunk


async def in_turns(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes, no more of them at once than arrive of a body that is not packed, and others have their turn.

    A thousandth of what a body says may have come of it: all of the rest is there before anything is waited for.
    """
    from asyncio import sleep

    async for chunk in chunks:
        for at in range(0, len(chunk), TAKEN_AT_ONCE):
            yield chunk[at : at + TAKEN_AT_ONCE]
            if len(chunk) > TAKEN_AT_ONCE:
                await sleep(0)


def unreadable_coding(header: str | None) -> str | None:
    """The coding of a `content-encoding` header that cannot be read; None when all can."""
    if not header:
        return None
    codings = (coding.strip().lower() for coding in header.split(","))
    return next((coding[:60] for coding in codings if not _can_be_read(coding)), None)


async def unreadable(coding: str) -> AsyncIterator[bytes]:
    """A body that nobody can read: the error comes with its first byte, so that the status is not lost."""
    package = PACKAGES.get(coding, (None,))[0]
    remedy = f" (pip install {package})" if package else ""
    raise UnreadableCodingError(f"it is compressed as {coding!r}, which cannot be read here{remedy}")
    yield b""


@cache
def _can_be_read(coding: str) -> bool:
    return coding in ALWAYS or any(map(_is_there, PACKAGES.get(coding, ("", ()))[1]))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # not even the package around it
        return False
