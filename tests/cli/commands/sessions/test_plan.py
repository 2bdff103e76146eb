"""`plan --session` and `--dry-run`: what would become of earlier turns, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Changed, Cli


@pytest.mark.parametrize(
    "words", [("plan", "-c"), ("ask", "-c", "--dry-run"), ("compare", "--session", "tea", "--dry-run", "-p", "a")]
)
def test_the_last_profile_is_planned_with_what_goes_along(cli: Cli, tea: Path, words: tuple[str, ...]) -> None:
    (plan,) = cli(*words, "Next?", "--config", tea, "--json").json["plans"]
    assert plan["profile"] == "a" and plan["session"]["turn"] == 3
    assert [(entry["turn"], entry["kind"], entry["fate"]) for entry in plan["continuity"]] == [
        (1, "thinking", "kept"), (2, "thinking", "kept"),
    ]  # fmt: skip
    assert "Which tea has the least caffeine?" in plan["request"]["body"]
    assert "next turn, 3: " in cli(*words, "Next?", "--config", tea).out


def test_the_plan_is_what_is_sent(cli: Cli, tea: Path) -> None:
    (plan,) = cli("plan", "-c", "Next?", "--config", tea, "--json").json["plans"]
    (done,) = cli("ask", "-c", "Next?", "--config", tea, "--json").json["results"]
    assert done["continuity"] == plan["continuity"] and done["session"] == plan["session"]
    (sent,) = cli("history", "show", "last", "--sent", "--json").json["sent"]
    assert sent["body"] == plan["request"]["body"]


def test_neither_socket_nor_key_is_needed(process: Any, tea: Path) -> None:
    ended = process(
        "plan", "-c", "Next?", "-p", "a", "-p", "o", "--config", tea, env={"TEST_NO_SOCKETS": "1", "SIM_KEY": ""}
    )
    assert ended.code == 0, ended.err
    flat = " ".join(ended.out.split())
    assert "2 turns, reasoning kept 2 turns 1-2: thinking kept: it goes back as it came" in flat
    assert "2 turns, reasoning dropped 2: other vendor" in flat


def test_another_system_text_is_seen_before_it_is_sent(cli: Cli, sim: Path) -> None:
    assert cli("ask", "--session", "tea", "x", "-p", "a", "--config", sim).code == 0
    words = ("-c", "y", "-s", "Be brief.", "--config", sim)
    (dropped,) = cli("plan", *words, "--json").json["plans"][0]["continuity"]
    assert dropped["fate"] == "dropped"
    (carried,) = cli("plan", *words, "--carry-reasoning", "--json").json["plans"][0]["continuity"]
    assert carried["fate"] == "converted"
    refused = cli("plan", *words, "--on-mismatch", "error")
    assert refused.code == 2 and "--on-mismatch drop" in refused.err


def test_a_new_session_is_planned_and_not_begun(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "--session", "new", "x", "-p", "o", "--config", sim, "--dry-run", "--json")
    (plan,) = ended.json["plans"]
    assert plan["session"] is None and plan["continuity"] == [] and "encrypted_content" in plan["request"]["body"]
    assert "new" not in cli("session", "list").everything.split()


def test_outside_sessions_there_is_nothing_of_them(cli: Cli, sim: Path) -> None:
    (plan,) = cli("plan", "x", "-p", "a", "--config", sim, "--json").json["plans"]
    assert plan["session"] is None and plan["continuity"] == []


def test_whose_key_it_is_stays_open_where_a_plan_does_not_ask_for_it(cli: Cli, sim: Path, changed: Changed) -> None:
    assert cli("ask", "--session", "tea", "x", "-p", "o@high", "--config", sim).code == 0
    (line,) = [one.strip() for one in sim.read_text().splitlines() if one.strip().startswith("o:")]
    entry = line.partition(": ")[2]
    program = entry.replace("api_key_env: SIM_KEY", "api_key_command: [printf, sim-key]")
    assert program != entry, entry
    asked = ("plan", "-c", "y", "-p", "o", "--json", "--config")
    (known,) = cli(*asked, sim).json["plans"][0]["continuity"]
    assert (known["fate"], known["reason"]) == ("kept", "it goes back as it came")
    (open_,) = cli(*asked, changed(o=program)).json["plans"][0]["continuity"]
    assert open_["fate"] == "kept" and "the key, which was not asked for yet" in open_["reason"]
