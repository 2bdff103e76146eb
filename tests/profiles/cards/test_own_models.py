"""`models` of the configuration: a card or a price for any provider, field by field, checked like the shipped ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.engine.lookups.known_models import ModelQuestion, find_models, model_rows, model_sheet
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.planning.think_plan import ThinkPlan
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import Config
from thinkdial.profiles.price_list import price_for
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

Written = Callable[[str], Config]
NOW = datetime(2026, 11, 30, tzinfo=UTC)
ACME = """
providers:
  acme:
    base_url: http://127.0.0.1:9/v1
    dialects: {openai-chat: {}, openai-responses: {}}
    unknown_model: {control: none}
models:
  acme/rocket-1: {levels: [low, max], can_be_off: true, absent: "off", price: {input: 1, output: 2}}
  acme/rocket-2: {control: switch, can_be_off: true, dialects: [openai-chat]}
  acme/rocket-3: {like: rocket-1, can_be_off: false, absent: low}
  acme/plain-*: {control: none}
"""


def planned(config: Config, provider: str, model: str, think: str, **more: Any) -> ThinkPlan:
    target = resolve(Profile(name="p", provider=provider, model=model, **more), config, today=NOW.date())
    return prepare(target, parse_think(think), Prompt("hi"), config.reference).plan


def test_a_model_that_came_out_yesterday(written: Written) -> None:
    config = written("models: {openai/gpt-7: {levels: [low, high], can_be_off: true, price: {input: 3, output: 9}}}\n")
    made = planned(config, "openai", "gpt-7", "high")
    assert made.fidelity == "exact" and made.native == {"reasoning": {"effort": "high", "summary": "auto"}}
    assert planned(config, "openai", "gpt-7", "off").native == {"reasoning": {"effort": "none"}}
    assert planned(config, "openai", "gpt-7", "max").fidelity == "clamped"
    price = price_for(config.prices, "openai", "gpt-7")
    assert price is not None and price.output == Decimal(9)
    without = planned(written("{}"), "openai", "gpt-7", "high")
    assert without.fidelity == "assumed"


def test_a_shipped_card_is_corrected_field_by_field(written: Written) -> None:
    config = written("models: {anthropic/claude-opus-5-5: {levels: [low, high], max_output_tokens: 64000}}\n")
    target = resolve(Profile(name="p", provider="anthropic", model="claude-opus-5-5"), config)
    assert [level.value for level in target.card.levels] == ["low", "high"]
    assert target.card.max_output_tokens == 64000 and target.card.context_tokens == 1_000_000
    assert target.card.sources[-1].endswith(":1") and target.card.known


def test_the_nearest_name_goes_before_patterns_and_later_files_before_earlier(files: Any) -> None:
    config = files.load(
        user="models: {openai/gpt-*: {max_output_tokens: 1000}, openai/gpt-5.4: {max_output_tokens: 2000}}\n",
        option="models: {openai/gpt-5.4: {context_tokens: 5000}}\n",
    )
    one = resolve(Profile(name="p", provider="openai", model="gpt-5.4"), config).card
    assert (one.max_output_tokens, one.context_tokens) == (2000, 5000)
    assert resolve(Profile(name="p", provider="openai", model="gpt-5.5"), config).card.max_output_tokens == 1000


def test_a_provider_of_one_s_own_has_several_cards(written: Written) -> None:
    config = written(ACME)
    assert planned(config, "acme", "rocket-1", "max").native == {"reasoning_effort": "max"}
    assert planned(config, "acme", "rocket-1", "off").fidelity == "exact"
    assert planned(config, "acme", "rocket-1", "low", dialect="openai-responses").native["reasoning"]["effort"] == "low"
    assert "chat_template_kwargs" in planned(config, "acme", "rocket-2", "high").native
    third = planned(config, "acme", "rocket-3", "off")
    assert third.fidelity == "clamped" and third.native == {"reasoning_effort": "low"}
    assert planned(config, "acme", "plain-7", "off").fidelity == "exact"


def test_what_is_not_said_of_an_unknown_model_stays_assumed(written: Written) -> None:
    config = written("models: {openai/gpt-7: {max_output_tokens: 9000}}\n")
    made = planned(config, "openai", "gpt-7", "high")
    assert made.fidelity == "assumed" and made.notices[0].code == "think_assumed"


def test_models_lists_and_shows_them(written: Written) -> None:
    config = written(ACME)
    rows = model_rows(find_models(ModelQuestion(provider="acme"), config, NOW), config, NOW)
    assert [row.card.example for row in rows] == ["rocket-1", "rocket-2", "rocket-3"]
    assert rows[0].price is not None and rows[0].price.output_usd == 2
    sheet = model_sheet(find_models(ModelQuestion("rocket-1", "acme"), config, NOW), "rocket-1", config, NOW)
    assert sheet.model == "rocket-1" and [table.dialect for table in sheet.dials] == ["openai-chat", "openai-responses"]


@pytest.mark.parametrize(
    "text, words",
    [
        ("gpt-7: {levels: [low]}", "must be provider/model"),
        ("opnai/gpt-7: {levels: [low]}", "'opnai' is not a provider (did you mean openai"),
        ("openai/gpt-7: {}", "is empty"),
        ("openai/gpt-7: {level: [low]}", "unknown key models.openai/gpt-7.level"),
        ("openai/gpt-7: {levels: [low, lowest]}", "'lowest' is not a level"),
        ("openai/gpt-7: {levels: [high, low]}", "rising order"),
        ("openai/gpt-7: {match: x}", "unknown key"),
        ("openai/gpt-7: {spelling: {openai-chat: nonsense}}", "is not a spelling"),
        ("openai/gpt-7: {price: {input: 1}}", "needs input and output"),
        ("openai/gpt-7: {retires: soon}", "must be a day"),
        ("openai/gpt-7: {budget: {min: 5, max: 1}}", "min not above max"),
    ],
)
def test_mistakes_are_found_when_the_file_is_read(written: Written, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        written(f"models:\n  {text}\n")
    assert words in raised.value.message.replace("?", "") and "config.yaml:2" in raised.value.message


@pytest.mark.parametrize(
    "fields, words",
    [
        ("{control: effort, levels: []}", "effort needs levels"),
        ("{control: budget}", "needs a budget with min and max"),
        ('{absent: "off"}', "can_be_off must be true"),
        ("{absent: max, levels: [low]}", "which is none of its levels"),
        ("{context_tokens: 10, max_output_tokens: 20}", "more than context_tokens"),
        ("{like: gpt-77}", "'gpt-77' is not a known model here"),
    ],
)
def test_facts_that_cannot_all_be_true_are_refused(written: Written, fields: str, words: str) -> None:
    config = written(f"models: {{openai/gpt-7: {fields}}}\n")
    with pytest.raises(ConfigError, match=words):
        planned(config, "openai", "gpt-7", "high")


def test_where_nobody_knows_the_words_they_have_to_be_named(written: Written) -> None:
    config = written("models: {bedrock/newvendor.model-1: {levels: [low, high]}}\n")
    with pytest.raises(ConfigError, match="needs spelling"):
        planned(config, "bedrock", "newvendor.model-1", "high")


def test_a_project_file_needs_trust_for_it(files: Any) -> None:
    with pytest.raises(ConfigError, match="only after you have vouched") as raised:
        files.load(project="models: {openai/gpt-7: {levels: [low]}}\n")
    assert raised.value.hint and "profiles trust" in raised.value.hint


@pytest.mark.parametrize(
    "thinking, dialect, native",
    [
        ("{control: effort, levels: [low, high]}", "openai-chat", {"reasoning_effort": "high"}),
        ("{control: effort, levels: [low, high]}", "openai-responses",
         {"reasoning": {"effort": "high", "summary": "auto"}}),
        ("{control: effort, levels: [high]}", "anthropic-messages",
         {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}),
        ("{control: budget, budget: {min: 1024, max: 32000}}", "anthropic-messages",
         {"thinking": {"type": "enabled", "budget_tokens": 16384, "display": "summarized"}}),
        ("{control: switch}", "openai-chat", {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}}),
    ],
)  # fmt: skip
def test_levels_without_fields_are_spelled_as_the_dialect_usually_does(
    written: Written, thinking: str, dialect: str, native: dict[str, Any]
) -> None:
    config = written(
        "profiles: {own: {provider: openai-compatible, base_url: http://127.0.0.1:9/v1, model: x, "
        f"dialect: {dialect}, thinking: {thinking}}}}}\n"
    )
    target = resolve(config.profiles["own"], config)
    made = prepare(target, parse_think("high"), Prompt("hi"), config.reference).plan
    assert made.native == native and made.fidelity in ("exact", "mapped", "clamped")
