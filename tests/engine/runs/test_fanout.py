"""Many calls at once: bounds, order, failures of peers, and interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from thinkdial.engine.exchange.retry import Patience
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.runs.fanout import fan_out
from thinkdial.engine.runs.jobs import Job
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import AnswerDelta
from thinkdial.providers.think import AUTO, Level, Think

Exchange = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("each_loop")


def test_one_failing_peer_never_stops_the_others(kit: Any, wire: Any, closed_port: int) -> None:
    async def go() -> Any:
        bad = wire.http("<html>", kind="text/html")
        async with kit.Server(wire.good) as good, kit.Server(bad) as html, kit.Server(wire.error(401)) as auth:
            refused = kit.profile(f"http://127.0.0.1:{closed_port}", "refused")
            servers = [kit.profile(s.url, name) for s, name in ((good, "a"), (html, "b"), (auth, "c"), (good, "d"))]
            return await kit.run([refused, *servers], retries=0)

    results, interrupted = asyncio.run(go())
    assert [(r.profile, r.status) for r in results] == [
        ("refused", "error"), ("a", "ok"), ("b", "error"), ("c", "error"), ("d", "ok"),
    ]  # fmt: skip
    assert [r.error.kind for r in results if r.error] == ["connection", "protocol", "auth"]
    assert not interrupted


def test_a_profile_may_limit_its_own_concurrency(kit: Any, wire: Any) -> None:
    """Nobody is answered before all calls to the profile without a limit have come, which are made last."""

    async def go() -> Any:
        all_came, came = asyncio.Event(), count(1)

        async def waiting(writer: asyncio.StreamWriter) -> None:
            await all_came.wait()
            writer.write(wire.good)

        async def counting(writer: asyncio.StreamWriter) -> None:
            if next(came) == 6:
                all_came.set()
            await waiting(writer)

        async with kit.Server(waiting) as narrow, kit.Server(counting) as wide:
            bounded = [kit.profile(narrow.url, "narrow", limits=kit.limits(concurrency=2))] * 6
            results, _ = await kit.run([*bounded, *[kit.profile(wide.url, "wide")] * 6])
            return results, narrow.most_open, wide.most_open

    results, narrow, wide = asyncio.run(go())
    assert all(r.status == "ok" for r in results) and narrow == 2 and wide == 6


def test_more_calls_than_may_run_at_once_all_end(kit: Any, wire: Any) -> None:
    """Each call takes one place and not two: with two, the last ones would wait for each other for ever."""
    clock = kit.FakeTime()

    async def go() -> Any:
        four = asyncio.Barrier(4)

        async def slowly(writer: asyncio.StreamWriter) -> None:
            await four.wait()
            clock.now += 1.0
            writer.write(wire.good)

        async with kit.Server(slowly) as server:
            running = kit.run([kit.profile(server.url)] * 12, at_once=4, time=clock)
            results, _ = await asyncio.wait_for(running, 10)
            return results, server.most_open

    results, most = asyncio.run(go())
    assert [r.status for r in results] == ["ok"] * 12 and most == 4
    assert (
        clock.now == 12.0 and max(r.latency.total_s for r in results) <= 8.0
    )  # a place is waited for before it counts


def test_an_interruption_keeps_what_came(kit: Any, wire: Any) -> None:
    watcher = kit.Watcher()

    async def go() -> Any:
        stop = asyncio.Event()
        watcher.on_delta = lambda delta: (
            stop.set() if isinstance(delta, AnswerDelta) and delta.text.startswith("42") else None
        )
        slow = wire.then_hold(wire.stream(*wire.opening, wire.delta(content=" <th")))
        async with kit.Server(wire.then_hold(b"")) as silent, kit.Server(slow) as talking:
            queued = kit.profile(silent.url, "silent", limits=kit.limits(concurrency=1))
            return await kit.run([queued, queued, kit.profile(talking.url, "talking")], watcher=watcher, interrupt=stop)

    (silent, queued, talking), interrupted = asyncio.run(go())
    assert interrupted
    assert {r.status for r in (silent, queued, talking)} == {"cancelled"}
    assert {r.finish for r in (silent, queued, talking)} == {"cancelled"}
    assert (talking.answer, talking.reasoning.text) == ("42 <th", "Hm. ")
    assert talking.usage.output_tokens is None and talking.error.kind == "cancelled"
    assert (silent.attempts, queued.attempts) == (1, 0)
    assert queued.error.message == "interrupted before it began"


def test_an_interruption_after_the_end_changes_nothing(kit: Any, wire: Any) -> None:
    async def go() -> Any:
        stop = asyncio.Event()
        watcher = kit.Watcher()
        watcher.on_delta = lambda delta: stop.set() if type(delta).__name__ == "Complete" else None
        async with kit.Server(wire.then_hold(wire.good)) as server:
            return await kit.run([kit.profile(server.url)], watcher=watcher, interrupt=stop)

    (result,), interrupted = asyncio.run(go())
    assert interrupted and result.status == "ok" and result.usage.output_tokens == 30


def test_an_interruption_while_waiting_for_a_retry(kit: Any, wire: Any) -> None:
    async def go() -> Any:
        stop = asyncio.Event()

        class Stuck(kit.FakeTime):
            async def sleep(self, seconds: float) -> None:
                stop.set()
                await asyncio.Event().wait()

        async with kit.Server(wire.error(503)) as server:
            return await kit.run([kit.profile(server.url)], time=Stuck(), interrupt=stop)

    (result,), _ = asyncio.run(go())
    assert result.status == "cancelled" and result.attempts == 1


def test_nobody_listens_any_more(kit: Any, wire: Any) -> None:
    """An observer that fails (its pipe was closed) ends the run at once, with its own error."""

    async def go() -> None:
        watcher = kit.Watcher()

        def gone(_: object) -> None:
            raise BrokenPipeError("nobody reads")

        watcher.on_delta = gone
        async with kit.Server(wire.good) as talking, kit.Server(wire.then_hold(b"")) as silent:
            await kit.run([kit.profile(talking.url), kit.profile(silent.url)], watcher=watcher)

    with pytest.raises(BrokenPipeError):
        asyncio.run(asyncio.wait_for(go(), 5))


def test_what_came_before_nobody_listened_is_kept(kit: Any, wire: Any) -> None:
    kept: list[Any] = []

    class Keeper:
        async def expect(self, *_: Any) -> None:
            pass

        def has_begun(self, index: int) -> bool:
            return False

        async def finished(self, index: int, job: Job, result: Any) -> Any:
            kept.append(result)
            return result

    async def go() -> None:
        watcher = kit.Watcher()

        def gone(delta: object) -> None:
            if isinstance(delta, AnswerDelta):
                raise BrokenPipeError("nobody reads")

        watcher.on_delta = gone
        talking = wire.then_hold(wire.stream(*wire.opening))
        async with kit.Server(talking) as server, kit.Server(wire.then_hold(b"")) as silent:
            servers = [kit.profile(server.url, "talking"), kit.profile(silent.url, "silent")]
            await kit.run(servers, watcher=watcher, keeper=Keeper())

    with pytest.raises(BrokenPipeError):
        asyncio.run(asyncio.wait_for(go(), 5))
    results = {result.profile: result for result in kept}
    assert {name: (one.status, one.attempts) for name, one in results.items()} == {
        "talking": ("cancelled", 1), "silent": ("cancelled", 1),
    }  # fmt: skip
    assert results["talking"].answer == "42" and results["talking"].reasoning.text


def test_what_cannot_be_sent_is_a_result_too(kit: Any) -> None:
    async def go() -> Any:
        from datetime import UTC, datetime

        refused = Job(
            "p", "m", Think(Level.HIGH), Patience(1, 1, 0), refused=Failure("config", "no key", hint="set it")
        )
        empty = Job("q", "m", AUTO, Patience(1, 1, 0))
        watcher = kit.Watcher()
        async with Transport() as transport:
            done = await fan_out(
                [refused, empty],
                surroundings=Surroundings(transport),
                observer=watcher,
                run_id="r",
                at=datetime.now(UTC),
            )
        return done.results, watcher

    (refused, empty), watcher = asyncio.run(go())
    assert (refused.status, refused.attempts, refused.error.hint) == ("error", 0, "set it")
    assert empty.error.kind == "config" and set(watcher.finished_results) == {0, 1}
    assert refused.cost.usd is None and refused.usage.output_tokens is None


def test_an_accident_inside_is_one_result_and_not_the_end(kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkdial.engine.exchange.exchange import Exchange as Call

    attempt = Call._attempt

    async def tripping(self: Any) -> Any:
        if self.prepared.target.profile.name == "bad":
            raise RuntimeError("oh")
        return await attempt(self)

    monkeypatch.setattr(Call, "_attempt", tripping)

    async def go() -> Any:
        async with kit.Server(wire.good) as server:
            return await kit.run([kit.profile(server.url, "bad"), kit.profile(server.url, "good")])

    (bad, good), _ = asyncio.run(go())
    assert bad.status == "error" and "RuntimeError: oh" in bad.error.message and good.status == "ok"
