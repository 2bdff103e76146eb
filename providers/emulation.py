"""Reasoning by prompt, for models that cannot reason natively: a scaffold that asks for it in tags.

Opt-in, and always labelled `emulated`: what it yields is ordinary output that looks like thinking.
"""

from __future__ import annotations

from collections.abc import Mapping

from .think import Level, Think

_AMOUNTS: Mapping[Level, str] = {
    Level.MINIMAL: "in one or two sentences",
    Level.LOW: "briefly, in a few sentences",
    Level.MEDIUM: "step by step",
    Level.HIGH: "thoroughly, step by step, and check the result",
    Level.XHIGH: "at length, trying more than one approach, and check the result",
    Level.MAX: "as long as it takes, trying several approaches, and check every step",
}


def scaffold(think: Think, system: str | None) -> str:
    """The system prompt that asks for reasoning in tags, behind the user's own."""
    amount = _AMOUNTS[think.level or Level.MEDIUM]
    if think.budget_tokens:
        amount = f"in at most {think.budget_tokens} tokens"
    asked = (
        f"Before you answer, work the problem out {amount}, between <think> and </think>. Begin with <think>. "
        "Then give the answer alone, which must make sense without what is between the tags."
    )
    return f"{system}\n\n{asked}" if system else asked
