"""Quotes from the cache are those that are looked up, in whatever order and on whatever terms they are asked for."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from thinkdial.engine.costs.prices.quote import Wanted, quote
from thinkdial.engine.costs.prices.quote_cache import quick_quote

from ....cases import each

START = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
MODELS = (
    ("anthropic", "claude-opus-5-5"), ("anthropic", "claude-haiku-5-5"), ("openai", "gpt-6-sol"),
    ("google", "gemini-2.5-pro"), ("google", "gemini-4-argon"), ("deepseek", "deepseek-flash"),
    ("x-ai", "grok-4.7"), ("x-ai", "grok-4"), ("mistral", "mistral-medium-latest"), ("openai", "no-such-model"),
)  # fmt: skip
TERMS = ({}, {"processing": "batch"}, {"service_tier": "priority"}, {"service_tier": "flex"}, {"speed": "fast"})
SIZES = (0, 1, 99_999, 100_000, 100_001, 199_999, 200_000, 200_001, 272_000, 272_001, 900_000)


@each("seed", range(8))
def test_the_cache_changes_no_price(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(150):
        provider, model = dice.choice(MODELS)
        wanted = Wanted(
            provider,
            model,
            START + timedelta(hours=dice.choice((0, 0, 6, 18, 60)), microseconds=dice.randrange(10**6)),
            dice.choice(TERMS),
            dice.choice(SIZES),
            dice.choice((0, 1, 5000)),
            region=dice.choice((None, None, "us")),
        )
        assert quick_quote(wanted) == quote(wanted), wanted
