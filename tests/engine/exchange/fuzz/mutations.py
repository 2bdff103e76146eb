"""What servers, proxies and enemies make of an answer: other structure, other bytes, other labels. Seeded."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from thinkdial.engine.exchange.raw_response import RawResponse

from ..recordings import CONTRACT, SSE
from .answers import JSON, Answer, answers

Events = list[tuple[str, Any]]

HALF, BACK = "\ud83d", "\udc4d"
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 2**31, 2**53, 2**63, 2**64, 10**30, 10**400, -(10**19), 0.5, -0.0, 1e308, 1e-320,
    float("nan"), float("inf"), "", " ", "0", "7", "1e400", "NaN", "x", "x" * 3000, "\x00", "\x1b[2J", "\u2028\u0085",
    HALF, BACK, HALF + BACK, "<think>", "</think>", "<|channel|>analysis<|message|>",
    "<|channel|>commentary<|message|>",
    "<|end|>", "[DONE]", "stop", "length", "error", "tool_calls", [], [[]], [None], {}, {"": ""}, {"type": None},
    {"text": "x"}, {"type": "text", "text": ["x"]}, {"message": {}}, {"error": {}}, [{"text": {"text": "x"}}],
    {"a": [{"b": 1}]},
)  # fmt: skip
KEYS = (
    "type", "text", "content", "error", "usage", "index", "delta", "message", "finish_reason", "choices", "output",
    "id", "model", "status", "total_tokens", "cost", "signature", "phase", "thought", "__proto__", "",
)  # fmt: skip
KINDS = (
    SSE, f"{SSE}; charset=utf-8", JSON, "text/html", "", "application/x-ndjson", "application/vnd.amazon.eventstream",
    "text/event-stream;;;", "\x00",
)  # fmt: skip
STATUSES = (200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 413, 429, 500, 503, 529, 599)
HEADERS = ("retry-after", "retry-after-ms", "x-should-retry", "location", "date", "x-amzn-errortype", "x-request-id")
NOW, LATER = "Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 2099 07:29:00 GMT"
FINE = 250
"""So many pieces are as small as they may be; half the answers have no more bytes than twice as many."""
SAID = (
    "",
    "-1",
    "1e999",
    "nan",
    "7",
    LATER,
    "true",
    "é",
    "x" * 500,
    "1h2m",
    "ThrottlingException:",
)


def mutated(name: str, number: int) -> RawResponse:
    """The case `number` of a dialect: always the same one."""
    random = Random(f"{name} {number}")
    answer = random.choice(answers(name))
    events = [*answer.events]
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 6))):
        random.choice(_STRUCTURE)(random, answer, events)
    data = answer.written(events)
    for _ in range(random.choice((0, 0, 0, 1, 1, 2, 5))):
        data = random.choice(_BYTES)(random, data, name)
    kind, status, headers = answer.kind, 200, {}
    if random.random() < 0.15:
        kind = random.choice(KINDS)
    if random.random() < 0.15:
        status = random.choice(STATUSES)
    while random.random() < 0.2:
        headers[random.choice(HEADERS)] = random.choice(SAID)
    if headers.get("retry-after") == LATER:
        headers["date"] = NOW  # without it only the clock of the call tells how long that is
    return RawResponse(status, kind, answer.streamed, data, headers)


def pieces_of(data: bytes, random: Random) -> list[bytes]:
    """`data` in chunks of random sizes: a long one is cut finely somewhere, and seldom in the rest."""
    largest = random.choice((1, 2, 3, 7, 20, 100, 1000, 10_000))
    stretch = FINE * largest
    first = int(random.random() * max(0, len(data) - stretch))
    found: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 1 + int(random.random() * (largest if first <= at < first + stretch else 2000))
        found.append(data[at:end])
        at = end
    return found


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found += _places(item, (*at, key))
    return found


def _within(random: Random, events: Events, change: Callable[[Any, Any], None]) -> None:
    """Call `change` with a container in a copy of some event, and a key of it."""
    if not events:
        return
    number = random.randrange(len(events))
    event, document = events[number]
    document = copy.deepcopy(document)
    place = random.choice(_places(document))
    if not place:
        return
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    change(holder, place[-1])
    events[number] = event, document


def _put(random: Random, answer: Answer, events: Events) -> None:
    def change(holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(random.choice(VALUES))

    _within(random, events, change)


def _put_number(random: Random, answer: Answer, events: Events) -> None:
    """Another count in the place of one, where there is one."""
    counts = [(n, p) for n, (_, d) in enumerate(events) for p in _places(d) if p and type(_at(d, p)) is int]
    if counts:
        number, place = random.choice(counts)
        event, document = events[number]
        value = random.choice(
            (0, 1, 3, 10**6, 10**15, 10**16, 2**63, -5, 0.5, "12", None, True, random.randrange(10**4))
        )
        events[number] = event, CONTRACT["replaced"](document, place, value)


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def _drop_key(random: Random, answer: Answer, events: Events) -> None:
    def change(holder: Any, key: Any) -> None:
        del holder[key]

    _within(random, events, change)


def _rename(random: Random, answer: Answer, events: Events) -> None:
    def change(holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            holder[random.choice(KEYS)] = holder.pop(key)

    _within(random, events, change)


def _add_key(random: Random, answer: Answer, events: Events) -> None:
    def change(holder: Any, key: Any) -> None:
        if isinstance(holder, dict):
            holder[random.choice(KEYS)] = copy.deepcopy(random.choice(VALUES))
        else:
            holder.insert(key, copy.deepcopy(random.choice(VALUES)))

    _within(random, events, change)


def _nest(random: Random, answer: Answer, events: Events) -> None:
    def change(holder: Any, key: Any) -> None:
        value = holder[key]
        for _ in range(random.choice((1, 1, 2, 20, 120))):
            value = [value] if random.random() < 0.5 else {random.choice(KEYS): value}
        holder[key] = value

    number = random.randrange(len(events)) if events else 0
    if events and random.random() < 0.1:
        events[number] = events[number][0], "[" * 50_000
    else:
        _within(random, events, change)


def _swap_values(random: Random, answer: Answer, events: Events) -> None:
    def change(holder: Any, key: Any) -> None:
        others = [*holder] if isinstance(holder, dict) else [*range(len(holder))]
        other = random.choice(others)
        holder[key], holder[other] = holder[other], holder[key]

    _within(random, events, change)


def _repeat_key(random: Random, answer: Answer, events: Events) -> None:
    """The same key twice in the text of a document."""
    if events:
        number = random.randrange(len(events))
        event, document = events[number]
        if isinstance(document, dict) and document:
            key = json.dumps(random.choice([*document]))
            rest = CONTRACT["written"](document).decode("utf-8", "surrogatepass")[1:]
            events[number] = event, f"{{{key}:{json.dumps(random.choice(VALUES[:12]))},{rest}"


def _drop_event(random: Random, answer: Answer, events: Events) -> None:
    if events:
        del events[random.randrange(len(events))]


def _repeat_event(random: Random, answer: Answer, events: Events) -> None:
    if events:
        events.insert(random.randrange(len(events) + 1), random.choice(events))


def _swap_events(random: Random, answer: Answer, events: Events) -> None:
    if events:
        one, other = random.randrange(len(events)), random.randrange(len(events))
        events[one], events[other] = events[other], events[one]


def _rename_event(random: Random, answer: Answer, events: Events) -> None:
    if events:
        number = random.randrange(len(events))
        names = ("", "error", "ping", "done", "message", "chunk", "metadata", "body", "stray", "brand.new")
        events[number] = random.choice(names), events[number][1]


def _foreign_event(random: Random, answer: Answer, events: Events) -> None:
    other = random.choice(
        answers(random.choice((answer.name, "openai-chat", "anthropic-messages", "openai-responses")))
    )
    if other.events:
        events.insert(random.randrange(len(events) + 1), random.choice(other.events))


def _odd_event(random: Random, answer: Answer, events: Events) -> None:
    said = (
        "",
        " ",
        "[DONE]",
        "{",
        "{}",
        "[]",
        "null",
        "7",
        '"x"',
        "not json",
        ": processing",
        "data: {}",
        '{"error": null}',
    )
    events.insert(random.randrange(len(events) + 1), ("", random.choice(said)))


_STRUCTURE: tuple[Callable[[Random, Answer, Events], None], ...] = (
    _put, _put, _put, _put_number, _put_number, _drop_key, _drop_key, _rename, _add_key, _nest,
    _swap_values, _repeat_key,
    _drop_event, _repeat_event, _swap_events, _rename_event, _foreign_event, _odd_event,
)  # fmt: skip


def _cut(random: Random, data: bytes, name: str) -> bytes:
    return data[: random.randint(0, len(data))]


def _flip(random: Random, data: bytes, name: str) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 20))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _remove(random: Random, data: bytes, name: str) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + data[at + random.choice((1, 2, 10, 300)) :]


def _insert(random: Random, data: bytes, name: str) -> bytes:
    at = random.randint(0, len(data))
    odd = (b"\xff", b"\xf0\x9f", b"\xed\xa0\xbd", b"\x00", b"\r", b"\n", b"\r\n", b"\n\n", b"\xef\xbb\xbf",
           b"\xe2\x80\xa8", b": keep-alive\n\n", b"data: ", b"event: error\n", b"}", b'"', b"\\",
           b"error: {}\n\n", b"<html>")  # fmt: skip
    return data[:at] + random.choice(odd) + data[at:]


def _noise(random: Random, data: bytes, name: str) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.randbytes(random.choice((1, 4, 16, 200))) + data[at:]


def _double(random: Random, data: bytes, name: str) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + data[random.randint(0, at) :]


def _splice(random: Random, data: bytes, name: str) -> bytes:
    other = random.choice(answers(name))
    theirs = other.written([*other.events])
    return data[: random.randint(0, len(data))] + theirs[random.randint(0, len(theirs)) :]


def _line_ends(random: Random, data: bytes, name: str) -> bytes:
    return data.replace(b"\n", random.choice((b"\r", b"\r\n", b"\n\n")))


_BYTES: tuple[Callable[[Random, bytes, str], bytes], ...] = (
    _cut, _cut, _flip, _flip, _remove, _insert, _insert, _noise, _double, _splice, _line_ends,
)  # fmt: skip
