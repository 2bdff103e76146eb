"""Runs as Markdown, plain text and CSV, with hostile text in every place."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

from markdown_it import MarkdownIt
from rich.cells import cell_len

from thinkdial.cli.views.quotation import fenced, inline, quoted
from thinkdial.cli.views.run.export import run_csv, run_markdown, run_text
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.csv_columns import RUN_COLUMNS
from thinkdial.engine.results.result import Cost, Reasoning, Result, Run, ThinkReceipt
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Usage

from ....cases import each
from ..conftest import written

Make = Callable[..., Result]
MakeRun = Callable[..., Run]

HOSTILE = [
    "```\n# out\n```", "````\n```\nstill in", "~~~\nopen fence", "<!-- never closed", "<details>\n\nx",
    "</blockquote>\n\n# out", "<script>alert(1)</script>", "![x](http://track.er/p.png)",
    "[x](javascript:alert(1))", "[x](&#106;avascript:alert(1))",
    "[x]: javascript:alert(1)\n[x]", "\n\n\n# out\n\n---\n", "| a |\n|--|\n| b |", "> nested\n\nout?", "\t<div>\n\tx",
    "- a\n\n  ```\n  x", "out\n===\n", "<x", "[bold red]x[/]", "\x1b[31m\u202e\r\n\x9b", "![x][r]\n\n[r]: http://track.er",
]  # fmt: skip


def headings(document: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(document)
    return [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open" and t.level == 0]


def token_types(document: str) -> set[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(document)
    return {child.type for token in tokens for child in (token, *(token.children or ()))}


def link_targets(document: str) -> list[str]:
    parser = MarkdownIt("commonmark").enable("table")
    parser.validateLink = lambda url: True
    tokens = [child for token in parser.parse(document) for child in token.children or ()]
    return [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]


@each("text", HOSTILE)
def test_markdown_keeps_its_structure_whatever_a_model_writes(result: Make, run: MakeRun, text: str) -> None:
    hostile = result(
        text, model=text, model_reported=text, answer=text, reasoning={"text": text}, finish_raw=text,
        think=ThinkReceipt(text, {"effort": text}, "clamped", text), status="partial",
        error=Failure("server", text, 500, True, text),
    )  # fmt: skip
    for view in ("full", "excerpt", "none"):
        document = written(run_markdown, run(hostile, result("last"), prompt=text, system=text), reasoning=view)  # type: ignore[arg-type]
        found = headings(document)
        assert found[:4] == ["Run run1", "Prompt", "System prompt", "Numbers"]
        assert found[4] == "Answers" and found[-1] == "last" and len(found) == 7
        assert not token_types(document) & {"html_block", "html_inline", "image"}
        assert not any(target.startswith("javascript") for target in link_targets(document))
        assert not set(document) & set("\x1b\u202e\r\x9b")


def test_markdown_has_numbers_notes_and_answers(result: Make, run: MakeRun) -> None:
    cheap = result("gpt|x", latency=Latency(0.1, 0.2, 1.0, 2.0, 10.0), answer="- one\n- two")
    document = written(run_markdown, run(result(), cheap))
    assert "| claude | claude-opus-5-5 | high → high → 312 | 312 90 % | 348 | 3.10 s | 4.00 s | 87 |" in document
    assert "| gpt\\|x | claude-opus-5-5 | high → high → 312 | 312 90 % | 348 | 1.00 s | 2.00 s | 10 |" in document
    assert "> - one\n> - two" in document and "> The answer is **42**." in document
    assert "**Reasoning:** summary · 312 tokens · \\$0.00624" in document
    assert "2 ok · \\$0.01412 · 696 output tokens · 624 of them reasoning · 4.10 s" in document


def test_markdown_of_failures(result: Make, run: MakeRun) -> None:
    failed = result(
        "grok", status="error", answer="", reasoning=Reasoning(), usage=Usage(), cost=Cost(), latency=Latency(),
        error=Failure("auth", "bad_key", 401, False, "thinkdial keys set"),
    )  # fmt: skip
    document = written(run_markdown, run(failed))
    assert "*Key not accepted (401): bad\\_key.*" in document
    assert "| grok | claude-opus-5-5 | high → high → – | – | – | – | – | – | – | ✗ key not accepted |" in document
    assert "1 failed · cost unknown" in document and "**Reasoning" not in document


def test_quotes_and_fences() -> None:
    assert quoted("a\n\nb") == "> a\n>\n> b"
    assert quoted("a <b>c</b>") == "```markdown\na <b>c</b>\n```"
    assert quoted("[ok](https://a.b) [mail](mailto:a@b.c) [rel](x.md)").startswith("> ")
    assert quoted("[no](file:///etc/passwd)").startswith("```")
    assert fenced("`````\nx").startswith("``````text\n")
    assert inline("a|b\n*c* <d> `e`") == "a\\|b \\*c\\* \\<d\\> \\`e\\`"


def test_text_is_plain_and_fits_80_columns(result: Make, run: MakeRun) -> None:
    answer = "word " * 60 + "\n\n- " + "item " * 40 + "\n\n```\n" + "c" * 100 + "\n```\n"
    starved = result("qwen", answer="", finish="length", think={"verdict": "starved"})
    text = written(run_text, run(result(answer=answer), starved, prompt="why? " * 40, system="be brief"))
    lines = text.split("\n")
    assert all(cell_len(line) <= 80 or line == "c" * 100 for line in lines)
    assert "\x1b" not in text
    assert "claude · claude-opus-5-5 · high → high → 312 · ✓ ok" in lines
    assert "| First the tens, then the ones." in lines
    assert "! Thinking took 312 of 348 output tokens, and no answer was left. Raise" in lines
    assert "  item item" in text
    assert "  high → high → 312 reasoning tokens · ✓ as asked · 348 output" in lines
    assert "2 ok · $0.01412 · 696 output tokens · 624 of them reasoning · 4.10 s" in lines


@each("text", HOSTILE)
def test_text_is_harmless(result: Make, run: MakeRun, text: str) -> None:
    hostile = result(
        text, model=text, answer=text, reasoning={"text": text}, error=Failure("server", text), status="error"
    )
    for view in ("full", "excerpt", "none"):
        assert not set(written(run_text, run(hostile, prompt=text), reasoning=view)) & set("\x1b\u202e\r\x9b")  # type: ignore[arg-type]


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def test_csv_has_a_row_a_result(result: Make) -> None:
    text = written(
        run_csv, [result(), result("b", think=ThinkReceipt("8192", {"budget_tokens": 8192}, "exact", None, "as_asked"))]
    )
    first, second = read_csv(text)
    assert tuple(first) == RUN_COLUMNS and text.split("\n")[0] == ",".join(RUN_COLUMNS)
    expected = {
        "run_id": "run1", "profile": "claude", "status": "ok", "think_requested": "high", "think_sent": "high",
        "fidelity": "exact", "verdict": "as_asked", "reasoning_tokens": "312", "tokens_source": "reported",
        "cached_input_tokens": "0", "output_tokens": "348", "cost_usd": "0.00706", "cost_source": "table",
        "total_s": "4.0", "finish": "stop", "error_kind": "", "answer": "The answer is **42**.",
    }  # fmt: skip
    assert {name: first[name] for name in expected} == expected
    assert second["think_sent"] == "8192"


def test_csv_unknown_is_empty_and_small_costs_are_not_scientific(result: Make) -> None:
    from decimal import Decimal

    bare = result(
        usage=Usage(), cost=Cost(Decimal("1E-9")), latency=Latency(), reasoning=Reasoning(), model_reported=None
    )
    row = read_csv(written(run_csv, [bare]))[0]
    assert row["cost_usd"] == "0.000000001"
    assert {row[n] for n in ("input_tokens", "total_s", "reasoning_tokens", "model_reported", "reasoning")} == {""}


@each("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", '",=1', "a\n=b", "\x1b[31m", "\u202e"])
def test_csv_cells_are_neutralized(result: Make, text: str) -> None:
    changes: dict[str, Any] = dict.fromkeys(("provider", "model", "model_reported", "answer", "run_id"), text)
    hostile = result(text, reasoning={"text": text}, error=Failure("server", text), **changes)
    row = read_csv(written(run_csv, [hostile]))[0]
    for name in ("profile", "provider", "model", "model_reported", "answer", "reasoning", "error_message", "run_id"):
        assert not row[name].lstrip().startswith(("=", "+", "-", "@")) and not row[name].startswith("\t")
        assert not set(row[name]) & set("\x1b\u202e")
        assert text.lstrip("\t")[1:].replace("\n", "") in row[name].replace("\n", "")


def test_no_results_are_a_header() -> None:
    assert written(run_csv, []) == ",".join(RUN_COLUMNS) + "\n"
