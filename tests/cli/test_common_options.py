"""`-o -` is stdout, where results go without it; what has to be a file says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt": "x"}\n')
    return path


def test_results_go_to_stdout(cli: Cli, process: Any, sim: Path, rows: Path) -> None:
    asked = cli("ask", "hello", "-p", "a", "--config", sim, "--json", "-o", "-")
    assert asked.json["schema"] == "thinkdial.run/1"
    line = json.loads(process("batch", rows, "-p", "a", "--config", sim, "-q", "--output=-").out)
    assert line["profile"] == "a"
    assert cli("history", "report", "1", "-o", "-").out.startswith("<!doctype html>")
    assert not Path("-").exists()


def test_it_goes_with_no_file(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "hello", "-p", "a", "--config", sim, "-o", "x.json", "-o", "-")
    assert ended.code == 2 and "- is stdout" in ended.err and not Path("x.json").exists()


@pytest.mark.parametrize("command", [("tune", "rows.jsonl", "-p", "a"), ("batch", "collect")])
def test_what_has_to_be_a_file(cli: Cli, command: tuple[str, ...]) -> None:
    ended = cli(*command, "-o", "-")
    assert ended.code == 2 and "it has to be a file" in ended.err
