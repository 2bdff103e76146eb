"""The recorder: what it was told is in the database, whatever happens to the process, the loop or the disk."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.history.blobs import packed
from thinkdial.engine.history.record import CallHead, Recorder, RunHead
from thinkdial.engine.history.store import LockedError, Store
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.result import Cost, Forecast, Reasoning, Result, ThinkReceipt
from thinkdial.providers.schema import Usage

SENT = {"base_url": "https://api.example", "stream": True, "quirks": {}, "body": '{"model": "m"}'}

RESULT = Result(
    id="id-0", run_id="run-0", created_at="2026-11-21T10:00:00Z", profile="claude", provider="anthropic",
    dialect="anthropic-messages", model="m", model_reported="m-1", status="ok",
    think=ThinkReceipt("high", {"effort": "high"}, "exact", None, "as_asked"),
    reasoning=Reasoning("hm", "full", 20, "reported"), answer="42", finish="stop", finish_raw="end_turn",
    usage=Usage(10, 0, 0, 30, 20, 40),
    cost=Cost(Decimal("0.0007"), Decimal("0.0001"), Decimal("0.0006"), Decimal("0.0004"), "table"),
    latency=Latency(0.1, 0.2, 0.3, 1.5, 20.0), attempts=1, request_id="req_1",
)  # fmt: skip


def head(number: int = 0, **changes: Any) -> RunHead:
    whole = {
        "run_id": f"run-{number}", "created_at": datetime(2026, 11, 21, 10, tzinfo=UTC), "command": "ask",
        "prompt": "What is 6 x 7?", "system": None, "simulated": False,
    }  # fmt: skip
    return RunHead(**{**whole, **changes})


def call(**changes: Any) -> CallHead:
    whole = {
        "profile": "claude", "provider": "anthropic", "dialect": "anthropic-messages", "model": "m", "think": "high",
        "sent": SENT,
    }  # fmt: skip
    return CallHead(**{**whole, **changes})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def read(path: Path) -> Iterator[Callable[..., list[Any]]]:
    """Asks the database by a connection of its own."""
    with closing(sqlite3.connect(path)) as connection:
        yield lambda question, *values: connection.execute(question, values).fetchall()


def unpacked(blob: bytes) -> Any:
    return json.loads(zlib.decompress(blob))


def record(path: Path, *results: Result, **changes: Any) -> Recorder:
    """A run of these results, each with a response of three chunks."""
    recorder = Recorder(head(**changes), path=path)

    async def go() -> int | None:
        for index, result in enumerate(results):
            recorder.begin(index, call())
            recorder.opened(index, 200, "text/event-stream", True)
            for piece in (b"data: 1\n\n", b"data: 2\n\n", b"data: \xff\n\n"):
                recorder.received(index, piece)
            await recorder.finished(index, result)
        return await recorder.close(2.5)

    assert asyncio.run(go()) is not None
    return recorder


async def stored_in(path: Path, question: str) -> None:
    """Wait until the database, which may not be there yet, answers the question with anything but nothing."""

    def wait() -> None:
        found = None
        while not found:
            with Store.open(path) as store:
                found = store.connection.execute(question).fetchone()

    await asyncio.to_thread(wait)


def test_a_whole_run_is_stored_with_everything_of_it(path: Path, read: Callable[..., list[Any]]) -> None:
    forecast = Forecast(
        11, "estimated", 25, "reference", 0, 1000, Decimal("0.0001"), Decimal("0.0005"), None, "table", "by hand"
    )
    result = replace(RESULT, forecast=forecast)

    async def go() -> int | None:
        recorder = Recorder(head(system="Be brief."), path=path)
        recorder.begin(0, call())
        recorder.opened(0, 200, "text/event-stream", True)
        recorder.received(0, b"data: 1\n\n")
        await stored_in(path, "SELECT 1 FROM chunks")
        recorder.received(0, b"data: 2\n\n")
        await recorder.finished(0, result)
        assert recorder.problem is None
        return await recorder.close(2.5)

    assert asyncio.run(go()) == 1
    assert read("SELECT id, created_at, command, prompt, system, simulated, total_s FROM runs") == [
        ("run-0", "2026-11-21T10:00:00Z", "ask", "What is 6 x 7?", "Be brief.", 0, 2.5)
    ]
    ((document, sent, raw_head, raw),) = read("SELECT document, sent, raw_head, raw FROM results")
    assert unpacked(document) == json.loads(json.dumps(result_document(result)))
    assert unpacked(sent) == SENT
    assert json.loads(raw_head) == {"status": 200, "content_type": "text/event-stream", "streamed": True}
    assert zlib.decompress(raw) == b"data: 1\n\ndata: 2\n\n"
    assert read("SELECT count(*) FROM chunks") == [(0,)]
    assert read(
        "SELECT id, position, status, verdict, answer, input_tokens, output_tokens, reasoning_tokens, total_s, usd"
        " FROM results"
    ) == [("id-0", 0, "ok", "as_asked", "42", 10, 30, 20, 1.5, "0.000700")]
    assert read(
        "SELECT cost_source, listed_usd, forecast_low_usd, forecast_expected_usd, forecast_high_usd, forecast_source"
        " FROM results"
    ) == [("table", None, "0.000100", "0.000500", None, "reference")]


def test_nothing_sent_is_nothing_stored(path: Path) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.opened(0, 200, "", True)
        recorder.received(0, b"x")
        await recorder.finished(0, RESULT)
        assert await recorder.close(1.0) is None
        assert await recorder.close(1.0) is None

    asyncio.run(go())
    assert not path.exists()
    assert not any(thread.name == "thinkdial-history" for thread in threading.enumerate())


def test_a_result_that_was_never_begun_is_left_out(path: Path, read: Callable[..., list[Any]]) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        await recorder.finished(1, replace(RESULT, id="refused"))
        await recorder.finished(0, RESULT)
        await recorder.finished(0, replace(RESULT, id="again"))
        assert await recorder.close(1.0) == 1

    asyncio.run(go())
    assert read("SELECT id FROM results") == [("id-0",)]


def test_a_retry_throws_the_earlier_bytes_away(path: Path, read: Callable[..., list[Any]]) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        recorder.opened(0, 503, "text/html", True)
        recorder.received(0, b"overloaded")
        await stored_in(path, "SELECT 1 FROM chunks")
        recorder.begin(0, call(sent={**SENT, "again": True}))
        recorder.opened(0, 200, "application/json")
        recorder.received(0, b"{}")
        await recorder.finished(0, RESULT)
        await recorder.close(1.0)

    asyncio.run(go())
    ((sent, raw_head, raw),) = read("SELECT sent, raw_head, raw FROM results")
    assert (zlib.decompress(raw), json.loads(raw_head)["content_type"]) == (b"{}", "application/json")
    assert json.loads(raw_head)["streamed"] is True
    assert unpacked(sent)["again"] is True


def test_a_call_without_a_response_has_no_raw_and_an_empty_response_has(
    path: Path, read: Callable[..., list[Any]]
) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        recorder.begin(1, call())
        recorder.opened(1, 200, "", False)
        await recorder.finished(0, RESULT)
        await recorder.finished(1, replace(RESULT, id="id-1"))
        await recorder.close(1.0)

    asyncio.run(go())
    ((no_head, none), (_, empty)) = read("SELECT raw_head IS NULL, raw FROM results")
    assert (no_head, none, zlib.decompress(empty)) == (1, None, b"")


def test_text_that_is_no_text_and_counts_beyond_reason_do_not_stop_it(
    path: Path, read: Callable[..., list[Any]]
) -> None:
    odd = replace(RESULT, answer="half \ud83d", usage=Usage(10**30, output_tokens=5))
    recorder = record(path, odd, prompt="also \udc80 and \x00")
    assert recorder.problem is None
    ((answer, entered, document),) = read("SELECT answer, input_tokens, document FROM results")
    assert (answer, entered) == ("half ?", None)
    assert unpacked(document)["answer"] == "half \ud83d"
    assert unpacked(document)["usage"]["input_tokens"] == 10**30
    assert read("SELECT input_tokens, output_tokens FROM spending") == [(0, 5)]


def test_sums_are_exact_and_unknown_is_counted_apart(path: Path, read: Callable[..., list[Any]]) -> None:
    tiny = Decimal("0.00000000000000000000000000001")
    results = [
        replace(RESULT, id="a", cost=Cost(Decimal("1234567.1"), None, None, None, "provider")),
        replace(RESULT, id="b", cost=Cost(tiny, tiny, tiny, tiny, "table", cache_saved_usd=Decimal("-0.5"))),
        replace(RESULT, id="c", cost=Cost()),
        replace(RESULT, id="d", cost=Cost(), attempts=0),
        replace(RESULT, id="e", think=replace(RESULT.think, requested="low")),
    ]
    record(path, *results)
    assert read(
        "SELECT day, profile, provider, model, think, results, unpriced, usd, output_usd, reasoning_usd"
        ", reasoning_unknown, cache_saved_usd, output_tokens FROM spending"
    ) == [
        (
            "2026-11-21", "claude", "anthropic", "m", "high", 3, 1, "1234567.10000000000000000000000000001",
            "0.00000000000000000000000000001", "0.00000000000000000000000000001", 1, "-0.500000", 90,
        ),
        (
            "2026-11-21", "claude", "anthropic", "m", "low", 1, 0, "0.000700",
            "0.000600", "0.000400", 0, "0.000000", 30,
        ),
    ]  # fmt: skip


def test_forecasts_are_judged_by_whole_answers_with_a_known_cost(path: Path, read: Callable[..., list[Any]]) -> None:
    def forecast(low: str, expected: str, high: str | None) -> Forecast:
        top = None if high is None else Decimal(high)
        return Forecast(
            10, "estimated", 30, "history", 9, 100, Decimal(low), Decimal(expected), top, "table", "by hand"
        )

    record(
        path,
        replace(RESULT, id="within", forecast=forecast("0.0001", "0.0005", "0.0010")),
        replace(RESULT, id="above", forecast=forecast("0.0001", "0.0003", "0.0006")),
        replace(RESULT, id="unbounded", forecast=forecast("0.0001", "0.0009", None)),
        replace(RESULT, id="cut", status="partial", forecast=forecast("0.0001", "0.0003", "0.0004")),
        replace(RESULT, id="unknown", cost=Cost(), forecast=forecast("0.0001", "0.0003", "0.0004")),
        RESULT,
    )
    assert read(
        "SELECT source, results, within, expected_usd, actual_usd, absolute_error_usd FROM forecast_errors"
    ) == [("history", 3, 2, "0.001700", "0.002100", "0.000800")]


def test_the_likely_range_is_judged_by_the_output(path: Path, read: Callable[..., list[Any]]) -> None:
    output = RESULT.usage.output_tokens
    assert output
    ranged = Forecast(
        10, "estimated", output - 1, "history", 9, 100, Decimal("0.1"), Decimal("0.2"), None, "table", "by hand",
        low_output_tokens=output - 9, high_output_tokens=output,
    )  # fmt: skip
    below = replace(ranged, low_output_tokens=output + 1, expected_output_tokens=output)
    record(
        path,
        replace(RESULT, id="in range", forecast=ranged),
        replace(RESULT, id="below", forecast=below),
        replace(RESULT, id="untold", forecast=ranged, usage=replace(RESULT.usage, output_tokens=None)),
        replace(RESULT, id="without", forecast=replace(ranged, high_output_tokens=None)),
        replace(RESULT, id="recorded", forecast=replace(ranged, output_source="observed")),
    )
    assert read("SELECT source, results, ranged, covered, above FROM forecast_errors") == [
        ("history", 4, 2, 1, 1), ("observed", 1, 1, 1, 1),
    ]  # fmt: skip


def test_bills_that_disagree_by_more_than_five_percent_are_listed(
    path: Path, read: Callable[..., list[Any]]
) -> None:  # fmt: skip
    def billed(name: str, usd: str, listed: str | None) -> Result:
        by_list = None if listed is None else Decimal(listed)
        return replace(RESULT, id=name, cost=Cost(Decimal(usd), source="provider", listed_usd=by_list))

    record(path, billed("a", "1.06", "1"), billed("b", "1.05", "1"), billed("c", "0.1", "0"), billed("d", "1", None))
    assert read("SELECT run, profile, billed_usd, listed_usd FROM disagreements") == [
        (1, "claude", "1.060000", "1.000000"),
        (1, "claude", "0.100000", "0.000000"),
    ]


def test_simulated_runs_are_stored_and_cost_nothing(path: Path, read: Callable[..., list[Any]]) -> None:
    record(path, RESULT, simulated=True)
    assert read("SELECT simulated FROM runs") == [(1,)]
    assert read("SELECT * FROM spending") == []


def test_a_result_is_stored_although_whoever_waited_was_cancelled(path: Path, read: Callable[..., list[Any]]) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        recorder.begin(1, call())

        async def wait() -> None:
            await asyncio.shield(recorder.finished(0, RESULT))

        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        recorder.finished(1, replace(RESULT, id="id-1")).cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await recorder.close(None) == 1

    asyncio.run(go())
    assert read("SELECT id, status FROM results") == [("id-0", "ok"), ("id-1", "ok")]
    assert read("SELECT total_s FROM runs") == [(None,)]


def test_a_loop_that_is_gone_does_not_harm(path: Path, read: Callable[..., list[Any]]) -> None:
    recorder = Recorder(head(), path=path, busy_timeout_s=30)
    Store.open(path, create=True).close()

    async def go() -> None:
        recorder.begin(0, call())
        recorder.finished(0, RESULT)

    with Store.open(path) as other, other.transaction():
        asyncio.run(go())
    assert asyncio.run(recorder.close(1.0)) == 1
    assert recorder.problem is None
    assert read("SELECT status FROM results") == [("ok",)]


def test_closing_twice_or_twice_at_once_is_closing_once(path: Path, read: Callable[..., list[Any]]) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        assert await asyncio.gather(recorder.close(1.0), recorder.close(2.0)) == [1, 1]
        assert await recorder.close(3.0) == 1
        recorder.begin(1, call())
        recorder.received(1, b"late")
        await recorder.finished(0, RESULT)
        assert recorder.problem is None

    asyncio.run(go())
    assert read("SELECT total_s FROM runs") == [(1.0,)]
    assert read("SELECT status FROM results") == [("running",)]


def test_a_lock_that_lasts_is_waited_out_while_nobody_waits_for_us(
    path: Path, read: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Semaphore(0)
    ring = LockedError.__init__

    def counted(error: LockedError, *arguments: Any, **options: Any) -> None:
        ring(error, *arguments, **options)
        given_up.release()

    monkeypatch.setattr(LockedError, "__init__", counted)

    async def go() -> None:
        recorder = Recorder(head(), path=path, busy_timeout_s=0.02)
        with Store.open(path, create=True) as other, other.transaction():
            recorder.begin(0, call())
            recorder.received(0, b"x")
            for _ in range(2):
                assert await asyncio.to_thread(given_up.acquire, timeout=20)
            assert recorder.problem is None
        await stored_in(path, "SELECT 1 FROM chunks")
        await recorder.finished(0, RESULT)
        assert await recorder.close(1.0) == 1

    asyncio.run(go())
    assert [zlib.decompress(raw) for (raw,) in read("SELECT raw FROM results")] == [b"x"]


def test_a_lock_that_outlasts_our_patience_is_a_problem_and_holds_up_nobody(path: Path) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path, busy_timeout_s=0.02)
        with Store.open(path, create=True) as other, other.transaction():
            recorder.begin(0, call())
            await recorder.finished(0, RESULT)
            assert isinstance(recorder.problem, LockedError)
            recorder.received(0, b"x")
            await recorder.finished(1, RESULT)
            assert await recorder.close(1.0) is None

    asyncio.run(go())


def test_a_full_disk_is_a_problem_and_what_was_stored_before_stays(path: Path, read: Callable[..., list[Any]]) -> None:
    code = """
