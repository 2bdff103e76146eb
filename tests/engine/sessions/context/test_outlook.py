"""The next turn and those after it: where the window and the budget end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.forecast import cost_of_usage, forecast
from thinkdial.engine.planning.fates import Past
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.sessions.context.outlook import Outlook, outlook, window_of
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Price, Profile
from thinkdial.providers.schema import Usage
from thinkdial.providers.think import AUTO
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ORIGIN = Origin("deepseek", "https://api.deepseek.com", "openai-chat", "deepseek-v4-flash")
PRICE = Price(Decimal(2), Decimal(10))
LONG = "many words of an answer " * 200


def going_on(turns: Sequence[Turn], price: Price | None = PRICE) -> Prepared:
    profile = Profile(name="p", provider="deepseek", model="deepseek-v4-flash", price=price, max_output_tokens=1000)
    return prepare(
        resolve(profile, load_builtin()), AUTO, Prompt("And now?", past=Past(tuple(turns))), facts.reference()
    )


def turns(count: int) -> list[Turn]:
    return [Turn(number, said("Tell."), (TurnPiece("text", LONG),), ORIGIN) for number in range(1, count + 1)]


def look(prepared: Prepared, counted: int | None = None, **limits: object) -> Outlook:
    made = forecast(prepared, prepared.asked.prompt, NOW, counted_tokens=counted)
    return outlook(prepared, made, NOW, **limits)  # pyright: ignore


def test_each_turn_adds_what_those_before_it_added() -> None:
    seen = look(going_on(turns(4)))
    assert seen.turn == 5 and seen.growth_tokens == seen.text_tokens // 4
    assert seen.prompt_tokens + seen.text_tokens + seen.reasoning_tokens == seen.input_tokens
    assert seen.growth_usd == Decimal(seen.growth_tokens or 0) * 2 / 1_000_000
    assert seen.input_low < seen.input_tokens < seen.input_high


@pytest.mark.parametrize("beyond", [0, 1, 2.5])
def test_the_window_is_reached_at_the_first_turn_that_is_above_it(beyond: float) -> None:
    plain = look(going_on(turns(4)))
    growth = plain.growth_tokens or 0
    limit = plain.input_tokens + round(growth * beyond)
    seen = look(going_on(turns(4)), most_input_tokens=limit)
    assert seen.window_tokens == limit and seen.window_turn is not None
    assert plain.input_tokens + (seen.window_turn - 5) * growth > limit
    assert plain.input_tokens + (seen.window_turn - 6) * growth <= limit
    assert look(going_on(turns(4)), most_input_tokens=plain.input_tokens - 1).window_turn == 5


def test_the_window_leaves_room_for_the_output() -> None:
    prepared = going_on(turns(1))
    context = prepared.target.card.context_tokens
    assert context is not None and window_of(prepared) == context - (prepared.plan.max_output_tokens or 0)
    card = replace(prepared.target.card, context_tokens=None)
    unknown = replace(prepared, target=replace(prepared.target, card=card))
    assert window_of(unknown) is None and look(unknown).window_turn is None


def test_the_budget_ends_at_the_first_turn_that_it_does_not_pay_for() -> None:
    plain = look(going_on(turns(4)))
    each, more = plain.expected_usd or Decimal(0), plain.growth_usd or Decimal(0)
    spent, budget = Decimal("0.5"), Decimal("0.5") + 3 * each + 3 * more
    seen = look(going_on(turns(4)), spent_usd=spent, budget_usd=budget)
    assert seen.budget_turn == 8
    assert look(going_on(turns(4)), spent_usd=spent, budget_usd=spent).budget_turn == 5
    assert look(going_on(turns(4)), spent_usd=spent, budget_usd=Decimal(10**9)).budget_turn is None


def test_an_unknown_price_is_not_nothing() -> None:
    prepared = going_on(turns(2), price=None)
    bare = replace(prepared.target, provider=replace(prepared.target.provider, prices=None), listed_price=None)
    unknown = replace(prepared, target=bare)
    assert cost_of_usage(unknown, Usage(input_tokens=1, output_tokens=1), NOW) is None
    seen = look(unknown, budget_usd=Decimal(1))
    assert seen.input_usd is None and seen.growth_usd is None and seen.budget_turn is None
    assert seen.growth_tokens


def test_the_providers_count_goes_before_every_estimate() -> None:
    seen = look(going_on(turns(2)), counted=5000)
    assert (seen.input_low, seen.input_tokens, seen.input_high, seen.source) == (5000, 5000, 5000, "counted")
    assert seen.prompt_tokens + seen.text_tokens + seen.reasoning_tokens == 5000
