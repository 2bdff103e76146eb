"""The model cards: every id that the vendors name finds exactly one; each cites its sources and is consistent."""

from __future__ import annotations

from datetime import date

import pytest

from thinkdial.engine.planning.plan import level_rank
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.cards.resolution import card_for

from ...cases import each
from ...sources import is_source
from .routes import PROVIDERS

IDS = {
    "openai": """
        gpt-6.2-sol gpt-6.1-sol gpt-6.1-terra gpt-6-astra gpt-6-astra-law gpt-6-sol gpt-6-luna gpt-6-rosalind
        gpt-6-sol-2026-09-01 gpt-5.6 gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.6-cyber gpt-5.5 gpt-5.5-pro
        gpt-5.5-2026-04-23 gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.4-pro chat-latest gpt-5.3-chat-latest
        gpt-5.2-chat-latest gpt-5.1-chat-latest gpt-5.3-codex gpt-5.2 gpt-5.2-pro gpt-5.2-codex gpt-5.1
        gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-codex-mini gpt-5 gpt-5-mini gpt-5-nano gpt-5-pro gpt-5-codex
        gpt-5-chat-latest gpt-5-2025-08-07 o3 o3-pro o3-2025-04-16 o4-mini o3-mini o1 o1-pro gpt-4.1 gpt-4.1-mini
        gpt-4.1-nano gpt-4o gpt-4o-mini gpt-4o-2024-08-06 gpt-4o-2024-05-13
    """,
    "anthropic": """
        claude-fable-5-2 claude-mythos-5-2 claude-fable-5-1 claude-mythos-5-1 claude-fable-5 claude-mythos-5
        claude-mythos-preview claude-opus-5-5 claude-sonnet-5-5 claude-haiku-5-5 claude-opus-5 claude-sonnet-5
        claude-opus-4-8 claude-opus-4-7 claude-opus-4-6 claude-sonnet-4-6 claude-opus-4-5 claude-opus-4-5-20251101
        claude-sonnet-4-5 claude-sonnet-4-5-20250929 claude-haiku-4-5 claude-haiku-4-5-20251001 claude-opus-4-1
        claude-opus-4-1-20250805 claude-opus-4-0 claude-opus-4-20250514 claude-sonnet-4-0 claude-sonnet-4-20250514
        claude-3-7-sonnet-latest claude-3-7-sonnet-20250219 claude-3-5-haiku-20241022 claude-3-5-sonnet-latest
        claude-3-opus-20240229 claude-3-haiku-20240307
    """,
    "google": """
        gemini-4-neon gemini-4-hydrogen gemini-4-carbon gemini-4-argon gemini-4-argon-cyber-permissive
        gemini-3.8-flash gemini-3.7-flash gemini-3.6-flash gemini-3.5-flash gemini-3.5-flash-lite
        gemini-3.1-pro-preview gemini-3.1-pro-preview-customtools gemini-3.1-flash-lite gemini-3.1-flash-lite-preview
        gemini-3.1-flash-lite-image gemini-3.1-flash-image gemini-3.1-flash-image-preview gemini-3-flash-preview
        gemini-3-pro-preview gemini-3-pro-image gemini-3-pro-image-preview gemini-2.5-pro gemini-2.5-flash
        gemini-2.5-flash-lite gemini-2.5-flash-image gemini-2.0-flash gemini-2.0-flash-lite gemini-2.0-flash-001
        gemini-1.5-pro gemini-1.5-flash gemini-flash-latest gemini-flash-lite-latest gemini-pro-latest
        gemma-4-31b-it gemma-4-26b-a4b-it gemma-3-27b-it gemma-3n-e4b-it gemma-2-9b-it
    """,
}
NAMED = [(provider, model) for provider, models in IDS.items() for model in models.split()]


def cards(provider: str) -> list[ModelCard]:
    return [card for file in facts.providers()[provider].models for card in facts.cards(file)]


CARDS = [(provider, card) for provider in facts.provider_names() for card in cards(provider)]


