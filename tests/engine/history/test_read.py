"""Stored runs are listed, found, read back whole and forgotten; what nobody asked for is not read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.history.read import find_run, remove_runs, run_numbers, stored_run
from thinkdial.engine.history.search.matches import RunFilter
from thinkdial.engine.history.search.run_rows import list_runs
from thinkdial.engine.history.store import Store
from thinkdial.engine.history.sums.spend import spent
from thinkdial.engine.results.result import Cost, ThinkReceipt
from thinkdial.providers.errors import Failure, StoreError
from thinkdial.providers.schema import Usage

from .made import NOON, SENT, result, store_run

PRICED = Cost(Decimal("0.25"), source="table")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


def numbers(store: Store, **wanted: object) -> list[int]:
    return [row.number for row in list_runs(store, RunFilter(**wanted))]  # type: ignore[arg-type]


def many(path: Path) -> None:
    """Five runs, one a day, the last one today."""
    for index in range(5):
        profile, model = (("claude", "claude-opus-5-5"), ("gpt", "gpt-6-sol"))[index % 2]
        store_run(
            path,
            [result(profile, model=model, answer=f"Straße {index}")],
            run_id=f"abc{index}ef00",
            at=NOON - timedelta(days=4 - index),
            prompt=f"Größe number {index}?",
        )


def test_a_list_has_the_newest_first_and_sums_up_each_run(store: Store, path: Path) -> None:
    store_run(path, [result()], run_id="aaaa1")
    store_run(
        path,
        [
            result("claude", cost=PRICED),
            result("gpt", cost=Cost(), status="error", think=ThinkReceipt("8192", {}, "exact")),
            result("claude", cost=PRICED),
            result("never", cost=Cost(), attempts=0, status="error", error=Failure("config", "no key")),
        ],
        run_id="bbbb2",
        prompt="Two lines\nof text",
        system="be brief",
    )
    newest, oldest = list_runs(store, RunFilter())
    assert (newest.number, oldest.number) == (2, 1)
    assert newest.profiles == ("claude", "gpt", "never")
    assert newest.thinks == ("high", "8192")
    assert newest.statuses == {"ok": 2, "error": 2}
    assert (newest.usd, newest.usd_unknown) == (Decimal("0.50"), 1)
    assert (newest.total_s, newest.command, newest.simulated) == (3.5, "compare", False)
    assert newest.prompt == "Two lines\nof text"
    assert oldest.created_at == "2026-11-21T12:00:00Z"


def test_a_run_without_any_known_cost_has_none(store: Store, path: Path) -> None:
    store_run(path, [result(cost=Cost())], run_id="aaaa1")
    row = list_runs(store, RunFilter())[0]
    assert (row.usd, row.usd_unknown) == (None, 1)


def test_runs_are_chosen_by_text_in_prompts_and_answers_whatever_its_case(store: Store, path: Path) -> None:
    many(path)
    assert numbers(store, text="GRÖSSE NUMBER 3") == [4]
    assert numbers(store, text="strasse 1") == [2]
    assert numbers(store, text="%") == []
    assert numbers(store, text="straße", limit=2) == [5, 4]


def test_runs_are_chosen_by_profile_and_model_by_their_name_or_a_part_of_it(store: Store, path: Path) -> None:
    many(path)
    store_run(path, [result("claude-fast", model="claude-haiku-5"), result("gpt")], run_id="ffff1")
    assert numbers(store, profile="claude") == [5, 3, 1]
    assert numbers(store, profile="CLAUD") == [6, 5, 3, 1]
    assert numbers(store, profile="claude", limit=2) == [5, 3]
    assert numbers(store, model="gpt-6-sol") == [4, 2]
    assert numbers(store, model="haiku") == [6]
    assert numbers(store, profile="gpt", model="haiku") == [6]
    assert numbers(store, profile="nobody") == []
    assert numbers(store, profile="claude", text="number 2") == [3]


def test_runs_are_chosen_by_day_and_by_moment(store: Store, path: Path) -> None:
    many(path)
    assert numbers(store, since=date(2026, 11, 20)) == [5, 4]
    assert numbers(store, until=date(2026, 11, 18)) == [2, 1]
    assert numbers(store, since=date(2026, 11, 18), until=date(2026, 11, 20), profile="gpt") == [4, 2]
    assert numbers(store, since=NOON) == [5]
    assert numbers(store, since=NOON + timedelta(seconds=1)) == []
    assert numbers(store, until=NOON - timedelta(days=4)) == [1]


def test_a_run_is_found_by_number_last_and_the_beginning_of_its_id(store: Store, path: Path) -> None:
    many(path)
    assert (find_run(store, "3"), find_run(store, "last"), find_run(store, " LAST ")) == (3, 5, 5)
    assert find_run(store, "abc2") == 3
    assert find_run(store, "ABC2EF00") == 3
    store_run(path, [result()], run_id="77770000")
    assert find_run(store, "7777") == 6


@pytest.mark.parametrize(("written", "words"), [
    ("99", "no run is called"), ("abc", "no run"), ("zzzz", "no run"), ("abc9", "no run"), ("", "no run"),
    ("9" * 30, "no run"), ("abc1ef", "more than one"),
])  # fmt: skip
def test_what_names_no_run_or_several_is_refused(store: Store, path: Path, written: str, words: str) -> None:
    many(path)
    store_run(path, [result()], run_id="abc1efff")
    with pytest.raises(StoreError, match=words) as caught:
        find_run(store, written)
    assert caught.value.hint


def test_of_an_empty_history_nothing_is_found(tmp_path: Path) -> None:
    with Store.open(tmp_path / "nowhere.sqlite3") as empty:
        assert (list_runs(empty, RunFilter()), run_numbers(empty), remove_runs(empty, [1])) == ([], [], 0)
        with pytest.raises(StoreError, match="nothing is stored yet"):
            find_run(empty, "last")
    assert not (tmp_path / "nowhere.sqlite3").exists()


def test_a_run_comes_back_as_it_was_stored(store: Store, path: Path) -> None:
    given = [result("claude"), result("gpt", answer="43", usage=Usage(), cost=Cost(), latency=Latency(total_s=9.0))]
    number = store_run(
        path, given, run_id="aaaa1", system="be brief", command="ask", raw=[b"data: {}\n", b"\n\xff\x00"]
    )
    found = stored_run(store, number)
    assert (found.command, found.created_at, found.simulated) == ("ask", "2026-11-21T12:00:00Z", False)
    assert (found.run.run_id, found.run.prompt, found.run.system) == ("aaaa1", "What is 6 x 7?", "be brief")
    assert [entry.result.answer for entry in found.entries] == ["42", "43"]
    assert found.run.results == tuple(entry.result for entry in found.entries)
    assert (found.run.summary.ok, found.run.summary.usd_unknown, found.run.summary.total_s) == (2, 1, 3.5)
    first = found.entries[0]
    assert first.raw is not None
    assert (first.raw.data, first.raw.status, first.raw.content_type) == (
        b"data: {}\n\n\xff\x00",
        200,
        "text/event-stream",
    )
    assert (first.sent, first.unfinished) == (SENT, False)


STREAM = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"claude-opus-5-5","usage":'
    b'{"input_tokens":25,"output_tokens":1}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text",'
    b'"text":""}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
    b'"text":"The answer beg"}}\n\n'
)


def test_a_run_that_was_killed_shows_what_had_come(store: Store, path: Path) -> None:
    number = store_run(path, [result(), result("gpt")], run_id="aaaa1", raw=[STREAM[:100], STREAM[100:]], killed=[0])
    found = stored_run(store, number)
    cut, whole = found.entries
    assert (cut.unfinished, whole.unfinished) == (True, False)
    made = cut.result
    assert (made.answer, made.status, made.finish) == ("The answer beg", "partial", "cancelled")
    assert made.error is not None
    assert (made.error.kind, made.error.message) == (
        "cancelled",
        "the process was killed before the answer was complete",
    )
    assert (made.usage.input_tokens, made.usage.output_tokens, made.cost.usd) == (25, None, None)
    assert (made.think.native, made.think.fidelity, made.think.requested) == ({"effort": "high"}, "exact", "high")
    assert made.warnings[0].code == "recovered"
    assert found.run.summary.total_s == 2.5
    assert list_runs(store, RunFilter())[0].statuses == {"running": 1, "ok": 1}


def test_an_answer_that_had_come_whole_before_the_kill_is_whole(store: Store, path: Path) -> None:
    end = (
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":'
        b'{"output_tokens":9}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
    )
    number = store_run(path, [result()], run_id="aaaa1", raw=STREAM + end, killed=[0])
    made = stored_run(store, number).entries[0].result
    assert (made.status, made.finish, made.error, made.usage.output_tokens) == ("ok", "stop", None, 9)


def test_a_call_that_was_killed_before_any_byte_is_partial_and_empty(store: Store, path: Path) -> None:
    number = store_run(path, [result(attempts=0)], run_id="aaaa1", killed=[0])
    entry = stored_run(store, number).entries[0]
    assert (entry.raw, entry.unfinished, entry.result.status, entry.result.answer) == (None, True, "partial", "")


@pytest.mark.parametrize("column", ["document", "raw", "sent", "raw_head"])
def test_a_damaged_result_is_said_with_its_run(store: Store, path: Path, column: str) -> None:
    number = store_run(path, [result()], run_id="aaaa1")
    damage = {"raw_head": "{", "document": zlib.compress(b'{"schema": 1}')}.get(column, b"not zlib")
    store.connection.execute(f"UPDATE results SET {column} = ?", (damage,))  # noqa: S608
    with pytest.raises(StoreError, match="run 1: the stored result of claude is damaged"):
        stored_run(store, number)
    assert len(list_runs(store, RunFilter())) == 1


def test_a_run_that_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(StoreError, match="there is no run 7"):
        stored_run(store, 7)


def test_forgetting_runs_takes_all_that_is_theirs_and_leaves_the_sums(store: Store, path: Path) -> None:
    many(path)
    store_run(path, [result(), result("gpt")], run_id="dead0", killed=[1])
    before = spent(store, "day")
    assert remove_runs(store, [2, 6, 99]) == 2
    assert run_numbers(store) == [1, 3, 4, 5]
    assert store.connection.execute("SELECT count(*) FROM results WHERE run IN (2, 6)").fetchone() == (0,)
    assert store.connection.execute("SELECT count(*) FROM chunks").fetchone() == (0,)
    assert spent(store, "day") == before


def test_nothing_of_a_forgotten_run_stays_on_the_disk(store: Store, path: Path) -> None:
    for run_id in ("aaaa1", "bbbb2"):
        store_run(path, [result(answer="my secret answer")], run_id=run_id, prompt="my secret question")
    remove_runs(store, [1, 2])
    for file in path.parent.iterdir():
        assert b"my secret" not in file.read_bytes(), file


def test_more_runs_than_one_statement_takes_are_forgotten(store: Store) -> None:
    store.connection.executemany(
        "INSERT INTO runs (id, created_at, command, prompt) VALUES (?, '2026-01-01T00:00:00Z', 'ask', 'p')",
        [(f"r{index}",) for index in range(1201)],
    )
    assert remove_runs(store, run_numbers(store)) == 1201
    assert run_numbers(store) == []


def test_the_runs_before_a_day_or_a_moment(store: Store, path: Path) -> None:
    many(path)
    assert run_numbers(store, date(2026, 11, 19)) == [1, 2]
    assert run_numbers(store, NOON - timedelta(days=2)) == [1, 2]
    assert run_numbers(store, datetime(2030, 1, 1, tzinfo=UTC)) == [1, 2, 3, 4, 5]


def test_a_reader_sees_one_moment_while_another_process_writes(store: Store, path: Path) -> None:
    number = store_run(path, [result(), result("gpt")], run_id="aaaa1", raw=STREAM, killed=[0])
    with Store.open(path) as other:
        stored_run(store, number)
        assert not store.connection.in_transaction  # nobody is held up by somebody who has read
        remove_runs(other, [number])
    assert list_runs(store, RunFilter()) == []


def test_an_error_of_the_database_is_told_as_one_of_the_history(store: Store, path: Path) -> None:
    store.connection.execute("DROP TABLE chunks")
    store.connection.execute("DROP TABLE results")
    with pytest.raises(StoreError, match=str(path)):
        list_runs(store, RunFilter(profile="x"))


def plans(store: Store, **wanted: object) -> list[str]:
    """What SQLite does for a list: the steps of every statement that it runs."""
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    list_runs(store, RunFilter(**wanted))  # type: ignore[arg-type]
    store.connection.set_trace_callback(None)
    steps: list[str] = []
    for statement in statements:
        if statement.startswith(("SELECT", "WITH")):
            steps += [row[3] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return steps


@pytest.mark.parametrize(
    "wanted",
    [{}, {"profile": "claude"}, {"model": "opus"}, {"since": date(2026, 11, 19)}, {"profile": "gpt", "model": "gpt"}],
)
def test_a_list_reads_no_table_from_end_to_end(store: Store, path: Path, wanted: dict[str, object]) -> None:
    many(path)
    store.connection.execute("ANALYZE")
    steps = plans(store, **wanted)
    assert steps
    for step in steps:
        assert not step.startswith("SCAN results"), step
        assert "TEMP B-TREE" not in step or "run" not in step, step
        # The newest first, as far as the list goes.
        assert step in ("SCAN runs", "SCAN CONSTANT ROW", "SCAN names") or not step.startswith("SCAN"), step


def steps_of(store: Store, **wanted: object) -> int:
    """How many steps of its machine SQLite takes for a list, in tens."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    list_runs(store, RunFilter(**wanted))  # type: ignore[arg-type]  # the first search makes the index
    store.connection.set_progress_handler(count, 10)
    assert len(list_runs(store, RunFilter(**wanted))) == 5  # type: ignore[arg-type]
    store.connection.set_progress_handler(None, 0)
    return taken


