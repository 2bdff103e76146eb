"""Shards of a batch -> what they hold, and one file of them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.output.merge import OrderWriter, Shards, locked, merge, shard_path
from thinkdial.engine.batch.output.output_file import Work
from thinkdial.engine.batch.rows.digests import digest_of
from thinkdial.providers.errors import ConfigError, UsageError


def work(row: str, asked: str = "it", profile: str = "a") -> Work:
    return Work(row, profile, "auto", digest_of(asked))


def line(row: str, asked: str = "it", *, second: int = 0, kind: str | None = None, **more: Any) -> dict[str, Any]:
    error = None if kind is None else {"kind": kind, "message": "no"}
    return {
        "schema": "thinkdial.result/1",
        "row_id": row,
        "status": "ok" if kind is None else "error",
        "error": error,
        "work": work(row, asked).token,
        "batch": "b",
        "created_at": f"2026-01-02T03:04:{second:02d}+00:00",
        **more,
    }


def write(directory: Path, number: int, lines: Iterable[dict[str, Any]], torn: bytes = b"") -> Path:
    path = shard_path(directory, number)
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in lines) + torn)
    return path


def merged(directory: Path, **options: Any) -> list[dict[str, Any]]:
    out = io.BytesIO()
    merge(directory, out, **options)
    return [json.loads(one) for one in out.getvalue().splitlines()]


def order(directory: Path, rows: Iterable[str]) -> None:
    writer = OrderWriter(directory)
    for row in rows:
        writer.add(work(row))
    writer.commit()


def test_lines_come_out_byte_for_byte(tmp_path: Path) -> None:
    first = write(tmp_path, 0, [line("r1", answer="Grüße ✓"), line("r0")])
    second = write(tmp_path, 10, [line("r3")])
    middle = write(tmp_path, 9, [line("r2")])
    made = merge(tmp_path, tmp_path / "all.jsonl")
    assert (made.results, made.shards, made.left_out) == (4, 3, 0)
    assert (tmp_path / "all.jsonl").read_bytes() == b"".join(p.read_bytes() for p in (first, middle, second))


def test_order_is_that_of_the_input_and_the_unknown_come_last(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r2"), line("gone"), line("r0")])
    write(tmp_path, 1, [line("r3"), line("r1")])
    order(tmp_path, ["r0", "r1", "r2", "r3", "r4"])
    assert [one["row_id"] for one in merged(tmp_path, ordered=True)] == ["r0", "r1", "r2", "r3", "gone"]


def test_without_the_order_file_there_is_no_order(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r0")])
    with pytest.raises(UsageError, match="order of the rows is not known"):
        merge(tmp_path, io.BytesIO(), ordered=True)


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        pytest.param(line("r", second=1), line("r", second=5, kind="server"), 0, id="an answer goes before a failure"),
        pytest.param(line("r", second=5, kind="server"), line("r", second=1), 1, id="also when its clock was behind"),
        pytest.param(line("r", second=1), line("r", second=5), 1, id="the later of two answers"),
        pytest.param(line("r", second=5), line("r", second=1), 0, id="the later one, whatever the shard"),
        pytest.param(line("r", "old", second=1), line("r", "new", second=5, kind="server"), 1, id="of a changed row"),
        pytest.param(line("r", second=3), line("r", second=3), 1, id="of the same second the last that is read"),
    ],
)
def test_one_line_for_each_work(tmp_path: Path, first: dict[str, Any], second: dict[str, Any], wins: int) -> None:
    write(tmp_path, 0, [first | {"answer": 0}])
    write(tmp_path, 1, [second | {"answer": 1}])
    assert [one["answer"] for one in merged(tmp_path)] == [wins]


def test_a_torn_last_line_is_left_out_and_named(tmp_path: Path) -> None:
    torn = write(tmp_path, 0, [line("r0")], torn=b'{"schema": "thinkdial.re')
    write(tmp_path, 1, [line("r1")])
    made = merge(tmp_path, tmp_path / "all.jsonl")
    assert made.results == 2 and made.torn == (torn,)
    order(tmp_path, ["r1", "r0"])
    assert [one["row_id"] for one in merged(tmp_path, ordered=True)] == ["r1", "r0"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nonsense\n", "part-000001.jsonl:1: is not a line"),
        (json.dumps(line("r9") | {"created_at": None}).encode() + b"\n", "part-000001.jsonl:1: is not a line"),
        (b"[]\n", "part-000001.jsonl:1: is not a line"),
        (b'{"work": "zz", "batch": "b", "status": "ok"}\n', "part-000001.jsonl:1: is not a line"),
        (json.dumps(line("r9") | {"batch": "other"}).encode() + b"\n", "results of another batch"),
    ],
)
def test_what_is_no_shard_of_this_batch_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    write(tmp_path, 0, [line("r0")])
    shard_path(tmp_path, 1).write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        merge(tmp_path, tmp_path / "all.jsonl")
    assert not (tmp_path / "all.jsonl").exists()


def test_other_files_are_not_looked_at(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r0")])
    for name in ("part-000000.jsonl.superseded", "part-1.jsonl", "part-000002.jsonl.77.new", "notes.txt"):
        (tmp_path / name).write_bytes(b"nonsense\n")
    assert len(merged(tmp_path)) == 1


def test_nobody_merges_what_is_being_written(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r0")])
    with locked(tmp_path), pytest.raises(ConfigError, match="being written by another run"):
        merge(tmp_path, io.BytesIO())
    assert len(merged(tmp_path)) == 1


def test_a_target_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r0")])
    with pytest.raises(ConfigError, match="cannot be written"):
        merge(tmp_path, tmp_path / "no" / "all.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "part-000000.jsonl"]


def test_what_is_done_is_recognised_as_in_a_single_file(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("done"), line("failed", kind="server"), line("changed", "before")])
    write(tmp_path, 1, [line("key", kind="auth"), line("again", kind="server"), line("again", second=9)])
    shards = Shards.read(tmp_path, "b")
    states = {row: shards.state(work(row)) for row in ("done", "failed", "changed", "key", "again", "missing")}
    assert states == {
        "done": "done",
        "failed": "failed",
        "changed": "changed",
        "key": "changed",
        "again": "done",
        "missing": "missing",
    }
    assert sorted(str(one["row_id"]) for one in shards.documents()) == ["again", "changed", "done", "failed", "key"]


def test_shards_of_another_input_are_refused(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r0")])
    with pytest.raises(ConfigError, match="another batch"):
        Shards.read(tmp_path, "mine")


def command(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "thinkdial.cli", "batch", "merge", *map(str, arguments)], capture_output=True
    )


def test_the_command(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    write(shards, 0, [line("r1", answer="\x1b[2Jboo"), line("r0", second=1, kind="server")])
    write(shards, 1, [line("r0", second=2)])
    order(shards, ["r0", "r1"])
    out = tmp_path / "all.jsonl"
    made = command(shards, "-o", out, "--ordered")
    assert made.returncode == 0 and b"2 results of 2 shards" in made.stderr and b"1 older lines left out" in made.stderr
    assert [json.loads(one)["row_id"] for one in out.read_bytes().splitlines()] == ["r0", "r1"]
    again = command(shards, "-o", out)
    assert again.returncode == 2 and b"exists already" in again.stderr and b"--replace" in again.stderr
    assert command(shards, "-o", out, "--replace").returncode == 0
    shown = command(shards)
    assert len(shown.stdout.splitlines()) == 2 and b"\x1b" not in shown.stdout
    table = list(csv.DictReader(io.StringIO(command(shards, "--format", "csv").stdout.decode())))
    assert [one["row_id"] for one in table] == ["r1", "r0"]


def test_the_command_without_shards(tmp_path: Path) -> None:
    assert b"holds no shards" in command(tmp_path).stderr
    assert b"is not a directory" in command(tmp_path / "no").stderr


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    write(tmp_path, 0, [line(f"r{n}", answer="x" * 1000) for n in range(500)])
    process = subprocess.Popen(
        [sys.executable, "-m", "thinkdial.cli", "batch", "merge", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    with process.stderr as stderr:
        assert stderr.read() == b""
    assert process.wait() == 141


def test_what_was_expected_is_held_against_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, 0, [line("r0"), line("r1"), line("gone")])
    assert merge(tmp_path, io.BytesIO()).missing is None, "no run has read the input to its end"
    order(tmp_path, ["r0", "r1", "r2", "r3"])
    found = merge(tmp_path, io.BytesIO()).missing
    assert found is not None and (found.expected, found.missing) == (4, 2)
    made = command(tmp_path, "-o", tmp_path / "all.jsonl")
    assert made.returncode == 1
    assert b"2 of 4 results are missing: run the batch again" in made.stderr
