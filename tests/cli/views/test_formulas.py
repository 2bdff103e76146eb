"""Formulas in a model's Markdown: their source on a terminal, MathML in a page, and no time for hostile ones."""

from __future__ import annotations

import time

import pytest
from rich.console import Console

from thinkdial.cli.views.markdown import ModelMarkdown
from thinkdial.cli.views.report.markup import markdown_html
from thinkdial.cli.views.report.mathml import mathml

from ...cases import each


def terminal(text: str, width: int = 80) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print(ModelMarkdown(text))
    return captured.get()


@pytest.mark.parametrize(
    "formula",
    [r"\(E=mc^2\)", r"\[a_1 * b_1 * c\]", r"$x_1 + x_2\,y$", r"\(\{a, b\}\)", r"\(a <b> c\)"],
)
def test_a_formula_within_a_line_is_shown_as_it_was_written(formula: str) -> None:
    assert f"so {formula} holds" in terminal(f"so {formula} holds")


@pytest.mark.parametrize(
    "formula",
    [
        "\\[\n\\int_0^1 x\\,dx\n= \\frac{1}{2}\n\\]",
        "$$\n\\int_0^1 x\\,dx\n$$",
        "\\begin{align*}\na &= b \\\\\nc &= d\n\\end{align*}",
        "\\[ x\\,y \\]",
    ],
)
def test_a_formula_of_its_own_lines_keeps_every_line(formula: str) -> None:
    shown = [line.removeprefix("▏ ").strip() for line in terminal(f"So:\n\n{formula}\n\nand").splitlines()]
    for line in formula.split("\n"):
        assert line.strip() in shown


def test_a_formula_in_a_list_stays_in_it() -> None:
    shown = terminal("- first\n  \\[\n  x = 1\n  \\]\n- second")
    assert "x = 1" in shown
    assert "second" in shown
    assert "\\]" in shown


def test_amounts_of_money_are_no_formulas() -> None:
    assert "from $5 to $6 and 10$ more" in terminal("from $5 to $6 and 10$ more")
    assert "<math" not in markdown_html("it costs $5 million there and US$ here, or $5 and more words$ now")


def test_a_page_has_mathml_without_a_script() -> None:
    html = markdown_html("so \\(E=mc^2\\) and\n\n\\[ \\int_0^1 x\\,dx \\]\n")
    assert "<msup><mi>c</mi><mn>2</mn></msup>" in html
    assert '<math display="block"' in html
    assert '<mspace width="0.167em"></mspace>' in html
    assert "script" not in html


@each(
    "formula",
    [r"\href{javascript:alert(1)}{x}", r"\text{<script>alert(1)</script>}", r"\style{background:url(//a)}{x}",
     r"\class{x}{y}", r'\text{"><img src=x onerror=y>}', r"\text{&lt;script&gt;}"],
)  # fmt: skip
def test_a_formula_brings_nothing_else_along(formula: str) -> None:
    html = mathml(formula) or ""
    inside = html.partition(">")[2]
    assert "<script" not in html
    assert "<img" not in html
    for name in ("href=", "style=", "class=", "onerror="):
        assert f" {name}" not in inside.replace("&quot;", "").replace("src=x onerror=y", "")


@pytest.mark.parametrize("formula", [r"\newcommand{\a}{\b\b}\a", r"\def\a{b}\a", r"\frac\frac", "{" * 2000, "a" * 4001])
def test_what_cannot_be_read_is_shown_as_written(formula: str) -> None:
    assert mathml(formula) is None


@pytest.mark.slow
@each(
    "text",
    ["\\begin{align}\n" * 5000, "\\begin{align}\\end{alig}\n\n" * 5000,
     "\\(" * 60_000, "\\[ a\n" * 20_000, "$a " * 30_000,
     "$$\n" * 20_000, "- \\[\n" * 5000],
    every=3,
)  # fmt: skip
def test_openers_without_an_end_take_no_time(text: str) -> None:
    began = time.process_time()
    markdown_html(text)
    assert time.process_time() - began < 4
