"""Shards as they are run, and joined: what is missing is said with its number, its reason and how to go on."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.options import BatchOptions, placed
from thinkdial.engine.batch.run import NoWatcher, ready_batch
from thinkdial.engine.batch.shards.join import ShardJoin
from thinkdial.engine.batch.shards.joint import row_keys_of, write_joined
from thinkdial.engine.batch.shards.pieces import pieces_of
from thinkdial.engine.runs.jobs import Options
from thinkdial.profiles.config import load
from thinkdial.providers.errors import ConfigError, ThinkdialError, UsageError

from ..bench import Provider, good

OF = 3
ROWS = 30


def rows_in(path: Path, count: int = ROWS) -> Path:
    made = [{"id": f"r{number}", "prompt": f"{number}?"} for number in range(count)]
    lines = [json.dumps(one) for one in made] + [
        "{broken",
        json.dumps({"prompt": "twice"}),
        json.dumps({"prompt": "twice"}),
    ]
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


Run = Callable[..., Awaitable[Any]]


def with_shards(directory: Path, test: Callable[[Run], Awaitable[None]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `test` run shards of an input: by its words, to an output with the name of the shard."""
    monkeypatch.setenv("SHARDED_KEY", "a")

    async def go() -> None:
        async with Provider(lambda _: good()) as provider:
            config = directory / "profiles.yaml"
            one = f"{{provider: openai-compatible, base_url: '{provider.url}', api_key_env: SHARDED_KEY, model: m"
            one += ", price: {input: 1, output: 1}}"
            config.write_text(f"profiles: {{a: {one}, b: {one}}}\n")

            async def run(source: Path, shard: str | None, output: str, profiles: tuple[str, ...] = ("a",)) -> Any:
                target, made = placed(str(directory / output), shard)
                options = BatchOptions(
                    str(source), target, profiles, Options(retries=0), keeps_history=False, shard=made, part_rows=4
                )
                with ready_batch(options, load(config)) as batch:
                    return await batch.make(NoWatcher())

            await test(run)

    asyncio.run(go())


def joined(tmp_path: Path, *names: str, source: Path | None = None) -> ShardJoin:
    given = None if source is None else row_keys_of(str(source), None)
    return ShardJoin(pieces_of(str(tmp_path / name) for name in names), given)


def ids(path: Path) -> list[str]:
    return [json.loads(one)["row_id"] for one in path.read_bytes().splitlines()]


def test_all_shards_are_the_batch_and_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = rows_in(tmp_path / "rows.jsonl")

    async def test(run: Run) -> None:
        ends = [await run(source, f"{number}/{OF}", "part-{shard}.jsonl") for number in range(1, OF + 1)]
        assert sum(end.ended.rows for end in ends) == ROWS + 2 and sum(end.ended.bad_rows for end in ends) == 1
        parts = "part-*.jsonl"
        whole = joined(tmp_path, parts, source=source)
        assert whole.joined.is_whole and whole.joined.expected == whole.joined.results == ROWS + 2
        write_joined(whole, tmp_path / "all.jsonl", "jsonl", None, b"", ordered=True)
        await run(source, None, "plain.jsonl")
        assert ids(tmp_path / "all.jsonl")[:ROWS] == [f"r{number}" for number in range(ROWS)]
        assert sorted(ids(tmp_path / "all.jsonl")) == sorted(ids(tmp_path / "plain.jsonl")), "the very ids of one batch"

        # One shard is not there, one lost a line, one line is there twice.
        first, _, third = (tmp_path / f"part-{number}-of-{OF}.jsonl" for number in range(1, OF + 1))
        kept = third.read_bytes()
        third.rename(tmp_path / "elsewhere")
        lines = first.read_bytes().splitlines(keepends=True)
        first.write_bytes(b"".join(lines[1:]) + lines[-1])
        for given in (None, source):
            found = joined(tmp_path, parts, source=given).joined
            assert found.doubled == 1 and found.missing == 1 + len(kept.splitlines()), found.gaps
            assert any("have no line" in gap.why for gap in found.gaps)
            assert any("shard 3" in gap.why and "not among the parts" in gap.why for gap in found.gaps)
        # The command that goes on goes on.
        assert (await run(source, f"1/{OF}", "part-{shard}.jsonl")).ended.tally.results == 1
        (tmp_path / "elsewhere").rename(third)
        assert joined(tmp_path, parts, source=source).joined.is_whole

        # A longer input: what no shard has seen is missing, and shards of two inputs are not joined.
        longer = rows_in(source, ROWS + 6)
        found = joined(tmp_path, parts, source=longer).joined
        assert found.missing == 6 and all("were not there when it ran" in gap.why for gap in found.gaps)
        await run(longer, f"1/{OF}", "part-{shard}.jsonl")
        with pytest.raises(ConfigError, match="two inputs"):
            joined(tmp_path, parts)

    with_shards(tmp_path, test, monkeypatch)


