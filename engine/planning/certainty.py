"""How sure a plan is: whether a cited fact covers what decides it. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from ...profiles.card import ModelCard
from ...profiles.cards.retirement import TOLD_DAYS
from ...providers.schema import Notice
from ...providers.think import Level, Think
from ..targets.target import Target
from .think_plan import PlanContext, ThinkPlan

_STEERING = ("control", "levels", *(level.value for level in Level), "can_be_off", "budget", "budget.min", "budget.max")
"""The facts that may decide a plan, as `unverified` of a card names them."""

_WORDS = {words: fact for fact in _STEERING for words in (fact, f"the level {fact}")}


def judged(decided: ThinkPlan, think: Think, context: PlanContext) -> ThinkPlan:
    """The plan with the fidelity that its facts allow: `assumed` where the deciding one is a stand-in or unverified.

    What is said of the model is the same for all its plans, so that people are told once.
    """
    card, doubted = context.card, False
    if decided.fidelity in ("exact", "mapped"):
        doubted = not card.known or rests_on_doubt(decided, think, card)
    if not card.known:
        said, notice = "unknown model", Notice("unknown_model", _unknown_words(context))
    elif doubted:
        said, notice = "unverified", Notice("think_assumed", _unverified_words(context))
    else:
        return decided
    return replace(
        decided,
        fidelity="assumed" if doubted else decided.fidelity,
        note=said if decided.note is None else f"{said}; {decided.note}",
        notices=(notice, *decided.notices),
    )


def rests_on_doubt(decided: ThinkPlan, think: Think, card: ModelCard) -> bool:
    """Whether the fact that decides this plan is unverified.

    For off it is whether the model can be off; for a level how it is steered and that level; for a budget how it is
    steered and the end of the range that it touches. Other unverified facts of a card say nothing about the plan.
    """
    doubts = doubts_of(card)
    if think.is_off:
        return bool(doubts & ({"control"} if card.control == "none" else {"can_be_off", "off"}))
    if decided.level is not None and card.control != "budget":
        return bool(doubts & {"control", "levels", decided.level.value})
    touched = {"control", "budget"}
    if card.budget is not None and decided.budget_tokens == card.budget.min:
        touched.add("budget.min")
    if card.budget is not None and decided.budget_tokens == card.budget.max:
        touched.add("budget.max")
    return bool(doubts & touched)


def doubts_of(card: ModelCard) -> set[str]:
    """The steering facts that are unverified. A level may be named in a few words: `the level minimal`."""
    return {_WORDS[said] for said in card.unverified if said in _WORDS}


def _unknown_words(context: PlanContext) -> str:
    """What is true of a model that no card covers: what it was taken for, or that nothing is known."""
    card, words = context.card, f"{context.model} is not a known model"
    if card.control == "unknown":
        why = card.basis or "nothing is known about how it is steered here"
        return f"{words}; {why}, so no thinking field was sent"
    usual = "its provider's usual fields were used"
    told = f"{words}; {card.basis or usual}"
    return f"{told}. {card.notes}" if card.notes and card.basis is None else told


def _unverified_words(context: PlanContext) -> str:
    doubted = ", ".join(fact for fact in _STEERING if fact in doubts_of(context.card))
    return f"{context.model}: what is sent is assumed to be taken, no source of its provider confirms: {doubted}"


def end_notice(target: Target) -> Notice | None:
    """That the model ends soon, or has ended, where that is known."""
    end, today = target.retirement, target.today
    if end is None or today is None or end.days_left(today) > TOLD_DAYS:
        return None
    code = "model_ended" if end.has_ended(today) else "model_ends"
    return Notice(code, end.words(target.profile.model, today))
