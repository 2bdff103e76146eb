"""JSON documents as the database holds them: compressed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def compressed(document: Mapping[str, Any]) -> bytes:
    """A JSON document as the database holds it. Unpaired surrogates stay what they are; `json.loads` takes them."""
    import zlib

    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def unpacked(blob: bytes) -> dict[str, Any]:
    """The document. Raises `ValueError` or `zlib.error` for one that is damaged."""
    import zlib

    return json.loads(zlib.decompress(blob))


def _plain(value: object) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
