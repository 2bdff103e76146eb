"""What a crew does with calls when workers come, die, fall silent and are heard of again. No process, no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.batch.caller import caller_maker
from thinkdial.engine.batch.hands.crew import Crew
from thinkdial.engine.batch.hands.local import sealed_for_child
from thinkdial.engine.batch.hands.member import FIRST, CrewMember, Share
from thinkdial.engine.batch.hands.messages import (
    BreakOff,
    CallBroke,
    CallDone,
    Introduction,
    RouteState,
    TakenBack,
    Template,
    WorkerGreeting,
    WorkOrder,
    packed,
    unpacked,
)
from thinkdial.engine.batch.hands.parcels import unpack
from thinkdial.engine.batch.hands.worker import CallWorker
from thinkdial.engine.batch.rows.rows import Row
from thinkdial.engine.exchange.outcome import Latency
from thinkdial.engine.results.result import Cost, Result
from thinkdial.engine.runs.hands.order import NO_WORKER, CallOrder, is_left_behind
from thinkdial.engine.runs.jobs import Options, ReadyCall
from thinkdial.engine.targets.keys import Key, account_label
from thinkdial.profiles.config import load
from thinkdial.providers.errors import Failure
from thinkdial.providers.think import AUTO

PROFILE = """\
profiles:
  p: {provider: openai-compatible, model: m, base_url: 'http://127.0.0.1:9/v1', headers: {x-team-token: hidden-value}}