@pytest.mark.parametrize(
    "wanted",
    [{}, {"profile": "claude"}, {"profile": "clau"}, {"model": "opus"}, {"since": date(2026, 1, 1)}, {"text": "6 x"}],
)
def test_a_list_of_five_takes_as_many_steps_of_five_thousand_runs_as_of_fifty(
    tmp_path: Path, wanted: dict[str, object]
) -> None:
    taken: list[int] = []
    for size in (50, 5000):
        with Store.open(tmp_path / f"{size}.sqlite3", create=True) as store:
            with store.transaction() as connection:
                connection.executemany(
                    "INSERT INTO runs (id, created_at, command, prompt) VALUES (?, ?, 'ask', 'What is 6 x 7?')",
                    [(f"r{index}", f"2026-11-{1 + index * 28 // size:02}T00:00:00Z") for index in range(size)],
                )
                connection.executemany(
                    "INSERT INTO results (run, position, created_at, profile, provider, dialect, model, think, status)"
                    " VALUES (?, 0, '', ?, 'anthropic', '', 'claude-opus-5-5', 'high', 'ok')",
                    [(index + 1, ("claude", "gpt")[index % 2]) for index in range(size)],
                )
            taken.append(steps_of(store, limit=5, **wanted))
    assert taken[1] <= taken[0] * 1.2 + 5
