"""What every dialect module offers, and helpers that several of them share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import orjson

from .errors import RETRYABLE_KINDS, ErrorKind, Failure
from .framing.sse import Event, LongBody
from .json_values import items, obj, parse_json, parse_reply, text
from .schema import Call, Delta, HttpRequest
from .turns.turn import Exchanged, Manner
from .untrusted import bounded

Headers = Mapping[str, str]
"""Response headers with lower-case names."""

Quirks = Mapping[str, Any]
"""Switches of a provider's data that a dialect honours; each dialect lists its own in `QUIRKS`."""


Given = TypeVar("Given")
Made = TypeVar("Made")

MOST_REMEMBERED = 64


def made_once(make: Callable[[Given], Made]) -> Callable[[Given], Made]:
    """`make`, for data such as `Quirks`, which never changes: each is known again as the very object it is."""
    remembered: dict[int, tuple[Given, Made]] = {}

    def made(given: Given) -> Made:
        found = remembered.get(id(given))
        if found is not None:  # it is held here, so that nothing else can have its id
            return found[1]
        if len(remembered) >= MOST_REMEMBERED:
            remembered.clear()
        result = make(given)
        remembered[id(given)] = given, result
        return result

    return made


class Decoder(Protocol):
    """Turns the events of one response into deltas. A body that is one document arrives as one `body` event.

    `close` is called once at the end of the body, and reports a missing end as a `Failure`. An event that is no JSON
    raises `ValueError`.
    """

    def feed(self, event: Event) -> Iterable[Delta]: ...

    def close(self) -> Iterable[Delta]: ...


WordsRead = tuple[Sequence[Delta], int]
"""What some events add, and how many they are."""


class WordDecoder(Decoder, Protocol):
    """The optional part of a decoder: taking many events at once, as long as each only goes on with a text.

    `go_on` gives what `events` from `at` on add, up to the first with more to it than words: that one, and all that it
    does not know, are for `feed`. Neighbouring words of one text are one delta.
    """

    def go_on(self, events: Sequence[Event], at: int) -> WordsRead: ...


class Dialect(Protocol):
    """One wire format: how a request is built, and how its responses and errors read. Pure.

    `NEEDS_OUTPUT_LIMIT`: a request without an output limit is refused. `answers_in_error` returns the deltas of an
    error body that is really an answer, such as a blocked prompt; None for every other error.

    A dialect whose providers count the tokens of a prompt for nothing may offer the members of `Counting` too, one that
    takes back what it sent those of `Remembering`.
    """

    QUIRKS: frozenset[str]
    NEEDS_OUTPUT_LIMIT: bool

    def build_request(self, call: Call, base_url: str, quirks: Quirks) -> HttpRequest: ...

    def decoder(self, quirks: Quirks) -> Decoder: ...

    def read_error(self, status: int, headers: Headers, document: Any) -> Failure: ...

    def answers_in_error(self, document: Any) -> list[Delta] | None: ...


class Remembering(Protocol):
    """The optional part of a dialect: writing the turns of a conversation with everything that goes back to it. Pure.

    Its decoder yields the pieces (`TurnPiece`), and `build_request` puts `Call.written` in. Dialects without it get the
    text of earlier turns. Where a wire refuses calls in earlier turns unless their tools are declared, `declare(names)`
    gives the fields of the body that do so, and let none of them be called.
    """

    def write(self, exchanged: Sequence[Exchanged], manner: Manner) -> list[dict[str, Any]]: ...


