"""What native thinking fields say, read by their names and not by what the planner says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thinkdial.engine.planning.plan import ThinkPlan, level_rank
from thinkdial.providers.think import Level

from .routes import Route

EFFORTS = {"effort", "reasoning_effort", "thinkingLevel", "thinking_level", "think", "maxReasoningEffort"}
NATIVE_BUDGETS = {
    "budget_tokens", "thinkingBudget", "thinking_budget", "token_budget", "reasoning_budget", "reasoning_budget_tokens",
    "max_tokens",
}  # fmt: skip
SWITCHES = {"think", "thinking", "enable_thinking", "enabled"}
OFF_WORDS = ("disabled", "between_tools", "none")


def named(native: Mapping[str, Any], names: set[str]) -> list[Any]:
    """The values that `native` holds under one of `names`, at any depth."""
    found: list[Any] = []
    for key, value in native.items():
        if isinstance(value, dict):
            found += named(value, names)
        elif key in names:
            found.append(value)
    return found


def sent_level(decided: ThinkPlan) -> Level | None:
    words = [str(word).lower() for word in named(decided.native, EFFORTS)]
    return next((Level(word) for word in words if word in list(Level)), None)


def sent_budget(decided: ThinkPlan) -> int | None:
    return next((budget for budget in named(decided.native, NATIVE_BUDGETS)), None)


def amount(decided: ThinkPlan) -> int:
    """How much thinking the native fields ask for, on one scale a model."""
    level, budget = sent_level(decided), sent_budget(decided)
    if level is not None:
        return level_rank(level) + 1
    return budget or 0


def is_sent_as_off(native: Any) -> bool:
    words = named(native, EFFORTS | {"type", "thinking_mode"})
    budgets, switches = named(native, NATIVE_BUDGETS), named(native, SWITCHES)
    if True in named(native, {"disable_thinking"}):
        return True
    return any(word in OFF_WORDS for word in words) or 0 in budgets or any(value is False for value in switches)


def takes_budgets(found: Route) -> bool:
    spelling = found.target.spelling
    return found.target.card.budget is not None and spelling is not None and bool(spelling.budget)


def taken_levels(found: Route) -> list[Level]:
    """The levels that can be said to this model on this route."""
    spelling, refused = found.target.spelling, found.target.use.refuses_levels
    if spelling is None or not spelling.level or (found.target.card.control != "effort" and not spelling.levels):
        return []
    return [level for level in found.target.card.levels or spelling.levels if level.value not in refused]


def is_confirmed(found: Route, decided: ThinkPlan) -> bool:
    """Whether a cited fact says that the model takes what was decided."""
    card = found.target.card
    if decided.requested == "off":
        facts = {"control"} if card.control == "none" else {"can_be_off", "off"}
    elif card.control == "budget" or sent_budget(decided):
        ends = {card.budget.min: "budget.min", card.budget.max: "budget.max"} if card.budget else {}
        facts = {"control", "budget", ends.get(sent_budget(decided) or 0, "budget")}
    else:
        facts = {"control", "levels", sent_level(decided) or "levels"}
    named = {fact for fact in facts if fact in card.unverified or f"the level {fact}" in card.unverified}
    return card.known and not named


def with_doubt(found: Route, decided: ThinkPlan, fidelity: str) -> str:
    """`fidelity` as it may be told: only what is confirmed is exact or mapped."""
    return "assumed" if fidelity in ("exact", "mapped") and not is_confirmed(found, decided) else fidelity
