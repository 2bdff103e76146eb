"""Which models a question means, and what one of them becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from thinkdial.engine.lookups.known_models import ModelQuestion, find_models, is_one_model, model_rows, model_sheet
from thinkdial.engine.planning.capability import DIAL
from thinkdial.providers.errors import UsageError
from thinkdial.providers.think import parse_think

from ..conftest import builtin

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def names(question: ModelQuestion) -> list[str]:
    return [one.card.example for one in find_models(question, builtin(), NOW)]


def test_a_part_of_a_name_finds_several_and_a_whole_id_one() -> None:
    assert len(names(ModelQuestion("claude"))) > 1
    found = find_models(ModelQuestion("claude-opus-5-5"), builtin(), NOW)
    assert found[0].provider.name == "anthropic" and is_one_model(found, "claude-opus-5-5")
    assert not is_one_model(find_models(ModelQuestion(), builtin(), NOW), None)


def test_a_question_narrows() -> None:
    everything = names(ModelQuestion(provider="openai", with_retired=True))
    assert set(names(ModelQuestion(provider="openai"))) <= set(everything)
    can_be_off = names(ModelQuestion(provider="openai", can=parse_think("off")))
    assert can_be_off and set(can_be_off) < set(everything)
    assert all(one.card.budget is not None for one in find_models(ModelQuestion(takes_budget=True), builtin(), NOW))
    cheap = model_rows(
        find_models(ModelQuestion(provider="openai", most_usd=Decimal(1)), builtin(), NOW), builtin(), NOW
    )
    assert cheap and all(row.price is not None and row.price.output_usd <= 1 for row in cheap)


def test_nothing_found_says_what_was_looked_for() -> None:
    with pytest.raises(UsageError, match="'nosuch'"):
        names(ModelQuestion("nosuch"))


def test_a_sheet_translates_the_whole_dial_on_each_dialect() -> None:
    found = find_models(ModelQuestion("gpt-6-sol", "openai"), builtin(), NOW)
    sheet = model_sheet(found, "gpt-6-sol", builtin(), NOW)
    assert [dial.dialect for dial in sheet.dials] == ["openai-responses", "openai-chat"]
    for dial in sheet.dials:
        assert tuple(row.think for row in dial.rows) == DIAL
        assert any(row.native for row in dial.rows)


@pytest.mark.parametrize(
    "model, vendor",
    [("gpt-6.2-sol", "openai"), ("claude-opus-5", "anthropic"), ("gemini-4-argon", "google"), ("grok-4.7", "xai")],
)
def test_the_vendor_comes_before_whoever_resells_its_models(model: str, vendor: str) -> None:
    found = find_models(ModelQuestion(model), builtin(), NOW)
    assert found[0].provider.name == vendor and len(found) > 1
