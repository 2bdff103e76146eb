"""The planner: (think value, model card, reference table) -> native fields, fidelity and a note. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ...profiles.card import BudgetRange, ModelCard, Spelling
from ...providers.errors import ConfigError
from ...providers.merge import at_path, filled, without
from ...providers.schema import Json, Notice
from ...providers.think import THINKING_LEVELS, Level, Think
from .certainty import judged
from .params import contested, holds, paths_in, take_output_limit
from .think_plan import Fidelity, PlanContext, ThinkPlan

SCANT_ANSWER_TOKENS = 1024
"""Less than this beside a thinking budget is worth a warning."""

LEAST_SHARE = 4
LITTLE_THOUGHT_TOKENS = 1024
"""Within an output limit that is too small for the usual answer a level thinks this much, or that part of the limit."""

LEAST_MAX_TOKENS = 65_536
"""What the level `max` stands for, at the least, when a budget is turned into a level."""


def plan(think: Think, context: PlanContext) -> ThinkPlan:
    """Translate `think` for the model of `context`.

    Raises `ConfigError` when the profile's `params` set a field that the dial is asked to set.
    """
    params, limit, notices = take_output_limit(context.params or {}, context.max_output_tokens)
    context = replace(context, params=params, max_output_tokens=limit)
    decided = replace(_decide(think, context), notices=notices)
    decided = _with_output_limit(decided, context)
    decided = _with_params(decided, think, context)
    decided = judged(decided, think, context)
    if decided.fidelity in ("clamped", "unsupported", "emulated") and decided.note:
        decided = replace(decided, notices=(Notice(f"think_{decided.fidelity}", decided.note), *decided.notices))
    return decided


def _decide(think: Think, context: PlanContext) -> ThinkPlan:
    card = context.card
    if think.is_auto:
        return _automatic(context)
    if think.is_off:
        return _off(context)
    if card.control == "none":
        return _unsupported(think, f"{context.model} does not think", context)
    if card.control == "unknown":
        return _unsupported(think, f"how {context.model} is steered is not known", context)
    if card.control == "fixed":
        return _unsupported(think, f"{context.model} always thinks and has no dial", context)
    if context.spelling is None:
        return _unsupported(think, "this dialect has no way to say it for this model", context)
    if card.control == "switch":
        on = context.spelling.on
        if not on and not _thinks_when_absent(card):
            return _unsupported(think, f"{context.model} cannot be switched on by this route", context)
        return _built(think, context, on, "clamped", f"{think} → on: {context.model} only knows on and off")
    if think.level is not None:
        return _level(think, think.level, context)
    return _budget(think, think.budget_tokens or 0, context)


def _automatic(context: PlanContext) -> ThinkPlan:
    card = context.card
    thinks = _thinks_when_absent(card)
    native: Json = context.spelling.visible if thinks and context.spelling else {}
    told: Mapping[str | None, str] = {
        "off": "the provider's default for this model is not to think",
        "on": "the provider's default for this model is to think, as much as it likes",
        None: "what this model does by default is not known",
    }
    note = told.get(card.absent, f"the provider's default for this model is {card.absent}")
    if card.control == "none":
        note = "this model does not think"
    return ThinkPlan("auto", native, "default", note, thinks, optional=_optional(native, context))


def _off(context: PlanContext) -> ThinkPlan:
    card, think, spelling = context.card, Think(Level.OFF), context.spelling
    if card.control == "none":
        return ThinkPlan("off", {}, "exact", f"{context.model} never thinks", thinks=False)
    if card.can_be_off:
        native: Json = (card.off or spelling.off) if spelling is not None else {}
        if native:
            note = card.notes if card.off else spelling and spelling.off_note
            return ThinkPlan("off", native, "exact", note, thinks=False)
        if card.absent == "off":
            return ThinkPlan("off", {}, "exact", "not asking is off for this model", thinks=False)
    cannot = "cannot be turned off" if card.known else "is not known to have an off"
    if card.can_be_off:
        cannot = "has no off on this route"
    if spelling is not None and context.levels and (card.control == "effort" or spelling.levels):
        least = context.levels[0]
        note = f"off → {least}: {context.model} {cannot}; {least} is its least"
        return _built(think, context, _fill(spelling, least), "clamped", note, level=least)
    if spelling is not None and spelling.budget and card.control == "budget" and card.budget:
        least_budget = card.budget.min
        note = f"off → {least_budget} tokens: {context.model} {cannot}; that is its least"
        native = _in_place(spelling.budget, budget=least_budget)
        return _built(think, context, native, "clamped", note, budget_tokens=least_budget)
    return _unsupported(think, f"{context.model} {cannot}", context)


def _level(think: Think, level: Level, context: PlanContext) -> ThinkPlan:
    spelling = context.spelling
    if context.card.control == "budget" and not (spelling and spelling.levels):
        return _level_as_budget(think, level, context)
    levels = context.levels
    if spelling is None or not levels or not spelling.level:
        return _unsupported(think, f"{context.model} takes no level on this route", context)
    if level in levels:
        return _built(think, context, _fill(spelling, level), "exact", None, level=level)
    chosen = nearest_level(level, levels)
    where = "least" if level_rank(chosen) > level_rank(level) else "highest it takes below that"
    note = f"{level} → {chosen}: {context.model} has no {level}; {chosen} is the {where}"
    return _built(think, context, _fill(spelling, chosen), "clamped", note, level=chosen)


def level_rank(level: Level) -> int:
    """Where a thinking level stands, from 0 for minimal."""
    return THINKING_LEVELS.index(level)


def nearest_level(level: Level, levels: tuple[Level, ...]) -> Level:
    """The legal thinking level that stands for `level`: the highest below it, else the least of all."""
    below = [legal for legal in levels if level_rank(legal) <= level_rank(level)]
    return max(below, key=level_rank) if below else min(levels, key=level_rank)


def _level_as_budget(think: Think, level: Level, context: PlanContext) -> ThinkPlan:
    legal = context.card.budget
    if legal is None:
        return _unsupported(think, f"no budget range is known for {context.model}", context)
    wanted = context.reference.budgets.get(level.value) or _most(legal, context)
    return _send_budget(think, wanted, context, fidelity="mapped", level=level)


def _most(legal: BudgetRange, context: PlanContext) -> int:
    """The budget that `max` stands for: the model's most, less the answer where both share the output limit."""
    card = context.card
    if card.max_output_tokens is None or not (legal.below_output_limit or card.output_limit_covers_thinking):
        return legal.max
    return max(min(legal.max, _most_beside_answer(card.max_output_tokens, legal, context)), legal.min)


