"""The built-in profiles: one for every provider, of a known model, and each can be planned at every value."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from thinkdial.engine.lookups.refresh import READERS
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.think import parse_think

from ...cases import each
from .routes import ENVIRONMENT

CONFIG = load_builtin()
VALUES = ("auto", "off", "minimal", "low", "medium", "high", "xhigh", "max", "4000")


def test_every_provider_has_a_profile_and_the_names_stay() -> None:
    planned = {profile.provider for profile in CONFIG.profiles.values()}
    assert planned == set(facts.provider_names()) - {"openai-compatible"}  # which has no model of its own
    stay = "claude claude-sonnet claude-haiku gpt gpt-luna gpt-astra gemini gemini-flash claude-haiku-4-5"
    assert set(stay.split()) <= set(CONFIG.profiles)
    assert {"frontier", "quick"} <= set(CONFIG.groups)
    assert not set(CONFIG.groups) & set(CONFIG.profiles)


@each("name", CONFIG.profiles)
def test_a_profile_plans_without_surprise(name: str) -> None:
    target = resolve(CONFIG.profiles[name], CONFIG, environment=ENVIRONMENT)
    card = target.card
    assert card.known and target.spelling is not None
    assert card.retired is None or card.retired > (card.checked_on or "")
    for value in VALUES:
        prepared = prepare(target, parse_think(value), Prompt("hi"), CONFIG.reference)
        assert prepared.plan.fidelity != "unsupported"
        assert {notice.code for notice in prepared.plan.notices} <= {"think_clamped", "think_assumed"}
        assert urlsplit(prepared.request.url).hostname


@pytest.mark.parametrize("name, missing", [("azure", "resource"), ("vertex", "project"), ("vertex-claude", "project")])
def test_a_profile_that_needs_something_says_what(name: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"needs its {missing}") as raised:
        resolve(CONFIG.profiles[name], CONFIG, environment={})
    assert raised.value.hint and "endpoint" in raised.value.hint and "or set " in raised.value.hint


def test_a_model_of_another_vendor_is_called_on_its_own_dialect() -> None:
    for provider, model, dialect in (
        ("azure", "claude-opus-5-5", "anthropic-messages"),
        ("azure", "gpt-5.5-pro", "openai-responses"),
        ("google-vertex", "claude-opus-5-5", "anthropic-messages"),
        ("google-vertex", "gemini-2.5-pro", "gemini-generate"),
        ("bedrock", "anthropic.claude-sonnet-5-5", "anthropic-messages"),
    ):
        profile = Profile(name="test", provider=provider, model=model)
        assert resolve(profile, CONFIG, environment=ENVIRONMENT).dialect == dialect, model


def test_the_catalogues_are_those_that_can_be_read() -> None:
    found = {name: facts.shipped_provider(name).catalogue for name in facts.provider_names()}
    styles = {name: listed.style for name, listed in found.items() if listed is not None}
    assert set(styles.values()) - {"ollama"} == set(READERS)
    assert set(styles.values()) == set(facts.CATALOGUE_STYLES)
    least = "anthropic google xai openrouter ollama openai mistral groq together huggingface vercel bedrock vllm"
    assert set(least.split()) <= set(styles)
    anthropic = found["anthropic"]
    assert anthropic is not None
    assert (anthropic.path, anthropic.query) == ("/v1/models", {"limit": "1000"})
    assert anthropic.headers == {"anthropic-version": "2023-06-01"}