import asyncio, os, resource, sys
from msgspec.structs import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_record import RESULT, Recorder, call, head

async def go(path):
    recorder = Recorder(head(), path=path)
    recorder.begin(0, call())
    await recorder.finished(0, RESULT)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    recorder.begin(1, call())
    recorder.received(1, os.urandom(1_000_000))
    await recorder.finished(1, replace(RESULT, id="id-1"))
    print(recorder.problem.message)
    await recorder.finished(1, replace(RESULT, id="id-2"))
    print(await recorder.close(1.0))

asyncio.run(go(Path(sys.argv[1])))
"""
    directory = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", code, path, directory], capture_output=True, text=True)
    message, number = done.stdout.splitlines()
    assert "reading or writing failed" in message or "disk is full" in message
    assert number == "1"
    assert read("SELECT id FROM results WHERE status = 'ok'") == [("id-0",)]
    assert read("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("content", [b"no database at all " * 100, None])
def test_a_history_that_cannot_be_used_is_a_problem_and_holds_up_nobody(path: Path, content: bytes | None) -> None:
    if content is None:
        with Store.open(path, create=True) as store:
            store.connection.execute("PRAGMA user_version = 99")
    else:
        path.write_bytes(content)

    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        recorder.opened(0, 200, "", True)
        await recorder.finished(0, RESULT)
        assert recorder.problem is not None
        assert ("damaged" if content else "version 99") in recorder.problem.message
        recorder.begin(1, call())
        recorder.received(1, b"x")
        await recorder.finished(1, RESULT)
        assert await recorder.close(1.0) is None

    asyncio.run(go())


def test_a_disk_that_is_too_slow_is_a_problem_and_not_a_full_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thinkdial.engine.history.record.MOST_WAITING_BYTES", 1000)

    async def go() -> None:
        recorder = Recorder(head(), path=path)
        with Store.open(path, create=True) as other, other.transaction():
            recorder.begin(0, call())
            for _ in range(11):
                recorder.received(0, b"x" * 100)
            assert recorder.problem is not None
            assert "too slow" in recorder.problem.message
            await recorder.finished(0, RESULT)
        await recorder.close(1.0)

    asyncio.run(go())


def test_a_run_removed_while_it_is_written_is_no_problem_and_its_money_counts(
    path: Path, read: Callable[..., list[Any]]
) -> None:
    async def go() -> None:
        recorder = Recorder(head(), path=path)
        recorder.begin(0, call())
        recorder.received(0, b"x")
        await stored_in(path, "SELECT 1 FROM chunks")
        with Store.open(path) as other, other.transaction() as connection:
            connection.execute("DELETE FROM runs")
        recorder.received(0, b"y")
        await recorder.finished(0, RESULT)
        await recorder.close(1.0)
        assert recorder.problem is None

    asyncio.run(go())
    assert read("SELECT (SELECT count(*) FROM results), (SELECT count(*) FROM chunks), usd FROM spending") == [
        (0, 0, "0.000700")
    ]


@pytest.mark.slow
def test_two_hundred_writers_at_once_finish_without_an_error(path: Path) -> None:
    """Eight processes of 25 runs, each with a thread of its own."""
    code = """
