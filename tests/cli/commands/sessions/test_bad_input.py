"""What has changed since the last turn, or never was: said with what helps, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import Store, database_path

from .conftest import Changed, Cli


@pytest.mark.parametrize("command", ["compare", "plan"])
def test_an_unknown_session_suggests(cli: Cli, tea: Path, command: str) -> None:
    ended = cli(command, "--session", "tee", "x", "-p", "a", "--config", tea)
    assert ended.code == 2 and "no session is called 'tee'" in ended.err and "tea" in ended.err.replace("'tee'", "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", ["ask", "compare", "plan"])
def test_options_that_do_not_fit_together(cli: Cli, tea: Path, command: str) -> None:
    both = cli(command, "--session", "tea", "-c", "x", "-p", "a", "--config", tea)
    assert both.code == 2 and "say one of them" in both.err
    for option in (("--carry-reasoning",), ("--on-mismatch", "drop")):
        alone = cli(command, *option, "x", "-p", "a", "--config", tea)
        assert alone.code == 2 and f"{option[0]} is about earlier turns" in alone.err


@pytest.mark.parametrize("command", ["ask", "compare"])
def test_without_a_history_there_are_no_sessions(cli: Cli, tea: Path, command: str) -> None:
    ended = cli(command, "--session", "tea", "x", "-p", "a", "--config", tea, "--no-history")
    assert ended.code == 2 and "kept in the history, which is off" in ended.err


@pytest.mark.parametrize("words", [("ask", "-c"), ("plan", "-c"), ("ask", "-c", "--dry-run")])
def test_a_profile_that_is_gone_is_named(cli: Cli, tea: Path, changed: Changed, words: tuple[str, ...]) -> None:
    config = changed(a=None)
    gone = cli(*words, "x", "--config", config)
    assert gone.code == 2 and "session tea was with profile a, which is gone" in gone.err and "-p" in gone.err
    other = cli(*words, "x", "--config", config, "-p", "o")
    assert other.code == 0, other.err


def test_turns_of_a_provider_that_is_no_more_go_along_as_text(cli: Cli, tea: Path, changed: Changed) -> None:
    with Store.open() as store:
        rows = store.connection.execute("SELECT number, document FROM turns").fetchall()
        from thinkdial.engine.history.blobs import compressed, unpacked

        for number, document in rows:
            known = unpacked(document)
            known["origin"]["provider"] = "bygone"
            store.connection.execute("UPDATE turns SET document = ? WHERE number = ?", (compressed(known), number))
    ended = cli("ask", "-c", "x", "-p", "a", "--config", tea, "--json")
    assert ended.code == 0, ended.err
    entries = ended.json["results"][0]["continuity"]
    assert [entry["reason"] for entry in entries] == ["it is bygone's; anthropic gets the text alone"] * 2


def test_a_model_that_has_ended_is_told_and_another_goes_on(cli: Cli, tea: Path, changed: Changed) -> None:
    config = changed(a="{provider: google, model: gemini-3.1-flash-lite-preview, api_key_env: SIM_KEY}")
    ended = cli("ask", "-c", "x", "--config", config)
    assert ended.code == 2 and "stopped answering" in ended.err and "use model:" in ended.err
    assert cli("ask", "-c", "x", "-p", "o", "--config", config).code == 0


@pytest.mark.parametrize("command", ["ask", "compare", "plan"])
def test_a_history_of_a_later_version_is_left_alone(cli: Cli, tea: Path, command: str) -> None:
    with Store.open() as store:
        store.connection.execute("PRAGMA user_version = 99")
    ended = cli(command, "-c", "x", "-p", "a", "--config", tea)
    assert ended.code == 2 and str(database_path()) in ended.err and "is of version 99" in ended.err


def test_a_key_that_has_changed_drops_what_is_bound_to_the_account(
    cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("ask", "--session", "tea", "x", "-p", "o@high", "--config", sim).code == 0
    monkeypatch.setenv("SIM_KEY", "sk-another-KEY-0123456789abcdef")
    (plan,) = cli("plan", "-c", "y", "--config", sim, "--json").json["plans"]
    ended = cli("ask", "-c", "y", "--config", sim)
    assert ended.code == 0, ended.err
    assert {entry["reason"] for entry in plan["continuity"]} == {"it is bound to another account of openai"}
    assert "1 turn, reasoning dropped 1: other account" in " ".join(ended.err.split())


def test_a_comparison_reads_while_another_process_writes(cli: Cli, tea: Path) -> None:
    with Store.open() as store:
        store.connection.execute("UPDATE sessions SET writer_host = 'elsewhere', writer_pid = 1, writer_since = 'now'")
    held = cli("ask", "-c", "x", "--config", tea)
    assert held.code == 2 and "in use by process 1" in held.err and "session fork" in held.err
    assert cli("compare", "-c", "x", "-p", "a", "-p", "o", "--config", tea).code == 0


def test_two_processes_never_add_to_one_session_at_once(cli: Cli, process: Any, tea: Path) -> None:
    from time import sleep

    first = process.start("ask", "-c", "x", "-p", "stall", "--config", tea)
    for _ in range(200):
        second = cli("plan", "-c", "y", "--config", tea) if first.poll() is None else None
        assert second is not None and second.code == 0  # who only looks is never in the way
        with Store.open() as store:
            (pid,) = store.connection.execute("SELECT writer_pid FROM sessions").fetchone()
        if pid == first.pid:
            break
        sleep(0.05)
    refused = cli("ask", "-c", "y", "--config", tea)
    assert refused.code == 2 and f"session tea is in use by process {first.pid}" in refused.err
    assert cli("session", "fork", "tea", "other").code == 0
    assert cli("ask", "--session", "other", "y", "--config", tea).code == 0
    first.kill()
    first.wait(20)
    after = cli("ask", "--session", "tea", "y", "-p", "a", "--config", tea)
    assert after.code == 0, after.err


def test_a_session_that_is_removed_meanwhile_is_told(cli: Cli, tea: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.cli.commands.run import talk

    may_go = talk.may_go

    def removed(*given: Any, **options: Any) -> bool:
        assert cli("session", "rm", "tea", "-y").code == 0
        return may_go(*given, **options)

    monkeypatch.setattr(talk, "may_go", removed)
    ended = cli("compare", "-c", "x", "-p", "a", "-p", "o", "--config", tea)
    assert "session tea is gone: somebody has removed it" in ended.err and "Traceback" not in ended.err
    assert "✓ ok" in ended.out


class TestHistoryRemoved:
    def test_what_sessions_hold_stays_and_is_told(self, cli: Cli, tea: Path) -> None:
        assert cli("ask", "x", "-p", "a", "--config", tea).code == 0
        ended = cli("history", "rm", "--all", "-y", "--json")
        assert ended.json == {"schema": "thinkdial.history/1", "removed": 1, "held": 2}
        assert "2 runs stay, held by sessions (tea)" in ended.err
        assert cli("ask", "-c", "Still there?", "--config", tea).code == 0
        assert cli("session", "rm", "tea", "-y").code == 0
        assert cli("history", "rm", "--before", "2999-01-01", "-y", "--json").json["removed"] == 3
