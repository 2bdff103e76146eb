"""A conversation put to many: it stays as it is, each column says what went along, and one answer can be picked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.blobs import compressed, unpacked
from thinkdial.engine.history.store import Store
from thinkdial.engine.sessions.conversation import Conversation, open_conversation

from .conftest import Cli


def conversation(name: str = "tea") -> Conversation:
    with Store.open() as store:
        return open_conversation(store, name)


@pytest.fixture
def compared(cli: Cli, tea: Path) -> Any:
    return cli("compare", "--session", "tea", "Which at night?", "-p", "a", "-p", "o", "-p", "g", "--config", tea)


def test_the_session_stays_as_it_is_and_says_how_to_go_on(compared: Any) -> None:
    assert compared.code == 0, compared.err
    assert "openai, google will see 2 earlier turns for the first time" in compared.err
    assert "thinkdial session pick tea PROFILE" in compared.err
    assert len(conversation().turns) == 2


def test_each_column_says_what_went_along(compared: Any) -> None:
    assert "2 turns, reasoning kept 2" in compared.out
    flat = " ".join(compared.out.replace("│", " ").split())
    assert flat.count("reasoning dropped 2: other vendor") == 2 or flat.count("reasoning dropped 2:") == 2
    assert "it is anthropic's" not in compared.everything


def test_results_name_the_turn_that_they_could_become(cli: Cli, tea: Path) -> None:
    run = cli("compare", "-c", "x", "-p", "a", "-p", "o", "--config", tea, "--json").json
    mine, other = run["results"]
    assert (mine["session"]["name"], mine["session"]["turn"]) == ("tea", 3) == ("tea", other["session"]["turn"])
    assert [(entry["turn"], entry["fate"]) for entry in mine["continuity"]] == [(1, "kept"), (2, "kept")]
    assert {entry["fate"] for entry in other["continuity"]} == {"dropped"}


def test_one_answer_is_picked_and_the_conversation_goes_on_with_it(cli: Cli, tea: Path, compared: Any) -> None:
    assert cli("session", "pick", "tea", "o").code == 0
    first, second, third = conversation().turns
    assert [turn.origin.provider for turn in (first, second, third)] == ["anthropic", "anthropic", "openai"]
    assert [piece.text for piece in third.asked] == ["Which at night?"]
    ended = cli("ask", "-c", "Why?", "--config", tea)
    assert ended.code == 0, ended.err
    assert "3 turns, reasoning kept 1, dropped 2: other vendor" in " ".join(ended.err.split())
    back = cli("ask", "-c", "And you?", "-p", "a", "--config", tea, "--json").json["results"][0]
    assert [entry["fate"] for entry in back["continuity"]] == ["kept", "kept", "dropped", "dropped"]


def test_vendors_are_told_of_once(cli: Cli, tea: Path, compared: Any) -> None:
    again = cli("compare", "-c", "x", "-p", "o", "-p", "g", "--config", tea)
    assert again.code == 0 and "for the first time" not in again.err
    assert set(conversation().settings.told) >= {"anthropic", "openai", "google"}


def test_on_a_terminal_a_no_sends_nothing(cli: Cli, tea: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thinkdial.cli.commands.run.talk.is_terminal", lambda _: True)
    words = ("compare", "-c", "x", "-p", "o", "-p", "a", "--config", tea)
    asked: list[str] = []
    monkeypatch.setattr("thinkdial.cli.commands.run.talk.agreed", lambda words: asked.append(words) or False)
    refused = cli(*words)
    assert (
        asked == ["openai will see 2 earlier turns for the first time. Go on?"]
        and refused.code == 2
        and "nothing was sent" in refused.err
    )
    assert "openai" not in conversation().settings.told and conversation().session.compared is None
    assert cli(*words, "-y").code == 0
    assert cli(*words).code == 0 and len(asked) == 1


def test_what_a_provider_refuses_is_left_out_told_and_not_sent_again(cli: Cli, tea: Path) -> None:
    with Store.open() as store:
        for number, document in store.connection.execute("SELECT number, document FROM turns").fetchall():
            known = unpacked(document)
            known["pieces"][0]["opaque"]["signature"] += "damaged"
            store.connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(known), number))
    run = cli("compare", "-c", "x", "-p", "a", "-p", "o", "--config", tea, "--json").json
    mine = run["results"][0]
    assert mine["status"] == "ok" and "state_refused" in {warning["code"] for warning in mine["warnings"]}
    assert {entry["reason"] for entry in mine["continuity"]} == {"anthropic has refused it"}
    assert [turn.dead for turn in conversation().turns] == [frozenset({0}), frozenset({0})]
    again = cli("ask", "-c", "y", "-p", "a", "--config", tea)
    assert "2 turns, reasoning dropped 2: refused" in " ".join(again.err.split()) and "state_refused" not in again.err


def test_reports_and_files_have_it_once_for_each_answer(cli: Cli, tea: Path, tmp_path: Path) -> None:
    words = ("compare", "-c", "x", "-p", "a", "-p", "o", "--config", tea, "-q", "-o")
    for form in ("html", "md", "text"):
        path = tmp_path / f"out.{form}"
        assert cli(*words, path, "--format", form).code == 0
        text = " ".join(path.read_text(encoding="utf-8").split())
        # The page has it beside the answer, and in its table for the screen (with what sorts it) and for paper.
        count = 4 if form == "html" else 1
        assert text.count("2 turns, reasoning dropped 2: other vendor") == count, form
        assert text.count("2 turns, reasoning kept 2") == count, form


def test_a_comparison_in_no_session_says_nothing_of_turns(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "x", "-p", "a", "-p", "o", "--config", sim)
    assert "turn" not in ended.err and "went along" not in ended.out
    assert json.loads(cli("compare", "x", "-p", "a", "--config", sim, "--json").out)["results"][0]["session"] is None
