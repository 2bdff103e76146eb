"""Opaque strings that clients have to carry: what they are bound to is written inside, and nobody can change it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from ..answers.thinking import digest

_CHECK_DIGITS = 16


def seal(mark: bytes, facts: Mapping[str, object]) -> str:
    """The facts as one line of base64 that begins with `mark`, whose length should be a multiple of three."""
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True)
    return base64.b64encode(mark + f"{_check(mark, text)}{text}".encode()).decode()


def unseal(mark: bytes, opaque: str) -> dict[str, Any] | None:
    """The facts, or None for a string that is not of this mark or was changed. Takes the URL-safe letters as well."""
    try:
        data = base64.b64decode(opaque.replace("-", "+").replace("_", "/") + "=" * (-len(opaque) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(mark):
        return None
    inside = data[len(mark) :].decode("utf-8", "replace")
    check, text = inside[:_CHECK_DIGITS], inside[_CHECK_DIGITS:]
    return json.loads(text) if check == _check(mark, text) else None


def fingerprint(*parts: object) -> str:
    """Sixteen digits that stand for the parts."""
    return digest("seal", *parts)[:16]


def _check(mark: bytes, text: str) -> str:
    return digest("check", mark.hex(), text)[:_CHECK_DIGITS]
