"""What a dialect makes of bytes that may be anything: deltas, or words on why not. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ...providers.dialect import Decoder
from ...providers.framing.sse import Event, FramingError
from ...providers.json_values import parse_json
from ...providers.schema import Delta

ERROR_WORDS = 200
"""Characters that are quoted of an error that is no JSON."""


class UnreadableError(Exception):
    """A response that is not what the dialect speaks."""


def decoded(events: Iterable[Event], decoder: Decoder, *, ends: bool = False) -> Iterator[Delta]:
    """The deltas of `events`, and with `ends` those of the decoder's own end.

    Raises `UnreadableError` for whatever a decoder makes of nonsense: one answer must not stop the others.
    """
    try:
        for event in events:
            yield from decoder.feed(event)
        if ends:
            yield from decoder.close()
    except (FramingError, UnreadableError):
        raise
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is not JSON: {error}") from error
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    except Exception as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error


def check_body(body: bytes, content_type: str) -> None:
    """Raise `UnreadableError` for a body that no dialect can mean."""
    start = body[:1000].lstrip() or body.lstrip()
    if not start:
        raise UnreadableError("it is empty")
    if start.startswith(b"<"):
        raise UnreadableError(f"it is HTML or XML ({content_type or 'no content type'}); is the base_url right?")


def error_document(text: str, status: int) -> Any:
    """The body of an error as JSON; one that is none, as the message of an error."""
    try:
        return parse_json(text)
    except ValueError:
        words = " ".join(text[: 10 * ERROR_WORDS].split())
        shown = f"{words[:ERROR_WORDS]}…" if len(words) > ERROR_WORDS else words
        return {"error": {"message": shown or f"HTTP {status} without a message"}}
