"""Digests, and maps of them that stay small for millions of entries."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from hashlib import blake2b

_FIRST_SLOTS = 1024
_FILL = 0.6
_KEPT_BYTES = 8
_LENGTH = struct.Struct(">Q").pack


_DIGEST_FRAME = _LENGTH(32)
"""Before 16 bytes in hexadecimal digits."""


def digest_of(*parts: str, after: bytes = b"") -> bytes:
    """16 bytes that stand for `parts`, in this order and with their borders.

    `after` are more parts that follow them, `framed` already, as those that many digests have in common.
    """
    return blake2b(framed(*parts) + after, digest_size=16).digest()


def digest_after(digest: bytes, after: bytes) -> bytes:
    """`digest_of` the hexadecimal digits of a digest, as a work has it of its row's; `after` as there."""
    return blake2b(_DIGEST_FRAME + digest.hex().encode() + after, digest_size=16).digest()


def framed(*parts: str) -> bytes:
    """`parts` in one piece, each after its length."""
    pieces: list[bytes] = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        pieces.append(_LENGTH(len(data)))
        pieces.append(data)
    return b"".join(pieces)


class DigestMap:
    """8 bytes of a digest -> a whole number below 2**32, in 12 bytes a slot where a `dict` takes over 150.

    Two keys are taken for one when their first 8 bytes agree: once in 30 million runs of a million rows.
    """

    def __init__(self) -> None:
        self._keys = array("Q", (0,)) * _FIRST_SLOTS
        self._values = array("I", (0,)) * _FIRST_SLOTS
        self._size, self._most, self._mask = 0, int(_FILL * _FIRST_SLOTS), _FIRST_SLOTS - 1

    def __len__(self) -> int:
        return self._size

    def get(self, digest: bytes) -> int | None:
        """The number at `digest`; None when there is none."""
        slot = self._place(digest)[1]
        return self._values[slot] if self._keys[slot] else None

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Each digest, as far as it is kept, with its number, in no order."""
        return (
            (key.to_bytes(_KEPT_BYTES, "big"), value)
            for key, value in zip(self._keys, self._values, strict=True)
            if key
        )

    def setdefault(self, digest: bytes, value: int) -> int | None:
        """The number at `digest`; where there is none, None, and `value` from now on."""
        key, slot = self._place(digest)
        if self._keys[slot]:
            return self._values[slot]
        self._add(slot, key, value)
        return None

    def set(self, digest: bytes, value: int) -> bool:
        """Put a number at `digest`. Whether there was one before."""
        key, slot = self._place(digest)
        if self._keys[slot]:
            self._values[slot] = value
            return True
        self._add(slot, key, value)
        return False

    def _add(self, slot: int, key: int, value: int) -> None:
        self._size += 1
        self._keys[slot], self._values[slot] = key, value
        if self._size > self._most:
            self._grow()

    def _place(self, digest: bytes) -> tuple[int, int]:
        """What stands for `digest`, and its slot, or the one that it is to have."""
        key = int.from_bytes(digest[:_KEPT_BYTES], "big") or 1  # 0 marks an empty slot
        keys, mask = self._keys, self._mask
        slot = key & mask
        while (found := keys[slot]) != key and found:
            slot = (slot + 1) & mask
        return key, slot

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        slots = 2 * len(keys)
        self._keys, self._values = array("Q", (0,)) * slots, array("I", (0,)) * slots  # no zeros beside it
        self._most, self._mask = int(_FILL * slots), slots - 1
        more_keys, more_values, mask = self._keys, self._values, self._mask
        for key, value in zip(keys, values, strict=True):
            if key:
                slot = key & mask
                while more_keys[slot]:
                    slot = (slot + 1) & mask
                more_keys[slot], more_values[slot] = key, value
