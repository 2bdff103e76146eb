"""What may stand where the cursor is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer

from thinkdial.cli.app import app
from thinkdial.cli.completion.answer import typed_words
from thinkdial.cli.completion.table import ARGUMENT_KINDS, OPTION_KINDS, argument_kind, option_kind

from ...cases import each

Tab = Callable[..., list[str]]
LEVELS = ["off", "minimal", "low", "medium", "high", "xhigh", "max", "auto", "8k"]


@each(
    ("words", "found"),
    [
        (("com",), ["compare"]),
        (("history", "sh"), ["show"]),
        (("ask", "-p", "cl"), ["claude", "claude-haiku"]),
        (("ask", "--profile=cl"), ["--profile=claude", "--profile=claude-haiku"]),
        (("ask", "hello", "-p", "f"), ["frontier"]),
        (("ask", "-p", "openai/"), ["openai/gpt-6-sol"]),
        (("ask", "-p", "openai/g", "x", "-p", "anthropic/"), ["anthropic/claude-opus-5-5"]),
        (("ask", "-p", "claude@"), [f"claude@{level}" for level in LEVELS]),
        (("ask", "-p", "claude@h"), ["claude@high"]),
        (("compare", "--think", "m"), ["minimal", "medium", "max"]),
        (("compare", "-t", "low,hi"), ["low,high"]),
        (("compare", "--think=off,x"), ["--think=off,xhigh"]),
        (("ask", "--escalate", "low,h"), ["low,high"]),
        (("compare", "--format", "j"), ["json", "jsonl"]),
        (("ask", "--reasoning", ""), ["full", "excerpt", "none"]),
        (("ask", "--session", "t"), ["tea", "taxes"]),
        (("session", "show", "te"), ["tea"]),
        (("session", "pick", "tea", "cl"), ["claude", "claude-haiku"]),
        (("history", "show", ""), ["last", "12", "3"]),
        (("history", "report", "12", "l"), ["last"]),
        (("diff", "12:cl"), ["12:claude", "12:claude-haiku"]),
        (("diff", "12:claude@h"), ["12:claude@high"]),
        (("batch", "status", ""), ["20261101-abc"]),
        (("ask", "-T", "r"), ["review"]),
        (("templates", "show", ""), ["review", "short"]),
        (("config", "get", "d"), ["defaults.think"]),
        (("keys", "set", "c"), ["claude"]),
        (("models", "--provider", "o"), ["openai"]),
        (("help", "hist"), ["history"]),
        (("help", "history", "sh"), ["show"]),
        (("--show-completion", ""), ["bash", "zsh", "fish", "powershell"]),
        (("batch", "run", "--via", ""), ["provider"]),
        (("ask", "--expect", "con"), ["contains="]),
    ],
)
def test_values(tab: Tab, words: tuple[str, ...], found: list[str]) -> None:
    assert tab(*words) == found


@each(
    "words",
    [
        ("ask", ""), ("ask", "hel"), ("ask", "-s", "x"), ("ask", "--max-cost", ""), ("ask", "--", "-"),
        ("ask", "--", "cl"), ("compare", "--repeat", ""), ("nothing", ""), ("session", "show", "tea", ""),
        ("ask", "--nothing=x"),
        ("config", "set", "defaults.think", ""), ("profiles", "list", ""),
    ],
)  # fmt: skip
def test_nothing_where_only_somebody_knows(tab: Tab, words: tuple[str, ...]) -> None:
    assert tab(*words) == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("ask", "-f", ""), "<file>"),
        (("ask", "-o", "x"), "<file>"),
        (("ask", "--output=x"), "<file>"),
        (("ask", "--config", ""), "<file>"),
        (("tune", ""), "<file>"),
        (("batch", "merge", ""), "<file>"),
        (("session", "import", ""), "<file>"),
        (("simulate", "--state", ""), "<dir>"),
    ],
)
def test_files_only_where_files_belong(tab: Tab, words: tuple[str, ...], kind: str) -> None:
    assert tab(*words) == [kind]


def test_a_group_with_a_usual_command_takes_both(tab: Tab) -> None:
    assert {"run", "list", "status", "<file>"} <= set(tab("batch", ""))
    assert tab("batch", "rows.jsonl", "-p", "cl") == ["claude", "claude-haiku"]
    assert "--via" in tab("batch", "--v") and tab("batch", "-p", "gp") == ["gpt"]


def test_options_are_the_long_ones_of_the_command(tab: Tab) -> None:
    shown = tab("ask", "--")
    assert "--think" in shown and "--escalate" in shown and "--help" in shown and "-p" not in shown
    assert "--repeat" not in shown and "--repeat" in tab("compare", "--re")


def test_every_kind_is_of_something_that_exists() -> None:
    options, arguments = set[str](), set[str]()

    def walk(group: Any, path: tuple[str, ...]) -> None:
        for one in group.params:
            if one.param_type_name == "option":
                options.update(one.opts)
                option_kind(one)
            else:
                arguments.add(one.metavar)
                argument_kind(one, path)
        for name, below in getattr(group, "commands", {}).items():
            walk(below, (*path, name))

    walk(typer.main.get_group(app), ())
    assert set(OPTION_KINDS) <= options
    assert {metavar for _, metavar in ARGUMENT_KINDS} <= arguments


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("thinkdial ask ", ["thinkdial", "ask", ""]),
        ("thinkdial ask 'two words' -p cl", ["thinkdial", "ask", "two words", "-p", "cl"]),
        ('thinkdial ask "a \\" b', ["thinkdial", "ask", 'a " b']),
        ("cat x | thinkdial a\\ b", ["thinkdial", "a b"]),
        ("thinkdial ask ''", ["thinkdial", "ask", ""]),
    ],
)
def test_a_line_as_a_shell_reads_it(line: str, words: list[str]) -> None:
    assert typed_words(line) == words
