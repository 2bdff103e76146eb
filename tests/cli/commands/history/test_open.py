"""`thinkdial open` where there is no terminal or no Textual, and what it sends again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.commands.history.open_ import send_again
from thinkdial.engine.history.queries import named_run
from thinkdial.providers.errors import UsageError

Cli = Any


def test_without_a_terminal_it_names_what_prints(cli: Cli) -> None:
    ended = cli("open", "last")
    assert ended.code == 2
    assert "open needs a terminal" in ended.err
    assert "thinkdial history show" in ended.err


def test_a_terminal_without_a_screen_is_told_what_prints(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thinkdial.cli.output.is_terminal", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    ended = cli("open", "last")
    assert ended.code == 2 and "open needs a terminal with a screen" in ended.err


def test_without_textual_it_says_how_to_add_it(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thinkdial.cli.output.is_terminal", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    for name in [name for name in sys.modules if name.startswith("thinkdial.cli.views.browser")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    monkeypatch.setitem(sys.modules, "textual", None)
    ended = cli("open")
    assert ended.code == 2
    assert "open needs Textual" in ended.err
    assert "[browse]" in ended.err


def test_a_prompt_is_sent_again_by_ask_itself(cli: Cli, sim: Path) -> None:
    assert cli("ask", "Is 91 prime?", "-p", "a", "-t", "low", "--config", sim).code == 0
    stored = named_run("last")
    run = named_run(send_again(stored, stored.run.results[0], "high", sim))
    assert run.number == stored.number + 1
    assert run.run.prompt == "Is 91 prime?"
    assert run.run.results[0].think.requested == "high"
    with pytest.raises(UsageError, match="no profile or group"):
        send_again(stored, stored.run.results[0], "high", None)
