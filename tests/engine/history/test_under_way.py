"""Calls whose process has died are charged at their estimates, once, and those of others are left alone."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.history import processes
from thinkdial.engine.history.migrations import MIGRATIONS
from thinkdial.engine.history.processes import Process, is_alive, this_machine, this_process
from thinkdial.engine.history.record import CallHead, Recorder, RunHead
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.spend import spent, spent_in
from thinkdial.engine.history.sums.under_way import CallsUnderWay, UnderWay, charge_lost, end_under_way, note_under_way
from thinkdial.engine.history.writer import compressed

from .made import NOON, SENT, result, store_run

D = Decimal
TODAY = datetime.now(UTC).date()
LATER = datetime.now(UTC) + timedelta(hours=1)
DEAD = Process(this_machine(), 2**22 + 1)
ELSEWHERE = Process("another machine", 1)
CALL = UnderWay(TODAY.isoformat(), "p", "v", "host.example", "m", "auto", D("0.25"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


def note(path: Path, process: Process, call: UnderWay = CALL, expires: datetime = LATER) -> int:
    with Store.open(path, create=True) as store, store.transaction() as connection:
        return note_under_way(connection, [call], process, expires)[0]


def total(path: Path) -> Any:
    with Store.open(path) as store:
        return spent(store, "day")[1]


def charge(path: Path) -> int:
    with Store.open(path) as store, store.transaction() as connection:
        return charge_lost(connection)


def test_a_call_under_way_counts_at_its_estimate_and_holds_no_budget_until_its_process_has_died(path: Path) -> None:
    note(path, this_process())
    assert (total(path).results, total(path).estimated, total(path).usd) == (1, 1, D("0.25"))
    with Store.open(path) as store:
        assert spent_in(store, TODAY) == (D(0), 0)
    note(path, DEAD)
    with Store.open(path) as store:
        assert spent_in(store, TODAY) == (D("0.25"), 0)
        assert spent_in(store, TODAY, {"p"}) == (D("0.25"), 0)
        assert spent_in(store, TODAY, {"q"}) == (D(0), 0)


def test_the_dead_move_into_the_sums_once_and_nothing_else_does(path: Path) -> None:
    for process in (DEAD, DEAD, this_process(), ELSEWHERE):
        note(path, process)
    before = total(path)
    assert charge(path) == 2
    assert charge(path) == 0
    assert total(path) == before
    with Store.open(path) as store:
        assert spent_in(store, TODAY) == (D("0.50"), 0)


def test_an_estimate_is_taken_back_when_the_call_ends_after_all(path: Path) -> None:
    number = note(path, ELSEWHERE, expires=datetime.now(UTC) - timedelta(seconds=1))
    assert charge(path) == 1
    with Store.open(path) as store, store.transaction() as connection:
        end_under_way(connection, [(number, CALL)])
    whole = total(path)
    assert (whole.results, whole.estimated, whole.usd, whole.estimated_usd) == (0, 0, None, D(0))


def test_of_calls_that_end_together_only_those_that_were_charged_are_taken_back(path: Path) -> None:
    cheap = replace(CALL, usd=D("0.1"))
    past = datetime.now(UTC) - timedelta(seconds=1)
    calls = [(note(path, ELSEWHERE), CALL), (note(path, ELSEWHERE, cheap, past), cheap), (note(path, ELSEWHERE), CALL)]
    other = note(path, ELSEWHERE, replace(CALL, usd=D(7)))
    assert charge(path) == 1
    with Store.open(path) as store, store.transaction() as connection:
        end_under_way(connection, calls)
        assert connection.execute("SELECT number FROM under_way").fetchall() == [(other,)]
    assert (total(path).results, total(path).usd) == (1, D(7))


def test_what_begins_and_ends_in_one_transaction_leaves_no_row_and_numbers_are_given_once(path: Path) -> None:
    calls = CallsUnderWay()
    with Store.open(path, create=True) as store:
        for index in range(3):
            with store.transaction() as connection:
                calls.begin(index, replace(CALL, usd=None))
                calls.begin(index, CALL)
                calls.estimate(connection, index, D("0.5"))
                if index == 1:
                    calls.end(index)
                calls.write(connection)
        left = store.connection.execute("SELECT number, usd FROM under_way ORDER BY number").fetchall()
        assert left == [(1, "0.5"), (2, "0.25"), (5, "0.5"), (6, "0.25")]
        with store.transaction() as connection:
            calls.end(0)
            calls.end(2)
            calls.end(3)
            calls.write(connection)
        assert store.connection.execute("SELECT * FROM under_way").fetchall() == []
        with store.transaction() as connection:
            assert note_under_way(connection, [CALL, CALL], DEAD, LATER) == range(7, 9)


def test_hosts_with_one_home_do_not_free_each_others(path: Path) -> None:
    """The process number is dead here, and means somebody else there."""
    note(path, replace(DEAD, machine="twin " + this_machine()))
    assert charge(path) == 0
    with Store.open(path) as store:
        assert spent_in(store, TODAY) == (D(0), 0)


def test_machines_of_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def machine(text: dict[str, str], namespace: str) -> str:
        monkeypatch.setattr(processes, "_text", lambda path: text.get(path, ""))
        monkeypatch.setattr(processes, "_link", lambda path: namespace)
        monkeypatch.setattr("socket.gethostname", lambda: "localhost")
        return this_machine.__wrapped__()

    boot = "/proc/sys/kernel/random/boot_id"
    names = {machine({boot: "a"}, "pid:[1]"), machine({boot: "b"}, "pid:[1]"), machine({boot: "a"}, "pid:[2]")}
    assert len(names) == 3


def test_a_process_is_not_taken_for_a_later_one_of_its_number() -> None:
    mine = this_process()
    assert is_alive(mine)
    if mine.began:
        assert not is_alive(replace(mine, began="1"))
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT) is None:
            pass
        assert not is_alive(Process(this_machine(), child.pid)), "it has ended, and only its parent has not asked yet"


KILLED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from thinkdial.engine.history.record import CallHead, Recorder, RunHead

async def go():
    head = RunHead("a1", datetime.now(UTC), sys.argv[2], "hello", None, False, sys.argv[2])
    recorder = Recorder(head, path=Path(sys.argv[1]))
    for index in range(3):
        await recorder.reserve(index, CallHead("p", "v", "", "m", "auto", {}, "h"), Decimal("0.5"))
    recorder.dropped(2)
    await recorder.stored()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(go())
"""