class Counting(Protocol):
    """The optional part of a dialect: asking how many input tokens a call has, without having it answered. Pure.

    `build_count` is None where the route has no such endpoint (the quirk `counts` says so, where a dialect is spoken by
    many), or where the call holds what the endpoint does not take. `read_count` is None for a document without a count.
    """

    def build_count(self, call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None: ...

    def read_count(self, document: Any) -> int | None: ...


def count_body(request: HttpRequest, fields: Iterable[str]) -> dict[str, Any]:
    """The `fields` that the body of `request` has: counting endpoints refuse or ignore the others."""
    body = obj(parse_json(request.body))
    return {name: body[name] for name in fields if name in body}


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


_AS_JSON_DOES = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def encode_body(body: Mapping[str, Any]) -> bytes:
    """The body as it is posted: compact JSON in UTF-8. Lone surrogates are escaped, as JSON allows."""
    try:
        return orjson.dumps(body, option=_AS_JSON_DOES)  # copies no long text
    except TypeError:  # what JSON has another way to write, or none: surrogates, numbers of any size
        pass
    try:
        return _ENCODER.encode(body).encode()
    except UnicodeEncodeError:
        return json.dumps(body, separators=(",", ":")).encode()


def json_headers(stream: bool) -> tuple[tuple[str, str], ...]:
    return _STREAM_HEADERS if stream else _BODY_HEADERS


_STREAM_HEADERS = (("content-type", "application/json"), ("accept", "text/event-stream"))
_BODY_HEADERS = (("content-type", "application/json"), ("accept", "application/json"))


def failure(
    kind: ErrorKind,
    message: str,
    *,
    status: int | None = None,
    hint: str | None = None,
    retry_after_s: float | None = None,
    param: str | None = None,
) -> Failure:
    """A `Failure` whose retryability follows from its kind. Its `message` is cut to what a person would read."""
    return Failure(
        kind=kind,
        message=bounded(message),
        status=status,
        retryable=kind in RETRYABLE_KINDS,
        hint=hint,
        retry_after_s=retry_after_s,
        param=param,
    )


_LONE = (str, int, float)


def document_of(event: Event) -> Any:
    """The JSON of an event; None where there is none: it is blank, `[DONE]`, or cut short by the end of the body.

    Raises `ValueError` when it is no JSON, or a lone number, word or flag, which no API means.
    """
    data = event.data
    if not data.startswith(b"{") and (data.isspace() or (len(data) < 100 and data.strip() in (b"", b"[DONE]"))):
        return None
    try:
        document = parse_reply(data) if type(event) is Event else _long_document(event)
    except ValueError:
        if event.whole:
            raise
        return None
    if isinstance(document, _LONE) and event.whole:
        raise ValueError("it is no JSON object")
    return document


def _long_document(event: Event) -> Any:
    from .framing.json_blocks import parse_blocks  # here: its patterns cost what a start has no use for

    return parse_blocks(event.taken()) if isinstance(event, LongBody) else parse_reply(event.data)


def error_message(document: Any) -> str:
    """The words of an error body, wherever they are: `error.message`, `error`, `message`, or FastAPI's `detail`.

    A gateway that only says that a provider refused has the provider's own words in `metadata.raw`.
    Source: https://openrouter.ai/docs/api/reference/errors-and-debugging
    """
    words, holder = _words_in(document)
    upstream = _upstream_words(obj(holder.get("metadata")).get("raw"))
    if words and upstream and upstream not in words:
        words = f"{words}: {upstream}"
    return bounded(words or upstream) or "the provider sent an error without a message"


def _words_in(document: Any) -> tuple[str, Mapping[str, Any]]:
    """The words, empty where there are none, and the object that they stand in."""
    outer = obj(document)
    for holder in (obj(outer.get("error")), outer):
        for value in (holder.get("message"), holder.get("error"), holder.get("detail")):
            listed = items(value) or items(obj(value).get("detail"))
            words = text(value) or "; ".join(said for entry in listed if (said := text(entry.get("msg"))))
            if words:
                return words, holder
    return "", {}


def _upstream_words(raw: Any) -> str:
    """What the provider behind a gateway said; `raw` is its body, decoded or not."""
    words = text(raw)
    if words is not None:
        try:
            raw = parse_reply(words)
        except ValueError:
            return words.strip()
    return _words_in(raw)[0]


def cut_stream() -> Failure:
    """The body ended before its terminal event, which may pass like a connection that breaks there."""
    return Failure(
        "protocol",
        "the answer ended before its terminal event; what came is kept, the usage is unknown",
        retryable=True,
        hint="try again; if it repeats, the provider or a proxy on the way closes the connection early",
    )
