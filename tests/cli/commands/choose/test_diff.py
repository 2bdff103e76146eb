"""`thinkdial diff`: two stored results, which they are, and what is different, in every form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from thinkdial.engine.history import queries
from thinkdial.engine.results.result import ThinkReceipt
from thinkdial.profiles.facts import packaged_text

from ....engine.history.made import result, store_run

HOSTILE = "\x1b[31mred\x1b[0m \u202e</del><script>alert(1)</script> ```\n[-fake-]"


@pytest.fixture
def three_results() -> None:
    store_run(
        None,
        [
            result(answer="No. 91 is not prime: 91 = 7 × 13."),
            result("gpt", model="gpt-6-sol", answer="No, 91 is a composite number: it equals 7 × 13."),
            result("gpt", model="gpt-6-sol", answer=HOSTILE, think=ThinkReceipt("low", {}, "exact")),
        ],
        run_id="aaaa0001",
    )
    store_run(None, [result(answer="42")], run_id="bbbb0002", prompt="Another")


pytestmark = pytest.mark.usefixtures("three_results")


def test_marks_say_it_without_colours(cli: Callable[..., Any]) -> None:
    ended = cli("diff", "1:claude", "1:gpt@high")
    assert ended.code == 0
    assert "No[-.-] {+,+} 91 is [-not prime: 91 =-] {+a composite number: it equals+} 7 × 13." in " ".join(
        ended.out.split()
    )
    assert "run 1, claude@high" in ended.out and "run 1, gpt@high" in ended.out
    assert all(len(line) <= 80 for line in ended.out.splitlines())


@pytest.mark.parametrize("width", [40, 80, 160])
def test_it_fits_the_terminal(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ended = cli("diff", "1:claude", "1:gpt@high")
    longest = max(map(len, ended.out.splitlines()))
    assert longest <= max(width, 66), "the figures have their room, and text is folded"


def test_a_wide_terminal_has_the_answers_beside_each_other(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    lines = cli("diff", "1:claude", "1:gpt@high").out.splitlines()
    (line,) = [line for line in lines if "91 is" in line]
    a, b = line.split("│")
    assert "[-not prime" in a and "{+" not in a and "{+a composite number" in b and "[-" not in b
    hostile = cli("diff", "1:claude", "1:gpt@low")
    assert "\x1b" not in hostile.out and "\u202e" not in hostile.out
    assert all(len(line) <= 160 for line in hostile.out.splitlines())


def test_a_batch_has_no_results_to_compare(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    stored = queries.named_run("1")
    monkeypatch.setattr(queries, "named_run", lambda *_: replace(stored, command="batch", entries=()))
    for named in (("last",), ("last", "1:claude")):
        ended = cli("diff", *named)
        assert ended.code == 2 and "its results are in its output" in ended.err


def test_the_two_results_of_a_run_need_no_names(cli: Callable[..., Any]) -> None:
    ended = cli("diff", "1:gpt")
    assert ended.code == 0 and "gpt@high" in ended.out and "gpt@low" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1:gpt", "2"), "'1:gpt' has 2 results"),
        (("1",), "'1' has 3 results: two are compared"),
        (("2",), "'2' has 1 result: two are compared"),
        (("1:nobody", "2"), "no result of 'nobody'"),
        (("9", "2"), "no run is called '9'"),
        (("1:claude", "2", "--format", "csv"), "diff has no --format csv"),
    ],
)
def test_what_is_not_clear_is_said(cli: Callable[..., Any], words: tuple[str, ...], said: str) -> None:
    ended = cli("diff", *words)
    assert ended.code == 2 and said in ended.err and not ended.out


def test_other_prompts_are_told(cli: Callable[..., Any]) -> None:
    assert "The prompts were not the same" in cli("diff", "1:claude", "2").out
    assert cli("diff", "1:claude", "2", "--json").json["same_prompt"] is False


def test_the_json_is_as_its_schema_says(cli: Callable[..., Any]) -> None:
    document = cli("diff", "1:claude", "1:gpt@high", "--json").json
    Draft202012Validator(json.loads(packaged_text("schemas/result.schema.json"))).validate(document)
    assert document["schema"] == "thinkdial.difference/1"
    assert "".join(p["text"] for p in document["answer"]["pieces"] if p["kind"] != "gone") == (
        "No, 91 is a composite number: it equals 7 × 13."
    )


@pytest.mark.parametrize("form", ["table", "text", "md", "html", "json"])
def test_hostile_answers_move_nothing(cli: Callable[..., Any], form: str) -> None:
    ended = cli("diff", "1:claude", "1:gpt@low", "--format", form)
    assert ended.code == 0
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", ended.out)
    assert form != "html" or "<script>alert" not in ended.out


def test_a_page_marks_what_is_gone_and_new(cli: Callable[..., Any], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert cli("diff", "1:claude", "1:gpt@high", "-o", page).code == 0
    text = page.read_text()
    assert "<del>. </del><ins>, </ins>91 is <del>not prime: 91 = </del>" in text


def test_the_same_answers_are_called_so(cli: Callable[..., Any]) -> None:
    ended = cli("diff", "2", "2")
    assert "The answers are the same, word by word" in ended.out and "[-only" not in ended.out


def test_long_stretches_in_both_lose_their_middle_unless_whole(cli: Callable[..., Any]) -> None:
    many = " ".join(f"word{number}" for number in range(1000))
    store_run(None, [result(answer=f"{many} yes {many}"), result("gpt", answer=f"{many} no {many}")], run_id="cccc0003")
    short, whole = cli("diff", "3"), cli("diff", "3", "--whole")
    assert re.search(r"\(… 9\d\d words in both …\)", short.out)
    assert "[-yes-] {+no+}" in " ".join(short.out.split())
    assert "word500" not in short.out and "word500" in whole.out


def test_samples_are_named_by_their_number(cli: Callable[..., Any]) -> None:
    store_run(None, [result(answer=word, repeat=number) for number, word in enumerate(("one", "two"), 1)], run_id="d4")
    ended = cli("diff", "3:claude@high#1", "3:claude#3")
    assert ended.code == 2 and "no result of 'claude#3'" in ended.err
    ended = cli("diff", "3:claude@high#1", "3:claude#2")
    assert ended.code == 0 and "run 3, claude@high#2" in ended.out and "[-one-]{+two+}" in ended.out
    assert "say which: 3:claude@high#1, 3:claude@high#2" in cli("diff", "3:claude", "1:claude").err


def test_which_one_passed_its_check_is_told(cli: Callable[..., Any]) -> None:
    store_run(None, [result(passed=True), result("gpt", passed=False)], run_id="e5")
    assert re.search(r"passed +yes +no +differs", cli("diff", "last").out)
