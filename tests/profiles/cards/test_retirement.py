"""Retirement is a fact with consequences: told before the date, refused or re-routed by the provider's rule after."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from thinkdial.engine.lookups.known_models import ModelQuestion, find_models
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.targets.target import Target, refuse_ended, resolve
from thinkdial.profiles import facts
from thinkdial.profiles.card import ModelCard
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.profiles.cards.retirement import Retirement, listed_ends, read_ends, retirement_of
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.profiles.yaml_file import read_yaml
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

from ...cases import each

CONFIG = load_builtin()
ENVIRONMENT = {"AZURE_OPENAI_RESOURCE": "resource", "GOOGLE_CLOUD_PROJECT": "project"}
LISTED = {name: listed_ends(name) for name in facts.provider_names()}
RELEASE = date.fromisoformat(max(ends.checked_on for ends in LISTED.values()))
"""The day on which the retirements were looked up, which is that of the release."""
SHORTEST_DAYS = 60
FACTS = """
anthropic/claude-opus-4-5 anthropic/claude-opus-4-1 anthropic/claude-opus-4-0 anthropic/claude-sonnet-4-20250514
anthropic/claude-3-7-sonnet-latest anthropic/claude-3-5-haiku-latest anthropic/claude-3-opus-20240229
groq/llama-3.3-70b-versatile groq/llama-3.1-8b-instant moonshot/moonshot-v1-128k
moonshot/kimi-k2-0711-preview moonshot/kimi-k2-0905-preview moonshot/kimi-k2-turbo-preview moonshot/kimi-k2-thinking
moonshot/kimi-k2-thinking-turbo moonshot/kimi-k2.5 moonshot/kimi-k2.6 moonshot/kimi-k2.7-code
moonshot/kimi-k2.7-code-highspeed fireworks/gpt-oss-120b together/zai-org/GLM-5 together/zai-org/GLM-5.1
together/deepseek-ai/DeepSeek-V3.1 together/moonshotai/Kimi-K2.6 together/moonshotai/Kimi-K2.7-Code
together/Qwen/Qwen3.5-397B-A17B together/openai/gpt-oss-20b together/MiniMaxAI/MiniMax-M3
together/thinkingmachines/Inkling google-vertex/gemini-2.5-pro google-vertex/gemini-2.5-flash
google-vertex/gemini-2.5-flash-lite google/gemini-2.5-flash-image mistral/mistral-large-2512 mistral/mistral-medium-3-5
"""
"""Every model of the fourteen groups that were found without an end, or with another."""


def target(provider: str, model: str, today: date, **more: Any) -> Target:
    profile = Profile(name="old", provider=provider, model=model, **more)
    return resolve(profile, CONFIG, environment=ENVIRONMENT, today=today)


def end_of(name: str) -> Retirement | None:
    provider, _, model = name.partition("/")
    return retirement_of(provider, model, card_for(CONFIG.providers[provider], model))


@each("name", CONFIG.profiles)
def test_no_built_in_profile_ends_soon_after_the_release(name: str) -> None:
    profile = CONFIG.profiles[name]
    end = end_of(f"{profile.provider}/{profile.known_as or profile.model}")
    assert end is None or end.days_left(RELEASE) > SHORTEST_DAYS


def test_the_day_of_the_release_is_no_older_than_any_fact() -> None:
    checked = {card.checked_on or "" for name in facts.provider_names() for card in _cards(name)}
    assert max(checked) <= RELEASE.isoformat()


def _cards(provider: str) -> list[ModelCard]:
    return [card for file in facts.shipped_provider(provider).models for card in facts.cards(file)]


@each("name", FACTS.split())
def test_every_end_that_was_found_is_known_with_its_source(name: str) -> None:
    end = end_of(name)
    assert end is not None and end.sources
    assert end.on == "2026" or date(2026, 1, 1) < date.fromisoformat(end.on) < date(2028, 1, 1)


def test_listed_ends_are_about_providers_that_exist_and_name_models_that_are_served() -> None:
    assert sum(len(ends.listed) for ends in LISTED.values()) > 30
    for name, listed in ((name, listed) for name, ends in LISTED.items() for listed in ends.listed):
        if listed.retirement.successor is not None:
            assert card_for(CONFIG.providers[name], listed.retirement.successor).known, listed
            after = end_of(f"{name}/{listed.retirement.successor}")
            assert after is None or after.on > listed.retirement.on, listed


def test_a_cloud_has_dates_of_its_own() -> None:
    assert end_of("openai/gpt-5") is not None and end_of("azure/gpt-5") is None
    there, here = end_of("google-vertex/gemini-2.5-pro"), end_of("google/gemini-2.5-pro")
    assert there and here and there.then == "refused" and here.then == "rerouted"


def test_it_is_told_before_the_date() -> None:
    for days, words in ((1, "tomorrow"), (0, "today"), (30, "in 30 days")):
        found = target("google", "gemini-2.5-pro", date(2026, 12, 1) - timedelta(days))
        told = prepare(found, parse_think("high"), Prompt("hi"), CONFIG.reference).plan.notices
        assert [n.code for n in told if n.code.startswith("model_")] == ["model_ends"]
        assert words in told[0].message and "gemini-3.8-flash answers in its place" in told[0].message
        assert found.card.example == "gemini-2.5-pro"
    far = target("anthropic", "claude-opus-4-5", date(2026, 1, 1))
    assert not prepare(far, parse_think("high"), Prompt("hi"), CONFIG.reference).plan.notices


def test_a_rerouted_model_is_planned_as_what_answers() -> None:
    after = refuse_ended(target("google", "gemini-2.5-pro", date(2026, 12, 2)))
    made = prepare(after, parse_think("high"), Prompt("hi"), CONFIG.reference)
    assert after.card.example == "gemini-3.8-flash" and after.profile.known_as == "gemini-3.8-flash"
    thinking = {"includeThoughts": True, "thinkingLevel": "HIGH"}
    assert made.plan.native == {"generationConfig": {"thinkingConfig": thinking}}
    assert "models/gemini-2.5-pro:" in made.request.url
    assert made.plan.notices[0].code == "model_ended" and "gemini-3.8-flash" in made.plan.notices[0].message


def test_a_refused_model_stops_with_the_successor_s_name() -> None:
    gone = target("anthropic", "claude-opus-4-5", date(2027, 1, 23))
    with pytest.raises(ConfigError, match="claude-opus-4-5 stopped answering on 2027-01-22") as raised:
        refuse_ended(gone)
    assert raised.value.hint and "use model: claude-opus-5-5" in raised.value.hint
    assert refuse_ended(target("anthropic", "claude-opus-4-5", date(2027, 1, 22)))
    own = target("anthropic", "claude-opus-4-5", date(2027, 1, 23), base_url="http://127.0.0.1:9")
    assert refuse_ended(own) is own


def test_a_date_that_the_provider_does_not_confirm_is_told_and_stops_nothing() -> None:
    found = refuse_ended(target("moonshot", "kimi-k2.5", date(2026, 11, 30)))
    told = prepare(found, parse_think("high"), Prompt("hi"), CONFIG.reference).plan.notices
    words = next(notice.message for notice in told if notice.code == "model_ended")
    assert "is said to have stopped" in words and "does not confirm" in words and "kimi-k3" in words


def test_lists_of_models_tell_it() -> None:
    from datetime import UTC, datetime

    listed = find_models(ModelQuestion("gemini-2.5-pro", "google"), CONFIG, datetime(2026, 11, 30, tzinfo=UTC))
    assert listed[0].retirement and listed[0].retirement.on == "2026-12-01"
    gone = find_models(ModelQuestion(provider="deepseek"), CONFIG, datetime(2026, 11, 30, tzinfo=UTC))
    assert "deepseek-chat" not in {one.card.example for one in gone}


def test_mistakes_are_named_with_their_place() -> None:
    for text, words in (
        ("{match: x, sources: [y]}", "needs a provider, match, a day"),
        ("{match: x, retires: soon, sources: [y]}", "must be a day such as"),
        ("{match: x, retires: '2027-01-01', then: rerouted, sources: [y]}", "needs the successor"),
    ):
        with pytest.raises(ConfigError, match=words):
            read_ends(read_yaml(f"retirements: [{text}]", "f.yaml"), "openai")


def test_an_end_in_a_year_is_told_in_whole_words() -> None:
    today = date(2026, 12, 1)
    for end, said in (
        (Retirement("2026", "b"), "a stopped answering in 2026; use b"),
        (Retirement("2027", "b"), "a stops answering in 2027 (in 395 days); use b"),
        (Retirement("2025", "b", "rerouted"), "a ended in 2025: b answers in its place, at its own price"),
        (
            Retirement("2025", confirmed=False),
            "a is said to have stopped answering in 2025; its provider does not confirm the date",
        ),
    ):
        assert end.words("a", today) == said