def test_every_named_id_finds_exactly_one_card() -> None:
    for provider, model in NAMED:
        assert len([card for card in cards(provider) if card.matches(model)]) == 1, model
        assert card_for(facts.providers()[provider], model).known


def test_every_example_finds_its_own_card_and_no_other() -> None:
    for provider, card in CARDS:
        assert [other for other in cards(provider) if other.matches(card.example)] == [card]


@each(
    "provider, short, longer",
    [
        ("anthropic", "claude-sonnet-5", "claude-sonnet-5-5"),
        ("anthropic", "claude-opus-5", "claude-opus-5-5"),
        ("anthropic", "claude-fable-5", "claude-fable-5-2"),
        ("anthropic", "claude-opus-4-20250514", "claude-opus-4-1"),
        ("openai", "gpt-5", "gpt-5.6"),
        ("openai", "gpt-5", "gpt-5-mini"),
        ("openai", "gpt-6-sol", "gpt-6.1-sol"),
        ("openai", "o3", "o3-pro"),
        ("openai", "gpt-5.5", "gpt-5.5-pro"),
        ("google", "gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("google", "gemini-4-argon", "gemini-4-argon-cyber-permissive"),
    ],
)
def test_a_name_does_not_match_longer_ones(provider: str, short: str, longer: str) -> None:
    card = card_for(facts.providers()[provider], short)
    assert card.matches(short) and not card.matches(longer)
    assert card_for(facts.providers()[provider], longer) != card


@pytest.mark.parametrize(
    "model", ["gpt-6-sol-ultra", "xgpt-5", "claude-sonnet-5-55", "gemini-2.5-flash-tts", "gpt-4o-ultra"]
)
def test_a_name_that_nobody_knows_finds_the_stand_in(model: str) -> None:
    for provider in PROVIDERS:
        assert not card_for(facts.providers()[provider], model).known


def test_the_models_prefix_of_google_is_no_part_of_the_name() -> None:
    google = facts.providers()["google"]
    assert card_for(google, "models/gemini-2.5-pro") == card_for(google, "gemini-2.5-pro")


def test_every_card_cites_and_dates_its_facts() -> None:
    for _, card in CARDS:
        assert card.sources and all(map(is_source, card.sources)), card.example
        assert date.fromisoformat(card.checked_on or "") <= date(2026, 12, 31)
        assert all(date.fromisoformat(day) for day in (card.retires, card.retired) if day is not None)
        assert card.retires is None or card.retires >= (card.checked_on or ""), card.example


def test_every_provider_cites_its_facts() -> None:
    for name, provider in facts.providers().items():
        assert provider.sources and all(map(is_source, provider.sources)), name


def test_no_card_contradicts_itself() -> None:
    for provider, card in CARDS:
        spoken = facts.providers()[provider].dialects
        if provider not in ("azure", "google-vertex", "sglang"):  # these share the cards of others
            assert set(card.dialects) <= set(spoken) and set(card.spelling) <= set(spoken), card.example
        assert not card.dialects or (set(card.dialects) & set(spoken) and set(card.spelling) <= set(card.dialects))
        assert [level_rank(level) for level in card.levels] == sorted({level_rank(level) for level in card.levels})
        match card.control:
            case "effort":
                assert card.levels and card.spelling
            case "budget":
                assert card.budget and not card.levels and card.spelling
            case "fixed":
                assert not card.levels and not card.budget and not card.can_be_off
            case "none":
                assert not card.levels and not card.budget and not card.spelling and card.visibility == "none"
            case "switch":
                assert not card.levels and not card.budget and provider not in PROVIDERS
        if card.absent == "off":
            assert card.can_be_off, card.example
        assert card.absent in (None, "on", "off", *card.levels), card.example
        if card.budget and card.budget.below_output_limit:
            assert card.max_output_tokens and card.budget.max < card.max_output_tokens
        assert (card.max_output_tokens or 0) <= (card.context_tokens or 10**9)
        if provider == "openai":
            assert card.min_output_limit == 16