import asyncio, sys
from msgspec.structs import replace
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_record import RESULT, Recorder, call, head

async def one(name):
    recorder = Recorder(head(name), path=Path(sys.argv[1]))
    for index in range(2):
        recorder.begin(index, call())
        recorder.opened(index, 200, "text/event-stream", True)
    for _ in range(5):
        recorder.received(0, b"data: x")
        recorder.received(1, b"data: y")
        await asyncio.sleep(0.01)
    for index in range(2):
        await recorder.finished(index, replace(RESULT, id=f"{name}-{index}"))
    number = await recorder.close(1.0)
    assert number is not None and recorder.problem is None, recorder.problem

async def go():
    await asyncio.gather(*(one(f"{sys.argv[2]}-{number}") for number in range(25)))

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(go())
"""
    command = [sys.executable, "-c", code, str(path)]
    directory = str(Path(__file__).parent)
    writers = [
        subprocess.Popen(
            [*command, str(number), directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for number in range(8)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda writer: writer.communicate(b"\n"), writers))
    assert [writer.returncode for writer in writers] == [0] * 8, ends
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), count(total_s) FROM runs").fetchone() == (200, 200)
        assert connection.execute("SELECT count(*) FROM results WHERE status = 'ok'").fetchone() == (400,)
        assert connection.execute("SELECT results, usd FROM spending").fetchone() == (400, "0.280000")
        assert connection.execute("SELECT count(*) FROM chunks").fetchone() == (0,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("lines", [1, *(pytest.param(more, marks=pytest.mark.slow) for more in (2, 5, 9))])
def test_a_killed_process_loses_no_result_that_it_had_reported(path: Path, lines: int) -> None:
    """It reports each result when `finished` has returned, and is killed after some of them."""
    code = """
