"""`batch`: rows in, values or a file out, and every promise of the other calls."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import thinkdial
from thinkdial.engine.batch.hands import child, local
from thinkdial.engine.history.search.run_rows import RunRow
from thinkdial.engine.history.store import Store, database_path
from thinkdial.engine.history.sums.spend import spent
from thinkdial.simulator import Simulator

from .conftest import Till, WriteConfig

Stored = Callable[[], list[RunRow]]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class TestRows:
    def test_prompts_and_mappings_in_and_results_out_in_their_order(self, sim: Path) -> None:
        rows: list[Any] = [
            "first",
            {"id": "second", "prompt": "hi", "think": "low", "profile": "o", "tag": [1]},
            {"messages": [{"role": "user", "content": "third"}], "system": "Be brief.", "max_output": 2000},
        ]
        run = thinkdial.batch(rows, ["o", "a"], think=["high", "off"], config=sim)
        assert [(one.profile, one.think.requested) for one in run.results] == [
            ("o", "high"), ("o", "off"), ("a", "high"), ("a", "off"), ("o", "low"),
            ("o", "high"), ("o", "off"), ("a", "high"), ("a", "off"),
        ]  # fmt: skip
        assert run.results[4].row_id == "second" and run.results[4].row == {"tag": [1]}
        assert all(isinstance(one, thinkdial.Result) and one.status == "ok" and one.answer for one in run.results)
        assert (run.rows, run.bad_rows, run.finished, run.outcome, run.output) == (3, (), True, "ok", None)

    def test_names_with_a_think_value_keep_their_order_too(self, sim: Path) -> None:
        run = thinkdial.batch(["x", "y"], ["a@max", "mixed", "a@low"], config=sim)
        assert [(one.profile, one.think.requested) for one in run.results] == [
            ("a", "max"), ("o", "auto"), ("a", "low"),
        ] * 2  # fmt: skip

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("rows.jsonl", '{"prompt": "one"}\n"two"\n'),
            ("rows.csv", "prompt,tag\none,1\ntwo,2\n"),
            ("rows.txt", "one\ntwo\n"),
        ],
    )
    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_path_is_a_file_of_rows(self, sim: Path, tmp_path: Path, name: str, text: str, kind: Any) -> None:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        run = thinkdial.batch(kind(path), "o", config=sim)
        assert (run.rows, len(run.results), run.outcome) == (2, 2, thinkdial.BatchOutcome.OK)

    def test_a_template_makes_the_prompt_of_the_fields(self, sim: Path, simulator: Simulator) -> None:
        before = len(simulator.requests)
        run = thinkdial.batch([{"word": "hund"}], "o", template="Translate {{word}}", system="Be brief.", config=sim)
        (request,) = simulator.requests[before:]
        assert "Translate hund" in json.dumps(request.body) and "Be brief." in json.dumps(request.body)
        assert run.results[0].row == {"word": "hund"}

    def test_a_bad_row_is_told_with_its_reason_and_stops_no_other(self, sim: Path) -> None:
        rows: list[Any] = [
            "good", "", 5, {"id": 1}, {"prompt": "x", "at": Decimal(1)}, {"prompt": "x", "n": float("nan")},
            {"prompt": "x", "profile": "nobody"}, {"prompt": "good", "id": 7},
        ]  # fmt: skip
        run = thinkdial.batch(rows, "o", config=sim)
        assert [one.row_id for one in run.results][1:] == ["7"] and len(run.results) == 2
        assert [bad.line for bad in run.bad_rows] == [2, 3, 4, 5, 6, 7]
        for bad, words in zip(
            run.bad_rows,
            [
                "its prompt is empty", "a row is a JSON object, or a string", "has no prompt",
                "holds what JSON does not know: Object of type Decimal", "holds what JSON does not know: Out of range",
                "no profile or group is called 'nobody'",
            ],
            strict=True,
        ):  # fmt: skip
            assert bad.problem.startswith(f"line {bad.line}: ") and words in bad.problem
        assert run.outcome == "some_failed" and run.finished

    def test_without_rows_nothing_happens(self, sim: Path) -> None:
        run = thinkdial.batch([], "o", config=sim)
        assert (run.outcome, run.results, run.summary.groups, run.summary.usd) == ("no_rows", (), (), None)

    def test_an_iterable_is_read_as_calls_go(self, sim: Path) -> None:
        threads: set[str] = set()

        def rows() -> Iterator[str]:
            for number in range(20):
                threads.add(threading.current_thread().name)
                yield f"prompt {number}"

        run = thinkdial.batch(rows(), "o", config=sim, concurrency=2)
        assert len(run.results) == 20 and threads == {"rows"}

    def test_an_error_of_the_iterable_is_raised(self, sim: Path) -> None:
        def rows() -> Iterator[str]:
            yield "one"
            raise ZeroDivisionError("no more")

        with pytest.raises(ZeroDivisionError, match="no more"):
            thinkdial.batch(rows(), "o", config=sim)


class TestExpectations:
    def test_an_answer_is_judged(self, ten_cents: WriteConfig) -> None:
        rows: list[Any] = [
            {"prompt": "a", "expect": "yes"}, {"prompt": "b", "expect": {"contains": "no"}}, {"prompt": "c"},
            {"prompt": "d", "expect": {"nonsense": 1}},
        ]  # fmt: skip
        run = thinkdial.batch(rows, "p0", config=ten_cents())
        assert [one.passed for one in run.results] == [True, False, None]
        assert "expect" in run.bad_rows[0].problem
        (group,) = run.summary.groups
        assert (group.profile, group.think, group.results, group.judged, group.passed) == ("p0", "auto", 3, 2, 1)
        assert group.pass_rate == 0.5 and group.pass_interval_95 is not None
        assert (group.usd, group.usd_per_passed) == (Decimal("0.3"), Decimal("0.3"))
        assert group.statuses == {"ok": 3} and group.output_tokens == 300 and group.latency_median_s


class TestOutput:
    @pytest.mark.parametrize("form", ["jsonl", "csv"])
    def test_the_same_batch_goes_on_where_it_has_stopped(
        self, ten_cents: WriteConfig, till: Till, tmp_path: Path, form: str
    ) -> None:
        rows, output = tmp_path / "rows.txt", tmp_path / f"out.{form}"
        rows.write_text("one\ntwo\nthree\n", encoding="utf-8")
        config, heard = ten_cents(), list[str]()
        first = thinkdial.batch(rows, "p0", output=output, config=config, max_cost="0.20", concurrency=1)
        assert (first.outcome, first.finished, till.answered) == ("over_budget", False, 2)
        second = thinkdial.batch(rows, "p0", output=str(output), config=config, note=heard.append)
        assert (second.outcome, second.finished, till.answered, second.output) == ("ok", True, 3, output)
        assert second.results == () and (second.summary.results, second.summary.skipped) == (3, 2)
        assert second.summary.usd == Decimal("0.3")
        assert heard == [f"{output} holds 2 results; what is missing is run"]
        assert output.read_text("utf-8").count("\n") == 3 + (form == "csv")

    def test_an_iterable_is_recognised_by_what_it_asks(
        self, ten_cents: WriteConfig, till: Till, tmp_path: Path
    ) -> None:
        output, config = tmp_path / "out.jsonl", ten_cents()
        thinkdial.batch(["b", "a"], "p0", output=output, config=config)
        thinkdial.batch(["a", "b", "c"], "p0", output=output, config=config, ordered=True)
        assert till.answered == 3
        assert [body["messages"][-1]["content"] for body in till.bodies][2] == "c"
        assert len({line["row_id"] for line in lines_of(output)}) == 3

    def test_failed_ones_run_again_when_that_is_asked_for(
        self, ten_cents: WriteConfig, till: Till, tmp_path: Path
    ) -> None:
        output, config = tmp_path / "out.jsonl", ten_cents()
        till.status = 400
        assert thinkdial.batch(["a"], "p0", output=output, config=config).outcome == "all_failed"
        till.status = 200
        assert thinkdial.batch(["a"], "p0", output=output, config=config).summary.groups[0].statuses == {"error": 1}
        run = thinkdial.batch(["a"], "p0", output=output, config=config, retry_failed=True)
        assert run.outcome == "ok" and [line["status"] for line in lines_of(output)] == ["ok"]

    def test_a_line_has_the_values_of_its_result(self, ten_cents: WriteConfig, tmp_path: Path) -> None:
        heard: list[thinkdial.RowResult] = []
        output = tmp_path / "out.jsonl"
        row = {"id": 7, "prompt": "a", "expect": "yes", "tag": "t"}
        thinkdial.batch([row], "p0", output=output, config=ten_cents(), on_result=heard.append)
        (line,), (result,) = lines_of(output), heard
        assert {*line} - {"schema", "work", "batch"} == {
            name for name in result.__struct_fields__ if name not in result.INTERNAL
        }  # fmt: skip
        for name in ("id", "run_id", "answer", "status", "row_id", "row", "passed", "expect_note"):
            assert line[name] == getattr(result, name)

    def test_what_cannot_be_written_is_handed_over(
        self, ten_cents: WriteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write

        def full(descriptor: int, data: Any) -> int:
            if b'"row_id"' in bytes(data):
                raise OSError(28, "No space left on device")
            return write(descriptor, data)

        monkeypatch.setattr("thinkdial.engine.batch.output.output_file.os.write", full)
        run = thinkdial.batch(["a"], "p0", output=tmp_path / "out.jsonl", config=ten_cents())
        assert run.outcome == "output_failed" and [one.answer for one in run.results] == ["yes"]
        assert run.output_problem is not None and "No space left" in run.output_problem.message


class TestFailures:
    def test_they_are_results(self, sim: Path) -> None:
        run = thinkdial.batch(["hi"], ["a", "silent"], config=sim, timeout=0.2, retries=0)
        assert [one.status for one in run.results] == ["ok", "error"]
        assert run.results[1].error is not None and run.results[1].error.kind == "timeout"
        assert run.summary.usd_unknown == 1 and run.outcome == "some_failed"

    def test_a_profile_that_refuses_its_key_is_given_up_and_the_key_is_in_nothing(
        self, ten_cents: WriteConfig, till: Till, key: str, tmp_path: Path
    ) -> None:
        till.status, heard, output = 401, list[str](), tmp_path / "out.jsonl"
        config = ten_cents()
        run = thinkdial.batch((f"row {i}" for i in range(100)), "p0", config=config, note=heard.append)
        assert till.headers[-1]["authorization"] == f"Bearer {key}" and till.answered < 100
        assert run.outcome == "all_failed" and not run.finished
        assert run.given_up["p0"].kind == "auth" and any(words.startswith("p0 is given up") for words in heard)
        assert any("[key]" in one.error.message for one in run.results if one.error is not None)
        thinkdial.batch(["a"], "p0", config=config, output=output)
        assert key not in f"{run!r} {heard} {output.read_text('utf-8')}"

    def test_one_that_cannot_be_called_stops_no_other(self, sim: Path) -> None:
        text = sim.read_text(encoding="utf-8")
        keyless = "  keyless: {provider: openai, model: gpt-6-sol, api_key_env: NO_SUCH_KEY}\n"
        sim.write_text(text.replace("profiles:\n", f"profiles:\n{keyless}"), encoding="utf-8")
        run = thinkdial.batch(["hi"], ["o", "keyless"], config=sim)
        assert [one.profile for one in run.results] == ["o"]
        assert run.given_up["keyless"].kind == "config" and "NO_SUCH_KEY" in run.given_up["keyless"].message
        with pytest.raises(thinkdial.ConfigError, match="NO_SUCH_KEY"):
            thinkdial.batch(["hi"], "keyless", config=sim)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"profiles": "nobody"}, "no profile or group is called 'nobody'"),
            ({"think": "hihg"}, "did you mean high?"),
            ({"rows": {"prompt": "x"}}, "rows are the path of a file, or several rows"),
            ({"rows": b"x"}, "rows are the path of a file"),
            ({"rows": 5}, "rows are the path of a file"),
            ({"rows": "/no/such/rows"}, "cannot be read"),
            ({"max_output": 0}, "max_output is at least 1"),
            ({"concurrency": 0}, "concurrency is from 1 to 4096"),
            ({"retries": 21}, "retries is from 0 to 20"),
            ({"max_cost": "much"}, "is no amount in USD"),
            ({"maxcost": 1}, "'maxcost' is no option of a batch (did you mean max_cost?)"),
            ({"strict_think": True}, "'strict_think' is no option of a batch"),
            ({"system": "half a \udc80"}, "system is not UTF-8 text"),
            ({"template": "{{"}, "line 1"),
        ],
    )
    def test_what_cannot_be_meant_is_a_usage_error(
        self, sim: Path, simulator: Simulator, options: dict[str, Any], words: str
    ) -> None:
        before = len(simulator.requests)
        given: dict[str, Any] = {"rows": ["hi"], "profiles": "a", "config": sim, **options}
        with pytest.raises(thinkdial.UsageError) as caught:
            thinkdial.batch(**given)
        assert words in str(caught.value) and len(simulator.requests) == before

    def test_an_option_of_the_client_is_one_of_the_client(self, sim: Path) -> None:
        wrong: dict[str, Any] = {"max_cost": 1}

        async def go() -> None:
            async with thinkdial.Client(sim) as client:
                await client.batch(["hi"], "a", **wrong)

        with pytest.raises(thinkdial.UsageError, match="'max_cost' is no option of batch") as caught:
            asyncio.run(go())
        assert caught.value.hint == "it is one of thinkdial.Client"

    def test_results_are_heard_as_they_come_and_an_error_of_the_ear_ends_it(
        self, ten_cents: WriteConfig, till: Till, tmp_path: Path
    ) -> None:
        output = tmp_path / "out.jsonl"

        def hear(result: thinkdial.RowResult) -> None:
            assert len(lines_of(output)) == 1  # it is written
            raise ZeroDivisionError("the ear is broken")

        with pytest.raises(ZeroDivisionError, match="the ear is broken"):
            thinkdial.batch(
                map(str, range(1000)), "p0", output=output, config=ten_cents(), concurrency=1, on_result=hear
            )
        assert till.answered <= 2


class TestBudgets:
    def test_one_stops_it(self, ten_cents: WriteConfig, till: Till) -> None:
        run = thinkdial.batch(map(str, range(50)), ["p0", "p1"], config=ten_cents(2), max_cost=0.50)
        assert (run.outcome, run.finished, till.answered) == ("over_budget", False, 5)
        assert run.summary.usd == Decimal("0.5") and len(run.results) == 5
        assert run.cost_limit is not None and run.cost_limit.message.startswith("max_cost: 0.00 of 0.50 USD is left")

    def test_the_purse_of_a_client_serves_its_batches_and_its_calls_together(
        self, ten_cents: WriteConfig, till: Till
    ) -> None:
        till.at_once = 4

        async def go() -> None:
            async with thinkdial.Client(ten_cents(4), max_cost="0.60") as client:
                first, second, run = await asyncio.gather(
                    client.batch(map(str, range(9)), ["p0", "p1"]),
                    client.batch(map(str, range(9)), "p2"),
                    client.compare("hi", ["p3"]),
                )
                till.at_once = 1
                assert till.answered == 6 and first.outcome == second.outcome == "over_budget"
                assert (first.summary.usd or 0) + (second.summary.usd or 0) + (run.summary.usd or 0) == Decimal("0.6")
                with pytest.raises(thinkdial.BudgetError, match=r"^max_cost: 0\.00 of 0\.60 USD is left"):
                    await client.ask("hi", "p0")
                assert (await client.batch(["more"], "p0")).outcome == "over_budget"

        asyncio.run(go())
        assert till.answered == 6

    def test_a_limit_by_day_holds_without_a_history(self, ten_cents: WriteConfig, till: Till, stored: Stored) -> None:
        config = ten_cents(1, "budget: {daily_usd: 0.25}\n")
        thinkdial.ask("hi", "p0", config=config, history=False)
        run = thinkdial.batch(map(str, range(9)), "p0", config=config, history=False)
        assert (run.outcome, len(run.results), till.answered, stored()) == ("over_budget", 1, 2, [])

    def test_a_price_that_nobody_knows_stops_it_unless_it_is_allowed(self, ten_cents: WriteConfig, till: Till) -> None:
        config = ten_cents()
        config.write_text(config.read_text("utf-8").replace("price: {input: 0, output: 1000},", ""), encoding="utf-8")
        run = thinkdial.batch(["a"], "p0", config=config, max_cost=1)
        assert run.outcome == "over_budget" and till.answered == 0
        allowed = thinkdial.batch(["a"], "p0", config=config, max_cost=1, allow_unpriced=True)
        assert allowed.outcome == "ok" and allowed.summary.usd is None and allowed.summary.usd_unknown == 1


class TestHistory:
    def test_its_cost_is_in_the_sums(self, ten_cents: WriteConfig, stored: Stored) -> None:
        thinkdial.batch(["a prompt of mine", "b"], "p0", config=ten_cents())
        (row,) = stored()
        assert (row.command, row.prompt) == ("batch", "the rows of a program")
        with Store.open() as store:
            assert spent(store, "profile")[1].usd == Decimal("0.2")
        assert not any(b"prompt of mine" in file.read_bytes() for file in database_path().parent.iterdir())

    def test_unless_the_caller_wants_none(self, ten_cents: WriteConfig) -> None:
        thinkdial.batch(["a"], "p0", config=ten_cents(), history=False)
        assert not database_path().exists()


class TestTheEventLoop:
    def test_inside_one_the_sync_function_names_the_async_one(self, sim: Path) -> None:
        async def go() -> None:
            thinkdial.batch(["hi"], "a", config=sim)

        with pytest.raises(thinkdial.UsageError, match=r"thinkdial\.batch cannot be called inside") as caught:
            asyncio.run(go())
        assert "await client.batch(" in (caught.value.hint or "")

    def test_the_client_has_to_be_open(self, sim: Path) -> None:
        with pytest.raises(thinkdial.UsageError, match="the client is not open"):
            asyncio.run(thinkdial.Client(sim).batch(["hi"], "a"))

    def test_a_cancellation_keeps_what_came_and_is_raised(
        self, sim: Path, tmp_path: Path, stored: Stored, ten_cents: WriteConfig
    ) -> None:
        output, came = tmp_path / "out.jsonl", list[thinkdial.RowResult]()

        async def go() -> None:
            first = asyncio.Event()

            def hear(result: thinkdial.RowResult) -> None:
                came.append(result)
                first.set()

            async with thinkdial.Client(sim) as client:
                task = asyncio.create_task(client.batch(["hi"], ["a", "stall"], output=output, on_result=hear))
                await first.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert task.cancelled()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await client.batch(["hi"], "stall")
                assert (await client.ask("hi", "o")).status == "ok"

        asyncio.run(go())
        assert sorted(line["status"] for line in lines_of(output)) == ["cancelled", "ok"]
        assert sorted(one.status for one in came) == ["cancelled", "ok"]
        assert [row.command for row in stored()] == ["ask", "batch", "batch"]

    def test_closing_the_client_ends_its_batches(self, sim: Path) -> None:
        async def go() -> thinkdial.BatchRun:
            first = asyncio.Event()
            async with thinkdial.Client(sim, max_cost=1) as client:
                running = asyncio.create_task(
                    client.batch(["hi"], ["o", "stall"], on_result=lambda _: first.set(), retries=0)
                )
                await first.wait()
            return await asyncio.wait_for(running, 5)

        run = asyncio.run(go())
        assert run.outcome == "interrupted" and not run.finished
        assert [one.status for one in run.results][:1] == ["ok"]


class TestManners:
    def test_nothing_is_printed_or_written_and_the_process_is_left_as_it_was(
        self, sim: Path, empty_directory: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        def state() -> list[object]:
            return [gc.get_threshold(), *map(signal.getsignal, signal.valid_signals())]

        before, during, frozen = state(), list[list[object]](), gc.get_freeze_count()

        async def go() -> None:
            async with thinkdial.Client(sim) as client:
                inside = state()
                await client.batch(["hi"], "a", on_result=lambda _: during.append(state()))
                assert during == [inside]
                assert gc.get_freeze_count() <= frozen, "nothing was frozen; what was may have gone"

        asyncio.run(go())
        run = thinkdial.batch(["hi", ""], ["a", "busy"], config=sim, retries=0, history=False, max_cost="0.000001")
        assert run.outcome in ("over_budget", "some_failed") and state() == before
        assert list(empty_directory.iterdir()) == [] and capfd.readouterr() == ("", "")

    def test_a_file_that_nobody_vouched_for_redirects_no_key(
        self, sim: Path, till: Till, empty_directory: Path
    ) -> None:
        from thinkdial.profiles.config import user_file

        user_file().parent.mkdir(parents=True)
        user_file().write_text(sim.read_text(encoding="utf-8"), encoding="utf-8")
        (empty_directory / ".thinkdial.yaml").write_text(f"profiles:\n  o: {{base_url: '{till.url}'}}\n", "utf-8")
        with pytest.raises(thinkdial.ConfigError, match=r"profiles\.o\.base_url in a project file"):
            thinkdial.batch(["hi"], "o")
        assert till.connections == 0


class TestWorkers:
    def test_what_cannot_be_meant_is_refused_before_anything_is_sent(self, sim: Path, simulator: Simulator) -> None:
        refused: list[tuple[Any, str]] = [
            (0, "workers is at least 1"),
            ("4", "workers is a whole number"),
            (thinkdial.Workers(-1), "workers.count is at least 1"),
            (thinkdial.Workers(2, sends_keys=True), "on_cluster"),
        ]
        before = len(simulator.requests)
        for value, words in refused:
            with pytest.raises(thinkdial.UsageError, match=words):
                thinkdial.batch(["x"], "o", config=sim, workers=value)
        assert len(simulator.requests) == before

    @pytest.mark.slow
    @pytest.mark.skipif(sys.platform == "win32", reason="it needs pairs of sockets")
    def test_processes_give_what_one_process_gives(
        self, sim: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [{"id": f"r{number}", "prompt": f"Say {number}"} for number in range(40)]
        alone = thinkdial.batch(rows, ["o", "a"], think="low", config=sim)
        made = list[object]()
        begin = child.begin
        monkeypatch.setattr(local, "begin", lambda *given, **more: (made.append(given), begin(*given, **more))[1])
        for workers in (2, thinkdial.Workers(1)):
            made.clear()
            run = thinkdial.batch(rows, ["o", "a"], think="low", config=sim, workers=workers)
            assert len(made) == (workers if isinstance(workers, int) else 1)
            assert (run.outcome, run.finished, run.expected, run.written, run.missing) == ("ok", True, 80, 80, 0)
            answers = [[(one.row_id, one.profile, one.answer) for one in each.results] for each in (alone, run)]
            assert answers[0] == answers[1]
            assert run.summary.usd == alone.summary.usd
