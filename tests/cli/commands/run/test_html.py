"""The page on the command line: into a file, into a pipe, and not onto a terminal."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.formats import chosen_format
from thinkdial.cli.options import Format
from thinkdial.providers.errors import UsageError

Cli = Callable[..., Any]


@pytest.mark.parametrize("name", ["report.html", "report.HTM"])
def test_the_suffix_of_the_file_makes_a_page(cli: Cli, sim: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    ended = cli("compare", "Is 91 prime?", "-p", "trio", "-t", "low,high", "--config", sim, "-o", file)
    assert ended.code == 0 and ended.out == ""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and text.count("<article") == 6
    assert "Is 91 prime?" in text and "By think value" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_pipe_gets_the_page_alone(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "x", "-p", "a", "--config", sim, "--format", "html")
    assert ended.code == 0
    assert ended.out.startswith("<!doctype html>") and ended.out.endswith("</html>\n")


def test_a_terminal_is_spared_the_page_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    with pytest.raises(UsageError) as refused:
        chosen_format(Format.HTML, False, None, Format.TABLE)
    assert "-o report.html" in (refused.value.hint or "")
    assert chosen_format(Format.HTML, False, tmp_path / "x", Format.TABLE) is Format.HTML


def test_reasoning_that_is_not_wanted_is_not_in_the_page(cli: Cli, sim: Path) -> None:
    arguments = ("compare", "x", "-p", "a", "-t", "high", "--config", sim, "--format", "html")
    assert "<details>" in cli(*arguments).out
    assert "<details>" not in cli(*arguments, "--reasoning", "none").out


def test_failures_are_part_of_the_page(cli: Cli, sim: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    ended = cli("compare", "x", "-p", "a", "-p", "busy", "--config", sim, "--retries", "0", "-o", file)
    assert ended.code == 1
    assert "Overloaded" in file.read_text(encoding="utf-8")


def test_a_demonstration_is_labelled_on_the_page(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "demo.html"
    assert cli("demo", "-p", "claude", "-o", file).code == 0
    assert "SIMULATED, nothing was charged" in file.read_text(encoding="utf-8")


def test_a_name_that_is_too_long_is_found_before_anything_is_paid_for(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "hello", "-p", "a", "--config", sim, "-o", f"{'a' * 300}.html")
    assert ended.code == 2 and "cannot be written: File name too long" in ended.err
    fits = f"{'b' * 240}.html"
    assert cli("compare", "hello", "-p", "a", "--config", sim, "-o", fits).code == 0 and Path(fits).exists()


def test_the_page_orders_think_values_as_the_configuration_does(cli: Cli, sim: Path, tmp_path: Path) -> None:
    def order(*options: object) -> list[str]:
        page = cli(*options).out
        axis = page[page.index("Output tokens by think value") :]
        return sorted(("low", "2,500", "high"), key=lambda word: axis.index(f">{word}<"))

    mine = tmp_path / "mine.yaml"
    mine.write_text(sim.read_text(encoding="utf-8") + "reference: {budgets: {low: 3000}}\n", encoding="utf-8")
    compare = ("compare", "x", "-p", "o", "-t", "high,2500,low", "--format", "html", "--config")
    assert order(*compare, sim) == ["low", "2,500", "high"]
    assert order(*compare, mine) == ["2,500", "low", "high"]
    shipped = ["low", "2,500", "high"]
    assert order("history", "show", "last", "--format", "html") == shipped
    assert order("history", "report", "last") == shipped
