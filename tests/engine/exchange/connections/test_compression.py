"""Packed bodies: what a few bytes stand for is handed on bit by bit, and others have their turn in between."""

from __future__ import annotations

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from thinkdial.engine.exchange.connections.body import TooLargeError, read_body
from thinkdial.engine.exchange.connections.compression import TAKEN_AT_ONCE, body_of

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
