"""Outputs of immutable parts: on this disk, in an object store, as Parquet; killed, raced, and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.output.output_file import SinkError
from thinkdial.engine.batch.storage.address import Address, place_of
from thinkdial.engine.batch.storage.journal import Journal
from thinkdial.engine.batch.storage.lines import parts_form
from thinkdial.engine.batch.storage.parts import WRITER, PartsOutput
from thinkdial.engine.batch.storage.store import LocalStore, RemoteStore
from thinkdial.providers.errors import ConfigError

from ..made import BATCH, document, line, work


def opened(folder: Path, form: Any = "jsonl", store: Any = None, rows: int = 2, **options: Any) -> PartsOutput:
    store = store or LocalStore(folder / "out")
    if isinstance(store, LocalStore):
        store.make()
    return PartsOutput(store, form, BATCH, Journal(folder / "journal", "out"), rows=rows, **options)


def fill(output: PartsOutput, *names: str) -> None:
    for name in names:
        output.add(work(name), line("jsonl", work(name)), failed=False)


def names_of(output: PartsOutput) -> list[str]:
    return [name for name in output.store.names() if name.startswith("part")]


def test_parts_are_whole_and_are_gone_on_with(tmp_path: Path) -> None:
    for form in ("jsonl", "csv", "parquet"):
        if form == "parquet":
            pytest.importorskip("pyarrow")
        folder = tmp_path / form
        folder.mkdir()
        with opened(folder, form) as output:
            fill(output, "a", "b", "c")
        assert names_of(output) == [f"part-000001.{form}", f"part-000002.{form}"]
        assert [one.results for one in output.parts] == [2, 1]
        heard: list[Any] = []
        with opened(folder, form, hear=lambda document, _, to=heard: to.append(document())) as again:
            assert again.resumed == len(heard) == 3
            assert [again.state(work(name)) for name in "abcd"] == ["done", "done", "done", "missing"]
            assert again.state(work("a", content="changed")) == "changed"
            fill(again, "d")
        assert names_of(again)[-1] == f"part-000003.{form}" and len(list(again.documents())) == 4
        assert not (folder / "journal").exists(), "what is in parts is not kept twice"
        with pytest.raises(ConfigError, match="another batch"):
            PartsOutput(LocalStore(folder / "out"), form, "other", Journal(folder / "other", "out"))  # type: ignore[arg-type]


def test_a_kill_in_the_middle_of_a_part_loses_nothing_here(tmp_path: Path) -> None:
    output = opened(tmp_path, rows=10)
    fill(output, "a", "b")
    journal = next((tmp_path / "journal").glob("open-*"))
    journal.write_bytes(journal.read_bytes() + line("jsonl", work("c"))[:-9])  # as a kill leaves it
    output._thread.shutdown()  # pyright: ignore[reportPrivateUsage]
    output._journal.close()  # pyright: ignore[reportPrivateUsage] its lock goes with the process
    with opened(tmp_path, rows=10) as again:
        assert again.resumed == 2 and any("2 results of an earlier run" in note for note in again.notes)
        assert again.state(work("b")) == "done" and again.state(work("c")) == "missing"
        with pytest.raises(ConfigError, match="being written by another run"):
            Journal(tmp_path / "journal", "out")
    assert [one.results for one in again.parts] == [2]


def test_a_part_is_written_at_least_so_often(tmp_path: Path) -> None:
    now = [0.0]
    with opened(tmp_path, rows=100, seconds=60, clock=lambda: now[0]) as output:
        fill(output, "a")
        now[0] = 59
        fill(output, "b")
        assert names_of(output) == []
        now[0] = 61
        fill(output, "c")
        output.sync()
        assert [one.results for one in output.parts] == [3]


def test_two_writers_do_not_write_over_each_other(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").store.clear()
    stores: list[tuple[str, Callable[[], Any]]] = [
        ("local", lambda: LocalStore(tmp_path / "both")),
        ("memory", lambda: RemoteStore(Address("memory://bucket/both"))),
    ]
    for name, make in stores:
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}-2").mkdir()
        first = opened(tmp_path / name, store=make())
        second = opened(tmp_path / f"{name}-2", store=make())
        fill(first, "a", "b")
        first.sync()
        fill(second, "x", "y")
        with pytest.raises(SinkError, match="another run writes here"):
            second.sync()
        second.__exit__(None, None, None)
        first.__exit__(None, None, None)
        kept = (tmp_path / f"{name}-2" / "journal").glob("open-*")
        assert b"".join(path.read_bytes() for path in kept).count(b'"row_id":') == 2, "paid results are not lost"
        with opened(tmp_path / f"{name}-2", store=make()) as again:
            assert {again.state(work(one)) for one in "abxy"} == {"done"}


def test_a_writer_that_has_gone_elsewhere_is_told(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").store.clear()
    store = RemoteStore(Address("memory://bucket/gone"))
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    lost = opened(tmp_path / "there", store=store, rows=10)
    fill(lost, "a")
    assert store.read(WRITER) is not None
    with opened(tmp_path / "here", store=RemoteStore(Address("memory://bucket/gone"))) as output:
        assert any("has not ended in order" in note and "paid" in note for note in output.notes)
        assert not any("writes over" in note for note in output.notes)
        fill(output, "a")
    assert store.read(WRITER) is None
    lost._thread.shutdown()  # pyright: ignore[reportPrivateUsage]
    lost._journal.close()  # pyright: ignore[reportPrivateUsage]


def test_addresses_are_told_from_paths() -> None:
    assert place_of("C:/x") == Path("C:/x") and place_of("file:///home/x") == Path("/home/x")
    assert place_of("s3://b/x") == Address("s3://b/x") and str(Address("s3://me:word@b/x")) == "s3://***@b/x"
    assert parts_form(None, Address("gs://b/x")) == "jsonl" and parts_form(None, Path("x.parquet")) == "parquet"
    assert parts_form(None, Path("x.jsonl")) is None
    with pytest.raises(ConfigError, match="fsspec cannot reach nowhere"):
        pytest.importorskip("fsspec")
        RemoteStore(Address("nowhere://b/x"))


def test_parquet_has_numbers_and_nulls(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from thinkdial.engine.batch.storage.columns import lines_of_parquet, parquet_bytes

    odd = document(work("a"), answer="half \ud800", kind="server")
    (tmp_path / "x.parquet").write_bytes(parquet_bytes([odd, document(work("b"))]))
    table = parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert table[0]["input_tokens"] == 1 and table[0]["reasoning_tokens"] is None and table[0]["answer"] == "half ?"
    assert str(table[0]["cost_usd"]).startswith("0.1000") and table[1]["error_kind"] is None
    with (tmp_path / "x.parquet").open("rb") as file:
        rows = [json.loads(one) for one in lines_of_parquet(file, "x")]
    assert [one["row_id"] for one in rows] == ["a", "b"] and "error_kind" not in rows[1]
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    with (tmp_path / "x.parquet").open("rb") as file, pytest.raises(ConfigError, match="cannot be read as Parquet"):
        list(lines_of_parquet(file, "x"))
