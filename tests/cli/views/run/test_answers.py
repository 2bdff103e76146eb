"""Answers side by side or stacked; why one is missing; nothing a model wrote acts."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from thinkdial.cli.views.markdown import MAX_CHARACTERS, ModelMarkdown
from thinkdial.cli.views.run.answers import answers
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Reasoning, Result, ThinkReceipt
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Usage

from ....cases import each

Make = Callable[..., Result]
Shown = Callable[..., str]


def test_two_fit_side_by_side_at_80(result: Make, shown: Shown) -> None:
    served = result("gpt", model="gpt-5.6", model_reported="gpt-5.6-1001", answer="- one\n- two")
    lines = shown(answers([result(), served], 80), 80).split("\n")
    assert lines[0].split("│")[0].strip() == "claude  ✓ ok"
    assert lines[0].split("│")[1].strip() == "gpt  ✓ ok"
    assert lines[1].split("│")[1].strip() == "gpt-5.6, served by gpt-5.6-1001"
    assert lines[2].split("│")[0].strip() == "high → high → 312  ✓ as asked"
    assert "reasoning: summary · 312 tokens ·" in lines[4]
    assert any("The answer is 42." in line and "• one" in line for line in lines)


def test_stacked_when_too_narrow(result: Make, shown: Shown) -> None:
    text = shown(answers([result(), result("gpt")], 70), 70)
    assert "│" not in text
    assert text.index("claude") < text.index("The answer is 42.") < text.index("gpt")


@pytest.mark.parametrize(("width", "in_a_row"), [(80, 2), (160, 4), (40, 1)])
def test_eight_profiles_wrap_into_rows_of_columns(result: Make, shown: Shown, width: int, in_a_row: int) -> None:
    text = shown(answers([result(f"profile{n}", answer="word " * 60) for n in range(8)], width), width)
    heads = [line for line in text.split("\n") if "profile" in line]
    assert [line.count("profile") for line in heads] == [in_a_row] * (8 // in_a_row)
    assert all(cell_len(line) <= width for line in text.split("\n"))


def test_reasoning_full_excerpt_none(result: Make, shown: Shown) -> None:
    text = "\n".join(f"step {n}" for n in range(50))
    long = result(reasoning={"text": text})
    excerpt = shown(answers([long], 80), 80)
    assert "┊ step 0\n" in excerpt and "┊ step 49\n" in excerpt and "step 20" not in excerpt
    assert "characters …]" in excerpt
    assert "┊ step 20\n" in shown(answers([long], 80, reasoning="full"), 80)
    assert "reasoning" not in shown(answers([long], 80, reasoning="none"), 80)


def test_a_heading_of_a_summary_is_shown_without_its_marks_and_other_stars_stay(result: Make, shown: Shown) -> None:
    text = "**Weighing two**\nIt is **not** so.\n**a** or **b**\n****\n** "
    lines = [
        line.strip()
        for line in shown(answers([result(reasoning={"text": text})], 80, reasoning="full"), 80).split("\n")
    ]
    seen = [line.removeprefix("┊ ") for line in lines if line.startswith("┊")]
    assert seen == ["Weighing two", "It is **not** so.", "**a** or **b**", "****", "**"]


@each(
    ("reasoning", "words"),
    [
        (Reasoning("x", "full", 1312, "reported"), "reasoning: full text · 1,312 tokens"),
        (Reasoning("x", "summary", 31, "estimated"), "reasoning: summary · ~31 tokens"),
        (Reasoning("x", "inline", None, None), "reasoning: taken out of the answer's tags"),
        (Reasoning(None, "redacted", 9, "reported"), "reasoning: redacted by the provider · 9 tokens"),
        (Reasoning(None, "encrypted", 9, "derived"), "reasoning: encrypted, not readable · 9 tokens"),
        (Reasoning(None, "hidden", 9, "reported"), "reasoning: hidden (billed, not shown) · 9 tokens"),
        (Reasoning(), "reasoning: none seen"),
        (Reasoning(None, "none", 0, "reported"), "reasoning: none"),
    ],
)
def test_withheld_reasoning_says_so(result: Make, shown: Shown, reasoning: Reasoning, words: str) -> None:
    lines = shown(answers([result(reasoning=reasoning, cost=Cost())], 80), 80).split("\n")
    assert words in lines


@each(
    ("changes", "words"),
    [
        (
            {"answer": "", "finish": "length", "think": {"verdict": "starved"}, "reasoning": {"tokens": 1000},
             "usage": {"output_tokens": 1000}},
            "Thinking took 1,000 of 1,000 output tokens, and no answer was left. Raise --max-output or lower --think.",
        ),
        ({"answer": "", "think": {"verdict": "starved"}, "reasoning": Reasoning()}, "Thinking used up the output"),
        ({"answer": "Beg", "think": {"verdict": "starved"}}, "and the answer is cut. Raise --max-output"),
        ({"answer": "", "finish": "length", "finish_raw": "max_tokens"}, "left no room for an answer (max_tokens)."),
        ({"finish": "length", "finish_raw": None}, "The output limit cut the answer. Raise --max-output."),
        ({"answer": "", "finish": "refusal", "finish_raw": "refusal"}, "The model refused (refusal)."),
        ({"answer": "", "finish": "content_filter"}, "content filter stopped the answer (end_turn)."),
        ({"answer": "", "finish": "tool_call"}, "asked to call a tool instead of answering"),
        ({"answer": "  "}, "The answer is empty (end_turn)."),
        ({"answer": "", "status": "cancelled"}, "Cancelled before an answer came."),
        ({"answer": "Beg", "status": "cancelled", "error": Failure("cancelled", "x")}, "what came before is kept."),
        ({"answer": "Beg", "status": "partial"}, "The answer is incomplete: the stream ended early,"),
        (
            {"answer": "", "status": "error", "reasoning": Reasoning(), "error":
             Failure("rate_limit", "slow [red]down[/]", 429, True, "lower limits.rpm", 12.0)},
            "✗ Rate limit (429): slow [red]down[/]. Retry after 12 s. Hint: lower limits.rpm.",
        ),
        ({"answer": "", "status": "error", "error": Failure("auth", "")}, "✗ Key not accepted."),
    ],
)  # fmt: skip
def test_a_missing_answer_says_why(result: Make, shown: Shown, changes: dict[str, Any], words: str) -> None:
    text = shown(answers([result(**changes)], 120), 120)
    assert words in " ".join(text.split())


def test_of_an_immense_answer_the_beginning_is_laid_out_and_the_rest_told(
    result: Make, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thinkdial.cli.views.run import answers as view

    monkeypatch.setattr(view, "MOST_LAID_OUT", 1000)
    long = result(answer="words " * 500 + "end", reasoning={"text": "step " * 300 + "last"})
    text = shown(answers([long], 80, reasoning="full"), 80)
    assert "[… 2,003 more characters; --json and --format text have all …]" in " ".join(text.split())
    assert "[… 504 more characters;" in text and "end" not in text.split() and "last" not in text.split()


def test_markdown_is_rendered_and_nothing_is_swallowed(shown: Shown) -> None:
    text = shown(
        ModelMarkdown(
            "# Title\n\nUse `List<String>` or List<String>, <b>bold</b>, <https://a.b>, [site](https://c.d).\n"
            "next line\n\n```py\ndef f():\n    return '<x>'\n```\n\n<div>\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n![pic](http://i.j)"
        ),
        80,
    )
    words = [" ".join(line.strip("┃").split()) for line in text.split("\n")]  # Rich may frame a title or move a cell
    assert "Title" in words and "a b" in words
    for line in (
        "Use List<String> or List<String>, <b>bold</b>, https://a.b, site (https://c.d).",
        "next line",
        "▏ def f():",
        "▏     return '<x>'",
        "<div>",
        "[image: pic http://i.j]",
    ):
        assert line in text.split("\n"), line


@each(
    "text",
    [
        "\x1b[2J\x1b]0;owned\x07", "\x9b31m", "a &#x202E; b &#13; &#27; &rlm;", "`\x1b[31m`", "```\n\x1b[31m\n```",
        "<http://x/%E2%80%AE%1B%0D>", "[a](<http://x/&#x202e;>)", "| \x1b | b |\n|--|--|\n| \u202e | d |",
        "![\u202e](\x1b)", "# \u2066", "> \u200b", "1. \x00",
    ],
)  # fmt: skip
def test_no_control_character_survives_markdown(shown: Shown, text: str) -> None:
    out = shown(ModelMarkdown(text), 60)
    assert not any(c in out for c in "\x1b\x9b\u202e\u2066\u200b\u200f\x07\x00\r"), out


def test_rich_markup_is_text(result: Make, shown: Shown) -> None:
    hostile = "[bold red]x[/] [link=http://e.vil]y[/link] :smile:"
    text = shown(answers([result(answer=hostile, reasoning={"text": hostile})], 100), 100)
    assert text.count("[bold red]x[/] [link=http://e.vil]y[/link] :smile:") == 2


def test_links_are_not_clickable() -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system="standard", _environ={})
    console.print(ModelMarkdown("[site](https://e.vil) <https://e.vil>"))
    assert "\x1b]8" not in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [">" * 3000 + "deep", "[x]: http://only.a/definition", "*_" * 3000, "- " * 500 + "x", "x" * (MAX_CHARACTERS + 1)],
)
def test_odd_markdown_is_shown_all_the_same(shown: Shown, text: str) -> None:
    assert shown(ModelMarkdown(text), 60).strip()


def test_a_renderer_that_fails_costs_the_layout_only(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("thinkdial.cli.views.markdown._disarm", fail)
    assert shown(ModelMarkdown("**kept** \x1b"), 60) == "**kept** ␛\n"


def test_an_error_has_no_empty_reasoning(result: Make, shown: Shown) -> None:
    failed = result(
        status="error", answer="", reasoning=Reasoning(), usage=Usage(), latency=Latency(), error=Failure("server", "x")
    )
    assert "reasoning" not in shown(answers([failed], 80), 80)


def test_the_header_shows_the_substitution(result: Make, shown: Shown) -> None:
    think = ThinkReceipt("max", {}, "unsupported", "n", "unknown")
    assert "max → not sent* → 312  ? unknown" in shown(answers([result(think=think)], 80), 80)


def test_an_excerpt_says_how_much_more_there_is(result: Make, shown: Shown) -> None:
    long = result(answer="\n\n".join(f"paragraph {number}" for number in range(12)))
    text = shown(answers([long], 80, view="excerpt"), 80)
    assert "paragraph 2" in text and "paragraph 4" not in text
    assert "[… 17 more lines …]" in text
    assert "more lines" not in shown(answers([result(answer="short")], 80, view="excerpt"), 80)


def test_what_is_to_be_heard_stands_one_below_the_other_without_lines(result: Make, shown: Shown) -> None:
    text = shown(answers([result(), result("gpt")], 160, linear=True), 160)
    assert not set("│─┼┊") & set(text)
    assert text.index("claude") < text.index("reasoning:") < text.index("The answer is 42.") < text.index("gpt")
