"""Calls that share limits: what each of them gets, and that together they never spend more."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import pytest

from thinkdial.engine.costs.budget.ledger import Ledger
from thinkdial.engine.costs.budget.limits import Limit
from thinkdial.engine.costs.budget.share import (
    Account,
    Ask,
    Decision,
    Elsewhere,
    Grant,
    Need,
    Refuse,
    Room,
    Wait,
    decide,
    review,
)
from thinkdial.providers.errors import Failure

from ....cases import each
from .conftest import MakeForecast

CEILING_ONLY = Need(Decimal("0.01"), Decimal("0.1"), Decimal("0.5"))
UNBOUNDED = Need(Decimal("0.01"), Decimal("0.1"), None)


def room(free: str, reserved: str = "0", claimants: int = 1, elsewhere: str = "0", limit: str = "a") -> Room:
    return Room(limit, Decimal(free), Decimal(reserved), Decimal(elsewhere), claimants)


def grant(usd: str, shorter: bool = True) -> Grant:
    return Grant(Decimal(usd), shorter)


WAIT, WAIT_ELSEWHERE = Wait(frozenset({"a"})), Wait(frozenset({"a"}), elsewhere=True)

DECISIONS: list[tuple[str, Room, Need, Decision]] = [
    ("the ceiling where it fits", room("0.5", "9", 64), CEILING_ONLY, grant("0.5", shorter=False)),
    ("a fair share that is ample", room("0.49", "1", 2), CEILING_ONLY, grant("0.245")),
    ("what is ample where the share is not", room("0.49", "1", 10), CEILING_ONLY, grant("0.2")),
    ("all of it for one", room("0.49", "0", 1), Need(Decimal(0), Decimal("0.4"), Decimal("0.5")), grant("0.49")),
    ("unbounded: the share", room("1", "0", 2), UNBOUNDED, grant("0.5")),
    ("too little while others are under way", room("0.19", "0.1", 1), UNBOUNDED, WAIT),
    ("all that is left in the end", room("0.19", "0", 1), UNBOUNDED, grant("0.19")),
    ("just enough to begin", room("0.01", "0", 1), UNBOUNDED, grant("0.01")),
    ("not even that", room("0.009", "0", 1), UNBOUNDED, Refuse("a", Decimal("0.009"))),
    ("nor with what others may leave", room("0.004", "0.005", 1), UNBOUNDED, Refuse("a", Decimal("0.004"))),
    ("others may leave just enough", room("0.004", "0.006", 1), UNBOUNDED, WAIT),
    ("a limit that is passed", room("-1", "0", 1), UNBOUNDED, Refuse("a", Decimal(-1))),
    ("passed, and nothing helps", room("-1", "0.5", 1), UNBOUNDED, Refuse("a", Decimal(-1))),
    ("a call without input cost, nothing left", room("0", "0"), Need(), Refuse("a", Decimal(0))),
    ("free of charge, nothing left", room("-1"), Need(ceiling_usd=Decimal(0)), grant("0", shorter=False)),
    ("price unknown", room("1"), Need(priced=False), Grant(None)),
    ("what is ample", room("1", "1", 99), Need(Decimal(0), Decimal("0.1"), ample_usd=Decimal("0.3")), grant("0.3")),
    ("expected unknown: twice the least", room("0.5", "1", 99), Need(Decimal("0.1"), None, None), grant("0.2")),
    ("other programs hold it", room("0.05", elsewhere="1"), UNBOUNDED, WAIT_ELSEWHERE),
    ("what they leave is likely enough", room("0.15", elsewhere="1"), UNBOUNDED, grant("0.15")),
    ("they cannot leave enough", room("0.001", elsewhere="0.001"), UNBOUNDED, Refuse("a", Decimal("0.001"))),
    ("both hold it", room("0.05", "0.1", elsewhere="1"), UNBOUNDED, WAIT_ELSEWHERE),
]  # fmt: skip


@each("found, need, expected", [entry[1:] for entry in DECISIONS], ids=[e[0] for e in DECISIONS])
def test_the_decision_under_one_limit(found: Room, need: Need, expected: Decision) -> None:
    assert decide([found], need) == expected


def test_the_decision_under_several_limits() -> None:
    roomy, tight, shut = room("9", limit="b"), room("0.19", "1"), room("0", limit="c")
    assert decide([], UNBOUNDED) == Grant(None)
    assert decide([roomy, room("0.3")], CEILING_ONLY) == grant("0.3")
    assert decide([roomy, tight], CEILING_ONLY) == WAIT
    assert decide([tight, room("0.1", "1", limit="b")], CEILING_ONLY) == Wait(frozenset({"a", "b"}))
    assert decide([tight, shut], CEILING_ONLY) == Refuse("c", Decimal(0))


def limit(left: str, name: str = "--max-cost", profiles: Sequence[str] | None = None) -> Limit:
    return Limit(name, Decimal(left), Decimal(left), None if profiles is None else frozenset(profiles))


def test_nobody_overtakes_a_call_that_waits_for_the_same_limit() -> None:
    accounts = [
        Account(limit("1"), reserved_usd=Decimal("0.9")),
        Account(limit("5", "p", ["p"])),
    ]
    small, large = Need(Decimal("0.01"), Decimal("0.05"), Decimal("0.05")), Need(Decimal("0.01"), Decimal("0.2"), None)
    assert review(accounts, [Ask("x", large), Ask("x", small)], {}) == [Wait(frozenset({"--max-cost"}))] * 2
    assert review(accounts, [Ask("x", small), Ask("x", large)], {}) == [
        grant("0.05", shorter=False), Wait(frozenset({"--max-cost"})),
    ]  # fmt: skip
    free, unpriced = Need(ceiling_usd=Decimal(0)), Need(priced=False)
    decided = review(accounts, [Ask("x", large), Ask("x", free), Ask("x", unpriced)], {}, allow_unpriced=True)
    assert decided[1:] == [grant("0", shorter=False), Grant(None)]


def test_a_call_that_waits_for_its_own_limit_does_not_hold_up_others() -> None:
    accounts = [Account(limit("9")), Account(limit("1", "p", ["p"]), reserved_usd=Decimal("0.9"))]
    assert review(accounts, [Ask("p", UNBOUNDED), Ask("x", CEILING_ONLY)], {}) == [
        Wait(frozenset({"p"})), grant("0.5", shorter=False),
    ]  # fmt: skip


def test_what_the_history_knows_is_no_less_than_what_the_run_knows() -> None:
    shared = Account(limit("1", "m"), spent_usd=Decimal("0.2"), unrecorded_usd=Decimal("0.1"))
    assert shared.free_usd(None) == Decimal("0.8")
    assert shared.free_usd(Elsewhere(Decimal("0.9"), Decimal("0.3"))) == Decimal("0.5")
    assert shared.free_usd(Elsewhere(Decimal(5))) == Decimal("0.8")


def test_needs_come_from_forecasts(forecast: MakeForecast) -> None:
    assert Need.of(forecast("0.1", "0.2", "0.3"), Decimal(4)) == Need(Decimal("0.1"), Decimal("0.2"), Decimal(4))
    assert Need.of(forecast("0.1"), None, Decimal(2)).ample_usd == 2
    assert not Need.of(forecast(None), Decimal(4)).priced and not Need.of(None, None).priced


Actual = Callable[[Grant], Decimal | None]


class Shop:
    """Calls that spend from a ledger. Each takes as many turns of the loop as it is told, and costs what it is told."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.spent = Decimal(0)
        self.under_way = self.most_under_way = 0

    async def call(self, index: int, need: Need, actual: Actual, turns: int = 3, profile: str = "p") -> Grant | Failure:
        granted = await self.ledger.reserve(index, profile, need)
        if isinstance(granted, Failure):
            return granted
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            for _ in range(turns):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.ledger.settle(index, Decimal(0))
            raise
        usd = actual(granted)
        self.under_way -= 1
        self.spent += usd or Decimal(0)
        self.ledger.settle(index, usd)
        return granted


