"""What a call costs while it streams: cheap for each delta, exact at each report and at the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from thinkdial.engine.costs.budget.meter import Meter
from thinkdial.engine.costs.prices.pricing import priced_by_profile
from thinkdial.profiles.profile import Price
from thinkdial.providers.schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Bill,
    Complete,
    ReasoningDelta,
    ReasoningWithheld,
    Usage,
    UsageReport,
)

from ....cases import each

PRICE = Price(input=Decimal(2), output=Decimal(10), cached_input=Decimal("0.2"))
"""USD per million: 1000 tokens in cost 0.002, 1000 tokens out 0.01."""


class Priced:
    """A price function that counts how often it is asked. Reasoning may have a price of its own, per token."""

    def __init__(self, reasoning_usd: str | None = None) -> None:
        self.asked = 0
        self.reasoning_usd = reasoning_usd

    def __call__(self, usage: Usage) -> Decimal | None:
        self.asked += 1
        usd = priced_by_profile(usage, PRICE).usd
        if usd is not None and self.reasoning_usd and usage.reasoning_tokens:
            usd += usage.reasoning_tokens * (Decimal(self.reasoning_usd) - Decimal("0.00001"))
        return usd


def report(input_tokens: int | None = None, output: int | None = None, **more: int) -> UsageReport:
    return UsageReport(Usage(input_tokens=input_tokens, output_tokens=output, **more))


def test_the_input_alone_before_anything_came() -> None:
    meter = Meter(Decimal(1), Priced(), 1000)
    assert meter.usd == Decimal("0.002")


@pytest.mark.parametrize(
    "text, tokens", [("a" * 400, 100), ("a", 1), ("", 0), ("漢" * 4, 3), ("\ud800" * 8, 2)]
)  # fmt: skip
def test_visible_text_counts_by_its_size(text: str, tokens: int) -> None:
    for delta in (AnswerDelta(text), ReasoningDelta(text)):
        meter = Meter(Decimal(1), Priced(), 0)
        meter.take(delta)
        assert meter.usd == tokens * Decimal("0.00001")


def test_the_stream_is_cut_at_the_first_token_too_many() -> None:
    meter = Meter(Decimal("0.002") + 100 * Decimal("0.00001"), Priced(), 1000)
    assert [meter.take(AnswerDelta("abcd")) for _ in range(102)] == [False] * 100 + [True, True]


def test_reports_replace_the_estimate_and_text_behind_them_is_added() -> None:
    meter = Meter(Decimal(1), Priced(), 999)
    meter.take(report(1000, 1, cached_input_tokens=500))
    assert meter.usd == Decimal("0.0011") + Decimal("0.00001")
    meter.take(ReasoningDelta("a" * 40))
    meter.take(AnswerDelta("a" * 40))
    assert meter.usage.output_tokens == 21 and meter.usage.reasoning_tokens == 10
    assert meter.usd == Decimal("0.0011") + 21 * Decimal("0.00001")
    meter.take(report(None, 300, reasoning_tokens=290))
    meter.take(Complete())
    assert meter.usd == Decimal("0.0011") + 300 * Decimal("0.00001")
    assert meter.usage == Usage(1000, 500, None, 300, 290)


def test_a_report_that_goes_down_is_believed() -> None:
    meter = Meter(Decimal("0.01"), Priced(), 0)
    assert not meter.take(AnswerDelta("a" * 3600))
    assert not meter.take(report(0, 100))
    assert not meter.take(AnswerDelta("a" * 3600))
    assert meter.take(AnswerDelta("abcd"))


def test_hidden_reasoning_counts_once_it_is_reported() -> None:
    meter = Meter(Decimal("0.001"), Priced(), 0)
    assert not meter.take(ReasoningWithheld("hidden"))
    assert not meter.take(report(None, 100, reasoning_tokens=100))
    assert meter.take(report(None, 101, reasoning_tokens=101))


def test_what_is_billed_otherwise_than_counted() -> None:
    meter = Meter(Decimal("0.001"), Priced(), 0)
    assert meter.take(UsageReport(Usage(1, 0, 0, 1), billed=Usage(0, 0, 0, 1000)))
    assert meter.usd == Decimal("0.01")


def test_the_providers_bill_replaces_everything() -> None:
    meter = Meter(Decimal("0.05"), Priced(), 10_000_000)
    assert meter.take(AnswerDelta("a"))
    assert not meter.take(Bill(Decimal("0.05")))
    assert meter.usd == Decimal("0.05")
    assert not meter.take(AnswerDelta("a"))
    assert meter.take(Bill(Decimal("0.0500001")))


def test_more_input_than_was_thought_can_cut_at_once() -> None:
    meter = Meter(Decimal("0.01"), Priced(), 1000)
    assert not meter.take(AnswerDelta("a"))
    assert not meter.take(report(4000, 1))
    assert meter.take(report(5001, 1))


def test_reasoning_that_costs_otherwise_is_priced_so() -> None:
    meter = Meter(Decimal("0.0021"), Priced("0.000020"), 0)
    assert not meter.take(ReasoningDelta("a" * 400))
    assert meter.usd == Decimal("0.002")
    assert not meter.take(AnswerDelta("a" * 40))
    assert meter.take(AnswerDelta("a"))
    reclassified = Meter(Decimal("0.001"), Priced("0.000020"), 0)
    assert not reclassified.take(AnswerDelta("a" * 400))
    assert reclassified.take(AnswerWasReasoning())
    reported = Meter(Decimal("0.001"), Priced("0.000020"), 0)
    assert not reported.take(AnswerDelta("a" * 400))
    assert reported.take(report(0, 100, reasoning_tokens=1))


@pytest.mark.parametrize("price", [lambda _: None, Priced()])
def test_nothing_is_cut_without_a_price_or_without_a_limit(price: Callable[[Usage], Decimal | None]) -> None:
    meter = Meter(Decimal("0.01") if not isinstance(price, Priced) else None, price, 10)
    assert not any(meter.take(AnswerDelta("a" * 10_000)) for _ in range(100))
    assert not meter.take(report(10, 10**6))
    assert (meter.usd is None) is not isinstance(price, Priced)


def test_what_costs_nothing_is_never_cut() -> None:
    meter = Meter(Decimal(0), lambda _: Decimal(0), 10)
    assert not any(meter.take(AnswerDelta("a" * 10_000)) for _ in range(10)) and meter.usd == 0


def test_an_attempt_that_broke_off_was_paid_for_as_well() -> None:
    meter = Meter(Decimal("0.02"), Priced(), 1000)
    meter.again()
    assert meter.usd == Decimal("0.002")
    meter.take(report(1000, 500))
    meter.again()
    assert meter.usd == Decimal("0.009")
    assert not meter.take(AnswerDelta("a" * 4 * 1100))
    assert meter.take(AnswerDelta("a"))
    meter.take(Bill(Decimal("0.001")))
    assert meter.usd == Decimal("0.008")


def test_a_long_stream_asks_for_few_prices() -> None:
    priced = Priced()
    meter = Meter(Decimal(10), priced, 1000)
    for i in range(100_000):
        assert not meter.take(AnswerDelta("abcd"))
        if i % 2:
            assert not meter.take(report(1000, i + 1))
    assert priced.asked < 20
    assert meter.usd == Decimal("0.002") + 100_000 * Decimal("0.00001")


@each("seed", range(40))
def test_it_cuts_exactly_when_the_price_of_what_came_is_more_than_the_grant(seed: int) -> None:
    dice = random.Random(seed)
    price = Priced(dice.choice([None, "0.00003", "0.000001"]))
    grant = Decimal(dice.randrange(1, 400)) / 10_000
    meter = Meter(grant, price, dice.randrange(2000))
    for _ in range(300):
        size = dice.randrange(200)
        delta = dice.choice(
            [
                AnswerDelta("a" * size),
                ReasoningDelta("é" * size),
                report(None, (meter.usage.output_tokens or 0) + size, reasoning_tokens=size),
                report(dice.randrange(2000)),
                AnswerWasReasoning(),
            ]
        )
        cut = meter.take(delta)
        usd = price(meter.usage)
        assert usd == meter.usd and usd is not None
        assert cut == (usd > grant)
