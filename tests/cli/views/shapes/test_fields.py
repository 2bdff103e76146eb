"""Fields of answers side by side: marked where they differ, and where they do not fit."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from rich.console import Console

from thinkdial.cli.views.shapes.fields import field_rows, fields_markdown, fields_view
from thinkdial.cli.views.shapes.words import shape_words
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Reasoning, Result, ThinkReceipt
from thinkdial.engine.shapes.words import AnswerForm, ShapeReceipt
from thinkdial.providers.schema import Usage

PLAIN = Result(
    id="1", run_id="r", created_at="2026-11-30T10:00:00Z", profile="a", provider="openai", dialect="openai-chat",
    model="m", model_reported=None, status="ok", think=ThinkReceipt("auto", {}, "default"), reasoning=Reasoning(),
    answer="{}", finish="stop", finish_raw=None, usage=Usage(), cost=Cost(), latency=Latency(), attempts=1,
    request_id=None,
)  # fmt: skip


def result(profile: str, value: Any, *errors: str, form: AnswerForm = "clean") -> Result:
    shape = ShapeReceipt("schema", "native", {}, form=form)
    return replace(PLAIN, profile=profile, shape=shape, answer_json=value, schema_errors=errors)


BOTH = (
    result("a", {"name": "Ada", "age": 3, "at": [{"x": 1}], "tags": ["b"]}, "$.age: 3 is less than the minimum of 6"),
    result("b", {"name": "Ada", "age": 36, "at": [{"x": 2}]}),
)


def test_rows_have_the_paths_of_all_and_say_where_they_differ() -> None:
    rows = field_rows(BOTH)
    assert [(row.path, row.differs) for row in rows] == [
        ("name", False), ("age", True), ("at[0].x", True), ("tags", True),
    ]  # fmt: skip
    assert rows[1].wrong == (True, False)
    assert rows[3].values == ('["b"]', "–")


def shown(width: int, *results: Result) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(fields_view(results, width) or "")
    return capture.get()


def test_a_wide_terminal_gets_columns_and_a_narrow_one_a_list() -> None:
    assert "≠ age      ✗ 3    36" in shown(80, *BOTH)
    narrow = shown(20, *BOTH)
    assert "    a: ✗ 3" in narrow
    assert "    all: Ada" in narrow
    assert max(map(len, narrow.splitlines()[:8])) <= 20


def test_there_is_nothing_to_compare_of_one_value_or_of_none() -> None:
    cut = result("b", None, "$: the JSON is cut off", form="cut")
    assert fields_view((BOTH[0], cut), 80) is None
    assert fields_markdown((PLAIN, PLAIN)) == ""


def test_what_a_model_says_cannot_break_the_table() -> None:
    odd = (result("a|b", {"x|y": "a|b\n\x1b[31m"}), result("c", {"x|y": "<b>"}))
    table = fields_markdown(odd)
    assert table.splitlines()[2].count(" | ") == 3, "a bar of a model makes no column"
    assert "\x1b" not in table


def test_words_say_how_it_was_asked_and_how_it_came() -> None:
    assert shape_words(PLAIN) == ("", "")
    assert shape_words(BOTH[0])[0] == "✗ 1 schema error"
    assert shape_words(BOTH[1])[0] == "✓ fits"
    assert shape_words(result("b", {}, form="fenced"))[0] == "✓ fits, fenced"
    assert shape_words(result("b", None, "$: the JSON is cut off", form="cut"))[0] == "✗ cut JSON"
    by_prompt = replace(BOTH[1], shape=ShapeReceipt("json", "prompt", {}, form="clean"))
    assert shape_words(by_prompt)[0] == "✓ JSON (by prompt)"