def run(work: Awaitable[object]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await work

    asyncio.run(bounded())


@pytest.mark.parametrize(
    "ceiling, at_once", [("0.1", 10), ("0.25", 4), ("0.7", 2), (None, 5)]
)  # fmt: skip
def test_32_calls_of_a_dime_and_one_dollar(ceiling: str | None, at_once: int) -> None:
    need = Need(Decimal("0.01"), Decimal("0.1"), None if ceiling is None else Decimal(ceiling))

    async def go() -> None:
        ledger = Ledger([limit("1.00")], ["p"] * 32)
        shop = Shop(ledger)
        answers = await asyncio.gather(*(shop.call(i, need, lambda _: Decimal("0.10"), 3 + i % 5) for i in range(32)))
        granted = [answer for answer in answers if isinstance(answer, Grant)]
        refused = [answer for answer in answers if isinstance(answer, Failure)]
        assert len(granted) == 10 and shop.spent == ledger.spent_usd == Decimal("1.00")
        assert all(isinstance(answer, Grant) for answer in answers[:10])
        assert {failed.kind for failed in refused} == {"budget"} and not refused[0].retryable
        assert refused[0].message == "--max-cost: 0.00 of 1.00 USD is left; the call costs at least 0.010 USD"
        assert refused[0].hint == "raise --max-cost"
        assert shop.most_under_way >= at_once
        assert ledger.reserved_usd == ledger.left_usd == 0

    run(go())


@each("seed", range(150))
def test_whatever_the_calls_are_the_limits_hold_and_all_are_decided(seed: int) -> None:
    dice = random.Random(seed)

    def cents(most: int) -> Decimal:
        return Decimal(dice.randrange(1, most)) / 100

    profiles = [dice.choice("pqr") for _ in range(40)]
    limits = [
        limit(str(cents(300))),
        limit(str(cents(200)), "p only", ["p"]),
        limit(str(cents(300)), "p and q", ["p", "q"]),
    ]
    spent = dict.fromkeys("pqr", Decimal(0))
    cancelled: list[int] = []

    async def go() -> None:
        ledger = Ledger(limits, profiles if dice.random() < 0.5 else ())
        shop = Shop(ledger)

        async def one(index: int, profile: str) -> Grant | Failure:
            low = cents(10)
            expected = low + cents(30)
            ceiling = dice.choice([None, expected * dice.randrange(1, 5)])

            def actual(granted: Grant) -> Decimal | None:
                assert granted.usd is not None and granted.usd > 0 and granted.usd >= low
                if dice.random() < 0.1:
                    spent[profile] += granted.usd  # unknown, so it may be all of it
                    return None
                usd = (granted.usd * dice.randrange(101) / 100).quantize(Decimal("1e-15"), "ROUND_DOWN")
                spent[profile] += usd
                return usd

            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)
            return await shop.call(index, Need(low, expected, ceiling), actual, dice.randrange(20), profile)

        tasks = [asyncio.create_task(one(i, profile)) for i, profile in enumerate(profiles)]
        for _ in range(dice.randrange(10)):
            await asyncio.sleep(0)
            index = dice.randrange(len(tasks))
            if tasks[index].cancel():
                cancelled.append(index)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for index, answer in enumerate(answers):
            if isinstance(answer, asyncio.CancelledError):
                assert index in cancelled
            else:
                assert isinstance(answer, Grant | Failure), answer
        assert ledger.reserved_usd == 0
        assert spent["p"] <= limits[1].left_usd and spent["p"] + spent["q"] <= limits[2].left_usd
        assert sum(spent.values()) == ledger.spent_usd <= limits[0].left_usd
        assert ledger.left_usd is not None and ledger.left_usd >= 0

    run(go())


