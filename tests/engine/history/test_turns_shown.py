"""The bytes of a turn are stored before anybody is shown them; a slow history holds nobody up for long."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from thinkdial.engine.history.heads import TurnHead
from thinkdial.engine.history.record import CallHead, Recorder, RunHead
from thinkdial.engine.history.store import Store

from .made import SENT

CALL = CallHead("claude", "anthropic", "anthropic-messages", "claude-opus-5-5", "auto", SENT)
CHUNKS = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


def run_head(path: Path) -> RunHead:
    """A run that adds the first turn to a session."""
    with Store.open(path, create=True) as store, store.transaction() as connection:
        connection.execute(
            "INSERT INTO sessions (number, id, name, tree, created_at, used_at, settings)"
            " VALUES (1, 'id', 'talk', 1, '', '', x'')"
        )
    turn = TurnHead(1, 1, None, "talk", {"pieces": []})
    return RunHead("run", datetime(2026, 11, 30, tzinfo=UTC), "ask", "Why?", None, False, turn=turn)


def test_every_chunk_is_in_the_database_when_it_may_be_shown(path: Path) -> None:
    head = run_head(path)

    async def go() -> None:
        recorder = Recorder(head, path=path)
        recorder.begin(0, CALL)
        recorder.opened(0, 200, "text/event-stream", True)
        with closing(sqlite3.connect(path)) as other:
            for number in range(1, CHUNKS + 1):
                recorder.received(0, b"x")
                (stored,) = other.execute("SELECT TOTAL(LENGTH(data)) FROM chunks").fetchone()
                assert stored == number
        assert recorder.problem is None
        await recorder.close(1.0)

    asyncio.run(go())


def test_a_history_that_others_keep_locked_is_waited_for_once(path: Path) -> None:
    head = run_head(path)

    async def go() -> float:
        recorder = Recorder(head, path=path, busy_timeout_s=0.05)
        recorder.begin(0, CALL)
        recorder.opened(0, 200, "text/event-stream", True)
        recorder.received(0, b"x")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            for _ in range(CHUNKS):
                recorder.received(0, b"x")
            spent = time.monotonic() - began
            other.execute("ROLLBACK")
        await recorder.close(1.0)
        return spent

    assert asyncio.run(go()) < 1.0