@pytest.mark.parametrize("kept", ["everything", "run", "sums"])
def test_what_was_reserved_before_a_kill_counts(path: Path, kept: str) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path), kept])
    assert (total(path).results, total(path).usd) == (2, D("1.0"))
    with Store.open(path) as store:
        assert spent_in(store, TODAY) == (D("1.0"), 0)


@pytest.mark.parametrize("kept", ["everything", "run", "sums"])
def test_a_result_takes_the_place_of_its_estimate(path: Path, kept: Any) -> None:
    recorder = Recorder(RunHead("a1", NOON, "batch", "hello", None, False, kept), path=path)
    one = result(host="h")
    head = CallHead(one.profile, one.provider, one.dialect, one.model, one.think.requested, SENT, "h")

    async def go() -> None:
        await recorder.reserve(0, head, None)
        recorder.estimate(0, D("9"))
        await recorder.stored()
        assert total(path).usd == D("9")
        recorder.begin(0, head)
        await recorder.finished(0, one)
        await recorder.close(1.0)

    asyncio.run(go())
    assert recorder.problem is None
    whole = total(path)
    assert (whole.results, whole.estimated, whole.usd) == (1, 0, D("0.5"))


def test_nobody_waits_long_for_others_who_keep_the_history_locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thinkdial.engine.history.record.MOST_PATIENCE_S", 0.05)
    recorder = Recorder(RunHead("a1", NOON, "batch", "x", None, False, "run"), path=path, busy_timeout_s=0.02)
    one = result()
    head = CallHead(one.profile, one.provider, one.dialect, one.model, one.think.requested, {})

    async def go() -> None:
        with Store.open(path, create=True) as other:
            with other.transaction():
                await asyncio.gather(*(recorder.reserve(index, head, D(1)) for index in range(3)))
                await recorder.reserve(3, head, D(1))
                await asyncio.sleep(0.1)
            for index in range(1, 4):
                recorder.dropped(index)
            recorder.begin(0, head)
            await recorder.finished(0, one)
        await recorder.close(1.0)

    asyncio.run(go())
    assert recorder.problem is None, recorder.problem
    with Store.open(path) as store:
        assert spent_in(store, date(2026, 11, 1)) == (D("0.5"), 0)


def test_an_older_history_keeps_its_sums_and_learns_its_hosts(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for script in MIGRATIONS[:3]:
            connection.executescript(script)
        connection.execute("PRAGMA user_version = 3")
        connection.execute("INSERT INTO runs VALUES (1, 'r1', '2026-11-21T12:00:00Z', 'ask', 'x', NULL, 0, 1.0)")
        connection.execute("INSERT INTO runs VALUES (2, 'r2', '2026-11-21T12:00:00Z', 'demo', 'x', NULL, 1, 1.0)")
        for number, (run, status) in enumerate([(1, "ok"), (1, "running"), (2, "running"), (1, "running")]):
            sent = compressed({"base_url": "https://a:b@Host.example:8443/v1"}) if number else b"\x00"
            connection.execute(
                "INSERT INTO results (id, run, position, created_at, profile, provider, dialect, model, think, status,"
                " output_tokens, sent) VALUES (?, ?, ?, '2026-11-21T12:00:00Z', 'p', 'v', 'd', 'm', 'auto', ?, 7, ?)",
                (f"i{number}", run, number, status, sent),
            )
        connection.execute(
            "INSERT INTO spending VALUES ('2026-11-21', 'p', 'v', 'm', 'auto', 3, 1, '0.75', '0.5', '0.2', 0,"
            " '0', 10, 20, 5)"
        )
        connection.execute("INSERT INTO forecast_errors VALUES ('2026-11-21','v','m','auto','history',1,1,'1','1','0')")
    with Store.open(path) as store:
        whole = spent(store, "day")[1]
        assert (whole.results, whole.unpriced, whole.usd, whole.input_tokens) == (5, 3, D("0.75"), 10)
        hosts = store.connection.execute("SELECT host, simulated FROM results ORDER BY number").fetchall()
        assert hosts == [("", 0), ("host.example:8443", 0), ("host.example:8443", 1), ("host.example:8443", 0)]
        assert store.connection.execute("SELECT count(*), host FROM forecast_errors").fetchone() == (1, "")
        # The program that has begun it ends it, and knows nothing of what is under way.
        store.connection.execute("UPDATE results SET status = 'ok' WHERE number = 2")
        assert spent(store, "day")[1].results == 4
        assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_sums_are_kept_by_host(path: Path) -> None:
    store_run(path, [result(host="a.example"), result(host="b.example")], run_id="a1")
    with Store.open(path) as store:
        assert {row.key: row.usd for row in spent(store, "host")[0]} == {"a.example": D("0.5"), "b.example": D("0.5")}
        assert {row.key: row.usd for row in spent(store, "provider")[0]} == {"anthropic": D("1.0")}
