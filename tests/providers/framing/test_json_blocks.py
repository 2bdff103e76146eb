"""Long JSON in blocks: the same as in one piece, wherever it is cut, and its texts are held once."""

from __future__ import annotations

import json
import tracemalloc
from random import Random
from typing import Any

import pytest

from thinkdial.providers.framing import json_blocks
from thinkdial.providers.framing.json_blocks import parse_blocks
from thinkdial.providers.framing.sse import LONG_BODY_BYTES, BodyFramer, LongBody
from thinkdial.providers.json_values import parse_json

_PIECES = [
    "a",
    "b ",
    "\\",
    "\\\\",
    '"',
    "\n",
    "é",
    "—",
    "😀",
    "中",
    "\ud83d",
    "\ude00",
    "u00e9",
    "\\u0041",
    "x" * 9,
    "0E1",
]


def _value(random: Random, level: int = 0) -> Any:
    kind = random.random()
    if level > 3 or kind < 0.5:
        return "".join(random.choice(_PIECES) for _ in range(random.choice([0, 1, 3, 30, 100])))
    if kind < 0.7:
        return [_value(random, level + 1) for _ in range(random.randrange(4))]
    if kind < 0.8:
        return random.choice([1, 2.5, 1e22, "0E0", None, True, 0.0])
    return {
        random.choice("abc") * random.randrange(1, 9): _value(random, level + 1) for _ in range(random.randrange(4))
    }


def _told(parse: Any, data: Any) -> str | None:
    try:
        return json.dumps(parse(data))
    except ValueError:
        return None


def test_blocks_say_what_the_whole_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_blocks, "LONG_TEXT", 40)
    random, wrong = Random(7), list[tuple[int, bytes]]()
    for _ in range(3000):
        written = json.dumps(_value(random), ensure_ascii=random.random() < 0.5, indent=random.choice([None, 2]))
        data = written.encode("utf-8", "surrogatepass")
        if random.random() < 0.2:
            at = random.randrange(len(data))
            data = data[:at] + random.choice([b"", b"\\", b'"', b"\xff", b"\xc3", b"{"]) + data[at + 1 :]
        size = random.choice([1, 7, 30, 64, 200])
        blocks = [data[at : at + size] for at in range(0, len(data), size)]
        if _told(parse_blocks, blocks) != _told(parse_json, data):
            wrong.append((size, data))
    assert not wrong, wrong[:3]


def test_a_text_that_does_not_end_and_deep_nesting_are_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_blocks, "LONG_TEXT", 10)
    for data in (b'{"a": "' + b"x" * 50, b'["' + b"x" * 50 + b'"' + b"[" * 100_000, b'{"' + b"k" * 50 + b'": 1}', b""):
        with pytest.raises(ValueError):
            parse_blocks([data[:40], data[40:]])


@pytest.mark.slow
@pytest.mark.parametrize("unit", [b"plain words ", b"a line\\n", b"\\ud83d\\ude00 "])
def test_a_long_body_is_held_about_once(unit: bytes) -> None:
    size = 4 * LONG_BODY_BYTES
    body = b'{"choices": [{"message": {"content": "' + unit * (size // len(unit)) + b'"}}]}'
    expected = json.loads(body)
    framer = BodyFramer()
    tracemalloc.start()
    try:
        for at in range(0, len(body), 2**16):
            framer.feed(body[at : at + 2**16])
        (event,) = framer.close()
        assert isinstance(event, LongBody) and body.startswith(event.data)
        document = parse_blocks(event.taken())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert document == expected and not event.held
    text = document["choices"][0]["message"]["content"]
    assert peak < 1.2 * size + 1.2 * text.__sizeof__() + LONG_BODY_BYTES  # bytes are held with room to grow
