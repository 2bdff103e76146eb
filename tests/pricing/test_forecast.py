"""What a call may cost before it is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from thinkdial.engine.forecast import Forecast, estimate_tokens, forecast
from thinkdial.engine.prepare import Prepared, Prompt, prepare
from thinkdial.engine.target import resolve
from thinkdial.profiles.load import load_builtin
from thinkdial.profiles.profile import Price, Profile
from thinkdial.providers.think import parse_think

AT = datetime(2026, 11, 21, tzinfo=UTC)
PROMPT = Prompt("x" * 4000)


def prepared(provider: str, model: str, value: str = "low", limit: int | None = None, **changes: object) -> Prepared:
    config = load_builtin()
    profile = replace(Profile("test", provider, model), **changes)
    return prepare(resolve(profile, config), parse_think(value), PROMPT, config.reference, max_output_tokens=limit)


def test_tokens_are_estimated_by_size_and_never_0() -> None:
    assert estimate_tokens(Prompt("")) == 1
    assert estimate_tokens(Prompt("abcd")) == 1 and estimate_tokens(Prompt("abcde")) == 2
    assert estimate_tokens(Prompt("abcd", "efgh")) == 2
    assert estimate_tokens(Prompt("ééé")) == 2


def test_the_range_is_from_the_input_alone_to_the_output_limit() -> None:
    found = forecast(prepared("openai", "gpt-6-sol", limit=2000), PROMPT, AT)
    assert (found.input_tokens, found.output_limit_tokens) == (1000, 2000)
    assert (found.low_usd, found.high_usd, found.source) == (Decimal("0.002"), Decimal("0.022"), "table")


def test_a_budget_bounds_the_forecast_and_the_models_most_does_without_one() -> None:
    assert forecast(prepared("openai", "gpt-6-sol", "4000"), PROMPT, AT).output_limit_tokens == 8096
    assert forecast(prepared("openai", "gpt-6-sol"), PROMPT, AT).output_limit_tokens == 128_000


def test_the_profiles_system_prompt_is_input_too() -> None:
    assert forecast(prepared("openai", "gpt-6-sol", system="y" * 400), PROMPT, AT).input_tokens == 1100


def test_the_profiles_price_and_its_known_name_count() -> None:
    own = forecast(prepared("openai", "mine", price=Price(Decimal(1), Decimal(2))), PROMPT, AT)
    assert (own.low_usd, own.high_usd, own.source) == (Decimal("0.001"), None, "profile")
    deployment = prepared("openai", "my-deployment", known_as="gpt-6-sol")
    assert forecast(deployment, PROMPT, AT).low_usd == Decimal("0.002")


def test_what_is_unknown_is_null() -> None:
    assert forecast(prepared("openai", "no-such-model"), PROMPT, AT) == Forecast(1000, None, None, None, None)


def test_an_output_limit_that_does_not_bound_thinking_is_no_upper_end() -> None:
    call = prepared("openai", "gpt-6-sol", limit=2000)
    card = replace(call.target.card, output_limit_covers_thinking=False)
    unbounded = replace(call, target=replace(call.target, card=card))
    found = forecast(unbounded, PROMPT, AT)
    assert (found.low_usd, found.high_usd, found.output_limit_tokens) == (Decimal("0.002"), None, None)
    silent = replace(unbounded, plan=replace(call.plan, thinks=False))
    assert forecast(silent, PROMPT, AT).high_usd == Decimal("0.022")
