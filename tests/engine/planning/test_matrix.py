"""Every model, route and think value, with and without an output limit: what the cards say, worked out a second time.

The planner's rules are written here once more, from the facts of a card to what may be sent and how it must be told.
"""

from __future__ import annotations

import json
from itertools import product
from math import log
from typing import Any

import pytest

from thinkdial.engine.planning.plan import ThinkPlan
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.profiles.card import BudgetRange
from thinkdial.providers.merge import at_path, merged
from thinkdial.providers.registry import dialect as dialect_called
from thinkdial.providers.think import THINKING_LEVELS, Level, parse_think

from .native import is_sent_as_off, sent_budget, sent_level, taken_levels, takes_budgets, with_doubt
from .routes import LEVELS, REFERENCE, VALUES, Route, every_route, for_every_route, shape

THINK = {value: parse_think(value) for value in VALUES}
ANSWER = REFERENCE.answer_tokens
PROMPT = Prompt("hi")
LIMITS = (None, 1024, 9000)


def holding(whole: Any, part: Any) -> bool:
    """Whether all of `part` is in `whole`."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and holding(whole[key], value) for key, value in part.items())
    return whole == part


def output_limit(found: Route, limit: int | None) -> int | None:
    """The output limit that a budget has to stay under."""
    card = found.target.card
    holds = limit or card.max_output_tokens
    return holds and max(min(holds, card.max_output_tokens or holds), card.min_output_limit or 0)


def legal_budgets(found: Route, limit: int | None, *, of_level: bool) -> BudgetRange | None:
    """The budgets that this model takes beside an answer, which levels leave room for; None where there is none."""
    card, most = found.target.card, output_limit(found, limit)
    budget = card.budget
    if budget is None or not takes_budgets(found):
        return None
    shares = budget.below_output_limit or (of_level and (card.output_limit_covers_thinking or limit is not None))
    if not shares or most is None:
        return budget
    if most <= max(budget.min, 1):
        return None
    room = max(most - ANSWER, min(most // 4, 1024)) if of_level else most - 1
    return BudgetRange(budget.min, min(budget.max, max(room, budget.min)))


def expected_level(found: Route, value: str) -> Level | None:
    """The level that a model with levels is asked for: the nearest below, else the least."""
    taken, think = taken_levels(found), THINK[value]
    if not taken or think.is_auto:
        return None
    if think.is_off:
        return taken[0]
    if think.level is not None:
        below = [level for level in taken if THINKING_LEVELS.index(level) <= THINKING_LEVELS.index(think.level)]
        return below[-1] if below else taken[0]
    most = max(found.target.card.max_output_tokens or 0, 65_536, *REFERENCE.budgets.values())
    wanted = log(think.budget_tokens or 1)
    return min(taken, key=lambda level: round(abs(log(REFERENCE.budgets.get(level, most)) - wanted), 12))


def expected_budget(found: Route, value: str, limit: int | None) -> int | None:
    """The budget that a model with budgets is asked for: the one that was named, within what is legal."""
    think, card = THINK[value], found.target.card
    if think.is_auto or card.control not in ("budget", "effort") or (think.level and card.control == "effort"):
        return None
    if think.is_off:
        return card.budget.min if card.control == "budget" and card.budget and takes_budgets(found) else None
    legal = legal_budgets(found, limit, of_level=think.level is not None)
    if legal is None:
        return None
    if think.level is Level.MAX:
        whole = legal_budgets(found, None, of_level=True)
        wanted = whole.max if whole else legal.max
    else:
        wanted = REFERENCE.budgets[think.level] if think.level else think.budget_tokens or 0
    return min(max(wanted, legal.min), legal.max)


def can_be_off(found: Route) -> bool:
    """Whether no thinking can be had on this route, by a field or by silence."""
    card, spelling = found.target.card, found.target.spelling
    said = spelling is not None and bool(card.off or spelling.off)
    return card.control == "none" or (card.can_be_off and (said or card.absent == "off"))


def expected_fidelity(found: Route, value: str, limit: int | None) -> str:
    """What may honestly be said of it."""
    think, card, spelling = THINK[value], found.target.card, found.target.spelling
    if think.is_auto:
        return "default"
    if think.is_off and can_be_off(found):
        return "exact"
    budget, level = expected_budget(found, value, limit), expected_level(found, value)
    if think.is_off:
        return "clamped" if budget or level else "unsupported"
    if card.control == "switch" and spelling is not None:
        return "clamped" if spelling.on or card.absent not in (None, "off") else "unsupported"
    if budget is not None:
        if think.level is None:
            return "exact" if budget == think.budget_tokens else "clamped"
        return "mapped" if _reaches(found, think.level, budget) else "clamped"
    if level is None:
        return "unsupported"
    if think.level is None:
        return "clamped" if takes_budgets(found) else "mapped"
    return "exact" if level is think.level else "clamped"


def _reaches(found: Route, level: Level, budget: int) -> bool:
    """Whether a budget is all that a level stands for; `max` stands for the most beside an answer."""
    if level is not Level.MAX:
        return budget == REFERENCE.budgets[level]
    return budget == expected_budget(found, "max", None)


def expected_limit(found: Route, value: str, decided: ThinkPlan, limit: int | None) -> int | None:
    card, think = found.target.card, THINK[value]
    if limit is not None:
        return output_limit(found, limit)
    tokens = think.budget_tokens
    if tokens and sent_level(decided) and not sent_budget(decided) and card.output_limit_covers_thinking:
        return output_limit(found, tokens + ANSWER)
    if dialect_called(found.target.dialect).NEEDS_OUTPUT_LIMIT:
        budget = sent_budget(decided) or (tokens if sent_level(decided) else None)
        return card.max_output_tokens or (budget + ANSWER if budget else None)
    return None


@for_every_route
def test_what_is_sent_is_what_the_card_says(each_route: Route) -> None:
    for value, limit in product(VALUES, LIMITS):
        decided = each_route.plan(value, limit=limit)
        if THINK[value].is_off and can_be_off(each_route):
            assert sent_level(decided) is None and not sent_budget(decided), (value, limit)
            continue
        budget = expected_budget(each_route, value, limit)
        assert sent_budget(decided) == budget, (value, limit)
        level = None if budget is not None else expected_level(each_route, value)
        assert sent_level(decided) is level or each_route.target.card.control == "switch", (value, limit)


@for_every_route
def test_no_more_is_sent_than_was_asked_for(each_route: Route) -> None:
    card = each_route.target.card
    for value, limit in product((*LEVELS, *(word for word in VALUES if THINK[word].budget_tokens)), LIMITS):
        decided, think = each_route.plan(value, limit=limit), THINK[value]
        level, budget = sent_level(decided), sent_budget(decided)
        if budget is not None and card.budget is not None:
            asked = think.budget_tokens or REFERENCE.budgets.get(think.level or "", card.budget.max)
            assert budget <= max(asked, card.budget.min), (value, limit)
        elif level is not None and think.level is not None and card.control == "effort":
            least = taken_levels(each_route)[0]
            assert THINKING_LEVELS.index(level) <= max(map(THINKING_LEVELS.index, (think.level, least))), (value, limit)


@for_every_route
def test_off_is_sent_only_for_off_and_only_where_it_is_legal(each_route: Route) -> None:
    for value, limit in product(VALUES, LIMITS):
        decided = each_route.plan(value, limit=limit)
        if is_sent_as_off(decided.native):
            assert value == "off" and each_route.target.card.can_be_off, (value, limit)
        if decided.thinks is False and value != "auto" and decided.fidelity != "unsupported":
            assert value == "off" and can_be_off(each_route), (value, limit)


@for_every_route
def test_budgets_stay_inside_their_range_and_below_the_output_limit(each_route: Route) -> None:
    budget = each_route.target.card.budget
    for value, limit in product(VALUES, LIMITS):
        decided = each_route.plan(value, limit=limit)
        sent = sent_budget(decided)
        if sent and budget:
            assert budget.min <= sent <= budget.max, (value, limit)
            if budget.below_output_limit and decided.max_output_tokens is not None:
                assert sent < decided.max_output_tokens or value == "off", (value, limit)
        assert decided.max_output_tokens == expected_limit(each_route, value, decided, limit), (value, limit)


@for_every_route
def test_the_fidelity_is_honest_and_so_is_the_note(each_route: Route) -> None:
    for value, limit in product(VALUES, LIMITS):
        decided = each_route.plan(value, limit=limit)
        fidelity = expected_fidelity(each_route, value, limit)
        assert decided.fidelity == with_doubt(each_route, decided, fidelity), (value, limit)
        doubt = "unverified" if decided.fidelity == "assumed" and each_route.target.card.known else "unknown model"
        said, think = (decided.note or "").removeprefix(doubt).removeprefix("; "), THINK[value]
        sent = sent_budget(decided) or sent_level(decided)
        if fidelity in ("mapped", "clamped"):
            wish = {str(think), f"{think} tokens"}
            target = "on" if each_route.target.card.control == "switch" else str(sent)
            assert said.partition(" → ")[0] in wish, (value, limit, said)
            assert said.partition(" → ")[2].split(":")[0] in (target, f"{target} tokens"), (value, limit, said)
        elif decided.fidelity == "unsupported":
            assert said.endswith(("; nothing was sent", "; only readable reasoning was asked for")), (value, limit)
        elif fidelity == "exact" and not think.is_off:
            assert not said, (value, limit)
        assert (decided.note or "").startswith("unknown model") is not each_route.target.card.known


@for_every_route
def test_a_warning_is_given_where_it_is_due_and_nowhere_else(each_route: Route) -> None:
    card = each_route.target.card
    for value, limit in product(VALUES, LIMITS):
        decided = each_route.plan(value, limit=limit)
        due = {f"think_{decided.fidelity}"} & {"think_clamped", "think_unsupported"}
        due |= {"think_assumed"} & {f"think_{decided.fidelity}"} if card.known else {"unknown_model"}
        due |= {"output_limit"} if limit != decided.max_output_tokens and limit is not None else set()
        budget, below = sent_budget(decided), card.budget is not None and card.budget.below_output_limit
        room = decided.max_output_tokens or (card.max_output_tokens if below else None)
        due |= {"starvation_risk"} if budget and room is not None and room - budget < 1024 else set()
        codes = [notice.code for notice in decided.notices]
        assert sorted(codes) == sorted(due), (value, limit)


@for_every_route
def test_whether_it_thinks_is_what_the_card_says(each_route: Route) -> None:
    card = each_route.target.card
    alone = {"none": False, "fixed": True}.get(card.control, None if card.absent is None else card.absent != "off")
    for value, limit in product(VALUES, LIMITS):
        decided = each_route.plan(value, limit=limit)
        if decided.fidelity in ("default", "unsupported"):
            assert decided.thinks is alone, (value, limit)
            visible = each_route.target.spelling.visible if each_route.target.spelling and alone else {}
            assert decided.native == visible, (value, limit)
        else:
            assert decided.thinks is not (value == "off" and decided.fidelity in ("exact", "assumed")), (value, limit)


@for_every_route
def test_the_body_is_json_and_says_what_the_plan_says(each_route: Route) -> None:
    target = each_route.target
    for value in VALUES:
        prepared = prepare(target, THINK[value], PROMPT, REFERENCE)
        assert prepared.plan.native == each_route.plan(value).native, value
        assert prepared.plan.note == each_route.plan(value).note, value
        body, ours = json.loads(prepared.request.body), merged(target.use.body, prepared.plan.native)
        assert holding(body, ours), (value, body)
        for path in target.spelling.owns if target.spelling else ():
            assert at_path(body, path) == at_path(ours, path), (value, path)


@pytest.mark.slow
def test_the_same_facts_are_planned_the_same_way() -> None:
    """So that a row of the golden table, and one route of each kind, can stand for all."""
    made: dict[str, tuple[Route, list[tuple[Any, ...]]]] = {}
    for found in every_route():
        plans = [found.plan(value, limit=limit) for value, limit in product(VALUES, LIMITS)]
        told = [
            (plan.native, plan.fidelity, plan.thinks, plan.max_output_tokens, plan.optional, len(plan.notices),
             plan.note and plan.note.replace(found.model, "MODEL"))
            for plan in plans
        ]  # fmt: skip
        first, before = made.setdefault(shape(found), (found, told))
        assert told == before, (str(first), str(found))
