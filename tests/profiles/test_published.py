"""What a provider published confirms what it says, and nothing else of a stand-in."""

from __future__ import annotations

from typing import Any

from thinkdial.engine.planning.plan import PlanContext, plan
from thinkdial.profiles import facts
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.profiles.published import PublishedModels, laid_over
from thinkdial.providers.catalogue import Published
from thinkdial.providers.think import Level, parse_think

from ..cases import each

OPENROUTER = facts.shipped_provider("openrouter")
NEWCOMER = "newvendor/newcomer-1"


def fidelity(think: str, **said: Any) -> str:
    entry = Published(model=NEWCOMER, **{"thinks": None, "levels": None, "can_be_off": None, "absent": None, **said})
    card, _ = laid_over(
        card_for(OPENROUTER, NEWCOMER), NEWCOMER, PublishedModels("openrouter", "2026-11-30", {NEWCOMER: entry})
    )
    spelling = facts.spellings().get(card.spelling.get("openai-chat", ""))
    return plan(parse_think(think), PlanContext(card, spelling, facts.reference(), NEWCOMER)).fidelity


@each(
    "think, said, expected",
    [
        ("low", {}, "assumed"),
        ("low", {"levels": (Level.LOW, Level.HIGH)}, "exact"),
        ("high", {"levels": (Level.LOW, Level.HIGH), "can_be_off": False}, "exact"),
        ("medium", {"levels": (Level.LOW, Level.HIGH)}, "clamped"),
        ("off", {"levels": (Level.LOW, Level.HIGH)}, "assumed"),
        ("off", {"levels": (Level.LOW, Level.HIGH), "can_be_off": True}, "exact"),
        ("off", {"levels": (Level.LOW, Level.HIGH), "can_be_off": False}, "clamped"),
        ("4000", {"levels": (Level.LOW, Level.HIGH)}, "assumed"),
        ("off", {"thinks": False}, "exact"),
        ("high", {"thinks": False}, "unsupported"),
    ],
)
def test_only_what_was_published_is_exact(think: str, said: dict[str, Any], expected: str) -> None:
    assert fidelity(think, **said) == expected
