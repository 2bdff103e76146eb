"""Texts are found by the index as without one, whatever it knows so far, and nothing of a removed run stays in it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from thinkdial.engine.history.read import remove_runs
from thinkdial.engine.history.search import text_index
from thinkdial.engine.history.search.matches import RunFilter
from thinkdial.engine.history.search.run_rows import list_runs
from thinkdial.engine.history.search.text_index import candidates, catch_up, is_possible
from thinkdial.engine.history.store import Store

from ..made import NOON, result, store_run

pytestmark = pytest.mark.skipif(not is_possible(), reason="this SQLite has no FTS5 with trigrams")

WORDS = ("Straße", 'say "zebra" AND OR*', "日本語の文章", "naïve café", "null\0byte", "100% sure_", "")


def fill(path: Path, count: int = 21) -> None:
    for index in range(count):
        word = WORDS[index % len(WORDS)]
        store_run(
            path,
            [result("claude", answer=f"answer {index} {word}"), result("gpt", answer="" if index % 3 else word)],
            run_id=f"{index:08x}",
            at=NOON + timedelta(minutes=index),
            prompt=f"question {index}",
        )


def numbers(store: Store, text: str, **wanted: object) -> list[int]:
    return [row.number for row in list_runs(store, RunFilter(text=text, **wanted))]  # type: ignore[arg-type]


def may_hold(store: Store, text: str) -> list[int] | None:
    """The runs that are looked at for `text`; None for all."""
    queries = candidates(store.connection, text)
    runs = [run for query, values in queries for (run,) in store.connection.execute(query, values)]
    return sorted(runs, reverse=True) if queries else None


def test_finds_what_reading_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "indexed.sqlite3")
    fill(tmp_path / "read.sqlite3")
    texts = [
        "STRASSE", "straße", '"zebra" and', "日本語", "文章", "の", "NAÏVE CAFÉ", "l\0b", "100%", "e_", "question 1",
        "er 2", "answer 20", "no such words", "*", "\ud800abc", "question 1\nanswer", "a" * 200,
    ]  # fmt: skip
    filters: list[dict[str, object]] = [
        {}, {"limit": 2}, {"profile": "gpt"}, {"since": NOON + timedelta(minutes=9)}, {"until": NOON},
    ]  # fmt: skip
    with Store.open(tmp_path / "indexed.sqlite3") as indexed, Store.open(tmp_path / "read.sqlite3") as plain:
        found = {(text, at): numbers(indexed, text, **wanted) for text in texts for at, wanted in enumerate(filters)}
        monkeypatch.setattr(text_index, "is_possible", lambda: False)
        expected = {(text, at): numbers(plain, text, **wanted) for text in texts for at, wanted in enumerate(filters)}
        assert may_hold(plain, "question") is None
        assert may_hold(indexed, "question 13") == [14]
    assert found == expected
    assert found["question 1", 0] == [20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 2]


def test_reads_what_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs since the last search, runs under way and long texts; bounds of a search leave the rest to be read."""
    path = tmp_path / "history.sqlite3"
    fill(path, 6)
    monkeypatch.setattr(text_index, "MOST_CHARACTERS", 1000)
    monkeypatch.setattr(text_index, "MOST_RUNS", 4)
    store_run(path, [result(answer="long " * 300)], run_id="10" * 4, prompt="question long")
    store_run(path, [result(answer="under way")], run_id="20" * 4, prompt="question under way")
    store_run(path, [result(answer="after it")], run_id="30" * 4, prompt="question after")
    with Store.open(path) as store:
        just_now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with store.transaction() as connection:
            connection.execute("UPDATE runs SET total_s = NULL, created_at = ? WHERE number = 8", (just_now,))
        assert numbers(store, "question", limit=100) == [9, 8, 7, 6, 5, 4, 3, 2, 1]
        assert may_hold(store, "question 3") == [9, 8, 7, 6, 5, 4]  # four are known
        assert numbers(store, "long long") == [7]
        assert may_hold(store, "question 3") == [9, 8, 7, 4]  # all to the one under way; the long one is read
        with store.transaction() as connection:
            connection.execute("UPDATE runs SET total_s = 1 WHERE number = 8")
        assert numbers(store, "under way") == [8]
        assert may_hold(store, "under way") == [8, 7]


def test_nothing_of_a_removed_run_stays(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    fill(path, 6)
    store_run(path, [result(answer="xqz")], run_id="10" * 4, prompt="qvw")
    with Store.open(path) as store:
        assert numbers(store, "xqz") == [7]
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"xqz" in held
        assert remove_runs(store, [7, 99]) == 1
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"xqz" not in held
        assert b"qvw" not in held
        assert numbers(store, "xqz") == []
        assert numbers(store, "question 4") == [5]
        assert store.is_sound()


def test_a_search_does_not_wait_for_what_it_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    fill(path, 3)
    with Store.open(path, busy_timeout_s=0.01) as store, sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        catch_up(store, "question")
        assert numbers(store, "question 2") == [3]
        other.execute("ROLLBACK")


def test_of_many_runs_rare_pieces_are_asked_for_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.sqlite3"
    fill(path)
    texts = ("question 13", "13 ", "question", "answer 20", "straße", "no such words")
    with Store.open(path) as store:
        before = {text: numbers(store, text) for text in texts}
        monkeypatch.setattr(text_index, "MANY_RUNS", 10)
        monkeypatch.setattr(text_index, "SAMPLED_RUNS", 5)
        monkeypatch.setattr(text_index, "MOST_OF_RARE", 1)
        assert {text: numbers(store, text) for text in texts} == before
        (_, (asked,)) = candidates(store.connection, "question 13")[1]
        assert asked == '" 13"'  # all runs have the others
        (_, (asked,)) = candidates(store.connection, "question")[1]
        assert asked == '"que" AND "sti" AND "ion"'
