"""The planner: (think value, model card, reference table) -> native fields, fidelity and a note. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log
from typing import Any

from ..profiles.card import ModelCard, Spelling
from ..profiles.profile import Reference
from ..providers.errors import ConfigError
from ..providers.merge import at_path, leaf_paths, merged, without
from ..providers.schema import Fidelity, Json, Notice
from ..providers.think import THINKING_LEVELS, Level, Think

MEASURED_FIDELITY: tuple[Fidelity, ...] = ("exact", "mapped", "default")
"""Fidelities that `--strict-think` accepts."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What a plan depends on besides the wish: the card, the route's spelling and refusals, and the output limit.

    `max_output_tokens` is what the profile or an option asks for; `limit_required` says that the dialect cannot do
    without a limit, so that the card's most is sent when nothing is asked for.
    """

    card: ModelCard
    spelling: Spelling | None
    reference: Reference
    model: str
    max_output_tokens: int | None = None
    limit_required: bool = False
    refuses_levels: tuple[str, ...] = ()
    params: Json | None = None

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that this model takes on this route, rising."""
        return tuple(level for level in self.card.levels if level.value not in self.refuses_levels)

    @property
    def output_limit(self) -> int | None:
        return self.max_output_tokens or self.card.max_output_tokens


@dataclass(frozen=True, slots=True)
class ThinkPlan:
    """What will be sent for one wish.

    `native` are the thinking fields as they go into the body. `thinks` is whether the model is expected to think: None
    when the provider's default is unknown. `level` and `budget_tokens` are what was really decided, in our words.
    `params` are the user's native fields without those that the model refuses; `notices` name what was left out.
    """

    requested: str
    native: Json
    fidelity: Fidelity
    note: str | None
    thinks: bool | None
    level: Level | None = None
    budget_tokens: int | None = None
    max_output_tokens: int | None = None
    params: Json | None = None
    optional: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def is_strict(self) -> bool:
        """Whether `--strict-think` lets it pass."""
        return self.fidelity in MEASURED_FIDELITY


def plan(think: Think, context: PlanContext) -> ThinkPlan:
    """Translate `think` for the model of `context`.

    Raises `ConfigError` when the profile's `params` set a field that the dial is asked to set.
    """
    decided = _decide(think, context)
    decided = _with_output_limit(decided, context)
    decided = _with_params(decided, think, context)
    card = context.card
    if not card.known:
        notice = Notice("unknown_model", f"{context.model} is not a known model; its provider's usual fields were used")
        words = "unknown model" if decided.note is None else f"unknown model; {decided.note}"
        decided = replace(decided, note=words, notices=(notice, *decided.notices))
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
        return _unsupported(think, f"{context.model} does not think; nothing was sent", thinks=False)
    if card.control == "fixed":
        return _unsupported(think, f"{context.model} always thinks and has no dial; nothing was sent", thinks=True)
    if context.spelling is None:
        return _unsupported(think, "this dialect has no way to say it for this model; nothing was sent", thinks=None)
    if card.control == "switch":
        return _built(
            think, context, context.spelling.on, "clamped", f"{think} → on: {context.model} only knows on and off"
        )
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
    card, think = context.card, Think(Level.OFF)
    if card.control == "none":
        return ThinkPlan("off", {}, "exact", f"{context.model} never thinks", thinks=False)
    if card.can_be_off and context.spelling is not None:
        native = card.off or context.spelling.off
        if native:
            note = None if card.off is None else card.notes
            return ThinkPlan("off", native, "exact", note, thinks=False)
        if card.absent == "off":
            return ThinkPlan("off", {}, "exact", "not asking is off for this model", thinks=False)
    spelling = context.spelling
    if spelling is not None and card.control == "effort" and context.levels:
        least = context.levels[0]
        note = f"off → {least}: {context.model} cannot be turned off; {least} is its least"
        return _built(think, context, _fill(spelling, least), "clamped", note, level=least)
    if spelling is not None and card.control == "budget" and card.budget:
        least_budget = card.budget.min
        note = f"off → {least_budget} tokens: {context.model} cannot be turned off; that is its least"
        native = _filled(spelling.budget, budget=least_budget)
        return _built(think, context, native, "clamped", note, budget_tokens=least_budget)
    return _unsupported(think, f"{context.model} cannot be turned off; nothing was sent", thinks=True)


def _level(think: Think, level: Level, context: PlanContext) -> ThinkPlan:
    if context.card.control == "budget":
        return _level_as_budget(think, level, context)
    spelling = context.spelling
    levels = context.levels
    if spelling is None or not levels:
        return _unsupported(think, f"{context.model} takes no level on this route; nothing was sent", thinks=None)
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
        return _unsupported(think, f"no budget range is known for {context.model}; nothing was sent", thinks=None)
    wanted = legal.max if level is Level.MAX else context.reference.budgets[level.value]
    return _send_budget(think, wanted, context, fidelity="mapped", level=level)


def _budget(think: Think, tokens: int, context: PlanContext) -> ThinkPlan:
    card, spelling = context.card, context.spelling
    if card.budget is not None and spelling is not None and spelling.budget:
        return _send_budget(think, tokens, context, fidelity="exact", level=None)
    if spelling is None or not context.levels:
        return _unsupported(think, f"{context.model} takes neither level nor budget; nothing was sent", thinks=None)
    level = level_for_budget(tokens, context)
    note = f"{tokens} tokens → {level}: {context.model} takes levels, not budgets"
    return _built(think, context, _fill(spelling, level), "mapped", note, level=level, budget_tokens=tokens)


