"""Samples of a batch: each is a work of its own, and what was begun without them is gone on with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.output.csv_lines import HEADS, read_cells
from thinkdial.engine.batch.output.output_file import Form, OutputFile
from thinkdial.engine.batch.output.target import result_encoder
from thinkdial.engine.batch.output.works import Work
from thinkdial.engine.batch.provider.row_file import decode_row, encode_row
from thinkdial.engine.batch.rows.rows import Row
from thinkdial.providers.think import parse_think

from .bench import Bench, Call, bad, good, numbered, on_bench


def output(directory: Path, form: Form) -> OutputFile:
    return OutputFile(directory / f"out.{form}", form, "x", HEADS, read_cells)


def samples(file: OutputFile) -> Counter[tuple[Any, Any, Any]]:
    return Counter((d["profile"], d["think"]["requested"], d.get("repeat")) for d in file.documents())


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_was_begun_without_repeats_holds_the_first_sample(tmp_path: Path, form: Form) -> None:
    async def test(bench: Bench) -> None:
        async def run(count: int, repeat: int) -> tuple[int, int]:
            before = len(bench.provider.calls)
            with output(tmp_path, form) as file:
                encode = result_encoder(form, columns=file.columns)
                given = {"output": file, "memory": file, "batch_id": "x", "encode": encode}
                ended = await bench.batch(numbered(count), ("a",), repeat=repeat, **given).run()
                assert ended.finished
                return len(bench.provider.calls) - before, ended.tally.skipped

        assert await run(4, 1) == (4, 0)
        assert await run(4, 3) == (8, 4)
        with output(tmp_path, form) as file:
            assert samples(file) == {("a", "auto", None): 4, ("a", "auto", 2): 4, ("a", "auto", 3): 4}
        assert await run(4, 2) == (0, 8)
        assert await run(5, 1) == (1, 4)

    on_bench(tmp_path, test)


def test_only_the_samples_that_failed_run_again(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.provider.answer = lambda call: bad(400) if call.times == 2 else good()
        sweep = (parse_think("low"), parse_think("high"))

        async def run(**more: Any) -> None:
            with output(tmp_path, "jsonl") as file:
                given = {"output": file, "memory": file, "batch_id": "x", "retry_failed": True}
                await bench.batch(numbered(1), ("a",), sweep=sweep, repeat=2, **given, **more).run()
                file.tidy()

        await run()
        assert len(bench.provider.calls) == 4
        bench.provider.answer = lambda _: good()
        await run()
        assert len(bench.provider.calls) == 5
        with output(tmp_path, "jsonl") as file:
            assert samples(file) == {("a", think, number): 1 for think in ("low", "high") for number in (1, 2)}
            assert {d["status"] for d in file.documents()} == {"ok"}

    on_bench(tmp_path, test)


def test_a_work_is_known_by_its_sample_and_the_first_is_that_of_a_row_asked_once() -> None:
    first, second = (Work("a", "p", "high", b"d" * 16, number) for number in (1, 2))
    assert first.key == Work("a", "p", "high", b"d" * 16).key != second.key


def test_a_sample_survives_its_way_through_a_providers_batch() -> None:
    row, think = Row(1, 1, "a", "text", b"c" * 16), parse_think("high")
    work = Work("a", "p", "high", b"d" * 16, 3)
    kept = decode_row(encode_row(row, think, work, b"sent"))
    assert (kept.work, kept.work.key) == (work, work.key)


def test_samples_are_calls_like_any_other(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        asked: list[Call] = bench.provider.calls
        ended = await bench.batch(numbered(3), ("a", "b"), repeat=3).run()
        assert Counter((call.profile, call.prompt) for call in asked) == {
            (name, f"row {number}"): 3 for name in "ab" for number in range(3)
        }
        assert sorted(d["repeat"] for d in bench.kept.documents if (d["row_id"], d["profile"]) == ("0", "a")) == [
            1,
            2,
            3,
        ]
        assert ended.tally.results == 18

    on_bench(tmp_path, test)


def test_what_a_call_stands_for_survives_its_way_through_a_providers_batch() -> None:
    row, low, off = Row(1, 1, "a", "text", b"c" * 16), parse_think("low"), parse_think("off")
    work = Work("a", "p", "low", b"d" * 16)
    assert decode_row(encode_row(row, low, work, b"sent", (off,))).twins == (off,)
    earlier = encode_row(row, low, work, b"sent").replace(b'"twins":[],', b"").replace(b'"repeat":null,', b"")
    kept = decode_row(earlier)
    assert kept.twins == () and kept.work == work and kept.work.repeat is None


def test_a_sweep_asks_the_same_bytes_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        sweep = (parse_think("off"), parse_think("low"))
        await bench.batch(numbered(4), ("plain",), sweep=sweep).run()
        assert len(bench.provider.calls) == 4
        told = [
            (d["think"]["requested"], [one["requested"] for one in d["same_request"]]) for d in bench.kept.documents
        ]
        assert told == [("off", ["low"])] * 4
        await bench.batch(numbered(4), ("plain",), sweep=sweep, repeat=2).run()
        assert len(bench.provider.calls) == 4 + 16

    on_bench(tmp_path, test, plain="thinking: {control: none}")
