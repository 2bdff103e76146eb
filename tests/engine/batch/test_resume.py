"""What a run that goes on reads of an output: each line once, and how much of each line it remembers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.listener import NoListener
from thinkdial.engine.batch.options import BatchOptions
from thinkdial.engine.batch.output import records
from thinkdial.engine.batch.run import NoWatcher, ready_batch
from thinkdial.engine.checks.gates import Gate
from thinkdial.engine.runs.jobs import Options
from thinkdial.profiles.config import load

from .bench import Provider, bad, good

ROWS = 40


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each line of output was decoded."""
    counted: Counter[str] = Counter()
    monkeypatch.setenv("RESUMED_KEY", "a")
    for module in (records,):
        before = module.parsed_line

        def parse(data: bytes, before: Any = before) -> Any:
            document = before(data)
            counted[document["row_id"]] += 1
            return document

        monkeypatch.setattr(module, "parsed_line", parse)
    return counted


def rows(path: Path, count: int) -> Path:
    path.write_text("".join(json.dumps({"id": f"r{number}", "prompt": f"{number}?"}) + "\n" for number in range(count)))
    return path


Run = Callable[..., Awaitable[tuple[int, int, list[str]]]]
"""Over so many rows -> results of the whole output, those that were skipped, and what gates say."""


def with_runs(directory: Path, test: Callable[[Run], Awaitable[None]]) -> None:
    """Have `test` run the same batch as often as it wants; rows with an even number are answered."""

    async def go() -> None:
        async with Provider(lambda call: good() if call.prompt[-2] in "02468" else bad(400)) as provider:
            config = directory / "profiles.yaml"
            profile = f"provider: openai-compatible, model: m, base_url: '{provider.url}', api_key_env: RESUMED_KEY"
            config.write_text(f"profiles: {{a: {{{profile}, price: {{input: 1, output: 2}}}}}}\n")

            async def run(count: int, **more: Any) -> tuple[int, int, list[str]]:
                options = BatchOptions(
                    rows(directory / "rows.jsonl", count), directory / "out.jsonl", ("a",), calls=Options(retries=0),
                    keeps_history=False, gate=Gate.parse("pass<0.1"), **more,
                )  # fmt: skip
                with ready_batch(options, load(config), NoListener()) as ready:
                    end = await ready.make(NoWatcher())
                return end.tally.results, end.tally.skipped, end.gate_failures()

            await test(run)

    asyncio.run(go())


def test_each_line_is_read_once_whatever_is_asked_of_the_whole(tmp_path: Path, read: Counter[str]) -> None:
    async def test(run: Run) -> None:
        assert (await run(ROWS))[:2] == (ROWS, 0) and not read
        results, skipped, gates = await run(ROWS)
        assert (results, skipped, len(gates)) == (ROWS, ROWS, 1) and f"of {ROWS} passed" in gates[0]
        assert set(read.values()) == {1} and len(read) == ROWS
        read.clear()
        assert (await run(ROWS + 2))[:2] == (ROWS + 2, ROWS)
        assert set(read.values()) == {1} and len(read) == ROWS + 2

    with_runs(tmp_path, test)


def test_only_lines_that_stand_for_earlier_ones_have_all_read_again(tmp_path: Path, read: Counter[str]) -> None:
    async def test(run: Run) -> None:
        await run(ROWS)
        assert (await run(ROWS, retry_failed=True))[:2] == (ROWS, ROWS // 2)
        assert max(read.values()) == 4, "opened, two lines put in order, and what is left"
        read.clear()
        assert (await run(ROWS))[:2] == (ROWS, ROWS)
        assert set(read.values()) == {1}

    with_runs(tmp_path, test)
