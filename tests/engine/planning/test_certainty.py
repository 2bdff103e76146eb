"""What decides a plan must be a cited fact, or the plan is assumed, in the same words for all plans of a model."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from thinkdial.engine.planning.plan import PlanContext, plan
from thinkdial.engine.planning.think_plan import ThinkPlan
from thinkdial.profiles import facts
from thinkdial.profiles.card import BudgetRange, ModelCard
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.providers.think import parse_think

EFFORT = card_for(facts.shipped_provider("openai"), "gpt-5.4")
BUDGET = replace(
    card_for(facts.shipped_provider("anthropic"), "claude-sonnet-4-5"), budget=BudgetRange(1024, 16384, True)
)


def planned(card: ModelCard, value: str, *unverified: str) -> ThinkPlan:
    context = PlanContext(
        replace(card, unverified=unverified), facts.spellings()[next(iter(card.spelling.values()))],
        facts.reference(), "the-model",
    )  # fmt: skip
    return plan(parse_think(value), context)


@pytest.mark.parametrize(
    "value, deciding, others",
    [
        ("high", ("control", "levels", "high", "the level high"), ("low", "can_be_off", "absent", "budget.max")),
        ("off", ("can_be_off", "off"), ("control", "levels", "absent", "visibility")),
        ("4000", ("control", "levels", "low"), ("high", "can_be_off", "max_output_tokens")),
        ("auto", (), ("control", "levels", "can_be_off", "absent")),
    ],
)
def test_the_deciding_fact_of_a_model_with_levels(
    value: str, deciding: tuple[str, ...], others: tuple[str, ...]
) -> None:
    for fact in deciding:
        assert planned(EFFORT, value, fact).fidelity == "assumed", fact
    for fact in others:
        assert planned(EFFORT, value, fact).fidelity == planned(EFFORT, value).fidelity != "assumed", fact


@pytest.mark.parametrize(
    "value, deciding, others",
    [
        ("4000", ("budget",), ("budget.max", "budget.min", "levels")),
        ("1024", ("budget", "budget.min"), ("budget.max", "can_be_off")),
        ("16384", ("budget", "budget.max"), ("budget.min",)),
        ("high", ("budget", "budget.max", "control"), ("budget.min", "absent")),
        ("low", ("budget",), ("budget.max",)),
    ],
)
def test_of_a_budget_it_is_the_bound_that_is_touched(
    value: str, deciding: tuple[str, ...], others: tuple[str, ...]
) -> None:
    for fact in deciding:
        assert planned(BUDGET, value, fact).fidelity == "assumed", fact
    for fact in others:
        assert planned(BUDGET, value, fact).fidelity in ("exact", "mapped"), fact


def test_clamped_stays_clamped_and_a_stand_in_is_assumed() -> None:
    assert planned(EFFORT, "max", "levels").fidelity == "clamped"
    for value in ("off", "low", "high", "4000"):
        assert planned(replace(EFFORT, known=False), value).fidelity == "assumed"
        assert not planned(replace(EFFORT, known=False), value).is_strict


def test_it_is_said_in_the_same_words_for_all_plans_of_a_model() -> None:
    said = {
        notice.message
        for value in ("off", "low", "high", "4000")
        for notice in planned(EFFORT, value, "levels", "can_be_off", "absent").notices
    }
    assert said == {
        "the-model: what is sent is assumed to be taken, no source of its provider confirms: levels, can_be_off"
    }
