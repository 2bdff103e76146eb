"""How far a batch is: what is counted, how fast it goes, what is left, and that what was published stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.batch.output.works import Work
from thinkdial.engine.batch.progress import BatchProgress, Gauge, ProfileProgress, Standing, Taken
from thinkdial.providers.errors import Failure

from ...cases import each
from .bench import Bench, Call, bad, good, numbered, on_bench


def standing(name: str = "a", **changes: Any) -> Standing:
    made = Standing(name, waiting=5, in_flight=2, at_once=8, rpm=None, tpm=None, held_until=None, has_all=False,
                    broken=None)  # fmt: skip
    return replace(made, **changes)


class Scene:
    """A gauge with lanes, a tally and a clock that stands still; of each lane 100 results are asked."""

    def __init__(self, *lanes: Standing, **taken: Any) -> None:
        self.lanes = list(lanes) or [standing()]
        self.tally, self.now, self.is_stopping = Tally(), 100.0, False
        asked = {one.name: 100 for one in self.lanes}
        self.taken = replace(Taken(asked, {}, 0, is_over=True, share_read=None), **taken)
        self.gauge = Gauge(lambda: self.now)

    def add(
        self, times: int = 1, name: str = "a", status: str = "ok", usd: str | None = "0.01", tokens: int | None = 50
    ) -> None:
        for _ in range(times):
            self.tally.add(
                {
                    "profile": name, "status": status, "attempts": 1, "cost": {"usd": usd},
                    "think": {"requested": "low"}, "usage": {"input_tokens": 10, "output_tokens": tokens},
                    "error": None if status == "ok" else {"kind": "server", "status": 500},
                }
            )  # fmt: skip

    def read(self, at_s: float | None = None) -> BatchProgress:
        if at_s is not None:
            self.now = 100.0 + at_s
        return self.gauge.read(self.lanes, self.tally, self.taken, is_stopping=self.is_stopping)

    def one(self, at_s: float | None = None) -> ProfileProgress:
        return self.read(at_s).profiles[0]


def test_counts_rate_and_time_left() -> None:
    scene = Scene(skipped={"a": 20})
    scene.tally.tried_again("a", "rate_limit")
    scene.tally.tried_again("other", "rate_limit")
    scene.add(15)
    scene.add(status="error", usd=None, tokens=None)
    one = scene.one(at_s=4)
    assert (one.done, one.total, one.share, one.rate, one.left_s) == (36, 100, 0.36, 4.0, 16.0)
    assert (one.failed, one.retries, one.tokens, one.usd, one.usd_unknown) == (1, 1, 910, Decimal("0.15"), 0)
    assert (one.waiting, one.in_flight, one.at_once) == (5, 2, 8)


def test_think_values_of_a_profile_are_counted_together() -> None:
    scene = Scene()
    scene.add(2)
    scene.tally.add({"profile": "a", "status": "ok", "attempts": 1, "think": {"requested": "high"}})
    one = scene.one()
    assert (one.results, one.usd, one.usd_unknown) == (3, Decimal("0.02"), 1)


def test_the_rate_is_that_of_late() -> None:
    scene = Scene(asked={"a": 10_000})
    rates = []
    for second in range(120):
        scene.now = 100.0 + second
        scene.add(2 if second < 60 else 20)
        rates.append(scene.one().rate)
    assert rates[-1] == pytest.approx(20, rel=0.05)


def test_a_rate_needs_a_result_and_a_second() -> None:
    scene = Scene()
    assert scene.one(at_s=5).rate is None
    scene = Scene()
    scene.add()
    assert scene.one().rate is None
    assert scene.one(at_s=120).rate == pytest.approx(1 / 120)


def test_one_that_is_done_has_the_rate_of_its_time() -> None:
    scene = Scene(standing(waiting=0, in_flight=0))
    scene.one(at_s=0)
    scene.add(40)
    assert scene.one(at_s=10).rate == 4.0
    scene.lanes = [replace(scene.lanes[0], has_all=True)]
    one = scene.one(at_s=100)
    assert (one.activity, one.rate, one.left_s) == ("done", 4.0, None)


def test_the_total_is_unknown_or_guessed_until_all_is_read() -> None:
    scene = Scene(is_over=False)
    assert (scene.one().total, scene.one().share) == (None, None)
    scene.taken = replace(scene.taken, share_read=0.25)
    assert (scene.one().total, scene.one().is_guess, scene.one().share) == (400, True, 0.0)
    scene.taken = replace(scene.taken, is_over=True)
    assert (scene.one().total, scene.one().is_guess) == (100, False)


def test_unknown_costs_and_tokens_are_not_zero() -> None:
    scene = Scene()
    scene.add(usd=None, tokens=None)
    assert (scene.one().usd, scene.one().usd_unknown, scene.one().tokens) == (None, 1, None)
    scene.add(usd="2")
    assert (scene.one().usd, scene.one().usd_unknown) == (Decimal(2), 1)


def test_a_timeout_may_have_cost_something() -> None:
    scene = Scene()
    for status in (None, 504):
        scene.tally.add({"profile": "a", "status": "error", "attempts": 1, "think": {"requested": "low"},
                         "error": {"kind": "timeout", "status": status}})  # fmt: skip
    assert (scene.one().failed, scene.one().usd_unknown) == (2, 1)


@each(
    ("changes", "stopping", "activity"),
    [
        ({}, False, "running"),
        ({"held_until": 112.0}, False, "held"),
        ({"held_until": 99.0}, False, "running"),
        ({"waiting": 0, "in_flight": 0}, False, "waiting"),
        ({"waiting": 0, "in_flight": 0, "has_all": True}, False, "done"),
        ({"waiting": 0, "in_flight": 0, "has_all": True}, True, "done"),
        ({"has_all": True}, False, "running"),
        ({}, True, "finishing"),
        ({"in_flight": 0}, True, "stopped"),
        ({"broken": Failure("auth", "no")}, False, "given_up"),
    ],
)
def test_what_a_profile_is_doing(changes: dict[str, Any], stopping: bool, activity: str) -> None:
    scene = Scene(standing(**changes))
    scene.is_stopping = stopping
    assert scene.one().activity == activity
    assert scene.one().held_s == (12.0 if activity == "held" else None)


def test_what_is_given_up_is_not_waited_for() -> None:
    scene = Scene(standing("good"), standing("bad", broken=Failure("quota", "empty")))
    scene.add(20, "good")
    scene.add(1, "bad", "error")
    every = scene.read(at_s=10).together
    assert (every.done, every.total, every.left_s) == (21, 101, 40.0)


def test_together_is_the_sum_and_the_slowest_says_when() -> None:
    scene = Scene(standing("a"), standing("b", rpm=60.0))
    scene.add(40, "a")
    scene.add(10, "b", usd=None)
    progress = scene.read(at_s=10)
    every = progress.together
    assert (every.results, every.total, every.rate, every.left_s) == (50, 200, 5.0, 90.0)
    assert (every.usd, every.usd_unknown, every.rpm, every.in_flight) == (Decimal("0.40"), 10, None, 4)
    assert (progress.elapsed_s, progress.profiles[1].rpm) == (10.0, 60.0)


def test_two_think_values_of_one_profile_are_one_profile() -> None:
    low, high = standing(rpm=60.0, held_until=112.0), standing(in_flight=1, rpm=50.0)
    scene = Scene(low, high)
    scene.add(40)
    progress = scene.read(at_s=10)
    (one,) = progress.profiles
    assert (one.results, one.total, one.in_flight, one.at_once, one.rpm) == (40, 100, 3, 16, 60.0)
    assert (one.activity, progress.together.results, progress.together.total) == ("running", 40, 100)
    scene.lanes[1] = replace(high, held_until=115.0)
    assert (scene.one().activity, scene.one().held_s) == ("held", 2.0)
    scene.lanes = [replace(low, broken=Failure("auth", "no")), replace(high, waiting=0, in_flight=0, has_all=True)]
    assert scene.one().activity == "running"
    scene.lanes[1] = replace(high, broken=Failure("auth", "no"))
    assert scene.one().activity == "given_up"


def test_before_the_first_lane_there_is_nothing() -> None:
    every = Gauge(lambda: 0.0).read([], Tally(), Taken({}, {}, 0, is_over=False, share_read=None), is_stopping=False)
    assert (every.profiles, every.together.total, every.together.left_s) == ((), 0, None)


def test_a_batch_publishes_what_stays_as_it_was(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        open_, seen = asyncio.Event(), list[BatchProgress]()

        async def answer(call: Call) -> bytes:
            await open_.wait()
            return bad(400) if (call.profile, call.prompt) == ("b", "row 7") else good()

        def on_add(_: Work) -> None:
            seen.append(batch.progress())

        bench.provider.answer, bench.kept.on_add = answer, on_add
        batch = bench.batch([*numbered(20), {"id": "broken"}], ("a", "b"), concurrency=2)
        running = asyncio.create_task(batch.run())
        await until(lambda: len(bench.provider.calls) == 4)
        begun = batch.progress(0.5)
        open_.set()
        await running
        ended = batch.progress()
        assert [(one.name, one.in_flight, one.at_once, one.done) for one in begun.profiles] == [
            ("a", 2, 2, 0), ("b", 2, 2, 0)
        ]  # fmt: skip
        assert [(one.activity, one.results, one.total, one.failed) for one in ended.profiles] == [
            ("done", 20, 20, 0), ("done", 20, 20, 1)
        ]  # fmt: skip
        assert (ended.bad_rows, ended.together.tokens, ended.is_stopping) == (1, 39 * 30, True)
        assert [one.together.results for one in seen] == list(range(40))
        with pytest.raises(AttributeError):
            begun.bad_rows = 2  # type: ignore[misc]

    on_bench(tmp_path, test)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 nothing tells of it
        await asyncio.sleep(0)
