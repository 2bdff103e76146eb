"""Lines of JSON, cut anywhere."""

from __future__ import annotations

import pytest

from thinkdial.providers.framing.choice import NDJSON, framer_for
from thinkdial.providers.framing.ndjson import NdjsonFramer
from thinkdial.providers.framing.sse import Event, FramingError

from ...cases import each

BODY = '{"a":"ü\u2028"}\r\n\n  \n{"b":2}\n{"c":'.encode()
EVENTS = [
    Event("line", '{"a":"ü\u2028"}'.encode()),
    Event("line", b'{"b":2}'),
    Event("line", b'{"c":', whole=False),
]


@each("size", range(1, len(BODY) + 1))
def test_any_chunking_gives_the_same_lines_and_blank_ones_are_none(size: int) -> None:
    framer = NdjsonFramer()
    found = [event for at in range(0, len(BODY), size) for event in framer.feed(BODY[at : at + size])]
    assert [*found, *framer.close()] == EVENTS


def test_after_a_last_newline_nothing_is_left() -> None:
    framer = NdjsonFramer()
    assert [*framer.feed(b'{"a":1}\n'), *framer.close(), *framer.close()] == [Event("line", b'{"a":1}')]


def test_a_line_has_a_bound() -> None:
    framer = NdjsonFramer(max_event_bytes=10)
    assert list(framer.feed(b"123456789\n123456789\n1234567890")) == [Event("line", b"123456789")] * 2
    with pytest.raises(FramingError, match="one line of the stream is larger"):
        list(framer.feed(b"1"))


@pytest.mark.parametrize("label", [*NDJSON, "APPLICATION/X-NDJSON; charset=utf-8"])
def test_the_label_chooses_the_framer(label: str) -> None:
    for size in (1, 3, len(BODY)):
        framer = framer_for(label)
        found = [event for at in range(0, len(BODY), size) for event in framer.feed(BODY[at : at + size])]
        assert [*found, *framer.close()] == EVENTS


def test_where_the_label_is_wrong_server_sent_events_are_read_all_the_same() -> None:
    body = b': hello\n\ndata: {"a":1}\n\n'
    for size in (1, 7, len(body)):
        framer = framer_for(NDJSON[0])
        found = [event for at in range(0, len(body), size) for event in framer.feed(body[at : at + size])]
        assert [*found, *framer.close()] == [Event("", b'{"a":1}')]
