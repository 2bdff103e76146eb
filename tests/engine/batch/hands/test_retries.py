"""Attempts that a worker makes again beside lost ones: paid for and written down as those that are made here."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.batch.caller import RowCaller, caller_maker
from thinkdial.engine.batch.hands.crew import Crew
from thinkdial.engine.batch.hands.local import sealed_for_child
from thinkdial.engine.batch.hands.worker import CallWorker
from thinkdial.engine.batch.rows.rows import Row
from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit
from thinkdial.engine.costs.budget.purse import Purse
from thinkdial.engine.exchange import retry
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.planning.prepare import Prepared
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.call import make_call
from thinkdial.engine.runs.jobs import Options, ReadyCall
from thinkdial.profiles.config import load
from thinkdial.providers.think import AUTO

PROFILE = """\
profiles:
  p: {{provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:{port}/v1', retries: 2,
       max_output_tokens: 1000, price: {{input: 1, output: 1000}}}}
"""


class Broken:
    """A server whose answers begin, and break."""

    async def __aenter__(self) -> Broken:
        self.asked = 0
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()
            return
        (length,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        self.asked += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        writer.close()


class Link:
    """The way to a worker in this process."""

    name, host, linger_s = "?", "here", 0.0

    def __init__(self, worker: CallWorker) -> None:
        self._worker = worker

    def send(self, frame: bytes) -> None:
        self._worker.take(frame)

    def close(self) -> None:
        pass


def prepared_call(place: Path, port: int) -> tuple[RowCaller, Prepared]:
    place.write_text(PROFILE.format(port=port), encoding="utf-8")
    caller = caller_maker(load(place), Options(), "run")("p")
    return caller, caller.prepared(Row(1, 1, "r1", "question", b"x"), AUTO)


async def made(place: Path, *, by_worker: bool, limit_usd: str | None) -> tuple[Result, int, list[Decimal | None]]:
    """The result of a call, how often the server was asked, and what was written down before each attempt."""
    begun: list[Decimal | None] = []

    async def begin(prepared: Prepared, usd: Decimal | None) -> None:
        begun.append(usd)

    async with Broken() as server, Transport() as transport:
        caller, prepared = prepared_call(place, server.port)
        call = ReadyCall(prepared, None, None, caller.patience)
        purse = None
        if limit_usd is not None:
            limit = Limit("--max-cost", Decimal(limit_usd), Decimal(limit_usd))
            purse = Purse(Ledger([limit], ["p"]), lambda: datetime(2026, 1, 1, tzinfo=UTC))
        surroundings = Surroundings(transport)
        if not by_worker:
            result = await make_call(call, surroundings, run_id="run", begin=begin, purse=purse)
            return result, server.asked, begun
        worker = CallWorker(lambda frame: crew.heard(member, frame), linger_s=0.0, environment={})
        crew = Crew(
            worker.greeting, lambda _: None, sealing=sealed_for_child, silence_s=60.0, nobody_s=5.0, gather_s=0.01
        )
        member = crew.joined(Link(worker))
        crew.heard(member, worker.greeting.packed())
        try:
            result = await make_call(call, surroundings, run_id="run", begin=begin, purse=purse, hands=crew, work=1)
        finally:
            await crew.close()
            await worker.close()
        return result, server.asked, begun


@pytest.mark.parametrize("limit_usd", [None, "1.1", "2.5", "100"])
def test_a_worker_pays_for_each_attempt_and_each_is_written_down(
    tmp_path: Path, limit_usd: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.001)
    here, asked_here, begun_here = asyncio.run(made(tmp_path / "c.yaml", by_worker=False, limit_usd=limit_usd))
    there, asked_there, begun_there = asyncio.run(made(tmp_path / "c.yaml", by_worker=True, limit_usd=limit_usd))
    assert asked_here == (2 if limit_usd == "1.1" else 3)
    assert (asked_there, there.attempts) == (asked_here, here.attempts)
    assert (there.cost.lost_attempts, there.cost.lost_usd) == (here.cost.lost_attempts, here.cost.lost_usd)
    assert begun_there == begun_here
    assert len(begun_there) == asked_there == there.cost.lost_attempts
    if limit_usd is not None:
        assert there.cost.lost_usd is not None and there.cost.lost_usd <= Decimal(limit_usd)
