"""Which compressed bodies this installation can read. We ask for none, and servers send some all the same."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .errors import DecodingError, UnreadableCodingError, read_errors, words_of

PACKAGES = {
    "br": ("brotli", ("brotli", "brotlicffi")),
    "zstd": ("backports.zstd", ("compression.zstd", "backports.zstd")),
}
"""What to install for a coding, and the modules of which one reads it."""

TAKEN_AT_ONCE = 2**16

GZIP = b"\x1f\x8b"
"""What each of its members begins with (RFC 1952, 2.3.1)."""

_GZIP, _ZLIB, _BARE = 31, 15, -15
"""Windows of zlib: of what is around the same stream."""

MOST_CODINGS = 5
"""One over the other; nobody means more."""

_ENOUGH = 2
"""Bytes that tell them apart."""

_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
ALWAYS = frozenset(("", "identity", *_WINDOWS))


def packing_of(headers: Mapping[str, str]) -> str:
    """The codings of a body in the order in which they were applied, those of its transfer but for chunks included."""
    packed = headers.get("content-encoding", "")
    sent = headers.get("transfer-encoding")
    if sent is None or sent.lower() == "chunked":
        return packed
    others = (coding for coding in sent.split(",") if coding.strip().lower() not in ("chunked", "identity"))
    return ",".join((packed, *others))


def body_of(chunks: AsyncIterator[bytes], packing: str) -> AsyncIterator[bytes]:
    """A body as it was before it was packed, by its `packing_of`. One that is cut raises `DecodingError` at its end."""
    codings = _codings(packing)
    if len(codings) > MOST_CODINGS:
        return unreadable(f"{', '.join(codings[:MOST_CODINGS])}, …")
    for coding in codings:
        if not _can_be_read(coding):
            return unreadable(coding)
    for coding in reversed(codings):
        if coding in _WINDOWS:
            chunks = _inflated(chunks, _WINDOWS[coding])
        else:
            chunks = _from_brotli(chunks) if coding == "br" else _unpacked(chunks, coding)
    return chunks


async def _inflated(chunks: AsyncIterator[bytes], window: int) -> AsyncGenerator[bytes]:
    """One stream of zlib, or for gzip any number of them (RFC 1952, 2.2); what is none behind it is left out."""
    import zlib
    from asyncio import sleep

    unpacker: Any = None
    held = b""
    async for chunk in chunks:
        data, held = held + chunk, b""
        if unpacker is None:
            if len(data) < _ENOUGH:
                held = data
                continue
            unpacker = zlib.decompressobj(window if window == _GZIP or _is_zlib(data) else _BARE)
        while data and not (unpacker.eof and (window != _GZIP or data[0] != GZIP[0])):
            unpacker = zlib.decompressobj(window) if unpacker.eof else unpacker
            try:
                piece = unpacker.decompress(data, TAKEN_AT_ONCE)
            except zlib.error as error:
                raise DecodingError(words_of(error)) from None
            data = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if piece:
                yield piece
            if data:
                await sleep(0)
    if held or (unpacker is not None and not unpacker.eof):
        raise DecodingError("it ends too early")


def _is_zlib(data: bytes) -> bool:
    """Whether the header of RFC 1950 is there, which many leave out of what they call deflate."""
    return data[0] & 15 == 8 and (data[0] * 256 + data[1]) % 31 == 0


async def _from_brotli(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """As httpx2 reads it, which takes a body that is cut for a whole one."""
    brotli: Any = import_module(next(filter(_is_there, PACKAGES["br"][1])))
    unpacker = brotli.Decompressor()
    unpack = getattr(unpacker, "process", None) or unpacker.decompress
    has_begun = False

    async def pieces() -> AsyncGenerator[bytes]:
        nonlocal has_begun
        async for chunk in chunks:
            data, has_begun = chunk, has_begun or bool(chunk)
            try:
                while not unpacker.is_finished() and (piece := unpack(data, output_buffer_limit=TAKEN_AT_ONCE)):
                    data = b""
                    yield piece
            except brotli.error as error:
                raise DecodingError(words_of(error)) from None
            except TypeError:  # before 1.2 nothing bounds what a few bytes become
                raise UnreadableCodingError("it is compressed as 'br', for which this brotli is too old") from None

    async for piece in in_turns(pieces()):
        yield piece
    if has_begun and not unpacker.is_finished():
        raise DecodingError("it ends too early")


async def _unpacked(chunks: AsyncIterator[bytes], coding: str) -> AsyncGenerator[bytes]:
    import httpx2  # here: we ask for bodies that are not packed

    with read_errors():
        packed = httpx2.Response(200, headers={"content-encoding": coding}, content=chunks)
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


def _codings(packing: str) -> list[str]:
    named = (coding.strip().lower() for coding in packing.split(","))
    return [coding[:60] for coding in named if coding not in ("", "identity")]


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