import asyncio, sys
from msgspec.structs import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_record import RESULT, Recorder, call, head

async def go():
    recorder = Recorder(head(), path=Path(sys.argv[1]))
    for index in range(10_000):
        recorder.begin(index, call())
        recorder.opened(index, 200, "text/event-stream", True)
        recorder.received(index, b"data: x")
        if index % 2:
            await recorder.finished(index, replace(RESULT, id=f"id-{index}"))
            print(index, flush=True)

asyncio.run(go())
"""
    command = [sys.executable, "-c", code, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        reported += [int(line) for line in process.stdout if line.endswith("\n")]
    with Store.open(path) as store:
        assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {row for (row,) in store.connection.execute("SELECT position FROM results WHERE status = 'ok'")}
        assert stored >= set(reported)
        assert store.connection.execute("SELECT total_s FROM runs").fetchone() == (None,)
        unfinished = store.connection.execute(
            "SELECT count(*) FROM results LEFT JOIN chunks ON chunks.result = results.number"
            " WHERE status = 'running' AND data IS NULL AND position < ?",
            (max(reported) - 1,),
        ).fetchone()
        assert unfinished == (0,)
    record(path, RESULT, number=1)


def test_bytes_are_packed_whole_however_long_they_are_and_come() -> None:
    for pieces in ((), (b"",), (b"a" * 4096,), (b"a" * 4095, b"bc"), [b"line\n"] * 30_000, (b"x" * 200_000, b"", b"y")):
        assert zlib.decompress(packed(pieces)) == b"".join(pieces)
