"""What a plan says of thinking, as forecasts of the output are looked up."""

from __future__ import annotations

from ...profiles.cards.observed import OTHERS, DialKind, line_of, observed_answers, vendor_of
from ...providers.think import Level
from ..planning.plan import LEAST_MAX_TOKENS
from ..planning.prepare import Prepared
from .priors import DialSetting


def dial_setting(prepared: Prepared, model: str) -> tuple[DialSetting | None, str]:
    """What the plan says of thinking, and in words; None where it is not known whether the model thinks."""
    decided, card, think = prepared.plan, prepared.target.card, prepared.think
    budgets = prepared.asked.reference.budgets
    if decided.thinks is False and not prepared.emulated:
        return DialSetting("silent"), "no thinking"
    tokens = decided.budget_tokens or (think.budget_tokens if prepared.emulated else None)
    if tokens:
        return DialSetting("dial", tokens), f"a budget of {tokens:,}"
    level = decided.level or (think.level if prepared.emulated else None)
    if level is not None and level != Level.OFF:
        worth = budgets.get(level.value) or max(LEAST_MAX_TOKENS, *budgets.values())
        return DialSetting("dial", worth), level.value
    if decided.thinks:
        return DialSetting("free"), f"{card.absent}, its default" if card.absent in tuple(
            Level
        ) else "as much as it likes"
    vendor = vendor_of(model)
    kinds: set[DialKind] = {
        row.kind for row in observed_answers(vendor) if row.asked == "none" and row.line == line_of(model)
    }
    if vendor != OTHERS and len(kinds) == 1:
        return DialSetting(kinds.pop()), "its default, as recorded"
    return None, "what the model does by default is not known"
