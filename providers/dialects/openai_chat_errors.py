"""Errors of Chat Completions and its copies that come under HTTP 200, in the middle of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dialect import failure
from ..errors import ErrorKind, Failure
from ..json_values import count, is_hollow, obj, text
from .openai_usage import read_openai_error

_KIND_OF_MINIMAX: Mapping[int, ErrorKind] = {
    1001: "timeout",
    1002: "rate_limit",
    1004: "auth",
    1008: "quota",
    1039: "rate_limit",
    2013: "invalid_request",
    2049: "auth",
    2056: "quota",
}
"""Source: https://platform.minimax.io/docs/api-reference/errorcode"""


def error_inside(document: Mapping[str, Any], choice: Mapping[str, Any], *, stray: bool) -> Failure | None:
    """An error under HTTP 200, wherever hosts put it: as an object or text, flat, in the choice, or by a code alone."""
    if "error" in document or "error" in choice or "x_groq" in document:
        for holder in (document, choice, obj(document.get("x_groq"))):
            if "error" in holder and not is_hollow(holder["error"]):
                return read_openai_error(None, {}, holder)
    if "error" in document and ("status_code" in document or "raw_status_code" in document):
        return read_openai_error(None, {}, document)
    if document.get("object") == "error" or (stray and "choices" not in document):
        return read_openai_error(None, {}, document)
    return minimax_error(document) if "base_resp" in document else None


def minimax_error(document: Mapping[str, Any]) -> Failure | None:
    """MiniMax's own form, which says by a code alone that something went wrong."""
    base = obj(document.get("base_resp"))
    if code := count(base.get("status_code")):
        words = text(base.get("status_msg")) or "the provider sent an error without a message"
        return failure(_KIND_OF_MINIMAX.get(code, "server"), f"{words} (code {code})")
    return None
