"""A whole batch against a provider on loopback: what is asked, what is written, and how it stops."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch import batch, lane
from thinkdial.engine.batch.output.document import json_line
from thinkdial.engine.batch.output.output_file import OutputFile, SinkError
from thinkdial.engine.batch.output.outputs import Pipe
from thinkdial.engine.batch.rows.rows import BadRow, Row, read_rows
from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit
from thinkdial.engine.costs.budget.purse import Purse
from thinkdial.providers.errors import UsageError
from thinkdial.providers.think import parse_think

from .bench import Bench, Call, bad, good, numbered, on_bench


def test_each_row_goes_to_each_profile_with_each_think_value(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        sweep = (parse_think("low"), parse_think("high"))
        ended = await bench.batch(numbered(30), ("a", "b"), sweep=sweep).run()
        keys = {(d["row_id"], d["profile"], d["think"]["requested"]) for d in bench.kept.documents}
        assert len(keys) == len(bench.kept.documents) == 120 == len(bench.provider.calls)
        assert ended.finished and (ended.rows, ended.bad_rows, ended.tally.failed) == (30, 0, 0)

    on_bench(tmp_path, test)


def test_a_row_has_its_say(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        rows: list[dict[str, Any]] = [
            {"id": "plain", "prompt": "p"},
            {"id": "b", "prompt": "q", "profile": "b", "system": "be brief", "max_output": 77, "think": "high"},
            {"id": "both", "prompt": "r", "profile": ["a", "b"]},
            {"id": "chat", "messages": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"},
                                        {"role": "user", "content": "3"}]},
        ]  # fmt: skip
        await bench.batch(rows, ("a",)).run()
        assert sorted((call.profile, call.prompt) for call in bench.provider.calls) == [
            ("a", "3"), ("a", "p"), ("a", "r"), ("b", "q"), ("b", "r"),
        ]  # fmt: skip
        bodies = {(call.profile, call.prompt): call.body for call in bench.provider.calls}
        asked = bodies["b", "q"]
        assert asked["messages"][0] == {"role": "system", "content": "be brief"}
        assert 77 in (asked.get("max_tokens"), asked.get("max_completion_tokens"))
        assert [m["content"] for m in bodies["a", "3"]["messages"]] == ["1", "2", "3"]
        requested = {d["row_id"]: d["think"]["requested"] for d in bench.kept.documents}
        assert requested["b"] == "high" and requested["plain"] == "auto"

    on_bench(tmp_path, test)


def test_a_profile_that_a_row_may_not_use_costs_that_row_only(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        rows = [{"prompt": "1", "profile": "none"}, {"prompt": "2", "profile": "both"}, {"prompt": "3"}]
        ended = await bench.batch(rows).run()
        assert [call.prompt for call in bench.provider.calls] == ["3"]
        assert ended.bad_rows == 2 and [found.line for found in bench.heard.bad] == [1, 2]
        assert "'none'" in bench.heard.bad[0].problem and "group" in bench.heard.bad[1].problem

    on_bench(tmp_path, test)


def test_extra_fields_and_the_judgement_come_out(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        extra = {"n": 12345678901234567890, "f": 0.1, "deep": [{"u": "\u2028"}]}
        rows = [{"id": "x", "prompt": "p", "expect": "fine", **extra}, {"id": "y", "prompt": "p", "expect": "other"}]
        await bench.batch(rows).run()
        found = {document["row_id"]: document for document in bench.kept.documents}
        assert found["x"]["row"] == extra and found["x"]["passed"] is True
        assert found["y"]["passed"] is False and found["y"]["expect_note"] == "the answer is another one"
        assert all(len(bytes.fromhex(document["work"])) == 16 for document in found.values())

    on_bench(tmp_path, test)


def test_half_a_surrogate_pair_goes_through(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        rows = read_rows([b'{"id": "\\ud801", "prompt": "a\\ud800", "x": "\\udfff"}\n'], "jsonl")
        await bench.batch(rows, ready=True).run()
        (document,) = bench.kept.documents
        assert (document["status"], document["row_id"], document["row"]) == ("ok", "\ud801", {"x": "\udfff"})

    on_bench(tmp_path, test)


def test_lines_are_json_whatever_they_hold() -> None:
    for text in ("\ud800", "\u2028", "\0", "\U0001f600"):
        line = json_line({"x": text})
        assert line.count(b"\n") == 1 and json.loads(line) == {"x": text}


def test_bad_rows_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        rows = read_rows([b'"1"\n', b"{bad\n", b'"2"\n'], "jsonl")
        ended = await bench.batch(rows, ready=True).run()
        assert (ended.rows, ended.bad_rows, ended.finished) == (2, 1, True)
        assert sorted(call.prompt for call in bench.provider.calls) == ["1", "2"]

    on_bench(tmp_path, test)


def test_a_header_that_is_none_is_an_error_of_the_command(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(UsageError, match="header"):
            await bench.batch(read_rows([b"a,a\n"], "csv"), ready=True).run()

    on_bench(tmp_path, test)


def test_an_input_that_breaks_off_ends_what_is_under_way_first(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        def rows() -> Iterator[Row | BadRow]:
            yield from read_rows([json.dumps(row).encode() for row in numbered(3)], "jsonl")
            raise OSError(errno.EIO, "torn off")

        with pytest.raises(Exception, match="torn off"):
            await bench.batch(rows(), ready=True, is_live=True).run()
        assert len(bench.kept.documents) == len(bench.provider.calls) > 0

    on_bench(tmp_path, test)


def test_rows_of_a_stream_are_answered_as_they_come(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        reader, writer = os.pipe()
        answered: asyncio.Queue[str] = asyncio.Queue()
        bench.kept.on_add = lambda work: answered.put_nowait(work.row_id)
        with os.fdopen(reader, "rb") as stream:
            running = asyncio.create_task(
                bench.batch(read_rows(iter(stream.readline, b""), "jsonl"), ready=True, is_live=True).run()
            )
            for number in range(5):
                os.write(writer, json.dumps({"id": str(number), "prompt": f"row {number}"}).encode() + b"\n")
                assert await answered.get() == str(number)
            os.close(writer)
            assert (await running).finished

    on_bench(tmp_path, test)


def test_no_more_calls_at_once_than_allowed(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        full, go = asyncio.Event(), asyncio.Event()

        async def answer(call: Call) -> bytes:
            if bench.provider.now["a"] == 3 and bench.provider.now["b"] == 2:
                full.set()
            await go.wait()
            return good()

        bench.provider.answer = answer
        running = asyncio.create_task(bench.batch(numbered(40), ("a", "b"), concurrency=None).run())
        await full.wait()
        go.set()
        await running
        assert bench.provider.most == {"a": 3, "b": 2} and len(bench.provider.calls) == 80

    on_bench(tmp_path, test, a="limits: {concurrency: 3}", b="limits: {concurrency: 2}")


def test_the_option_goes_before_the_profiles_concurrency(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.batch(numbered(20), concurrency=1).run()
        assert bench.provider.most["a"] == 1

    on_bench(tmp_path, test, a="limits: {concurrency: 5}")


def test_a_blocked_profile_slows_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "ROWS_IN_MEMORY", 64)  # more rows than wait in memory
    monkeypatch.setattr(batch, "ROWS_AHEAD", 32)

    async def test(bench: Bench) -> None:
        go = asyncio.Event()

        async def answer(call: Call) -> bytes:
            if call.profile == "b":
                await go.wait()
            return good()

        bench.provider.answer = answer
        quick = asyncio.Event()

        def added(_: object) -> None:
            if len(bench.kept.documents) == 149:
                quick.set()

        bench.kept.on_add = added
        running = asyncio.create_task(bench.batch(numbered(150), ("a", "b")).run())
        await quick.wait()
        assert all(document["profile"] == "a" for document in bench.kept.documents)
        go.set()
        await running
        assert len(bench.kept.documents) == 300

    on_bench(tmp_path, test)


def test_what_may_pass_is_tried_again(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        first = [
            bad(500, retry_after="0"),
            bad(429, retry_after="0"),
            bad(529, retry_after="0"),
            b"",
            b"nonsense\r\n\r\n",
        ]

        def answer(call: Call) -> bytes:
            return first[int(call.prompt.split()[1])] if call.times == 1 else good()

        bench.provider.answer = answer
        ended = await bench.batch(numbered(5), retries=2).run()
        assert {document["status"] for document in bench.kept.documents} == {"ok"}
        assert {document["attempts"] for document in bench.kept.documents} == {2}
        assert len(bench.provider.calls) == 10 and sum(ended.tally.again.values()) == 5

    on_bench(tmp_path, test)


def test_what_stays_wrong_is_written_once_with_its_attempts(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.provider.answer = lambda call: bad(500, retry_after="0") if call.prompt == "row 1" else good()
        ended = await bench.batch(numbered(3), retries=3).run()
        failed = [document for document in bench.kept.documents if document["status"] == "error"]
        assert [(document["row_id"], document["attempts"], document["error"]["kind"]) for document in failed] == [
            ("1", 4, "server")
        ]
        assert ended.tally.failed == 1 and ended.finished

    on_bench(tmp_path, test)


def test_a_request_that_is_larger_than_the_limit_is_asked_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        words = "Request too large for m on tokens per min (TPM): Limit 30000, Requested 61337."
        bench.provider.answer = lambda call: bad(429, words) if call.prompt == "row 1" else good()
        ended = await bench.batch(numbered(6), retries=3).run()
        failed = [document for document in bench.kept.documents if document["status"] == "error"]
        assert [(document["row_id"], document["attempts"], document["error"]["kind"]) for document in failed] == [
            ("1", 1, "rate_limit")
        ]
        assert len(bench.provider.calls) == 6 and ended.finished

    on_bench(tmp_path, test)


def test_what_a_refusal_teaches_is_paid_for_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        words = "Unsupported parameter: 'max_tokens' is not supported with this model."
        bench.provider.answer = lambda call: bad(400, words) if "max_tokens" in call.body else good()
        rows = [{"id": str(n), "prompt": f"row {n}", "max_output": 50} for n in range(30)]
        ended = await bench.batch(rows).run()
        assert ended.finished and {document["status"] for document in bench.kept.documents} == {"ok"}
        refused = [call for call in bench.provider.calls if "max_tokens" in call.body]
        assert 1 <= len(refused) <= 8, "only those that were under way before the first lesson"
        attempts = [document["attempts"] for document in bench.kept.documents]
        assert attempts.count(2) == len(refused) and attempts.count(1) == 30 - len(refused)

    on_bench(tmp_path, test)


def test_a_bad_key_is_said_once_and_the_others_go_on(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.provider.answer = lambda call: bad(401) if call.profile == "a" else good()
        ended = await bench.batch(numbered(150), ("a", "b")).run()
        assert len(bench.provider.prompts("b")) == 150 and len(bench.provider.prompts("a")) < 20
        assert len(bench.heard.troubles) == 1 and "a is given up" in bench.heard.troubles[0]
        assert list(ended.broken) == ["a"] and not ended.finished

    on_bench(tmp_path, test)


def test_a_provider_that_dies_half_way_is_given_up_there(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        def answer(call: Call) -> bytes:
            return bad(403) if call.profile == "a" and len(bench.provider.prompts("a")) > 40 else good()

        bench.provider.answer = answer
        ended = await bench.batch(numbered(120), ("a", "b")).run()
        answered = bench.kept.answered
        assert sum(count for (_, name, status), count in answered.items() if (name, status) == ("a", "ok")) == 40
        assert sum(count for (_, name, status), count in answered.items() if (name, status) == ("b", "ok")) == 120
        assert ended.broken["a"].kind == "permission" and len(bench.heard.troubles) == 1

    on_bench(tmp_path, test)


def test_a_profile_that_cannot_be_called_is_said_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        ended = await bench.batch(numbered(50), ("a", "keyless")).run()
        assert len(bench.kept.documents) == 50 and ended.bad_rows == 0 and not bench.heard.bad
        assert ended.broken["keyless"].kind == "config" and not ended.finished

    on_bench(tmp_path, test, a="", keyless="provider: openai, api_key_env: NO_SUCH_KEY_IS_SET")


# Order.


@pytest.mark.parametrize("window", [1, 7, 10_000])
def test_a_pipe_in_order(tmp_path: Path, window: int) -> None:
    async def test(bench: Bench) -> None:
        held = asyncio.Event()

        async def answer(call: Call) -> bytes:
            if call.prompt == "row 0" and window > 1:
                await held.wait()
            elif len(bench.provider.calls) >= min(window, 50):
                held.set()
            return good()

        bench.provider.answer = answer
        rows = [*numbered(60), {"id": "other", "prompt": "x", "profile": ["b", "a"]}]
        await bench.batch(rows, ("a",), ordered=True, window=window, is_live=True).run()
        ids = [document["row_id"] for document in bench.kept.documents]
        assert ids == [*(str(number) for number in range(60)), "other", "other"]

    on_bench(tmp_path, test)


def test_order_survives_a_profile_that_is_given_up(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.provider.answer = lambda call: bad(401) if call.profile == "a" else good()
        await bench.batch(numbered(120), ("a", "b"), ordered=True, window=10).run()
        ids = [int(document["row_id"]) for document in bench.kept.documents if document["profile"] == "b"]
        assert ids == list(range(120))

    on_bench(tmp_path, test)


def test_a_file_in_order(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        with OutputFile(tmp_path / "out", "jsonl", "x") as file:
            batch = bench.batch(numbered(50), ("a", "b"), output=file, memory=file, ordered=True, batch_id="x")
            ended = await batch.run()
            file.tidy(ended.order)
            found = [(document["row_id"], document["profile"]) for document in file.documents()]
        assert found == [(str(number), name) for number in range(50) for name in ("a", "b")]

    on_bench(tmp_path, test)


# Going on.


def test_only_what_is_missing_is_asked(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        path = tmp_path / "out"

        async def run(rows: list[dict[str, Any]], *profiles: str, **more: Any) -> list[str]:
            before = len(bench.provider.calls)
            with OutputFile(path, "jsonl", "x") as file:
                await bench.batch(rows, profiles, output=file, memory=file, batch_id="x", retries=0, **more).run()
                file.tidy()
            return sorted(call.prompt for call in bench.provider.calls[before:])

        def answer(call: Call) -> bytes:
            return bad(500) if call.prompt == "row 2" and call.times == 1 else good()

        bench.provider.answer = answer
        assert len(await run(numbered(5), "a")) == 5
        assert await run(numbered(5), "a") == []
        assert await run(numbered(7), "a") == ["row 5", "row 6"]
        assert await run(numbered(7), "a", retry_failed=True) == ["row 2"]
        assert await run(numbered(7), "a", retry_failed=True) == []
        assert len(await run(numbered(7), "a", "b")) == 7
        assert len(await run(numbered(7, think="low"), "a", "b")) == 14
        assert await run([*numbered(6, think="low"), {"id": "6", "prompt": "new", "think": "low"}], "a") == ["new"]
        assert len(await run(numbered(7, max_output=9, think="low"), "a")) == 7
        assert len(path.read_bytes().splitlines()) == 28 and len((tmp_path / "out.superseded").read_bytes()) > 0

    on_bench(tmp_path, test)


def test_one_profile_under_two_names_is_asked_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        sweep = (parse_think("low"), parse_think("high"))
        await bench.batch(numbered(10), ("a", "a@low", "a@max"), sweep=sweep).run()
        asked = [(document["row_id"], document["think"]["requested"]) for document in bench.kept.documents]
        assert len(asked) == len(set(asked)) == 30 == len(bench.provider.calls)

    on_bench(tmp_path, test)


# Stopping.


def test_once_interrupted_it_finishes_what_is_under_way(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        go, begun = asyncio.Event(), asyncio.Event()

        async def answer(call: Call) -> bytes:
            if bench.provider.now["a"] == 4:
                begun.set()
            await go.wait()
            return good()

        bench.provider.answer = answer
        batch = bench.batch(numbered(100), concurrency=4)
        running = asyncio.create_task(batch.run())
        await begun.wait()
        batch.stop()
        go.set()
        ended = await running
        assert len(bench.provider.calls) == len(bench.kept.documents) == 4 and not ended.finished

    on_bench(tmp_path, test)


def test_twice_interrupted_it_writes_what_came_and_such_rows_run_again(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        begun = asyncio.Event()

        async def answer(call: Call) -> bytes:
            if call.prompt == "row 0":
                return good()
            if bench.provider.now["a"] == 3 and bench.kept.documents:
                begun.set()
            await asyncio.Event().wait()
            return b""

        bench.provider.answer = answer
        with OutputFile(tmp_path / "out", "jsonl", "x") as file:

            class Both:
                def add(self, work: Any, line: bytes, *, failed: bool) -> None:
                    bench.kept.add(work, line, failed=failed)
                    file.add(work, line, failed=failed)
                    if bench.provider.now["a"] == 3:
                        begun.set()

            batch = bench.batch(numbered(100), concurrency=3, output=Both(), memory=file, batch_id="x")
            running = asyncio.create_task(batch.run())
            await begun.wait()
            running.cancel()
            ended = await running
            assert ended.interrupted
            kinds = [(document.get("error") or {}).get("kind") for document in bench.kept.documents]
            assert kinds == [None, "cancelled", "cancelled", "cancelled"]
        bench.provider.answer = lambda _: good()
        before = len(bench.provider.calls)
        with OutputFile(tmp_path / "out", "jsonl", "x") as file:
            await bench.batch(numbered(100), output=file, memory=file, batch_id="x").run()
            file.tidy()
            assert [document["status"] for document in file.documents()] == ["ok"] * 100
        assert len(bench.provider.calls) - before == 99

    on_bench(tmp_path, test)


def test_a_disk_that_fills_up_stops_the_batch_and_hands_out_what_was_paid_for(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        def added(_: object) -> None:
            if len(bench.kept.documents) == 5:
                raise SinkError("out cannot be written: no space left")

        bench.kept.on_add = added
        ended = await bench.batch(numbered(200), concurrency=4).run()
        assert ended.output_problem is not None and not ended.finished
        assert len(bench.kept.documents) == 5 and 5 + len(ended.lost) == len(bench.provider.calls) <= 9

    on_bench(tmp_path, test)


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        try:
            ended = await bench.batch(numbered(200), concurrency=2, output=Pipe(writer)).run()
        finally:
            os.close(writer)
        assert ended.pipe_closed and len(bench.provider.calls) <= 4

    on_bench(tmp_path, test)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_reader_that_rests_is_waited_for(tmp_path: Path, blocking: bool) -> None:
    async def test(bench: Bench) -> None:
        reader, writer = os.pipe()
        os.set_blocking(writer, blocking)
        bench.provider.answer = lambda _: good("x" * 3000)
        batch = bench.batch(numbered(200), concurrency=4, output=Pipe(writer))
        running = asyncio.create_task(batch.run())
        while not batch.blocked or bench.provider.now["a"]:  # noqa: ASYNC110 nothing tells of it
            await asyncio.sleep(0)
        assert len(bench.provider.calls) < 100 and not running.done()

        def read() -> int:
            count = 0
            while data := os.read(reader, 1 << 16):
                count += data.count(b"\n")
            return count

        reading = asyncio.create_task(asyncio.to_thread(read))
        ended = await running
        os.close(writer)
        assert await reading == 200 and ended.finished
        os.close(reader)

    on_bench(tmp_path, test)


def test_whoever_shares_the_pipe_finds_it_as_it_was(tmp_path: Path) -> None:
    uvloop: Any = pytest.importorskip("uvloop")

    async def test(bench: Bench) -> None:
        reader, writer = os.pipe()
        bench.provider.answer = lambda _: good("x" * 3000)
        batch = bench.batch(numbered(200), concurrency=4, output=Pipe(writer))
        running = asyncio.create_task(batch.run())
        while not batch.blocked or bench.provider.now["a"]:  # noqa: ASYNC110 nothing tells of it
            await asyncio.sleep(0)
        assert os.get_blocking(writer)
        os.close(reader)
        assert (await running).pipe_closed
        os.close(writer)

    on_bench(tmp_path, test, loop=uvloop.new_event_loop)


# The budget.


def test_a_budget_ends_it_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        def purse(usd: str) -> Purse:
            from datetime import UTC, datetime

            limit = Limit("--max-cost", Decimal(usd), Decimal(usd))
            return Purse(Ledger([limit], ()), lambda: datetime.now(UTC))

        async def run(usd: str) -> Any:
            with OutputFile(tmp_path / "out", "jsonl", "x") as file:
                batch = bench.batch(numbered(100), output=file, memory=file, batch_id="x", purse=purse(usd))
                ended = await batch.run()
                return ended, len(list(file.documents()))

        # 10 tokens in, 20 out, 100 dollars for a million: 0.003 a call; more than that is reserved for each.
        ended, count = await run("0.30")
        assert ended.budget is not None and not ended.finished and 0 < count < 100
        assert len(bench.provider.calls) == count
        ended, count = await run("100")
        assert ended.finished and count == 100 == len(bench.provider.calls)

    price = "price: {input: 100, output: 100}, max_output_tokens: 100"
    on_bench(tmp_path, test, a=price)
