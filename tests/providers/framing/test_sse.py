"""Framing by the WHATWG rules, with the departures that providers' traffic makes necessary."""

from __future__ import annotations

import pytest

from thinkdial.providers.framing.choice import SniffingFramer
from thinkdial.providers.framing.sse import BodyFramer, Event, Framer, FramingError, SseFramer

from ...cases import each

CASES: dict[str, tuple[bytes, list[tuple[str, bytes]]]] = {
    "one line": (b"data: a\n\n", [("", b"a")]),
    "named": (b"event: ping\ndata: {}\n\n", [("ping", b"{}")]),
    "the name lasts for one event": (b"event: a\ndata: 1\n\ndata: 2\n\n", [("a", b"1"), ("", b"2")]),
    "a name alone is no event": (b"event: a\n\ndata: 2\n\n", [("", b"2")]),
    "several data lines join": (b"data: YHOO\ndata: +2\ndata: 10\n\n", [("", b"YHOO\n+2\n10")]),
    "only the first space is dropped": (b"data:  a\n\ndata:b\n\n", [("", b" a"), ("", b"b")]),
    "data without colon is an empty line": (b"data\n\ndata\ndata\n\n", [("", b""), ("", b"\n")]),
    "comments": (b": OPENROUTER PROCESSING\n\n: ping\ndata: a\n:\n\n", [("", b"a")]),
    "id and retry": (b"id: 7\nretry: 10\nid\nretry\ndata: a\n\n", [("", b"a")]),
    "CR": (b"data: a\rdata: b\r\rdata: c\r\r", [("", b"a\nb"), ("", b"c")]),
    "CRLF": (b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", [("", b"a\nb"), ("", b"c")]),
    "mixed line ends": (b"data: a\rdata: b\ndata: c\r\n\n", [("", b"a\nb\nc")]),
    "many blank lines": (b"\n\n\ndata: a\n\n\n\r\n\n", [("", b"a")]),
    "line separators of Unicode end no line": (
        "data: {\"t\":\"a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\"}\n\n".encode(),
        [("", "{\"t\":\"a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\"}".encode())],
    ),
    "no blank line at the end": (b"data: a\n\ndata: b\n", [("", b"a"), ("", b"b")]),
    "no line end at the end": (b"data: a\n\ndata: b", [("", b"a"), ("", b"b")]),
    "stray JSON after the stream broke": (
        b'data: a\n\n{\n  "error": {\n    "code": 503\n  }\n}\n',
        [("", b"a"), ("stray", b'{\n  "error": {\n    "code": 503\n  }\n}')],
    ),
    "a stray line as llama.cpp ends": (
        b'data: a\n\nerror: {"code":500}\n\n',
        [("", b"a"), ("stray", b'error: {"code":500}')],
    ),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
    "white space that keeps alive": (b"\n\n \n\ndata: a\n\n", [("", b"a")]),
    "nothing": (b"", []),
}  # fmt: skip


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


def frame(framer: Framer, chunks: list[bytes]) -> list[Event]:
    return [*(event for chunk in chunks for event in framer.feed(chunk)), *framer.close()]


def pairs(events: list[Event]) -> list[tuple[str, bytes]]:
    return [(event.name, event.data) for event in events]


@each("case", CASES)
def test_events_are_cut_by_the_rules(case: str) -> None:
    body, expected = CASES[case]
    assert pairs(frame(SniffingFramer("text/event-stream"), [body])) == expected


@each("case", CASES)
def test_every_chunk_size_gives_equal_events(case: str) -> None:
    body, _ = CASES[case]
    whole = frame(SniffingFramer("text/event-stream"), [body])
    for size in range(1, len(body) + 1):
        assert frame(SniffingFramer("text/event-stream"), cut(body, size)) == whole


def test_empty_chunks_change_nothing_even_between_cr_and_lf() -> None:
    pieces = [b"data: a\r", b"", b"\ndata: b\r\n", b"", b"\r\n"]
    assert pairs(frame(SseFramer(), pieces)) == [("", b"a\nb")]


def test_only_what_the_end_of_the_body_may_have_cut_is_not_whole() -> None:
    events = frame(SseFramer(), [b'data: a\n\n{"stray": 1}\n\ndata: {"b'])
    assert [event.whole for event in events] == [True, True, False]


def test_an_event_is_delivered_as_soon_as_its_blank_line_is_there() -> None:
    framer = SseFramer()
    assert list(framer.feed(b"data: a\n")) == []
    assert pairs(list(framer.feed(b"\n"))) == [("", b"a")]


@each(
    "body",
    [
        b"data: " + b"x" * 200,
        b"data: " + b"x" * 60 + b"\ndata: " + b"x" * 60 + b"\n",
        b"data:\n" * 120,
        b"stray line without end " * 10,
        b"stray\n" * 30,
        b": " + b"c" * 200,
        b"event: " + b"n" * 200,
    ],
    ids=["line", "lines", "empty lines", "stray line", "stray lines", "comment", "name"],
)
@each("size", [1, 7, 1000])
def test_an_event_beyond_the_bound_is_an_error(body: bytes, size: int) -> None:
    with pytest.raises(FramingError, match="larger than"):
        frame(SseFramer(max_event_bytes=100), cut(body, size))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_events_before_one_beyond_the_bound_come_first(size: int) -> None:
    framer, found = SseFramer(max_event_bytes=100), list[Event]()
    with pytest.raises(FramingError):
        for piece in cut(b"data: a\n\ndata: b\n\ndata: " + b"x" * 200, size):
            for event in framer.feed(piece):
                found.append(event)
    assert pairs(found) == [("", b"a"), ("", b"b")]


@pytest.mark.parametrize("size", [1, 50, 10_000])
def test_the_bound_is_for_one_event_and_not_for_the_stream(size: int) -> None:
    body = (b"data: " + b"x" * 80 + b"\n\n") * 100
    assert len(frame(SseFramer(max_event_bytes=100), cut(body, size))) == 100


def test_a_body_beyond_the_bound_is_an_error() -> None:
    with pytest.raises(FramingError, match="larger than"):
        frame(BodyFramer(max_body_bytes=10), [b"12345678", b"901"])


@each("size", [1, 3, 100])
@each(
    ("content_type", "body", "names"),
    [
        ("text/event-stream", b'{"id": 1}', ["body"]),
        ("text/event-stream; charset=utf-8", b' \n[{"id": 1}]', ["body"]),
        ("text/event-stream", b"<!DOCTYPE html><html></html>", ["body"]),
        ("application/json", b'data: {"id": 1}\n\n', [""]),
        ("application/json", b": ping\n\ndata: {}\n\n", [""]),
        ("", b"event: ping\ndata: {}\n\n", ["ping"]),
        ("text/html", b"<html>", ["body"]),
        ("application/json", b"\xef\xbb\xbf{}", ["body"]),
        ("text/event-stream", b"\xef\xbb\xbf{}", ["body"]),
        ("text/event-stream", b'error: {"code":500}\n', ["stray"]),
        ("application/json", b"", ["body"]),
        ("application/json", b"  \n\n ", ["body"]),
        ("TEXT/EVENT-STREAM", b"", []),
    ],
)
def test_the_first_bytes_decide_when_the_label_is_wrong(
    content_type: str, body: bytes, names: list[str], size: int
) -> None:
    events = frame(SniffingFramer(content_type), cut(body, size))
    assert [event.name for event in events] == names


def test_a_document_arrives_whole() -> None:
    assert frame(SniffingFramer("application/json"), cut(b'{"id": 1, "text": "data: no\\n\\n"}', 4)) == [
        Event("body", b'{"id": 1, "text": "data: no\\n\\n"}')
    ]
