"""A store that answers late: nobody waits for it but the calls that would have no room, and what comes is kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.api import run_batch
from thinkdial.engine.batch.end import BatchEnd, BatchOutcome
from thinkdial.engine.batch.options import BatchOptions
from thinkdial.engine.batch.storage.address import Address
from thinkdial.engine.batch.storage.parts import MOST_WAITING
from thinkdial.engine.batch.storage.store import RemoteStore
from thinkdial.engine.runs.jobs import Options
from thinkdial.profiles.config import load
from thinkdial.providers.errors import ConfigError

from ..bench import Provider, good

ROWS, PART, AT_ONCE = 40, 4, 2
MOST_AHEAD = PART * (MOST_WAITING + 2) + AT_ONCE


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[[Any], asyncio.Future[None]]) -> BatchEnd:
    pytest.importorskip("fsspec").filesystem("memory").store.clear()
    monkeypatch.setenv("STORED_KEY", "a")
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": f"r{n}", "prompt": f"{n}?"}) + "\n" for n in range(ROWS)))

    async def go() -> BatchEnd:
        async with Provider(lambda _: good()) as provider:
            one = f"{{provider: openai-compatible, base_url: '{provider.url}', api_key_env: STORED_KEY, model: m"
            config = tmp_path / "profiles.yaml"
            config.write_text(f"profiles: {{a: {one}, price: {{input: 1, output: 1}}}}}}\n")
            options = BatchOptions(
                str(rows), Address("memory://bucket/run"), ("a",), Options(retries=0), keeps_history=False,
                part_rows=PART, concurrency=AT_ONCE,
            )  # fmt: skip
            watching = until(provider)
            async with asyncio.timeout(60):
                end = await run_batch(options, load(config))
                await watching
            return end

    return asyncio.run(go())


def test_the_loop_goes_on_while_parts_are_on_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, create = threading.Event(), RemoteStore.create

    def late(store: RemoteStore, name: str, data: bytes) -> bool:
        assert not name.startswith("part") or gate.wait(30)
        return create(store, name, data)

    monkeypatch.setattr(RemoteStore, "create", late)
    seen: list[int] = []

    def until(provider: Any) -> asyncio.Future[None]:
        async def wait() -> None:
            calls = -1
            while calls != len(provider.calls) or calls < PART * MOST_WAITING:  # until no more are begun
                calls = len(provider.calls)
                await asyncio.sleep(0.2)
            seen.append(calls)
            gate.set()

        return asyncio.ensure_future(wait())

    end = run(tmp_path, monkeypatch, until)
    assert end.outcome is BatchOutcome.OK and end.ended.finished and end.ended.written == ROWS
    assert PART * MOST_WAITING <= seen[0] <= MOST_AHEAD, "what waits in memory is bounded"
    names = [name for name in RemoteStore(Address("memory://bucket/run")).names() if name.startswith("part")]
    assert len(names) == ROWS / PART


def test_what_came_after_a_part_that_failed_is_kept_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create, fails = RemoteStore.create, [True]

    def failing(store: RemoteStore, name: str, data: bytes) -> bool:
        if name.startswith("part-000002") and fails[0]:
            raise ConfigError("the store is gone")
        return create(store, name, data)

    async def nothing() -> None:
        pass

    monkeypatch.setattr(RemoteStore, "create", failing)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    end = run(tmp_path, monkeypatch, lambda _: asyncio.ensure_future(nothing()))
    assert end.outcome is BatchOutcome.OUTPUT_FAILED and not end.ended.finished
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("open-*.jsonl"))
    parts = RemoteStore(Address("memory://bucket/run"))
    written = b"".join(parts.read(name) or b"" for name in parts.names() if name.startswith("part"))
    assert written.count(b'"row_id"') == PART, "nothing is written after a part that could not be"
    assert kept.count(b'"row_id"') + PART >= end.ended.tally.results
