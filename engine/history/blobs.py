"""JSON documents as the database holds them: compressed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, cast

from ...providers.framing.sse import BLOCK_BYTES
from ...providers.json_values import parse_json
from ..results.json_pieces import json_pieces


def compressed(document: Mapping[str, Any]) -> bytes:
    """A JSON document as the database holds it. Unpaired surrogates stay what they are; `json.loads` takes them."""
    return packed(piece.encode("utf-8", "surrogatepass") for piece in json_pieces(document))


SMALL_BYTES = 2**12
"""Up to so many are packed with a window of that size: a large one is 260 KB to fetch and to clear."""

PACKED_AT_ONCE = 2**16
"""Bytes. Many small pieces are put together before they are packed."""


def packed(pieces: Iterable[bytes]) -> bytes:
    """Bytes that come in pieces, compressed."""
    import zlib

    rest = iter(pieces)
    block = _next_block(rest)
    packer = zlib.compressobj(wbits=12, memLevel=5) if len(block) <= SMALL_BYTES else zlib.compressobj()
    parts = list[bytes]()
    while block:
        parts.append(packer.compress(block))
        block = _next_block(rest)
    return b"".join((*parts, packer.flush()))


def _next_block(pieces: Iterator[bytes]) -> bytes:
    block, size = list[bytes](), 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= PACKED_AT_ONCE:
            break
    return b"".join(block)


LONGEST_COLUMN = 2**20
"""Characters of a text that a column holds as they are. SQLite copies a row several times, the rest is compressed."""


def parted(text: str) -> tuple[str, bytes | None]:
    """What a column holds of a long text, and the rest of it, compressed; None where there is none."""
    if len(text) <= LONGEST_COLUMN:
        return text, None
    import zlib

    packer = zlib.compressobj()
    places = range(LONGEST_COLUMN, len(text), LONGEST_COLUMN)
    parts = [packer.compress(text[at : at + LONGEST_COLUMN].encode("utf-8", "replace")) for at in places]
    return text[:LONGEST_COLUMN], b"".join((*parts, packer.flush()))


def joined(column: str, rest: bytes | None) -> str:
    """The text that `parted` has taken apart. Raises `zlib.error` where the rest is damaged."""
    if rest is None:
        return column
    import zlib

    return column + zlib.decompress(rest).decode("utf-8", "replace")


def unpacked(blob: bytes) -> dict[str, Any]:
    """The document. Raises `ValueError` or `zlib.error` for one that is damaged, or nested beyond all sense."""
    from ...providers.framing.json_blocks import parse_blocks
    from ...providers.framing.packed import unpacked_blocks

    blocks = unpacked_blocks(blob)
    first = next(blocks, b"")
    if len(first) < BLOCK_BYTES:
        found = parse_json(b"".join((first, *blocks)).decode("utf-8", "surrogatepass"))
    else:
        found = parse_blocks(chain((first,), blocks), "surrogatepass")
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return cast("dict[str, Any]", found)
