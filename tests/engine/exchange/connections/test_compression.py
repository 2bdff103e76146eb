"""Packed bodies: what a few bytes stand for is handed on bit by bit, and others have their turn in between."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from thinkdial.engine.exchange.connections.body import TooLargeError, read_body
from thinkdial.engine.exchange.connections.compression import MOST_CODINGS, TAKEN_AT_ONCE, body_of, packing_of
from thinkdial.engine.exchange.connections.errors import DecodingError, UnreadableCodingError

from ....cases import each

MIB = 2**20


def packed(mib: int, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return b"".join([*(packer.compress(b"data: {\n\n" * (MIB // 9)) for _ in range(mib)), packer.flush()])


@pytest.mark.parametrize(("coding", "window"), [("gzip", 31), ("deflate", 15)])
def test_a_body_of_which_a_thousandth_is_sent_stops_nobody(coding: str, window: int) -> None:
    bomb, turns = packed(40, window), 0

    async def chunks() -> AsyncIterator[bytes]:
        yield bomb

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def read() -> int:
        beside = asyncio.create_task(count_turns())
        largest = max([len(chunk) async for chunk in body_of(chunks(), coding)])
        beside.cancel()
        return largest

    tracemalloc.start()
    try:
        largest = asyncio.run(read())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(bomb) < MIB
    assert 0 < largest <= TAKEN_AT_ONCE
    assert turns > 39 * MIB // TAKEN_AT_ONCE
    assert peak < 8 * MIB


def unpacked(data: bytes, packing: str, size: int) -> bytes:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), size):
            yield data[at : at + size]

    async def read() -> bytes:
        return await read_body(body_of(chunks(), packing), 2 * MIB)

    return asyncio.run(read())


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


WORDS = b'{"answer": "' + bytes(range(97, 123)) * 20 + b'"}'
HALF = len(WORDS) // 2
PACKED = {
    "gzip": gzip.compress(WORDS),
    "X-GZip": gzip.compress(WORDS),
    "identity, gzip": gzip.compress(WORDS[:HALF]) + gzip.compress(b"") + gzip.compress(WORDS[HALF:]),
    "deflate": zlib.compress(WORDS),
    " deflate ,": bare(WORDS),
    "deflate, gzip": gzip.compress(zlib.compress(WORDS)),
    "gzip, gzip": gzip.compress(gzip.compress(WORDS)),
}


@pytest.mark.parametrize("packing", PACKED)
def test_packed_bodies_in_whatever_pieces_they_come(packing: str) -> None:
    data = PACKED[packing]
    for size in (1, 3, len(data)):
        assert unpacked(data, packing, size) == WORDS
        assert unpacked(data + b"\0\0", packing, size) == WORDS
    assert unpacked(b"", packing, 1) == b""


@pytest.mark.parametrize("packing", PACKED)
def test_a_packed_body_that_is_cut_is_never_whole(packing: str) -> None:
    data = PACKED[packing]
    ends = {len(gzip.compress(WORDS[:HALF])), len(gzip.compress(WORDS[:HALF]) + gzip.compress(b""))}
    for end in range(1, len(data)):
        if packing == "identity, gzip" and end in ends:
            continue  # behind a member, as a shorter body ends
        with pytest.raises(DecodingError):
            unpacked(data[:end], packing, 7)


@each(
    "spoilt", [b"hello", b"\x1f\x8bhello, world", gzip.compress(WORDS)[:-8] + b"12345678"]
)  # which has the time in it
def test_what_is_not_packed_as_it_says_is_told(spoilt: bytes) -> None:
    with pytest.raises(DecodingError) as caught:
        unpacked(spoilt, "gzip", len(spoilt))
    assert str(caught.value)


@pytest.mark.parametrize(("coding", "module"), [("br", "brotli"), ("zstd", "backports.zstd")])
def test_with_the_library_of_another_coding_it_is_the_same(coding: str, module: str) -> None:
    data = pytest.importorskip(module).compress(WORDS * 3000)
    for size in (1, 1000):
        assert unpacked(data, coding, size) == WORDS * 3000
    assert unpacked(b"", coding, 1) == b""
    for end in (*range(1, min(60, len(data))), len(data) - 1):
        with pytest.raises(DecodingError):
            unpacked(data[:end], coding, 7)
    with pytest.raises(DecodingError):
        unpacked(b"hello, world", coding, 100)


def test_codings_over_one_another_have_a_bound() -> None:
    data = WORDS
    for _ in range(MOST_CODINGS):
        data = gzip.compress(data)
    assert unpacked(data, ", ".join(["gzip"] * MOST_CODINGS), 100) == WORDS
    with pytest.raises(UnreadableCodingError) as caught:
        unpacked(data, ",".join(["gzip"] * 50_000), 100)
    assert len(str(caught.value)) < 200


def test_a_transfer_may_be_packed_as_well() -> None:
    headers = {"content-encoding": "deflate", "transfer-encoding": "gzip, chunked"}
    assert unpacked(gzip.compress(zlib.compress(WORDS)), packing_of(headers), 100) == WORDS
    assert packing_of({"transfer-encoding": "Chunked"}) == packing_of({}) == ""


def test_it_is_refused_at_its_bound_and_not_at_its_end() -> None:
    bomb = packed(40, 31)

    async def chunks() -> AsyncIterator[bytes]:
        yield bomb

    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="larger than 4 MiB"):
            asyncio.run(read_body(body_of(chunks(), "gzip"), 4 * MIB))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * MIB