def level_for_budget(tokens: int, context: PlanContext) -> Level:
    """The level whose reference budget is nearest to `tokens` by ratio; a tie goes to the lower one."""

    def distance(level: Level) -> tuple[float, int]:
        stands_for = context.reference.budgets.get(level.value) or max(context.output_limit or 0, 65_536)
        return abs(log(tokens / stands_for)), level_rank(level)

    return min(context.levels, key=distance)


def _send_budget(
    think: Think, wanted: int, context: PlanContext, *, fidelity: Fidelity, level: Level | None
) -> ThinkPlan:
    """A native budget, within the model's range and, where the API demands it, below the output limit."""
    legal, spelling = context.card.budget, context.spelling
    if legal is None or spelling is None:
        return _unsupported(think, f"{context.model} takes no budget on this route; nothing was sent", thinks=None)
    sent = min(max(wanted, legal.min), legal.max)
    why = f"{context.model} takes {legal.min} to {legal.max} tokens"
    limit = context.output_limit
    if legal.below_output_limit and limit is not None:
        most = limit - 1
        if most < legal.min:
            note = f"an output limit of {limit} leaves no room for the least budget of {legal.min}; nothing was sent"
            return _unsupported(think, note, thinks=_thinks_when_absent(context.card))
        room = limit - context.reference.answer_tokens
        if sent > (room if level is not None else most):
            sent = max(room, legal.min) if room >= legal.min else most
            why = f"the output limit of {limit} must hold thinking and answer"
    words = f"{level} → {sent} tokens" if level is not None else f"{wanted} → {sent} tokens"
    native = _filled(spelling.budget, budget=sent)
    if sent != wanted and not (level is Level.MAX and sent < wanted):
        return _built(think, context, native, "clamped", f"{words}: {why}", budget_tokens=sent)
    note = None if level is None else f"{words}: {context.model} takes budgets, not levels"
    return _built(think, context, native, fidelity, note, budget_tokens=sent)


def _with_output_limit(decided: ThinkPlan, context: PlanContext) -> ThinkPlan:
    """The output limit to send: the one that is asked for, within the model's bounds, or a ceiling for a budget."""
    card = context.card
    asked = context.max_output_tokens
    notices: list[Notice] = list(decided.notices)
    limit = asked
    if asked is None and decided.budget_tokens and decided.level is not None and card.output_limit_covers_thinking:
        # A budget that became a level still bounds the bill: the limit holds thinking and answer together.
        limit = decided.budget_tokens + context.reference.answer_tokens
        note = f"{decided.note}; the output limit of {limit} bounds thinking and answer together"
        decided = replace(decided, note=note)
    if limit is not None and card.max_output_tokens is not None and limit > card.max_output_tokens:
        notices.append(Notice("output_limit", f"output limit {limit} → {card.max_output_tokens}, the model's most"))
        limit = card.max_output_tokens
    if limit is not None and card.min_output_limit is not None and limit < card.min_output_limit:
        notices.append(Notice("output_limit", f"output limit {limit} → {card.min_output_limit}, the provider's least"))
        limit = card.min_output_limit
    if limit is None and context.limit_required:
        limit = card.max_output_tokens
    budget = decided.budget_tokens
    if budget and decided.level is None and limit is not None and budget >= limit:
        notices.append(
            Notice(
                "starvation_risk", f"a thinking budget of {budget} leaves no answer within an output limit of {limit}"
            )
        )
    return replace(decided, max_output_tokens=limit, notices=tuple(notices))


def _with_params(decided: ThinkPlan, think: Think, context: PlanContext) -> ThinkPlan:
    params: Json = context.params or {}
    if not params:
        return replace(decided, params={})
    owned = context.spelling.owns if context.spelling else ()
    theirs = [path for path in leaf_paths(params) if any(_within(path, own) or _within(own, path) for own in owned)]
    if theirs and not think.is_auto:
        raise ConfigError(
            f"params.{theirs[0]} sets what --think {think} is asked to set",
            hint="remove it from the profile's params, or use --think auto to leave thinking to the params",
        )
    if theirs:
        chosen = ", ".join(f"{path}={at_path(params, path)}" for path in theirs)
        decided = replace(decided, note=f"set by the profile's params: {chosen}", thinks=None)
    notices = list(decided.notices)
    refused = [(path, "") for path in context.card.refuses_always]
    if decided.thinks is not False:
        refused += [(path, " while it thinks") for path in context.card.refuses_thinking]
    for path, when in refused:
        if at_path(params, path) is not None:
            params = without(params, path)
            notices.append(Notice("param_dropped", f"{path} was not sent: {context.model} refuses it{when}"))
    return replace(decided, params=params, notices=tuple(notices))


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


def _unsupported(think: Think, note: str, *, thinks: bool | None) -> ThinkPlan:
    return ThinkPlan(str(think), {}, "unsupported", note, thinks)


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
    return _filled(spelling.level, level=spelling.words.get(level.value, level.value))


def _filled(template: Json, *, level: str | None = None, budget: int | None = None) -> dict[str, Any]:
    values = {"$level": level, "$budget": budget}

    def fill(value: Any) -> Any:
        if isinstance(value, str) and value in values:
            return values[value]
        if isinstance(value, Mapping):
            return _filled(value, level=level, budget=budget)  # pyright: ignore[reportUnknownArgumentType]
        return value

    return merged({key: fill(value) for key, value in template.items()})


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")
