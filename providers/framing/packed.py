"""Compressed bytes, taken apart in blocks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from .sse import BLOCK_BYTES

_TAKEN_AT_ONCE = 2**19
"""Bytes of what is compressed."""


def unpacked_blocks(packed: bytes) -> Iterator[bytes]:
    """What `zlib.compress` was given, in blocks of at most `BLOCK_BYTES`. Raises `zlib.error` where it is damaged."""
    unpacker = zlib.decompressobj()
    for at in range(0, len(packed), _TAKEN_AT_ONCE):
        taken = packed[at : at + _TAKEN_AT_ONCE]
        while taken and not unpacker.eof:
            if block := unpacker.decompress(taken, BLOCK_BYTES):
                yield block
            taken = unpacker.unconsumed_tail
    if not unpacker.eof:
        raise zlib.error("it is cut short")


def check_packed(packed: bytes) -> None:
    """Raises `zlib.error` where the bytes are damaged."""
    for _ in unpacked_blocks(packed):
        pass
