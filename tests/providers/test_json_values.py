"""Untrusted JSON: wrong types are absent, impossible numbers are not reported."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.providers import json_values
from thinkdial.providers.framing.json_blocks import parse_blocks
from thinkdial.providers.json_values import (
    MAX_COUNT,
    count,
    dollars,
    items,
    obj,
    parse_json,
    parse_reply,
    seconds,
    text,
)

from ..cases import each

NEITHER: list[Any] = [None, True, False, [], {}, [1], {"a": 1}]


@each(
    ("value", "expected"),
    [
        (0, 0),
        (12, 12),
        (12.0, 12),
        ("12", 12),
        (MAX_COUNT - 1, MAX_COUNT - 1),
        (MAX_COUNT, None),
        (10**400, None),
        (-1, None),
        (1.5, None),
        (math.nan, None),
        (math.inf, None),
        (1e300, None),
        ("-1", None),
        ("12.0", None),
        ("", None),
        ("٣", None),
        ("9" * 20, None),
        *((value, None) for value in NEITHER),
    ],
)
def test_a_count_is_a_sane_whole_number_or_nothing(value: Any, expected: int | None) -> None:
    assert count(value) == expected


@each(
    ("value", "expected"),
    [
        (0, Decimal(0)),
        (0.00014, Decimal("0.00014")),
        (1e-05, Decimal("0.00001")),
        ("0.1", Decimal("0.1")),
        (37756000, Decimal(37756000)),
        (-1, None),
        (math.nan, None),
        (math.inf, None),
        ("sNaN", None),
        ("1e999999999", None),
        ("1e-999999999", None),
        ("0e-999999999", None),
        ("1e99999999999999999999", None),
        ("0." + "0" * 1000 + "1", None),
        ("free", None),
        *((value, None) for value in NEITHER),
    ],
)
def test_an_amount_is_exact_and_of_a_printable_size(value: Any, expected: Decimal | None) -> None:
    assert dollars(value) == expected


@each(
    ("value", "expected"),
    [("57.238s", 57.238), (7, 7.0), ("0.5", 0.5), ("-1", None), (10**400, None), ("1e400", None), ("soon", None)],
)
def test_a_duration_is_seconds_in_any_spelling(value: Any, expected: float | None) -> None:
    assert seconds(value) == expected


@each("value", NEITHER)
def test_values_of_another_type_are_absent(value: Any) -> None:
    assert text(value) is None
    assert seconds(value) is None
    assert obj(value) == (value if isinstance(value, dict) else {})
    assert items(value) == []


def test_only_objects_are_taken_from_a_list() -> None:
    assert items([1, {"a": 1}, None, [{}], {"b": 2}]) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(("value", "expected"), [("\ud83d", "\ufffd"), ("a\ude00b", "a\ufffdb"), ("😀", "😀")])
def test_lone_surrogates_are_replaced_so_that_text_can_be_encoded(value: str, expected: str) -> None:
    assert text(value) == expected


@each("parse", [parse_json, parse_reply])
@each("data", [b"", b"{", b"nope", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_is_a_value_error(parse: Callable[[bytes], Any], data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(data)


@pytest.mark.parametrize("parse", [parse_json, parse_reply])
def test_json_may_begin_with_a_mark_and_hold_bytes_that_are_no_text(parse: Callable[[bytes], Any]) -> None:
    assert parse(b'\xef\xbb\xbf{"a": "\xff"}') == {"a": "\ufffd"}
    assert parse(b'{"a": "\\ud83d", "b": 1e400, "b": 2}') == {"a": "\ud83d", "b": 2}


def test_what_is_ours_keeps_numbers_of_any_size() -> None:
    written = b'{"seed": 12345678901234567890123, "least": -9223372036854775809}'
    assert parse_json(written) == {"seed": 12345678901234567890123, "least": -9223372036854775809}
    assert all(type(value) is int for value in parse_json(written).values())


@each("read", [parse_json, parse_reply])
@each("opened, closed", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_is_read_to_a_fixed_depth_however_deep_the_stack_is(read: Any, opened: str, closed: str) -> None:
    step = opened.count("[") + opened.count("{")

    def attempt(levels: int, frames: int, last: str = "1") -> str | None:
        if frames:
            return attempt(levels, frames - 1, last)
        try:
            read(opened * (levels // step) + last + closed * (levels // step))
        except ValueError as error:
            return str(error)
        return None

    for frames in (0, 100, 500):
        for last in ("1", '"\\ud83d"', json.dumps("words " * 1000)):  # the second is no JSON to the faster reader
            assert attempt(200, frames, last) is None
            for levels in (200 + step, 900, 1100, 100_000):
                assert attempt(levels, frames, last) == "JSON nested too deeply"


def test_brackets_in_texts_and_beside_each_other_are_no_levels() -> None:
    for written in ("[" + ",".join(["[]"] * 5000) + "]", json.dumps("[" * 5000 + '"{\\'), json.dumps(["{"] * 5000)):
        assert parse_reply(written) == parse_json(written) == json.loads(written)
        assert parse_reply(written.encode()) == json.loads(written)


def test_a_number_of_thousands_of_digits_costs_no_answer() -> None:
    digits = "9" * 5000
    document = parse_reply(f'{{"usage": {digits}, "less": -{digits}, "few": 7, "text": "whole"}}')
    counts = [count(document[name]) for name in ("few", "usage", "less")]
    assert document["text"] == "whole" and counts == [7, None, None]
    with pytest.raises(ValueError):
        parse_json(digits)  # what is ours stays exact


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["[],", '{"a":{}},', '"ab",', "999,", "[", '"a,\\"[",[],'])
@pytest.mark.parametrize("kind", [bytes, str])
def test_a_document_of_nothing_but_values_is_refused_before_they_are_made(
    unit: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_values, "MOST_VALUES", 10_000)
    written = '{"choices":[' + unit * 100_000
    document = written if kind is str else written.encode()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than 10,000 values"):
            parse_reply(document)
        with pytest.raises(ValueError, match="more than 10,000 values"):
            parse_blocks([written.encode()])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(written) + 2**20


def test_marks_within_texts_are_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "MOST_VALUES", 1000)
    document = {"a": '[{,\\"' * 5000, "b": [",[" * 10] * 700}
    written = json.dumps(document)
    assert parse_reply(written.encode()) == parse_json(written) == parse_blocks([written.encode()]) == document
