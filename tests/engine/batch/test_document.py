"""A line that is written quickly says what the document says."""

from __future__ import annotations

import csv
import io
import json
import random
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from thinkdial.engine.batch.output.csv_lines import HEADS, csv_line, csv_result_line
from thinkdial.engine.batch.output.document import output_document, output_line
from thinkdial.engine.batch.output.records import line_of_cells
from thinkdial.engine.batch.output.seen import seen_in_line, seen_in_plain
from thinkdial.engine.batch.output.works import Work
from thinkdial.engine.batch.rows.digests import digest_of
from thinkdial.engine.batch.rows.rows import Row
from thinkdial.engine.batch.storage.plain_line import plain_line
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.planning.think_plan import AimReceipt
from thinkdial.engine.results.checked import CheckOutcome
from thinkdial.engine.results.result import Cost, Reasoning, Result, ThinkReceipt
from thinkdial.providers.dialect import failure
from thinkdial.providers.json_values import obj, parse_reply
from thinkdial.providers.schema import Notice, Usage

from ...cases import each

TEXTS = ("", "a", "日本 é", "\U0001f600", "\x00\x1f\x7f", "\u2028", '"\\/', "\ud800", "\udfff\ud800", "\ufeff")
NUMBERS = (0, -1, 2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**30, 0.1, -0.0, 1e22, 5e-324, 1.8e307)
AMOUNTS = (None, *map(Decimal, ("0", "-0", "1E-60", "1E+40", "0.00706", "123456789012345678901234567890.125")))


def value(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(5 if depth < 4 else 3)
    if kind == 3:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    if kind == 4:
        return {dice.choice(TEXTS): value(dice, depth + 1) for _ in range(dice.randrange(4))}
    return dice.choice((TEXTS, NUMBERS, (None, True, False))[kind])


@each("tens", range(30))
def test_a_line_is_its_document(tens: int) -> None:
    plain = 0
    for seed in range(tens * 10, tens * 10 + 10):
        line = check_line(seed)
        if (read := plain_line(line)) is not None:
            plain += 1
            document = obj(parse_reply(line))
            assert seen_in_plain(read) == seen_in_line(document), line
            assert (read.work, read.batch, read.status) == tuple(document[name] for name in ("work", "batch", "status"))
    assert 0 < plain < 10


def test_a_line_with_more_to_it_is_no_plain_one() -> None:
    document = json.loads(check_line(1)) | {"cost": {"usd": "0.1"}, "answer": "a", "warnings": [], "error": None}
    assert plain_line(json.dumps(document).encode()) is not None
    others: dict[str, Any] = {
        "cost": {"usd": None}, "error": {"kind": "server"}, "escalation": {"levels": ["low"]}, "shape": {"form": "x"},
        "checks": [{"calls": 1}], "same_request": [{"requested": "low"}], "work": None, "status": 1, "usage": {},
    }  # fmt: skip
    for name, value in others.items():
        assert plain_line(json.dumps({**document, name: value}).encode()) is None, name
    for written in (b"", b"{", b"[]", b"null", b"\xff", json.dumps(document).encode()[:-1]):
        assert plain_line(written) is None, written


def test_a_line_of_cells_is_read_back_as_it_was() -> None:
    cells = ["a", "", 'say "so"', "x,y", "two\nlines", "\rx", " b ", '"', "'=1"]
    assert next(csv.reader(io.StringIO(line_of_cells(cells).decode(), newline=""), strict=True)) == cells


def check_line(seed: int) -> bytes:
    dice = random.Random(seed)
    words = TEXTS if seed % 3 == 0 else TEXTS[:7]

    def said() -> str:
        return dice.choice(words)

    result = Result(
        *(said() for _ in range(7)),
        model_reported=None,
        status="ok",
        think=ThinkReceipt("high", MappingProxyType({said(): MappingProxyType({"budget": (1, 0.5)})}), "exact"),
        reasoning=Reasoning(said(), "full", dice.choice((None, 0, 10**14)), "reported"),
        answer=said(),
        finish="stop",
        finish_raw=said(),
        usage=Usage(1, None, 3, 0),
        cost=Cost(*(dice.choice(AMOUNTS) for _ in range(4)), source="table", cache_saved_usd=Decimal("-1.5")),
        latency=Latency(None, 0.000001, 123456.789012, 1e16),
        attempts=1,
        request_id=None,
        warnings=tuple(Notice("n", said()) for _ in range(dice.randrange(3))),
        error=failure("server", said(), status=500) if seed % 10 == 0 else None,
        passed=dice.choice((None, True, False)),
        expect_note=dice.choice((None, said())),
        checks=(CheckOutcome("judge", said(), None, share=1 / 3, usd=Decimal("0.1")),) if seed % 7 == 0 else (),
        aim=AimReceipt("usd", 1e-7, "high", "observed", 9, 1 / 3, 2, 1e16, "within") if seed % 5 == 0 else None,
    )
    extra = {dice.choice(words): value(dice) for _ in range(seed % 4)}
    row = Row(1, 1, said(), "asked", b"x", extra=extra)
    given = result, row, Work(row.id, "p", "high", digest_of("x")), said()
    line, document = output_line(*given), output_document(*given)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert json.dumps(json.loads(line)) == json.dumps(document)
    for columns in HEADS:
        assert csv_result_line(columns, *given) == csv_line(document, columns)
    return line