def test_another_shard_input_or_profile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = rows_in(tmp_path / "rows.jsonl")
    other = tmp_path / "below" / "rows.jsonl"
    other.parent.mkdir()
    other.write_text("".join(json.dumps({"prompt": f"other {number}"}) + "\n" for number in range(ROWS)))

    async def test(run: Run) -> None:
        await run(source, "1/3", "p.jsonl")
        refused: list[tuple[tuple[Any, ...], str]] = [
            ((source, "2/3", "p.jsonl"), "holds shard 1/3, not 2/3"),
            ((source, "1/4", "p.jsonl"), "holds shard 1/3, not 1/4"),
            ((source, "1/3", "p.jsonl", ("a", "b")), "other profiles"),
            ((source, None, "p.jsonl"), "holds shard 1/3"),
            ((other, "1/3", "p.jsonl"), "another input"),
        ]
        for given, words in refused:
            with pytest.raises(ConfigError, match=words):
                await run(*given)
        await run(source, None, "plain.jsonl")
        with pytest.raises(ConfigError, match="no word of which shard"):
            await run(source, "1/3", "plain.jsonl")
        await run(source, "2/4", "q.jsonl")
        with pytest.raises(ConfigError, match="number of shards differ"):
            joined(tmp_path, "p.jsonl", "q.jsonl")
        with pytest.raises(ConfigError, match="does not say which shard"):
            joined(tmp_path, "p.jsonl", "plain.jsonl")
        with pytest.raises(UsageError, match="does not exist"):
            joined(tmp_path, "no.jsonl")

    with_shards(tmp_path, test, monkeypatch)


def test_packed_inputs_and_folders_of_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    plain = rows_in(tmp_path / "rows.jsonl")
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    async def test(run: Run) -> None:
        for number in (1, 2):
            end = await run(packed, f"{number}/2", "{shard}.parquet")
            assert end.ended.read_all
        found = joined(tmp_path, "1-of-2.parquet", "2-of-2.parquet", source=plain)
        assert found.joined.is_whole and found.joined.results == ROWS + 2
        write_joined(found, tmp_path / "all.parquet", "parquet", None, b"", ordered=True)
        again = await run(tmp_path / "all.parquet", None, "again.jsonl")  # a Parquet file has rows too
        assert again.ended.bad_rows == ROWS + 2, "without a prompt"
        lost = next((tmp_path / "1-of-2.parquet").glob("part-*"))
        lost.unlink()
        gaps = joined(tmp_path, "1-of-2.parquet", "2-of-2.parquet").gaps
        assert any("parts are gone" in gap.why for gap in gaps) and any("have no line" in gap.why for gap in gaps)
        packed.write_bytes(packed.read_bytes()[:-30])
        with pytest.raises(ThinkdialError, match=r"rows\.jsonl\.gz cannot be (unpacked|read on)"):
            await run(packed, "1/2", "cut.jsonl")

    with_shards(tmp_path, test, monkeypatch)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = rows_in(tmp_path / "rows.jsonl")

    async def test(run: Run) -> None:
        await run(source, "1/2", "part-{shard}.jsonl")

    with_shards(tmp_path, test, monkeypatch)

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        given = [sys.executable, "-m", "thinkdial.cli", "batch", "merge", *words]
        return subprocess.run(given, capture_output=True, text=True, cwd=tmp_path)

    made = command("part-1-of-2.jsonl", "-o", "all.jsonl", "--input", "rows.jsonl")
    assert made.returncode == 1 and "not whole" in made.stderr and "--shard 2/2 -o part-2-of-2.jsonl" in made.stderr
    again = command("part-1-of-2.jsonl", "-o", "all.jsonl")
    assert again.returncode == 2 and "exists already" in again.stderr and "--replace" in again.stderr
    table = command("part-1-of-2.jsonl", "--format", "csv", "-q")
    assert table.stdout.startswith("row_id,") and len(table.stdout.splitlines()) > 5