"""
KEY = Key("sk-very-secret", "ENV")
OWN = WorkerGreeting("1.0 (code)", "prices", "here", 1, 100)


class Fake:
    """A worker that does what a test says."""

    linger_s = 0.0

    def __init__(self, crew: Crew, host: str = "one", **said: Any) -> None:
        self.name, self.host, self.crew = "?", host, crew
        self.orders: dict[int, WorkOrder] = {}
        self.frames: list[bytes] = []
        self.taken: tuple[int, ...] = ()
        self.broken_off: list[int] = []
        self.is_closed = False
        self.introduced: list[Introduction] = []
        self.templates: dict[int, Template] = {}
        self.problem: str | None = None
        self.account: str | None = None
        self.member: CrewMember = crew.joined(self)
        crew.heard(self.member, replace(OWN, host=host, **said).packed())

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)
        for message in unpacked(frame):
            match message:
                case Introduction():
                    self.introduced.append(message)
                    own = account_label(message.salt, KEY) if self.account is None else self.account
                    self.say(RouteState(message.number, own, self.problem))
                case WorkOrder():
                    self.orders[message.id] = message
                case Template():
                    self.templates[message.number] = message
                case TakenBack():
                    self.taken = message.ids
                case BreakOff():
                    self.broken_off.append(message.id)
                case _:
                    pass

    def say(self, message: Any) -> None:
        self.crew.heard(self.member, packed([message]))

    def answer(self, number: int, text: str = "fine", usd: str = "0.01", failed: Failure | None = None) -> None:
        said = orders[number].unmade(failed or Failure("server", "x"), attempts=1)
        self.say(CallDone(number, replace(said, status="ok" if failed is None else "error", error=failed, answer=text,
                                      latency=Latency(total_s=0.0),
                                      cost=Cost() if failed else Cost(usd=Decimal(usd)))))  # fmt: skip

    def close(self) -> None:
        self.is_closed = True


orders: dict[int, CallOrder] = {}


def run(
    test: Callable[[Crew, Callable[[int], CallOrder], list[str]], Awaitable[None]],
    tmp_path: Path,
    *,
    silence_s: float = 60.0,
    gather_s: float = 0.05,
) -> list[str]:
    path, told = tmp_path / "c.yaml", list[str]()
    path.write_text(PROFILE, encoding="utf-8")
    config = load(path)
    caller = caller_maker(config, Options(), "run")("p")

    def order(number: int) -> CallOrder:
        prepared = caller.prepared(Row(number, number, f"r{number}", f"question {number}", b"x"), AUTO)
        call = ReadyCall(prepared, KEY, None, caller.patience)
        made = CallOrder(call, number, "run", datetime(2026, 1, 1, tzinfo=UTC), work=number)
        orders[len(orders) + 1] = made
        return made

    async def main() -> None:
        orders.clear()
        crew = Crew(OWN, told.append, sealing=sealed_for_child, silence_s=silence_s, nobody_s=0.2, gather_s=gather_s)
        try:
            await test(crew, order, told)
        finally:
            await crew.close()

    asyncio.run(main())
    return told


async def until(happens: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not happens():  # noqa: ASYNC110 nothing else says it
            await asyncio.sleep(0.001)


def start(crew: Crew, order: CallOrder) -> asyncio.Task[Result]:
    return asyncio.create_task(crew.make(order))


def test_calls_go_to_whoever_has_least_and_to_those_who_come_late(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        one, two = Fake(crew, "one"), Fake(crew, "two")
        calls = [start(crew, order(1))]
        await until(lambda: one.introduced and two.introduced and len(one.orders) + len(two.orders) == 1)
        calls += [start(crew, order(n)) for n in range(2, 7)]
        await until(lambda: len(one.orders) == len(two.orders) == 3)
        late = Fake(crew, "late", room=2)
        await until(lambda: late.introduced)
        calls += [start(crew, order(n)) for n in range(7, 10)]
        await until(lambda: len(late.orders) == 2 and len(one.orders) + len(two.orders) == 7)
        for fake in (one, two, late):
            for number in list(fake.orders):
                fake.answer(number)
        assert all(result.answer == "fine" for result in await asyncio.gather(*calls))
        # What was sent makes the very same request, and bears neither the key nor what may be secret in headers.
        target = orders[1].call.prepared.target
        for fake in (one, two):
            for sent in fake.orders.values():
                template = (
                    None if sent.template is None else replace(fake.templates[sent.template].prepared, target=target)
                )
                made = unpack(template, sent.given, target)
                own = orders[sent.id].call.prepared.request
                assert made.request.body == own.body and dict(made.request.headers) == dict(own.headers)
        assert any(sent.template for sent in one.orders.values())
        whole = b"".join(f for f in one.frames if b"WorkOrder" in f and b"Introduction" not in f)
        assert whole and b"sk-very-secret" not in whole and b"hidden-value" not in whole

    assert run(test, tmp_path) == []


def test_what_a_dead_worker_had_is_given_back_and_what_never_left_is_done_by_others(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        one = Fake(crew, "one")
        first = start(crew, order(1))
        await until(lambda: one.orders)
        one.linger_s = 60.0
        unsent = start(crew, order(2))
        await until(lambda: len(one.member.calls) == 2)
        two = Fake(crew, "two")
        crew.gone(one.member, "killed by signal 9")
        lost = await first
        assert is_left_behind(lost) and lost.attempts == 1 and lost.error is not None
        await until(lambda: two.orders)
        two.answer(2)
        assert (await unsent).answer == "fine"

    told = run(test, tmp_path)
    assert len(told) == 1 and "is gone (killed by signal 9) with 1 call under way" in told[0]


def test_late_answers_of_the_silent_are_kept_while_they_are_wanted_else_counted(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        one = Fake(crew, "one")
        given = [order(n) for n in (1, 2, 3)]
        lost = await asyncio.gather(*(start(crew, each) for each in given))
        assert all(map(is_left_behind, lost)) and len(one.orders) == 3
        await until(lambda: one.taken)
        assert sorted(one.taken) == [1, 2, 3]  # what it has not begun it is not to begin
        two = Fake(crew, "two")
        again = [start(crew, order(n)) for n in (1, 2)]
        await until(lambda: len(two.orders) == 2)
        two.answer(4)
        assert (await again[0]).answer == "fine"
        one.answer(1, "late", "0.02")  # somebody has answered it
        one.answer(2, "late", "0.03")  # still wanted
        one.answer(3, "late", "0.05")  # about to be asked again
        assert (await again[1]).answer == "late"
        assert (await start(crew, order(3))).answer == "late"
        two.answer(5, "too late", "0.07")  # what it was asked for in vain
        assert (crew.late.kept, crew.late.repeated, crew.late.usd) == (2, 2, Decimal("0.09"))
        assert "kept" in crew.late.words[0] and "0.09 USD" in crew.late.words[1]

    told = run(test, tmp_path, silence_s=0.1)
    assert "is not heard of for 0.1 s: its 3 calls under way are asked again" in told[0]
    assert any("is heard of again" in words for words in told)


def test_who_cannot_gets_no_calls_and_is_named(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        other = Fake(crew, "other", version="0.9")
        dear = Fake(crew, "dear", prices="older")
        good = Fake(crew, "good")
        poor = Fake(crew, "poor")
        poor.problem = "no key for x: X_KEY is not set"
        stale = Fake(crew, "stale")
        stale.account = "another"
        calls = [start(crew, order(1))]
        await until(lambda: len(good.orders) + len(stale.orders) == 1 and good.introduced and stale.introduced)
        calls += [start(crew, order(n)) for n in range(2, 7)]
        await until(lambda: len(good.orders) == len(stale.orders) == 3)
        assert other.is_closed and dear.is_closed and not poor.orders
        for number in list(stale.orders):  # 401 here, and not elsewhere
            stale.answer(number, failed=Failure("auth", "no", status=401))
        await until(lambda: len(good.orders) == 6)
        for number in list(good.orders):
            good.answer(number)
        assert all(result.answer == "fine" for result in await asyncio.gather(*calls))
        await until(lambda: len(crew.standing().refused) == 4)
        # One account for all: then it is the key's fault, and the batch hears of it.
        last = start(crew, order(7))
        await until(lambda: 7 in good.orders)
        good.answer(7, failed=Failure("auth", "no", status=401))
        found = await last
        assert found.error is not None and found.error.kind == "auth"

    told = "\n".join(run(test, tmp_path))
    for words in ("other gets no calls: it has thinkdial 0.9", "dear gets no calls: it has the price table older",
                  "poor gets no calls: p: no key", "stale gets no calls: p: its key is refused here"):  # fmt: skip
        assert words in told, told


def test_nobody_left(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        poor = Fake(crew, "poor")
        poor.problem = "no key"
        failed = (await start(crew, order(1))).error
        assert failed is not None and failed.kind == "config" and "poor: p: no key" in failed.message
        good = Fake(crew, "good")
        under_way = start(crew, order(2))
        await until(lambda: good.orders)
        stopped = list[bool]()
        crew.on_failure = lambda: stopped.append(True)
        crew.fail("the cluster is gone")
        assert is_left_behind(await under_way) and stopped == [True]
        assert NO_WORKER in (await start(crew, order(3))).warnings

    run(test, tmp_path)


def test_a_broken_off_call_tells_what_came(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        good = Fake(crew, "good")
        call = start(crew, order(1))
        await until(lambda: good.orders)
        call.cancel()
        await until(lambda: good.broken_off)
        good.answer(1, "half")
        assert (await call).answer == "half"

    run(test, tmp_path)


def test_a_fault_in_a_worker_is_told_and_no_call_waits_for_ever(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        one = Fake(crew, "one")
        call = start(crew, order(1))
        await until(lambda: one.orders)
        frames = list[bytes]()
        worker = CallWorker(frames.append, linger_s=0.0)
        worker.take(packed([one.orders[1]]))  # its route was never introduced here
        await until(lambda: any(isinstance(said, CallBroke) for frame in frames for said in unpacked(frame)))
        await worker.close()
        for frame in frames:
            crew.heard(one.member, frame)
        result = await call
        assert result.error is not None
        assert (result.error.kind, result.attempts) == ("protocol", 1)
        assert "one:1 failed: KeyError" in result.error.message

    run(test, tmp_path)


def test_the_first_worker_leaves_some_for_those_who_come_a_moment_later(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        calls = [start(crew, order(n)) for n in range(3 * FIRST)]
        await asyncio.sleep(0)
        one = Fake(crew, "one")
        await until(lambda: len(one.orders) == FIRST)
        two = Fake(crew, "two")
        await until(lambda: len(two.orders) == FIRST)
        one.answer(next(iter(one.orders)))  # at once: it may have one more
        await until(lambda: len(one.orders) == FIRST + 2)
        while not all(call.done() for call in calls):
            for fake in (one, two):
                for number in list(fake.orders):
                    fake.answer(number)
            await asyncio.sleep(0.001)

    assert run(test, tmp_path, gather_s=60.0) == []


def test_where_nobody_else_comes_the_first_worker_gets_all(tmp_path: Path) -> None:
    async def test(crew: Crew, order: Callable[[int], CallOrder], told: list[str]) -> None:
        one = Fake(crew, "one")
        calls = [start(crew, order(n)) for n in range(3 * FIRST)]
        await until(lambda: len(one.orders) == 3 * FIRST)
        for number in list(one.orders):
            one.answer(number)
        await asyncio.gather(*calls)

    assert run(test, tmp_path) == []


def test_a_worker_that_is_slower_than_others_gets_fewer_and_then_more_again() -> None:
    share = Share()
    for _ in range(FIRST):
        share.answered(0.1, least_lag_s=0.1)
    most = share.limit
    assert most == 2 * FIRST and not share.is_slow
    for _ in range(10 * most):
        share.answered(20.0, least_lag_s=0.1)
    assert share.is_slow and share.limit < FIRST
    for _ in range(40):
        share.answered(0.1, least_lag_s=0.1)
    assert not share.is_slow and share.limit > FIRST
    alike = Share()
    for _ in range(100):
        alike.answered(20.0, least_lag_s=20.0)
    assert not alike.is_slow, "where all are slow it is not the worker"