def _most_beside_answer(limit: int, legal: BudgetRange, context: PlanContext) -> int:
    """The most that a level may think within an output limit: all but an answer, else the least or some of it."""
    return max(limit - context.reference.answer_tokens, legal.min, min(limit // LEAST_SHARE, LITTLE_THOUGHT_TOKENS))


def _budget(think: Think, tokens: int, context: PlanContext) -> ThinkPlan:
    card, spelling = context.card, context.spelling
    if card.budget is not None and spelling is not None and spelling.budget:
        return _send_budget(think, tokens, context, fidelity="exact", level=None)
    if spelling is None or not context.levels:
        return _unsupported(think, f"{context.model} takes neither level nor budget on this route", context)
    level = level_for_budget(tokens, context)
    note = f"{tokens} tokens → {level}: {context.model} takes levels, not budgets"
    return _built(think, context, _fill(spelling, level), "mapped", note, level=level, budget_tokens=tokens)


def level_for_budget(tokens: int, context: PlanContext) -> Level:
    """The level whose reference budget is nearest to `tokens` by ratio; a tie goes to the lower one."""
    budgets = context.reference.budgets
    most = max(context.card.max_output_tokens or 0, LEAST_MAX_TOKENS, *budgets.values())
    chosen, *higher = context.levels
    for level in higher:
        low, high = budgets.get(chosen.value, most), budgets.get(level.value, most)
        # By ratio, the border between two budgets is the square root of their product.
        if high > low and tokens * tokens > low * high:
            chosen = level
    return chosen


def _send_budget(
    think: Think, wanted: int, context: PlanContext, *, fidelity: Fidelity, level: Level | None
) -> ThinkPlan:
    """A native budget, within the model's range and, where the API demands it, below the output limit.

    A level leaves room for the answer; a budget is a number that somebody chose, and is sent if it is legal.
    """
    card, legal, spelling = context.card, context.card.budget, context.spelling
    if legal is None or spelling is None or not spelling.budget:
        return _unsupported(think, f"{context.model} takes no budget on this route", context)
    sent = min(max(wanted, legal.min), legal.max)
    why = f"{context.model} takes {legal.min} to {legal.max} tokens"
    limit = context.output_limit
    shared = legal.below_output_limit or (
        level is not None and (card.output_limit_covers_thinking or context.max_output_tokens is not None)
    )
    if shared and limit is not None:
        least = max(legal.min, 1)
        most = limit - 1 if level is None else _most_beside_answer(limit, legal, context)
        if limit <= least or most < least:
            return _no_room(think, wanted, context, f"an output limit of {limit} leaves no room for {least} tokens")
        if sent > most:
            sent, why = most, f"the output limit of {limit} must hold thinking and answer"
    words = f"{level} → {sent} tokens" if level is not None else f"{wanted} → {sent} tokens"
    native = _in_place(spelling.budget, budget=sent)
    if sent != wanted:
        return _built(think, context, native, "clamped", f"{words}: {why}", budget_tokens=sent)
    note = None if level is None else f"{words}: {context.model} takes budgets, not levels"
    return _built(think, context, native, fidelity, note, budget_tokens=sent)


def _no_room(think: Think, wanted: int, context: PlanContext, why: str) -> ThinkPlan:
    """The least legal budget does not fit under the output limit: a level instead, where the model takes levels."""
    spelling = context.spelling
    if spelling is None or not context.levels or not spelling.level:
        return _unsupported(think, f"{why}, the least budget", context)
    level = level_for_budget(wanted, context)
    note = f"{wanted} tokens → {level}: {why}, the least budget"
    return _built(think, context, _fill(spelling, level), "clamped", note, level=level, budget_tokens=wanted)


def _with_output_limit(decided: ThinkPlan, context: PlanContext) -> ThinkPlan:
    """The output limit to send: the one that is asked for, within the model's bounds, or a ceiling for a budget."""
    card, asked, budget = context.card, context.max_output_tokens, decided.budget_tokens
    notices: list[Notice] = list(decided.notices)
    limit = None if asked is None else context.bounded(asked)
    if asked is not None and limit is not None and limit != asked:
        whose = "the model's most" if limit < asked else "the provider's least"
        notices.append(Notice("output_limit", f"output limit {asked} → {limit}, {whose}"))
    elif asked is None and budget and decided.level is not None and card.output_limit_covers_thinking:
        # A budget that became a level still bounds the bill: the limit holds thinking and answer together.
        limit = context.bounded(budget + context.reference.answer_tokens)
        note = f"{decided.note}; the output limit of {limit} bounds thinking and answer together"
        decided = replace(decided, note=note)
    elif asked is None and context.limit_required:
        limit = card.max_output_tokens or (budget + context.reference.answer_tokens if budget else None)
    shared = limit or (card.max_output_tokens if card.budget and card.budget.below_output_limit else None)
    if budget and decided.level is None and shared is not None and shared - budget < SCANT_ANSWER_TOKENS:
        left = max(shared - budget, 0) or "no"
        words = f"a thinking budget of {budget} leaves {left} tokens for the answer within an output limit of {shared}"
        notices.append(Notice("starvation_risk", words))
    return replace(decided, max_output_tokens=limit, notices=tuple(notices))


def _with_params(decided: ThinkPlan, think: Think, context: PlanContext) -> ThinkPlan:
    params: Json = context.params or {}
    spelling = context.spelling
    theirs = contested(params, spelling.owns) if spelling else []
    if theirs and not think.is_auto:
        raise ConfigError(
            f"params.{theirs[0]} sets what --think {think} is asked to set",
            hint="remove it from the profile's params, or use --think auto to leave thinking to the params",
        )
    if theirs and spelling:
        decided = _left_to_params(decided, theirs, spelling, context)
    notices = list(decided.notices)
    refused = [(field, "") for field in context.card.refuses_always]
    if decided.thinks is not False:
        refused += [(field, " while it thinks") for field in context.card.refuses_thinking]
    for field, when in refused:
        for path in paths_in(params, (field,)):
            params = without(params, path)
            notices.append(Notice("param_dropped", f"{path} was not sent: {context.model} refuses it{when}"))
    return replace(decided, params=params, notices=tuple(notices))


def _left_to_params(decided: ThinkPlan, theirs: list[str], spelling: Spelling, context: PlanContext) -> ThinkPlan:
    """With `auto`, a field that the params set is theirs alone: our `display` beside their `disabled` is refused."""
    params, native = context.params or {}, decided.native
    for own in spelling.owns:
        if paths_in(params, (own,)):
            native = without(native, own)
    chosen = ", ".join(f"{path}={at_path(params, path)}" for path in theirs)
    return replace(
        decided,
        native=native,
        note=f"set by the profile's params: {chosen}",
        thinks=False if holds(params, context.card.off or spelling.off) else None,
        optional=_optional(native, context),
    )


def _built(
    think: Think,
    context: PlanContext,
    native: Json,
    fidelity: Fidelity,
    note: str | None,
    *,
    level: Level | None = None,
    budget_tokens: int | None = None,
) -> ThinkPlan:
    return ThinkPlan(
        requested=str(think),
        native=native,
        fidelity=fidelity,
        note=note,
        thinks=True,
        level=level,
        budget_tokens=budget_tokens,
        optional=_optional(native, context),
    )


def _unsupported(think: Think, why: str, context: PlanContext) -> ThinkPlan:
    """Nothing of the wish can be sent. A model that thinks all the same is asked to do it where people can read it."""
    thinks = _thinks_when_absent(context.card)
    native: Json = context.spelling.visible if thinks and context.spelling else {}
    note = f"{why}; {'only readable reasoning was asked for' if native else 'nothing was sent'}"
    return ThinkPlan(str(think), native, "unsupported", note, thinks, optional=_optional(native, context))


def _thinks_when_absent(card: ModelCard) -> bool | None:
    if card.control == "none":
        return False
    if card.control == "fixed":
        return True
    return None if card.absent is None else card.absent != "off"


def _optional(native: Json, context: PlanContext) -> tuple[str, ...]:
    spelling = context.spelling
    return tuple(path for path in spelling.optional if at_path(native, path) is not None) if spelling else ()


def _fill(spelling: Spelling, level: Level) -> dict[str, Any]:
    return _in_place(spelling.level, level=spelling.words.get(level.value, level.value))


def _in_place(template: Json, *, level: str | None = None, budget: int | None = None) -> dict[str, Any]:
    return filled(template, {"$level": level, "$budget": budget})
