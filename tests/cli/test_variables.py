"""Variables that set options."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from thinkdial.cli.app import app
from thinkdial.cli.framework.variables import SETTABLE, variables

Cli = Callable[..., Any]
ROOT = Path(__file__).parents[2]


def test_a_variable_stands_for_its_option_and_the_option_goes_first(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINKDIAL_THINK", "low")
    monkeypatch.setenv("THINKDIAL_JSON", "1")
    plans = cli("plan", "x", "-p", "claude").json["plans"]
    assert [plan["think"]["requested"] for plan in plans] == ["low"]
    assert cli("plan", "x", "-p", "claude", "-t", "high").json["plans"][0]["think"]["requested"] == "high"
    monkeypatch.setenv("THINKDIAL_JSON", "0")
    assert not cli("plan", "x", "-p", "claude").out.startswith("{")


def test_a_configuration_by_variable(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("defaults: {think: max}\n")
    monkeypatch.setenv("THINKDIAL_CONFIG", str(config))
    assert cli("config", "get", "defaults.think").out == "max\n"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("REPEAT", "0", "greater than or equal to 1"), ("REASONING", "non", "did you mean none?")],
)
def test_a_bad_value_names_its_variable(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"THINKDIAL_{name}", value)
    ended = cli("compare", "x", "-p", "claude")
    assert ended.code == 2 and words in ended.err and f"THINKDIAL_{name}" in ended.err


def test_what_a_command_is_about_is_typed() -> None:
    found = {one.option[2:] for one in variables(typer.main.get_group(app))}
    assert found >= SETTABLE, "each of them is an option of some command"
    assert not found & {"profile", "file", "output", "force", "dry-run", "session", "continue", "expect", "raw", "save"}


def test_help_lists_them(cli: Cli) -> None:
    shown = cli("help", "variables")
    assert shown.code == 0 and "THINKDIAL_MAX_COST" in shown.out and "THINKDIAL_EDITOR" in shown.out
    assert all(len(line) <= 80 for line in shown.out.splitlines())
    assert "thinkdial help variables" in cli("ask", "--help").out


def test_the_page_is_as_the_program_says() -> None:
    subprocess.run([sys.executable, "scripts/variables_page.py", "--check"], cwd=ROOT, check=True, timeout=60)
