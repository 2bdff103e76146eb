"""Mistral's chat completions: OpenAI's shape, with thinking as typed parts of the content and errors of its own.

Source: https://docs.mistral.ai/api/endpoint/chat and https://docs.mistral.ai/resources/error-glossary
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dialect import Decoder, Headers, Quirks, failure
from ..errors import ErrorKind, Failure, kind_for_status
from ..json_values import array, items, obj, text
from ..refusals.sizes import is_long_prompt
from ..refusals.waits import retry_delay_s
from ..schema import Call, Delta, HttpRequest
from ..untrusted import bounded
from ..wires import chat as wire
from . import openai_chat

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset({"path"})

_PATH = "/v1/chat/completions"

_KIND_OF_TYPE: Mapping[str, ErrorKind] = {
    "invalid_model": "not_found",
    "unknown_model": "not_found",
    "service_tier_capacity_exceeded": "overloaded",
    "rate_limited": "rate_limit",
}
"""The `code` is a number that means several things (3051 above all), so the type and then the status decide."""

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """As for OpenAI's chat, with `max_tokens`; usage comes without being asked for."""
    spelled = {"path": quirks.get("path", _PATH), "max_output_field": "max_tokens", "stream_usage": False}
    return openai_chat.build_request(call, base_url, spelled)


def decoder(quirks: Quirks) -> Decoder:
    return openai_chat.ChatDecoder({"audio_outside_input": True})


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    """Two flat shapes, an `error` object, or FastAPI's `detail`, which may itself be in the message."""
    outer = obj(document)
    error = obj(outer.get("error")) or outer
    message = bounded(_detail(error.get("message")) or text(outer.get("error")) or _detail(outer.get("detail")) or "")
    kind = _KIND_OF_TYPE.get(text(error.get("type")) or "") or kind_for_status(status)
    if kind == "invalid_request" and is_long_prompt(message):
        kind = "context_length"
    words = message or "the provider sent an error without a message"
    return failure(kind, words, status=status, retry_after_s=retry_delay_s(headers), param=text(error.get("param")))


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None


def _detail(value: Any) -> str | None:
    """FastAPI's complaints: text, or a list of `loc` and `msg`, possibly wrapped once more."""
    if isinstance(value, str):
        return text(value)
    listed = items(value) or items(obj(value).get("detail"))
    said = [(".".join(map(str, array(entry.get("loc")))), text(entry.get("msg"))) for entry in listed]
    return "; ".join(f"{place}: {words}" if place else words for place, words in said if words) or None