def test_an_unknown_cost_counts_as_what_was_reserved() -> None:
    async def go() -> None:
        ledger = Ledger([limit("1")])
        need = Need(Decimal("0.1"), Decimal("0.2"), Decimal("0.6"))
        assert await ledger.reserve(0, "p", need) == grant("0.6", shorter=False)
        ledger.settle(0, None)
        ledger.settle(0, Decimal(9))
        assert ledger.spent_usd == Decimal("0.6")
        assert await ledger.reserve(1, "p", need) == grant("0.4")
        ledger.settle(1, Decimal("0.5"))  # more than it was granted
        assert ledger.left_usd == Decimal("-0.1")
        failed = await ledger.reserve(2, "p", need)
        assert isinstance(failed, Failure) and "0.00 of 1.00 USD is left" in failed.message

    run(go())


def test_a_cancelled_call_leaves_no_trace() -> None:
    async def go() -> None:
        ledger = Ledger([limit("1")])
        need = Need(Decimal("0.1"), Decimal("0.5"), Decimal(1))
        assert isinstance(await ledger.reserve(0, "p", need), Grant)
        waiting = [asyncio.create_task(ledger.reserve(i, "p", need)) for i in (1, 2, 3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        ledger.settle(0, Decimal("0.2"))
        waiting[1].cancel()  # granted, and not yet told
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(answer) for answer in done] == [asyncio.CancelledError, asyncio.CancelledError, Grant]
        assert done[2] == grant("0.8") and ledger.reserved_usd == Decimal("0.8")
        ledger.settle(3, Decimal(0))
        assert ledger.reserved_usd == 0 and ledger.spent_usd == Decimal("0.2")

    run(go())


def test_a_first_in_line_that_leaves_makes_way() -> None:
    async def go() -> None:
        ledger = Ledger([limit("1")])
        assert await ledger.reserve(0, "p", Need(ceiling_usd=Decimal("0.8")))
        first = asyncio.create_task(ledger.reserve(1, "p", Need(Decimal("0.1"), Decimal("0.4"), Decimal(1))))
        second = asyncio.create_task(ledger.reserve(2, "p", Need(ceiling_usd=Decimal("0.1"))))
        await asyncio.sleep(0)
        assert not second.done()
        first.cancel()
        assert await second == grant("0.1", shorter=False)

    run(go())


def test_without_limits_nothing_is_bounded_and_all_is_counted() -> None:
    async def go() -> None:
        ledger = Ledger([])
        assert await ledger.reserve(0, "p", Need(priced=False)) == Grant(None)
        assert await ledger.reserve(1, "p", UNBOUNDED) == Grant(None)
        ledger.settle(0, None)
        ledger.settle(1, Decimal("0.3"))
        assert (ledger.spent_usd, ledger.left_usd) == (Decimal("0.3"), None)
        await ledger.close()

    run(go())


def test_an_unknown_price_is_refused_unless_allowed_and_its_bill_counts() -> None:
    async def go() -> None:
        limits = [limit("1", profiles=["p"])]
        failed = await Ledger(limits).reserve(0, "p", Need(priced=False))
        assert isinstance(failed, Failure) and failed.message.startswith("the price of p is not known")
        assert await Ledger(limits).reserve(0, "other", Need(priced=False)) == Grant(None)
        ledger = Ledger(limits, allow_unpriced=True)
        assert await ledger.reserve(0, "p", Need(priced=False)) == Grant(None)
        ledger.settle(0, Decimal("0.7"))
        assert ledger.left_usd == Decimal("0.3")

    run(go())


def test_a_limit_that_only_warns_refuses_nobody_and_says_by_how_much_it_is_passed() -> None:
    async def go() -> None:
        warns = Limit("budget.per_run_usd", Decimal(1), Decimal(1), on_exceed="warn")
        ledger = Ledger([warns])
        assert await ledger.reserve(0, "p", UNBOUNDED) == Grant(None)
        ledger.settle(0, Decimal("0.9"))
        assert ledger.notes() == [] and ledger.left_usd is None
        await ledger.reserve(1, "p", UNBOUNDED)
        ledger.settle(1, Decimal("0.35"))
        assert ledger.notes() == ["budget.per_run_usd (1.00 USD) is passed by 0.25 USD"]

    run(go())
