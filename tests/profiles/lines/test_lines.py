"""What a comparison with other lists found on 2026-11-30: each line of it is mended, or stands in `unmended.yaml` with
the reason why not.

`compared.json` has a model, importance and whether it reasons for each that had no card; model, list, tier, field and
the list's value for each price that differed; the others by name.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from thinkdial.engine.costs.prices.list_price import list_price
from thinkdial.engine.costs.prices.quote import Quote, Wanted, quote
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.yaml_file import read_yaml

from ...cases import each

HERE = Path(__file__).parent
COMPARED: dict[str, list[Any]] = json.loads((HERE / "compared.json").read_text(encoding="utf-8"))
UNMENDED = read_yaml((HERE / "unmended.yaml").read_text(encoding="utf-8"), "unmended.yaml")
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
KINDS = ("missing", "prices", "no_price", "extra", "controls", "api_changes")


def name_of(kind: str, line: Any) -> str:
    """How a line is called in `unmended.yaml`."""
    if kind == "missing":
        return line[0]
    return line if isinstance(line, str) else " ".join(str(part) for part in line[:4])


def card_of(name: str) -> ModelCard:
    provider, _, model = name.partition("/")
    return card_for(facts.shipped_provider(provider), model)


def table_of(name: str) -> tuple[str, str]:
    provider, _, model = name.partition("/")
    return facts.shipped_provider(provider).prices or "", model


def rate_of(name: str, tier: str, field: str) -> Decimal | None:
    """What is charged for this today."""
    table, model = table_of(name)
    terms = {"batch": {"processing": "batch"}, "standard": {}, "long": {}}.get(tier, {"service_tier": tier})
    tokens = 1_000_000 if tier == "long" else 1000
    found = quote(Wanted(table, model, AT, terms, tokens, 1000))
    rate = getattr(found.rates, field, None) if isinstance(found, Quote) else None
    return rate if isinstance(rate, Decimal) else None


def is_mended(kind: str, line: Any) -> bool:
    if kind == "missing":
        card = card_of(line[0])
        return card.known and (line[2] is None or (card.control != "none") == line[2])
    if kind == "prices":
        name, _, tier, field, other = line
        rate = rate_of(name, tier, field)
        return rate is not None and abs(rate - Decimal(other)) <= Decimal("0.004") * max(rate, Decimal(other))
    if kind == "no_price":
        return list_price(*table_of(line), AT) is not None
    return name_of(kind, line) in MENDED


MENDED = {
    "openai/gpt-6.2-astra", "openai/gpt-6.2-sol", "openai/* ultrafast tier", "huggingface/*",
    "openrouter (after models refresh) budget",
    (
        "bedrock/* without a card (ARNs, openai.gpt-6*, xai.grok-4.7, moonshotai.kimi-k3, zai.glm-5.3, openai.gpt-oss*,"
        " amazon.nova-2-lite, llama, nova micro, titan) control"
    ),
    "openai/gpt-5.6-cyber off", "mistral/mistral-large-4 levels", "mistral/mistral-large-latest control, price, window",
    "mistral/mistral-large-4-0-8 card", "mistral/devstral-* control", "mistral/deepseek-v4-1-flash-1017 levels",
    "openrouter/openai/gpt-5.[2-5]-pro levels", "openrouter/openai/gpt-5.3-codex off",
    "openrouter/moonshotai/kimi-k3, k3.1-pro off", "openrouter/anthropic/claude-*-4.6..4.8 levels",
    "openai/chat-latest limits", "openai/gpt-4o-2024-05-13 output", "zai/glm-4.5*, glm-4.5v output",
    "deepseek/* output", "codestral-* context", "perplexity/openai/gpt-6-sol and all vendor ids levels",
    "openai/gpt-6.2-sol provenance", "OpenAI GET /v1/models: shutdown_date (YYYY-MM-DD or null)",
    "OpenAI usage.input_tokens_details.cache_write_tokens_details.ttl_12h_tokens / ttl_30m_tokens",
    "OpenAI service tier ultrafast", "OpenAI incomplete_details.reason: max_messages, steered",
    "Gemini finishReason ESCALATION, PUP_LIMITED_DISABLED, NO_IMAGE",
}  # fmt: skip
"""The lines that are no number: what holds them is in `test_what_the_words_said_is_in_the_cards`."""


def reasons(kind: str) -> dict[str, str]:
    section = UNMENDED.section(kind)
    return {} if section is None else {pattern: section.text(pattern) or "" for pattern in section}


@each("kind", KINDS)
def test_each_line_is_mended_or_has_its_reason(kind: str) -> None:
    listed = reasons(kind)
    unexplained: list[str] = []
    used: set[str] = set()
    for line in COMPARED[kind]:
        name = name_of(kind, line)
        why = next((pattern for pattern in listed if fnmatchcase(name, pattern)), None)
        if is_mended(kind, line):
            continue
        if why is None:
            unexplained.append(name)
        else:
            used.add(why)
    assert unexplained == []
    assert set(listed) - used == set(), "mended since: the reason can go"
    assert all(len(why) > 10 for why in listed.values())


def test_every_model_of_importance_one_and_two_has_a_card() -> None:
    assert [name for name, importance, _ in COMPARED["missing"] if importance < 3 and not card_of(name).known] == []


def test_what_the_words_said_is_in_the_cards() -> None:
    from thinkdial.providers.think import Level

    assert (card_of("openai/chat-latest").context_tokens, card_of("openai/chat-latest").max_output_tokens) == (
        400_000, 128_000,
    )  # fmt: skip
    assert card_of("openai/gpt-4o-2024-05-13").max_output_tokens == 4096
    assert card_of("mistral/codestral-latest").context_tokens == 256_000
    assert card_of("deepseek/deepseek-flash").max_output_tokens == 393_216
    assert card_of("mistral/deepseek-v4-1-flash-1017").levels == (Level.LOW, Level.HIGH, Level.MAX)
    assert card_of("openrouter/openai/gpt-5.2-pro").levels == (Level.MEDIUM, Level.HIGH, Level.XHIGH)
    assert card_of("openrouter/openai/gpt-5.3-codex").can_be_off
    assert card_of("openrouter/anthropic/claude-opus-4.6").levels == (Level.LOW, Level.MEDIUM, Level.HIGH, Level.MAX)
    assert Level.MINIMAL not in card_of("openrouter/anthropic/claude-opus-4.8").levels
    assert card_of("mistral/mistral-large-4-0-8").levels == card_of("mistral/mistral-large-4").levels
    sol = card_of("openai/gpt-6.2-sol")
    assert "levels" not in sol.unverified and sol.sources[0].endswith("gpt-6.2-sol.md")
    for contested, fact in [
        ("mistral/mistral-large-latest", "control"), ("mistral/devstral-medium-latest", "control"),
        ("openai/gpt-5.6-cyber", "can_be_off"), ("openrouter/moonshotai/kimi-k3", "can_be_off"),
        ("zai/glm-4.5", "max_output_tokens"), ("perplexity/openai/gpt-6-sol", "levels"),
    ]:  # fmt: skip
        card = card_of(contested)
        assert fact in card.unverified and card.notes, contested


@each("name", load_builtin().profiles)
def test_a_built_in_profile_has_a_price_or_says_why_not(name: str) -> None:
    config = load_builtin()
    profile = config.profiles[name]
    provider = config.provider(profile.provider)
    price = list_price(provider.prices, profile.known_as or profile.model, AT)
    assert price is not None or provider.unpriced


def test_the_profile_that_shows_budgets_is_one_of_a_model_that_takes_them() -> None:
    config = load_builtin()
    cards = {name: config.card(profile) for name, profile in config.profiles.items()}
    taking = {name for name, card in cards.items() if card.budget is not None and card.control == "budget"}
    assert "claude-haiku-4-5" in taking
