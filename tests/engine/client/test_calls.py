"""`ask`, `compare`, `plan` and `Client`: what they take, what they give, and what they raise."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import thinkdial
from thinkdial.providers.errors import UsageError
from thinkdial.simulator import Simulator

from .conftest import Till, Waiter, WriteConfig

SCHEMA = Path(thinkdial.__file__).parent / "profiles" / "schemas" / "result.schema.json"


def test_ask_gives_one_result(sim: Path) -> None:
    result = thinkdial.ask("Is 91 prime?", "a", think="high", config=sim)
    assert result.status == "ok" and result.answer and result.error is None
    assert (result.profile, result.provider, result.model) == ("a", "anthropic", "claude-opus-5-5")
    assert result.think.requested == "high" and result.think.native and result.think.fidelity == "exact"
    assert result.usage.reasoning_tokens and result.cost.usd and result.latency.total_s


def test_without_a_name_the_configured_default_is_asked(sim: Path) -> None:
    assert thinkdial.ask("hi", config=sim).profile == "a"
    assert [result.profile for result in thinkdial.compare("hi", config=sim).results] == ["a"]


def test_results_are_ordered_by_profile_then_by_think_value(sim: Path) -> None:
    run = thinkdial.compare("Is 91 prime?", ["o", "a"], think=["high", "off", 2000], config=sim)
    assert [(result.profile, result.think.requested) for result in run.results] == [
        ("o", "high"), ("o", "off"), ("o", "2000"), ("a", "high"), ("a", "off"), ("a", "2000"),
    ]  # fmt: skip
    assert run.prompt == "Is 91 prime?" and {result.run_id for result in run.results} == {run.run_id}
    assert run.summary.results == run.summary.ok == 6
    assert run.summary.usd == sum(result.cost.usd for result in run.results if result.cost.usd is not None)


@pytest.mark.parametrize(
    ("profiles", "called"),
    [
        ("both", [("a", "low"), ("o", "low")]),
        (["mixed"], [("a", "max"), ("o", "low")]),
        (["both@high", "g"], [("a", "high"), ("o", "high"), ("g", "low")]),
        (["a@8k", "a"], [("a", "8192"), ("a", "low")]),
        (("a", "both"), [("a", "low"), ("o", "low")]),
    ],
)
def test_profiles_are_names_groups_and_names_with_a_think_value(
    sim: Path, profiles: Any, called: list[tuple[str, str]]
) -> None:
    run = thinkdial.compare("hi", profiles, think="low", config=sim)
    assert [(result.profile, result.think.requested) for result in run.results] == called


def test_a_model_without_a_profile_is_named_with_its_provider(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "near.yaml"
    path.write_text(
        f"providers: {{near: {{base_url: '{simulator.base_url}/openai/v1', dialect: openai-chat,"
        " api_key_env: [SIM_KEY], dialects: {openai-chat: {}}, unknown_model: {control: none, visibility: hidden}}}\n",
        encoding="utf-8",
    )
    result = thinkdial.ask("hi", "near/gpt-6-sol", config=path)
    assert (result.profile, result.provider, result.model) == ("near/gpt-6-sol", "near", "gpt-6-sol")
    assert result.status == "ok"


@pytest.mark.parametrize(
    ("think", "asked"),
    [
        (None, ["auto"]),
        ("high", ["high"]),
        ("off, high", ["off", "high"]),
        (["8k", 8192, "low"], ["8192", "low"]),
        (4000, ["4000"]),
        (0, ["off"]),
    ],
)
def test_think_is_one_value_or_several(sim: Path, think: Any, asked: list[str]) -> None:
    planned = thinkdial.plan("hi", "a", think=think, config=sim)
    assert [str(call.prepared.think) for call in planned.calls] == asked


def test_options_reach_the_request(sim: Path, simulator: Simulator) -> None:
    before = len(simulator.requests)
    thinkdial.ask("hi", "a", think="low", config=sim, system="Be brief.", max_output=3000, stream=False)
    (request,) = simulator.requests[before:]
    sent = json.dumps(request.body)
    assert "Be brief." in sent and '"max_tokens": 3000' in sent and '"stream": true' not in sent


@pytest.mark.parametrize("as_given", [str, Path, thinkdial.load_config])
def test_the_configuration_is_a_path_or_one_that_is_loaded(sim: Path, as_given: Any) -> None:
    assert thinkdial.ask("hi", "o", config=as_given(sim)).status == "ok"


def test_a_client_reads_its_configuration_once(sim: Path) -> None:
    async def go() -> list[str]:
        async with thinkdial.Client(sim) as client:
            first = await client.ask("hi", "a")
            await asyncio.to_thread(sim.write_text, "not: [valid", encoding="utf-8")
            return [first.status, (await client.ask("hi", "o")).status]

    assert asyncio.run(go()) == ["ok", "ok"]


def test_a_result_has_the_fields_of_its_schema(sim: Path) -> None:
    definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    run = thinkdial.compare("hi", ["a", "silent"], config=sim, timeout=0.2, retries=0, max_cost=1)
    result, failed = run.results
    assert set(definitions["Result"]["required"]) == {
        "schema", *(name for name in result.__struct_fields__ if name not in result.INTERNAL)
    }  # fmt: skip
    for value in (run.summary, result.think, result.reasoning, result.usage, result.cost, result.latency):
        assert set(definitions[type(value).__name__]["required"]) == {*value.__struct_fields__}
    for value in (result.forecast, failed.error):
        assert value is not None
        assert all(hasattr(value, name) for name in definitions[type(value).__name__]["required"])


class TestPlan:
    def test_it_needs_neither_key_nor_network_nor_an_open_client(
        self, sim: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SIM_KEY")
        before = len(simulator.requests)
        planned = thinkdial.plan("hi", ["both", "g"], think="high", config=sim)
        assert [call.prepared.plan.requested for call in planned.calls] == ["high"] * 3
        assert all(call.forecast.expected_usd and call.prepared.plan.native for call in planned.calls)
        assert planned.calls[0].key_source == "SIM_KEY (not set)" and planned.problems == ()
        assert len(simulator.requests) == before

    def test_it_may_be_called_inside_a_running_event_loop(self, sim: Path) -> None:
        async def go() -> int:
            return len(thinkdial.plan("hi", "a", config=sim).calls) + len(thinkdial.Client(sim).plan("hi", "o").calls)

        assert asyncio.run(go()) == 2

    def test_what_cannot_be_called_is_a_problem_beside_the_others(self, tmp_path: Path, sim: Path) -> None:
        text = sim.read_text(encoding="utf-8")
        bare = "  bare: {provider: openai-compatible, model: m}\n"
        sim.write_text(text.replace("profiles:\n", f"profiles:\n{bare}"), encoding="utf-8")
        planned = thinkdial.plan("hi", ["a", "bare"], config=sim)
        assert len(planned.calls) == 1 and "needs a base_url" in planned.problems[0].message


class TestFailuresAreResults:
    def test_a_refused_key(self, ten_cents: WriteConfig, till: Till) -> None:
        till.status = 401
        result = thinkdial.ask("hi", "p0", config=ten_cents())
        assert result.status == "error" and result.error is not None
        assert (result.error.kind, result.error.status, result.attempts) == ("auth", 401, 1)

    def test_silence(self, sim: Path) -> None:
        result = thinkdial.ask("hi", "silent", config=sim, timeout=0.2, retries=0)
        assert result.error is not None and result.error.kind == "timeout" and result.error.retryable

    def test_nobody_listening(self, closed_port: int, sim: Path) -> None:
        text = sim.read_text(encoding="utf-8").replace("/openai/v1", "")
        sim.write_text(
            text.replace("profiles:\n", f"profiles:\n  gone: {{provider: openai-compatible, model: m, "
                         f"base_url: 'http://127.0.0.1:{closed_port}/v1'}}\n"),
            encoding="utf-8",
        )  # fmt: skip
        result = thinkdial.ask("hi", "gone", config=sim, retries=0)
        assert result.error is not None and result.error.kind == "connection"

    def test_an_answer_that_breaks_off_keeps_what_came(self, sim: Path) -> None:
        result = thinkdial.ask("hi", "cut", config=sim, retries=0)
        assert result.status == "partial" and result.error is not None and result.answer

    def test_one_that_fails_stops_no_other(self, sim: Path) -> None:
        run = thinkdial.compare("hi", ["a", "busy", "o"], config=sim, retries=0)
        assert [result.status for result in run.results] == ["ok", "error", "ok"]
        assert (run.summary.ok, run.summary.error) == (2, 1)

    def test_nor_does_one_that_cannot_be_called(self, sim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        text = sim.read_text(encoding="utf-8")
        keyless = "  keyless: {provider: openai, model: gpt-6-sol, api_key_env: NO_SUCH_KEY}\n"
        sim.write_text(text.replace("profiles:\n", f"profiles:\n{keyless}"), encoding="utf-8")
        good, bad = thinkdial.compare("hi", ["a", "keyless"], config=sim).results
        assert good.status == "ok" and bad.error is not None
        assert bad.error.kind == "config" and "NO_SUCH_KEY" in bad.error.message and bad.attempts == 0


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"profile": "nobody"}, "no profile or group is called 'nobody'"),
            ({"profile": "both"}, "ask takes one profile, not 2"),
            ({"think": "hihg"}, "did you mean high?"),
            ({"think": True}, "'True' is not a think value"),
            ({"max_output": 0}, "max_output is at least 1, not 0"),
            ({"timeout": -1}, "timeout is at least 0.001, not -1"),
            ({"timeout": float("nan")}, "timeout is at least"),
            ({"retries": 21}, "retries is from 0 to 20, not 21"),
            ({"max_cost": "much"}, "max_cost much: is no amount in USD"),
            ({"max_cost": -1}, "max_cost -1: is no amount in USD"),
            ({"maxcost": 1}, "'maxcost' is no option of a call (did you mean max_cost?)"),
            ({"prompt": " \n"}, "the prompt is empty"),
            ({"prompt": "half a \udc80"}, "the prompt is not UTF-8 text"),
            ({"system": "half a \udc80"}, "system is not UTF-8 text"),
        ],
    )
    def test_what_cannot_be_meant_is_a_usage_error(
        self, sim: Path, simulator: Simulator, options: dict[str, Any], words: str
    ) -> None:
        before = len(simulator.requests)
        given: dict[str, Any] = {"prompt": "hi", "profile": "a", "config": sim, **options}
        with pytest.raises(thinkdial.UsageError) as caught:
            thinkdial.ask(**given)
        assert words in str(caught.value)
        assert len(simulator.requests) == before

    def test_a_configuration_that_cannot_be_read_says_where(self, tmp_path: Path) -> None:
        with pytest.raises(thinkdial.ConfigError, match=r"none\.yaml"):
            thinkdial.ask("hi", config=tmp_path / "none.yaml")
        (tmp_path / "bad.yaml").write_text("profiles:\n  a: {modle: m}\n", encoding="utf-8")
        with pytest.raises(thinkdial.ConfigError, match=r"bad\.yaml:2:\d+"):
            thinkdial.load_config(tmp_path / "bad.yaml")

    def test_nothing_that_can_be_called_is_a_configuration_error(
        self, sim: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SIM_KEY")
        sim.write_text(sim.read_text(encoding="utf-8").replace("http://127.0.0.1", "https://h.example"), "utf-8")
        with pytest.raises(thinkdial.ConfigError) as caught:
            thinkdial.compare("hi", "both", config=sim)
        assert "SIM_KEY is not set" in caught.value.message and "export SIM_KEY" in (caught.value.hint or "")

    def test_all_of_them_are_one_family(self) -> None:
        kinds = (thinkdial.UsageError, thinkdial.ConfigError, thinkdial.BudgetError, thinkdial.StrictPlanError)
        assert all(issubclass(kind, thinkdial.ThinkdialError) for kind in (*kinds, thinkdial.StoreError))

    def test_strict_think_sends_nothing(self, sim: Path, simulator: Simulator) -> None:
        before = len(simulator.requests)
        with pytest.raises(thinkdial.StrictPlanError) as caught:
            thinkdial.compare("hi", ["o", "a"], think="off", config=sim, strict_think=True)
        (reason,) = caught.value.reasons
        assert reason.startswith("a: strict_think: off would be clamped")
        with pytest.raises(thinkdial.StrictPlanError):
            thinkdial.plan("hi", "a", think="off", config=sim, strict_think=True)
        assert len(simulator.requests) == before
        assert thinkdial.ask("hi", "o", think="off", config=sim, strict_think=True).status == "ok"


class TestTheEventLoop:
    @pytest.mark.parametrize("name", ["ask", "compare"])
    def test_inside_one_the_sync_functions_name_the_async_ones(self, sim: Path, name: str) -> None:
        async def go() -> None:
            getattr(thinkdial, name)("hi", "a", config=sim)

        with pytest.raises(thinkdial.UsageError) as caught:
            asyncio.run(go())
        assert f"thinkdial.{name} cannot be called inside a running event loop" in caught.value.message
        assert f"await client.{name}(" in (caught.value.hint or "")

    def test_several_threads_may_call_at_once(self, sim: Path) -> None:
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda name: thinkdial.ask("hi", name, config=sim), ["a", "o", "g", "a"]))
        assert [(result.profile, result.status) for result in results] == [
            ("a", "ok"), ("o", "ok"), ("g", "ok"), ("a", "ok"),
        ]  # fmt: skip


class TestClient:
    def test_several_tasks_may_use_it_at_once_over_one_pool(self, ten_cents: WriteConfig, till: Till) -> None:
        till.at_once = 3

        async def go() -> list[str]:
            async with thinkdial.Client(ten_cents(3)) as client:
                asked = (client.ask("hi", f"p{number}") for number in range(3))
                first = await asyncio.gather(*asked)
                till.at_once = 1
                rest = [await client.ask("again", "p0") for _ in range(3)]
                run = await client.compare("and again", ["p1", "p2"])
                return [result.status for result in (*first, *rest, *run.results)]

        assert asyncio.run(go()) == ["ok"] * 8
        assert till.answered == 8 and till.connections == 3

    def test_it_has_to_be_open(self, sim: Path) -> None:
        client = thinkdial.Client(sim)
        with pytest.raises(thinkdial.UsageError, match="the client is not open"):
            asyncio.run(client.ask("hi", "a"))

    def test_a_closed_one_says_so_and_stays_closed(self, sim: Path) -> None:
        async def go() -> None:
            client = thinkdial.Client(sim)
            async with client:
                with pytest.raises(thinkdial.UsageError, match="opened once"):
                    await client.__aenter__()
                await client.ask("hi", "a")
            with pytest.raises(thinkdial.UsageError, match="the client is closed"):
                await client.compare("hi", "a")
            with pytest.raises(thinkdial.UsageError, match="opened once"):
                await client.__aenter__()

        asyncio.run(go())

    def test_closing_it_ends_what_others_are_doing(self, sim: Path) -> None:
        async def go() -> thinkdial.Result:
            waiter = Waiter()
            async with thinkdial.Client(sim, max_cost=1) as client:
                asking = asyncio.create_task(client.ask("hi", "stall", max_output=1000, observer=waiter))
                await asyncio.wait_for(waiter.began.wait(), 60)
            return await asyncio.wait_for(asking, 60)

        ended = asyncio.run(go())
        assert ended.status == "cancelled" and ended.answer and ended.error and ended.error.kind == "cancelled"

    def test_closing_it_before_a_call_has_begun_is_told(self, sim: Path) -> None:
        async def go() -> thinkdial.Result:
            async with thinkdial.Client(sim, max_cost=1) as client:
                asking = asyncio.create_task(client.ask("hi", "a"))
                await asyncio.sleep(0)
            return await asking

        with pytest.raises(thinkdial.UsageError, match="closed"):
            asyncio.run(go())

    def test_a_climb_ends_with_it(self, sim: Path) -> None:
        async def go() -> thinkdial.Result:
            waiter = Waiter()
            async with thinkdial.Client(sim, max_cost=1) as client:
                asking = asyncio.create_task(
                    client.ask("hi", "stall", max_output=1000, escalate="low,high", expect="42", observer=waiter)
                )
                await waiter.began.wait()
            return await asking

        assert asyncio.run(go()).status == "cancelled"

    def test_it_knows_no_options_of_its_calls_and_the_other_way_round(self, sim: Path) -> None:
        wrong: dict[str, Any] = {"max_cost": 1}

        async def go() -> None:
            async with thinkdial.Client(sim) as client:
                await client.ask("hi", "a", **wrong)

        with pytest.raises(thinkdial.UsageError, match="'max_cost' is no option of ask") as caught:
            asyncio.run(go())
        assert caught.value.hint == "it is one of thinkdial.Client"
        other: dict[str, Any] = {"system": "x"}
        with pytest.raises(thinkdial.UsageError, match="'system' is no option of Client"):
            thinkdial.Client(sim, **other)


class Listener(thinkdial.Silent):
    """Writes down what it hears; `fails` at the first delta."""

    def __init__(self, fails: bool = False) -> None:
        self.heard: list[str] = []
        self.results: dict[int, str] = {}
        self.answer = ""
        self._fails = fails

    def delta(self, index: int, delta: thinkdial.Delta) -> None:
        if self._fails:
            raise ZeroDivisionError("the listener is broken")
        self.heard.append(type(delta).__name__)
        match delta:
            case thinkdial.AnswerDelta(text):
                self.answer += text
            case _:
                pass

    def finished(self, index: int, result: thinkdial.Result) -> None:
        self.results[index] = result.status


class TestObserver:
    def test_it_hears_deltas_as_they_come_and_then_the_result(self, sim: Path) -> None:
        listener = Listener()
        result = thinkdial.ask("hi", "a", think="high", config=sim, observer=listener)
        assert listener.answer == result.answer
        assert listener.heard.index("ReasoningDelta") < listener.heard.index("AnswerDelta")
        assert listener.heard.index("ReasoningDelta") < listener.heard.index("AnswerDelta")
        assert listener.results == {0: "ok"}

    def test_its_error_is_raised_and_what_came_is_kept(self, sim: Path, stored: Any) -> None:
        with pytest.raises(ZeroDivisionError, match="the listener is broken"):
            thinkdial.ask("hi", "a", think="high", config=sim, observer=Listener(fails=True))
        (row,) = stored()
        assert row.prompt == "hi"


class TestCancellation:
    @staticmethod
    async def interrupted(sim: Path) -> asyncio.Task[thinkdial.Run]:
        """A task whose run was cancelled when one of its calls had its answer, and the other one half of it."""
        both = asyncio.Event()
        states: set[str] = set()

        class Watch(thinkdial.Silent):
            def delta(self, index: int, delta: thinkdial.Delta) -> None:
                if index == 1:
                    self.saw("half")

            def finished(self, index: int, result: thinkdial.Result) -> None:
                self.saw("whole")

            def saw(self, what: str) -> None:
                states.add(what)
                if len(states) == 2:
                    both.set()

        async with thinkdial.Client(sim) as client:
            task = asyncio.create_task(client.compare("hi", ["a", "stall"], observer=Watch()))
            await both.wait()
            task.cancel()
            await asyncio.wait([task])
        return task

    def test_what_came_is_kept_and_the_task_is_cancelled(self, sim: Path, stored: Any) -> None:
        from thinkdial.engine.history.read import stored_run
        from thinkdial.engine.history.store import Store

        assert asyncio.run(self.interrupted(sim)).cancelled()
        (row,) = stored()
        with Store.open() as store:
            kept = stored_run(store, row.number).run.results
        assert [result.status for result in kept] == ["ok", "cancelled"]
        assert kept[0].answer and kept[1].error is not None

    def test_a_timeout_around_a_call_is_one(self, sim: Path) -> None:
        async def go() -> None:
            async with thinkdial.Client(sim) as client, asyncio.timeout(0.2):
                await client.ask("hi", "stall")

        with pytest.raises(TimeoutError):
            asyncio.run(go())

    def test_it_is_not_taken_back_on_behalf_of_the_caller(self, sim: Path) -> None:
        async def call(waiter: Waiter) -> int:
            async with thinkdial.Client(sim) as client:
                try:
                    await client.ask("hi", "stall", observer=waiter)
                except asyncio.CancelledError:
                    task = asyncio.current_task()
                    return task.cancelling() if task is not None else -1
            return 0

        async def go() -> int:
            waiter = Waiter()
            task = asyncio.create_task(call(waiter))
            await waiter.began.wait()
            task.cancel()
            return await task

        assert asyncio.run(go()) == 1

    def test_in_a_group_of_tasks_the_error_of_another_is_what_is_raised(self, sim: Path) -> None:
        async def fail(waiter: Waiter) -> None:
            await waiter.began.wait()
            raise ZeroDivisionError

        async def go() -> None:
            waiter = Waiter()
            async with thinkdial.Client(sim) as client, asyncio.TaskGroup() as group:
                group.create_task(client.ask("hi", "stall", observer=waiter))
                group.create_task(fail(waiter))

        with pytest.raises(ExceptionGroup) as caught:
            asyncio.run(go())
        assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]

    def test_the_client_goes_on(self, sim: Path) -> None:
        async def go() -> str:
            waiter = Waiter()
            async with thinkdial.Client(sim, max_cost=1) as client:
                task = asyncio.create_task(client.ask("hi", "stall", max_output=1000, observer=waiter))
                await waiter.began.wait()
                task.cancel()
                await asyncio.wait([task])
                return (await client.ask("hi", "a")).status

        assert asyncio.run(go()) == "ok"


def test_options_that_are_no_texts_or_no_json_are_refused_in_words(sim: Path, tmp_path: Path) -> None:
    circle: dict[str, Any] = {"type": "object"}
    circle["properties"] = {"a": circle}
    odd: list[tuple[dict[str, Any], str]] = [
        ({"schema": circle}, "is no JSON"),
        ({"schema": {"type": "object", "default": {1, 2}}}, "is no JSON"),
        ({"schema": {"type": "number", "minimum": float("nan")}}, "is no JSON"),
        ({"tools": {"name": "t", "parameters": circle}}, "nested too deeply"),
        ({"run_tools": [3]}, "run_tools has names"),
        ({"server_tools": 3}, "server_tools has names"),
        ({"attachments": [b"abc"]}, "attachments has names"),
        ({"attachments": str(tmp_path / "none.png")}, "none.png cannot be read"),
        ({"server_tools": "nosuch"}, "'nosuch' is no tool"),
        ({"schema": "name", "shape_with": 3}, "shape_with is text"),
    ]
    for options, words in odd:
        with pytest.raises(UsageError) as refused:
            thinkdial.ask("hi", "a", config=sim, **options)
        assert words in refused.value.message, (options, refused.value.message)
    note = tmp_path / "note.txt"
    note.write_text("noted", encoding="utf-8")
    assert thinkdial.ask("hi", "a", config=sim, attachments=str(note)).status == "ok"
