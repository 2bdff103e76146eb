"""A run and its history: stored before it is shown, without credentials, and never at the answer's expense."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.migrations import MIGRATIONS
from thinkdial.engine.history.store import database_path

Cli = Callable[..., Any]


def everything_stored() -> bytes:
    """The database's files, and all that is compressed in them."""
    path = database_path()
    found = [file.read_bytes() for file in path.parent.iterdir()]
    with closing(sqlite3.connect(path)) as connection:
        for row in connection.execute("SELECT document, sent, raw FROM results"):
            found += [zlib.decompress(blob) for blob in row if blob is not None]
        found += [row[0] for row in connection.execute("SELECT data FROM chunks")]
    return b"\n".join(found)


@pytest.mark.parametrize("status", [200, 401])
def test_a_key_that_the_server_repeats_is_not_stored(
    cli: Cli, recorder: Any, config_for: Callable[..., Path], key: str, status: int
) -> None:
    said = {"choices": [{"message": {"role": "assistant", "content": f"you sent {key}"}, "finish_reason": "stop"}]}
    recorder.status = status
    recorder.body = json.dumps(said if status == 200 else {"error": {"message": f"bad key {key}"}}).encode()
    ended = cli("ask", "hello", "-p", "chat", "--no-stream", "--config", config_for(recorder.url), "--retries", "0")
    assert ended.code == (0 if status == 200 else 3)
    stored = everything_stored()
    assert b"[key]" in stored and b"hello" in stored
    assert key.encode() not in stored


@pytest.mark.parametrize("damage", ["corrupt", "newer", "directory", "foreign"])
def test_a_history_that_cannot_be_used_costs_no_answer(cli: Cli, sim: Path, damage: str) -> None:
    path = database_path()
    path.parent.mkdir(parents=True)
    match damage:
        case "corrupt":
            path.write_bytes(b"SQLite format 3\x00" + os.urandom(5000))
        case "newer":
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
                connection.execute("CREATE TABLE later (x)")
                connection.commit()
        case "directory":
            path.mkdir()
        case _:
            path.write_bytes(b"something else entirely, and not short" * 100)
    before = path.read_bytes() if path.is_file() else None
    ended = cli("ask", "hello", "-p", "a", "--config", sim)
    assert ended.code == 0 and ended.out.strip()
    assert "this run is not in the history" in ended.err and str(path) in ended.err
    assert before is None or path.read_bytes() == before, "what cannot be read is left as it is"


def test_a_locked_history_costs_no_answer(cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("ask", "hello", "-p", "a", "--config", sim).code == 0
    monkeypatch.setattr("thinkdial.engine.history.store.BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(database_path(), isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        ended = cli("compare", "hello", "-p", "a", "-p", "o", "--config", sim, "--json")
    assert ended.code == 0 and len(ended.json["results"]) == 2
    assert "this run is not in the history" in ended.err and "locked" in ended.err
    assert len(cli("history", "list", "--json").json["runs"]) == 1


def test_an_answer_that_nobody_reads_is_kept_and_its_run_has_ended(cli: Cli, process: Any, sim: Path) -> None:
    running = process.start("ask", "hello", "-p", "a", "--config", sim)
    running.stdout.close()
    assert running.wait(20) == 141
    (row,) = cli("history", "list", "--json").json["runs"]
    assert row["statuses"] == {"cancelled": 1} and row["total_s"] is not None
    (result,) = cli("history", "show", "last", "--json").json["results"]
    assert result["error"]["kind"] == "cancelled" and result["reasoning"]["text"]


def test_a_locked_history_holds_up_no_other_answer(cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forecasts ask who writes it for earlier runs, beside the event loop: another connection would wait on it."""
    from thinkdial.engine.history.store import Store

    opened_for, opened = list[str](), Store.open

    def watched(*arguments: Any, **options: Any) -> Store:
        opened_for.append(threading.current_thread().name)
        return opened(*arguments, **options)

    assert cli("ask", "hello", "-p", "a", "--config", sim).code == 0
    monkeypatch.setattr(Store, "open", watched)
    assert cli("compare", "hello", "-p", "trio", "--config", sim).code == 0
    assert opened_for == ["thinkdial-history"], "once for all answers"


def test_a_request_that_never_left_cost_nothing(cli: Cli, config_for: Callable[..., Path]) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))  # bound, and not listening: whoever connects is refused
        config = config_for(f"http://127.0.0.1:{bound.getsockname()[1]}")
        ended = cli("ask", "hello", "-p", "a", "--config", config, "--retries", "0", "--json")
    assert ended.code == 3 and ended.json["summary"]["usd_unknown"] == 0
    assert [one["code"] for one in ended.json["results"][0]["warnings"]].count("never_sent") == 1
    (row,) = cli("history", "list", "--json").json["runs"]
    assert (row["usd"], row["usd_unknown"]) == (None, 0)
    assert cli("spend", "--json").json["total"]["unpriced"] == 0


def test_a_refused_call_is_not_of_unknown_cost_in_the_list(cli: Cli, sim: Path) -> None:
    assert cli("ask", "hello", "-p", "busy", "--config", sim, "--retries", "0").code == 3
    (row,) = cli("history", "list", "--json").json["runs"]
    assert (row["usd"], row["usd_unknown"]) == (None, 0)


@pytest.mark.parametrize("how", ["option", "history: false\n", "defaults: {history: false}\n"])
def test_switched_off_nothing_is_written(cli: Cli, simulator: Any, config_for: Callable[..., Path], how: str) -> None:
    path = config_for(simulator.base_url, "" if how == "option" else how)
    options = ("--no-history",) if how == "option" else ()
    assert cli("ask", "hello", "-p", "a", "--config", path, *options).code == 0
    assert not database_path().exists()


def test_a_run_that_sent_nothing_is_not_kept(cli: Cli) -> None:
    assert cli("ask", "hello", "-p", "claude").code == 2
    assert not database_path().exists()


def test_failed_and_refused_calls_are_kept_beside_the_others(cli: Cli, sim: Path) -> None:
    assert cli("compare", "hello", "-p", "a", "-p", "busy", "-p", "gpt", "--config", sim, "--retries", "0").code == 1
    kept = cli("history", "show", "last", "--json").json
    assert [(one["profile"], one["status"]) for one in kept["results"]] == [
        ("a", "ok"), ("busy", "error"), ("gpt", "error"),
    ]  # fmt: skip


def test_the_demonstration_is_kept_and_counts_for_nothing(cli: Cli) -> None:
    assert cli("demo", "-q").code == 0
    assert cli("history", "list", "--json").json["runs"][0]["simulated"] is True
    assert cli("spend", "--json").json["total"]["results"] == 0
