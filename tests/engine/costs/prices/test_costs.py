"""Costs worked out by hand from the published prices, as of 2026-11-21."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.engine.costs.prices import pricing
from thinkdial.engine.costs.prices.fees import tool_fees
from thinkdial.engine.costs.prices.list_price import list_price
from thinkdial.engine.costs.prices.pricing import Bought, cost_of, priced_by_profile, priced_by_table
from thinkdial.engine.results.result import Cost
from thinkdial.profiles.profile import Price
from thinkdial.providers.fold import Reply
from thinkdial.providers.schema import Portion, Usage

from ....cases import each

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


def bought(provider: str | None, *models: str, entered: int = 1000, output: int = 1000, **more: Any) -> Bought:
    counts = {
        key: more.pop(key) for key in ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens") if key in more
    }
    usage = Usage(input_tokens=entered, output_tokens=output, **counts)
    return Bought(usage, provider, models, **{"at": AT, **more})


def usd(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


BY_HAND = [
    # what was bought, input USD, output USD
    (bought("anthropic", "claude-opus-5-5", entered=25, output=348), "0.0001", "0.00696"),  # 4 and 20 a million
    (bought("openai", "gpt-6-sol"), "0.002", "0.01"),  # 2 and 10
    (bought("openai", "gpt-6-sol-2026-10-01"), "0.002", "0.01"),
    (bought("google", "gemini-3.8-flash"), "0.00075", "0.00375"),  # 0.75 and 3.75 until the end of 2026
    (bought("google", "gemini-3.8-flash", at=datetime(2027, 1, 1, tzinfo=UTC)), "0.0015", "0.0075"),
    (bought("google", "gemini-4-argon", at=datetime(2026, 12, 1, tzinfo=UTC)), "0.004", "0.02"),
    # Who answered counts, not who was asked: gemini-2.5-pro is answered by gemini-3.8-flash from December on.
    (bought("google", "gemini-3.8-flash", "gemini-2.5-pro"), "0.00075", "0.00375"),
    # Tiers.
    (bought("openai", "gpt-6-sol", service_tier="flex"), "0.001", "0.005"),
    (bought("openai", "gpt-6-sol", service_tier="batch"), "0.001", "0.005"),
    (bought("openai", "gpt-6-sol", service_tier="priority"), "0.004", "0.02"),
    (bought("openai", "gpt-6-sol", service_tier="FAST"), "0.004", "0.02"),
    (bought("openai", "gpt-5.5", service_tier="priority"), "0.0125", "0.075"),  # 2.5 times
    (bought("openai", "gpt-6-sol", service_tier="default"), "0.002", "0.01"),
    (bought("openai", "gpt-6-sol", service_tier="auto"), "0.002", "0.01"),
    (bought("google", "gemini-3.8-flash", service_tier="STANDARD"), "0.00075", "0.00375"),
    (bought("google", "gemini-3.8-flash", service_tier="batch"), "0.000375", "0.001875"),
    (bought("anthropic", "claude-opus-5-5", service_tier="standard", speed="standard"), "0.004", "0.02"),
    (bought("anthropic", "claude-opus-5-5", service_tier="batch"), "0.002", "0.01"),
    (bought("anthropic", "claude-opus-5-5", speed="fast"), "0.008", "0.04"),
    # Long prompts make the whole request dearer.
    (bought("openai", "gpt-6-sol", entered=272_000), "0.544", "0.01"),
    (bought("openai", "gpt-6-sol", entered=272_001), "1.088004", "0.015"),
    (bought("google", "gemini-2.5-pro", entered=200_000), "0.25", "0.01"),
    (bought("google", "gemini-2.5-pro", entered=200_001), "0.5000025", "0.015"),
    (bought("anthropic", "claude-haiku-5-5", entered=100_000), "0.01", "0.0005"),
    (bought("anthropic", "claude-haiku-5-5", entered=100_001), "0.0500005", "0.0025"),
    (bought("anthropic", "claude-sonnet-4-6", entered=300_000), "0.9", "0.015"),  # no surcharge since March 2026
    # Caches: reads at a tenth (OpenAI), a twentieth (Opus 5.5); writes at 1.25, for an hour at 2.
    (bought("openai", "gpt-6-sol", cached_input_tokens=600, cache_write_tokens=200), "0.00102", "0.01"),
    (bought("anthropic", "claude-opus-5-5", entered=10_000, cached_input_tokens=4000), "0.0248", "0.02"),
    (bought("anthropic", "claude-opus-5-5", entered=10_000, cache_write_tokens=5000), "0.045", "0.02"),
    (
        bought("anthropic", "claude-opus-5-5", entered=10_000, cached_input_tokens=4000, cache_write_tokens=5000,
               cache_write_1h_tokens=2000),
        "0.0358", "0.02",
    ),
    (bought("openai", "gpt-5.4-pro", cached_input_tokens=400), "0.03", "0.18"),  # has no price for cached input
    (bought("openai", "gpt-6-sol", entered=0, output=0), "0", "0"),
]  # fmt: skip


@each("what, entered, output", BY_HAND)
def test_the_table_agrees_with_the_published_prices(what: Bought, entered: str, output: str) -> None:
    cost = priced_by_table(what)
    assert (cost.input_usd, cost.output_usd) == usd(entered, output)
    assert cost.usd == Decimal(entered) + Decimal(output)
    assert (cost.source, cost.note) == ("table", None)
    assert all(isinstance(amount, Decimal) for amount in (cost.usd, cost.input_usd, cost.output_usd))


@each(
    "what, note",
    [
        (bought("openai", "no-such-model"), None),
        (bought(None, "gpt-6-sol"), None),
        (bought("openai"), None),
        (bought("openai", "gpt-6-sol", service_tier="scale"),
         "the price table does not know scale prices of gpt-6-sol"),
        (bought("openai", "gpt-5.4", service_tier="ultrafast"),
         "the price table does not know ultrafast prices of gpt-5.4"),
        (bought("anthropic", "claude-sonnet-5-5", speed="fast"),
         "the price table does not know fast prices of claude-sonnet-5-5"),
        (bought("anthropic", "claude-opus-5-5", service_tier="priority"),
         "the price table does not know priority prices of claude-opus-5-5"),
        (bought("openai", "text-embedding-3-small"), "the price table lists text-embedding-3-small without a price"),
        (bought("openai", "gpt-6-sol", cached_input_tokens=1001), "the reported token counts contradict each other"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_null_and_never_0(what: Bought, note: str | None) -> None:
    assert priced_by_table(what) == Cost(note=note)


def test_a_tier_whose_price_has_not_begun_is_not_known() -> None:
    priority = bought("openai", "gpt-6-sol", service_tier="priority", at=datetime(2026, 10, 11, tzinfo=UTC))
    assert priced_by_table(priority) == Cost(note="the price table does not know priority prices of gpt-6-sol")
    begun = bought("openai", "gpt-6-sol", service_tier="priority", at=datetime(2026, 10, 12, tzinfo=UTC))
    assert priced_by_table(begun).usd == Decimal("0.024")


def test_the_tiers_of_a_maker_do_not_hold_with_a_reseller() -> None:
    assert priced_by_table(bought("azure", "gpt-6-sol")).usd == Decimal("0.012")
    assert priced_by_table(bought("azure", "gpt-6-sol", service_tier="fast")) == Cost(
        note="the price table does not know fast prices of gpt-6-sol"
    )
    # What Azure's own list has is a correction.
    assert priced_by_table(bought("azure", "gpt-6-sol", service_tier="priority")).usd == Decimal("0.024")


def test_a_result_of_a_batch_has_the_price_of_a_batch_whatever_tier_it_reports() -> None:
    for tier in (None, "default", "standard", "priority"):
        cost = priced_by_table(bought("openai", "gpt-6-sol", service_tier=tier, is_batch=True))
        assert cost.usd == Decimal("0.006")
    own = Price(Decimal(2), Decimal(4), batch=Decimal("0.5"))
    assert cost_of(Reply(), bought("openai", "gpt-6-sol", is_batch=True), own).usd == Decimal("0.003")
    plain = cost_of(Reply(), bought("openai", "gpt-6-sol", is_batch=True), Price(Decimal(2), Decimal(4)))
    assert (plain.usd, plain.note) == (Decimal("0.006"), "your price has no batch price; priced as usual")


def test_an_unknown_reported_model_is_priced_as_the_requested_one_and_that_is_said() -> None:
    cost = priced_by_table(bought("openai", "gpt-99-internal", "gpt-6-sol"))
    assert cost.usd == Decimal("0.012")
    assert cost.note == "priced as gpt-6-sol: the table has no gpt-99-internal"


def test_the_share_of_reasoning_is_a_part_of_the_output() -> None:
    assert priced_by_table(bought("openai", "gpt-6-sol", reasoning_tokens=300)).reasoning_usd == Decimal("0.003")
    assert priced_by_table(bought("openai", "gpt-6-sol", reasoning_tokens=0)).reasoning_usd == 0
    assert priced_by_table(bought("openai", "gpt-6-sol")).reasoning_usd is None
    long = bought("openai", "gpt-6-sol", entered=300_000, reasoning_tokens=1000)
    assert priced_by_table(long).reasoning_usd == priced_by_table(long).output_usd
    # More reasoning than output cannot be a part of it.
    assert priced_by_table(bought("openai", "gpt-6-sol", reasoning_tokens=1001)).reasoning_usd is None
    assert priced_by_profile(Usage(1, 0, 0, 10, 11), Price(Decimal(1), Decimal(1))).reasoning_usd is None


OWN = Price(input=Decimal("0.30"), output=Decimal("1.20"), cached_input=Decimal("0.03"), cache_write=Decimal("0.375"))


@pytest.mark.parametrize(
    "usage, price, entered, output, reasoning",
    [
        (Usage(1000, None, None, 100, None), OWN, "0.0003", "0.00012", None),
        (Usage(1000, 400, 100, 100, 50), OWN, "0.0001995", "0.00012", "0.00006"),
        (Usage(1000, 400, 100, 100, 0), Price(Decimal(1), Decimal(2)), "0.001", "0.0002", "0"),
        (Usage(0, 0, 0, 0, 0), OWN, "0", "0", "0"),
        (Usage(1, None, None, 1, None), Price(Decimal("0.0000001"), Decimal(0)), "1E-13", "0", None),
    ],
)
def test_the_profiles_own_price(usage: Usage, price: Price, entered: str, output: str, reasoning: str | None) -> None:
    cost = priced_by_profile(usage, price)
    assert (cost.input_usd, cost.output_usd) == usd(entered, output)
    assert cost.reasoning_usd == (None if reasoning is None else Decimal(reasoning))
    assert cost.usd == Decimal(entered) + Decimal(output) and cost.source == "profile"


def test_the_profiles_price_needs_counts_that_agree() -> None:
    assert priced_by_profile(Usage(None, None, None, 5), OWN) == Cost()
    assert priced_by_profile(Usage(5, None, None, None), OWN) == Cost()
    contradictory = priced_by_profile(Usage(5, 4, 2, 5), OWN)
    assert contradictory == Cost(note="the reported token counts contradict each other")


def test_the_profiles_price_wins_over_the_table() -> None:
    what = bought("openai", "gpt-6-sol")
    assert cost_of(Reply(), what, None).source == "table"
    assert cost_of(Reply(), what, OWN) == priced_by_profile(what.usage, OWN)
    assert cost_of(Reply(), Bought(Usage(), "openai", ("gpt-6-sol",)), OWN) == Cost()


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)])
def test_without_counts_there_is_no_cost(usage: Usage) -> None:
    assert cost_of(Reply(), Bought(usage, "openai", ("gpt-6-sol",), at=AT), None) == Cost()


@each(
    "bill, note",
    [
        ("0.012", None),
        ("0.0126", None),  # 0.0006 is less than 5 % of 0.0126
        ("0.0114", None),  # exactly 5 % of 0.012
        ("0.011399", "the provider billed 0.011399; by the table it would be 0.012"),
        ("0.02", "the provider billed 0.02; by the table it would be 0.012"),
        ("0", "the provider billed 0; by the table it would be 0.012"),
    ],
)
def test_the_providers_bill_wins_and_a_disagreement_is_noted(bill: str, note: str | None) -> None:
    cost = cost_of(Reply(bill=Decimal(bill)), bought("openai", "gpt-6-sol"), None)
    assert (cost.usd, cost.source, cost.note) == (Decimal(bill), "provider", note)
    assert cost.listed_usd == Decimal("0.012")
    # The parts are the table's: with a disagreement nobody knows them.
    assert (cost.input_usd is None) == (note is not None)


def test_a_bill_without_a_price_stands_alone_and_is_compared_to_the_profiles_price_too() -> None:
    unknown = bought("openai", "no-such-model")
    assert cost_of(Reply(bill=Decimal("0.5")), unknown, None) == Cost(usd=Decimal("0.5"), source="provider")
    scale = bought("openai", "gpt-6-sol", service_tier="scale")
    assert cost_of(Reply(bill=Decimal("0.5")), scale, None) == Cost(usd=Decimal("0.5"), source="provider")
    own = cost_of(Reply(bill=Decimal("0.5")), unknown, OWN)
    assert own.note == "the provider billed 0.5; by the profile it would be 0.0015"
    free = cost_of(Reply(bill=Decimal(0)), unknown, Price(Decimal(0), Decimal(0)))
    assert (free.usd, free.note) == (0, None)


@pytest.mark.parametrize(
    "counts, saved",
    [
        ({}, None),  # nothing was reported on the cache
        ({"cached_input_tokens": 0}, "0"),
        ({"cached_input_tokens": 600}, "0.00108"),  # 600 at 2 less 0.2
        ({"cache_write_tokens": 600}, "-0.0003"),  # 600 at 2 less 2.5
        ({"cached_input_tokens": 600, "cache_write_tokens": 400}, "0.00088"),
    ],
)
def test_what_the_cache_saved(counts: dict[str, int], saved: str | None) -> None:
    cost = priced_by_table(bought("openai", "gpt-6-sol", **counts))
    assert cost.cache_saved_usd == (None if saved is None else Decimal(saved))
    # A bill that agrees leaves it known, one that does not makes it unknown like the other parts.
    assert cost.usd is not None
    agreed = cost_of(Reply(bill=cost.usd), bought("openai", "gpt-6-sol", **counts), None)
    assert (agreed.cache_saved_usd, agreed.listed_usd) == (cost.cache_saved_usd, cost.usd)
    disputed = cost_of(Reply(bill=cost.usd * 2), bought("openai", "gpt-6-sol", **counts), None)
    assert (disputed.cache_saved_usd, disputed.listed_usd) == (None, cost.usd)


def test_without_a_bill_or_without_an_estimate_nothing_is_compared() -> None:
    assert cost_of(Reply(), bought("openai", "gpt-6-sol"), None).listed_usd is None
    assert cost_of(Reply(bill=Decimal(1)), bought("openai", "no-such-model"), None).listed_usd is None


def test_the_list_price_is_the_base_tier() -> None:
    found = list_price("openai", "gpt-6-sol", AT)
    assert found and (found.input_usd, found.output_usd) == (2, 10)
    haiku = list_price("anthropic", "claude-haiku-5-5", AT)
    assert haiku and (haiku.input_usd, haiku.output_usd) == usd("0.1", "0.5")
    assert list_price("openai", "no-such-model", AT) is None
    assert list_price(None, "gpt-6-sol", AT) is None


def test_warming_up_loads_the_table() -> None:
    pricing.warm()
    assert pricing.is_warm()


def test_rounds_of_a_call_are_priced_each_by_itself() -> None:
    # 180,000 and 100,000 of input are no long prompt, although their sum would be one.
    rounds = (Portion(Usage(180_000, output_tokens=3500)), Portion(Usage(100_000, output_tokens=1000)))
    whole = bought("google", "gemini-2.5-pro", entered=280_000, output=4500)
    cost = cost_of(Reply(portions=rounds), whole, None)
    assert (cost.usd, cost.input_usd, cost.output_usd, cost.source) == (*usd("0.395", "0.35", "0.045"), "table")
    assert cost_of(Reply(portions=rounds), whole, OWN).usd == priced_by_profile(whole.usage, OWN).usd


def test_a_round_of_another_model_has_that_models_price() -> None:
    mixed = (
        Portion(Usage(1000, output_tokens=1000)),
        Portion(Usage(1000, output_tokens=1000), "claude-opus-5", cache_write_1h_tokens=0),
    )
    what = bought("anthropic", "claude-opus-5-5")
    assert cost_of(Reply(portions=mixed), what, None).usd == Decimal("0.024") + Decimal("0.03")
    unknown = (mixed[0], Portion(Usage(1000, output_tokens=1000), "nobody"))
    cost = cost_of(Reply(portions=unknown), what, None)
    assert (cost.usd, cost.note) == (None, "a part of the call has no known price")


@pytest.mark.parametrize("bill", ["1000", "1e30", "99999999999"])
def test_a_bill_beyond_what_the_call_can_cost_is_refused_and_told(bill: str) -> None:
    listed = cost_of(Reply(bill=Decimal(bill)), bought("openai", "gpt-6-sol"), None)
    assert (listed.usd, listed.source) == (Decimal("0.012"), "table")
    assert "cannot cost" in (listed.note or "")
    unknown = cost_of(Reply(bill=Decimal(bill)), bought(None, "nobody"), None)
    assert (unknown.usd, unknown.source) == (None, None)
    assert "cannot cost" in (unknown.note or "")


def test_a_dear_price_of_ones_own_allows_a_dear_bill() -> None:
    own = Price(Decimal(100_000), Decimal(400_000))
    assert cost_of(Reply(bill=Decimal(600)), bought(None, "m"), own).usd == Decimal(600)


def test_output_that_is_no_text_has_its_own_rate() -> None:
    image = bought("google", "gemini-3-pro-image-preview", output=1150, apart={"image": 1120})
    cost = cost_of(Reply(), image, None)
    assert (cost.input_usd, cost.output_usd) == usd("0.002", "0.13476")  # 30 at 12, 1,120 at 120 a million
    thought = bought("google", "gemini-3-pro-image-preview", output=1250, reasoning_tokens=100, apart={"image": 1120})
    assert cost_of(Reply(), thought, None).output_usd == Decimal("0.13596")


@pytest.mark.parametrize(
    ("what", "own", "words"),
    [
        (bought("openai", "gpt-6-sol", apart={"image": 7}), None, "the price table's gpt-6-sol"),
        (bought("google", "gemini-3-pro-image-preview", apart={"smell": 7}), None, "smell"),
        (bought("google", "gemini-3-pro-image-preview", apart={"image": 7}), OWN, "your price"),
    ],
)
def test_output_that_is_no_text_and_has_no_rate_has_no_price(what: Bought, own: Price | None, words: str) -> None:
    cost = cost_of(Reply(), what, own)
    assert cost.usd is None
    assert words in (cost.note or "")


def test_more_images_than_output_is_a_contradiction() -> None:
    what = bought("google", "gemini-3-pro-image-preview", output=100, apart={"image": 101})
    assert cost_of(Reply(), what, None).note == "the reported token counts contradict each other"


@each(
    ("what", "tools", "fee", "note"),
    [
        (
            bought("anthropic", "claude-opus-5-5"),
            {"web_search": 3, "web_fetch": 9},
            "0.03",
            "0.03 USD for 3 x web_search",
        ),
        (bought("openai", "gpt-6-sol"), {"web_search": 2, "file_search": 1}, "0.0225", "0.0225 USD for 2 x web_search"),
        (bought("google", "gemini-3.8-flash"), {"google_search": 2, "google_search_prompt": 1}, "0.028", "0.028 USD"),
        (bought("google", "gemini-2.5-pro"), {"google_search": 2, "google_search_prompt": 1}, "0.035", "0.035 USD"),
        (bought("openai", "gpt-6-sol"), {"séance": 1}, "0", "does not include fees for séance"),
        (bought("openai", "gpt-6-sol"), {"séance": 1, "web_search": 1}, "0.01", "does not include fees for séance"),
    ],
)
def test_fees_of_tools_are_a_part_of_the_cost_or_said_to_be_missing(
    what: Bought, tools: dict[str, int], fee: str, note: str
) -> None:
    plain, cost = cost_of(Reply(), what, None), cost_of(Reply(tools=tools), what, None)
    assert plain.usd is not None
    assert cost.usd == plain.usd + Decimal(fee)
    assert note in (cost.note or "")


def test_a_bill_has_the_fees_in_it() -> None:
    what = bought("anthropic", "claude-opus-5-5")
    assert cost_of(Reply(tools={"web_search": 3}, bill=Decimal("0.054")), what, None) == Cost(
        usd=Decimal("0.054"), input_usd=Decimal("0.004"), output_usd=Decimal("0.02"), source="provider",
        listed_usd=Decimal("0.054"), fees_usd=Decimal("0.03"),
    )  # fmt: skip


def test_every_fee_has_a_tool_and_a_price() -> None:
    assert all(one.models and one.usd for one in tool_fees())
    assert all(rate.is_finite() for one in tool_fees() for rate in one.usd.values())
