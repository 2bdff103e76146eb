"""An id is resolved by its parts: the vendor's family speaks through the host's route and in the host's spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.targets.target import resolve, select
from thinkdial.profiles import facts
from thinkdial.profiles.cards.resolution import card_for
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

from ...cases import each

CONFIG = load_builtin()
ENVIRONMENT = {"AZURE_OPENAI_RESOURCE": "resource", "GOOGLE_CLOUD_PROJECT": "project"}
CLAUDE = {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}
ARN = "arn:aws:bedrock:eu-west-1:123456789012:"


def planned(provider: str, model: str, think: str = "high", **more: Any) -> Prepared:
    profile = Profile(name="test", provider=provider, model=model, **more)
    target = resolve(profile, CONFIG, environment=ENVIRONMENT)
    return prepare(target, parse_think(think), Prompt("hi"), CONFIG.reference)


@pytest.mark.parametrize(
    "provider, model, path",
    [
        ("google-vertex", "claude-opus-6", "/publishers/anthropic/models/claude-opus-6:streamRawPredict"),
        ("google-vertex", "claude-opus-6@20270101", "/models/claude-opus-6@20270101:streamRawPredict"),
        ("google-vertex", "publishers/anthropic/models/claude-opus-6", "/models/claude-opus-6:streamRawPredict"),
        ("azure", "claude-opus-6", "services.ai.azure.com/anthropic/v1/messages"),
        ("anthropic", "claude-opus-6", "api.anthropic.com/v1/messages"),
    ],
)
def test_a_new_claude_goes_to_the_claude_route_with_its_fields(provider: str, model: str, path: str) -> None:
    made = planned(provider, model)
    assert made.request.url.endswith(path)
    assert made.plan.native == CLAUDE and made.plan.fidelity == "assumed"


@pytest.mark.parametrize(
    "model",
    ["anthropic.claude-opus-6", "us.anthropic.claude-opus-6-v1:0", "in.anthropic.claude-opus-6",
     f"{ARN}inference-profile/global.anthropic.claude-opus-6-v1:0", f"{ARN}foundation-model/anthropic.claude-opus-6"],
)  # fmt: skip
def test_a_new_claude_on_bedrock_has_claude_s_fields_in_converse(model: str) -> None:
    made = planned("bedrock", model)
    assert made.plan.native == {"additionalModelRequestFields": CLAUDE} and made.plan.fidelity == "assumed"
    assert not json.loads(made.request.body).get("inferenceConfig", {}).get("temperature")
    route = planned("bedrock", model, dialect="anthropic-messages")
    assert route.plan.native == CLAUDE


@each(
    "provider, written, card",
    [
        ("bedrock", f"{ARN}inference-profile/us.anthropic.claude-opus-4-8", "global.anthropic.claude-opus-4-8"),
        ("bedrock", "in.anthropic.claude-opus-5", "global.anthropic.claude-opus-5"),
        ("google", "models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("google-vertex", "gemini-4-argon@001", "gemini-4-argon"),
        ("google-vertex", "publishers/google/models/gemini-4-argon", "gemini-4-argon"),
        ("openrouter", "openai/gpt-5.1:nitro", "openai/gpt-5.1"),
    ],
)
def test_the_same_model_in_other_words_has_the_same_card(provider: str, written: str, card: str) -> None:
    found = card_for(CONFIG.providers[provider], written)
    assert found.known and found.example == card and found.basis is None


@each(
    "provider, written, told",
    [
        ("openai", "gpt-6-sol-latest", "taken for gpt-6-sol (what latest points at may change)"),
        ("google-vertex", "claude-opus-5@20260701", "taken for claude-opus-5 (snapshot 20260701)"),
        ("openai", "acme/gpt-6-sol", "taken for gpt-6-sol (published by acme)"),
        ("openai", "ft:gpt-4.1-mini:acme::1", "taken for gpt-4.1-mini (fine-tuned)"),
        ("google-vertex", "claude-sonnet-4", "taken for anthropic's claude-sonnet-4"),
        ("openrouter", "~anthropic/claude-verse-latest", "taken for one of anthropic's usual models"),
        ("huggingface", "zai-org/GLM-5.1:novita", "taken for zai's GLM-5.1 (answered by novita)"),
        ("fireworks", "accounts/fireworks/models/glm-4p6", "taken for zai's glm-4.6"),
        ("ollama", "qwen3:30b-a3b-instruct", "taken for qwen's qwen3-30b-a3b-instruct (tagged 30b-a3b-instruct)"),
    ],
)
def test_what_an_id_was_taken_for_is_said(provider: str, written: str, told: str) -> None:
    found = card_for(CONFIG.providers[provider], written)
    assert not found.known and found.basis == told
    for think in ("off", "low", "high", "4000"):
        made = planned(provider, written, think).plan
        assert made.fidelity not in ("exact", "mapped")
        assert [notice.message for notice in made.notices if notice.code == "unknown_model"] == [
            f"{written} is not a known model; {told}"
        ]


@each(
    "provider, model",
    [
        ("openai", "gpt-4-turbo"),
        ("openai", "gpt-3.5-turbo"),
        ("openrouter", "openai/gpt-4-turbo:batch"),
        ("openrouter", "meta-llama/llama-4-maverick"),
        ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ("together", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
        ("bedrock", "us.meta.llama3-3-70b-instruct-v1:0"),
        ("bedrock", "amazon.nova-micro-v1:0"),
        ("huggingface", "meta-llama/Llama-3.1-8B-Instruct:cerebras"),
        ("ollama", "llama3.2:3b"),
        ("groq", "moonshotai/kimi-k2-instruct-0905"),
    ],
)
def test_models_that_do_not_reason_get_no_reasoning_field(provider: str, model: str) -> None:
    for think in ("auto", "off", "low", "max", "4000"):
        made = planned(provider, model, think).plan
        assert made.native == {} and made.thinks is False
    known = card_for(CONFIG.providers[provider], model).known
    assert planned(provider, model, "off").plan.fidelity == ("exact" if known else "assumed")


@pytest.mark.parametrize(
    "model", ["newvendor.thing-1-v1:0", f"{ARN}application-inference-profile/a1b2", f"{ARN}provisioned-model/x1"]
)
def test_nothing_is_claimed_of_a_model_about_which_nothing_is_known(model: str) -> None:
    for think in ("off", "high", "4000"):
        made = planned("bedrock", model, think).plan
        said = " ".join([made.note or "", *(notice.message for notice in made.notices)])
        assert made.native == {} and made.fidelity == "unsupported" and made.thinks is None
        assert "always thinks" not in said and "not known" in said
    assert planned("bedrock", model, "high", known_as="global.anthropic.claude-opus-5").plan.fidelity == "exact"


def test_a_deployment_is_what_the_profile_says_it_is() -> None:
    unknown = planned("azure", "team-blue").plan
    assert unknown.fidelity == "assumed" and "known_as" in unknown.notices[0].message
    assert planned("azure", "team-blue", known_as="claude-opus-4-8").plan.native == CLAUDE


@each(
    "written, model, think",
    [
        ("google-vertex/gemini-3.5-flash@001", "gemini-3.5-flash@001", None),
        ("google-vertex/gemini-3.5-flash@001@low", "gemini-3.5-flash@001", "low"),
        ("google-vertex/claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929", None),
        ("google-vertex/claude-opus-5@default", "claude-opus-5@default", None),
        ("openrouter/@cf/meta/llama-4", "@cf/meta/llama-4", None),
        ("openrouter/@cf/meta/llama-4@4000", "@cf/meta/llama-4", "4000"),
        ("openai/gpt-6-sol@0", "gpt-6-sol", "off"),
    ],
)
def test_an_at_sign_is_the_dial_only_before_a_dial_value(written: str, model: str, think: str | None) -> None:
    chosen = select([written], CONFIG)[0]
    assert chosen.profile.model == model
    assert (None if chosen.think is None else str(chosen.think)) == think


def test_every_vendor_names_cards_that_exist_and_every_host_s_words_are_spellings() -> None:
    from thinkdial.profiles.cards.vendors import vendors

    makers = vendors()
    assert {maker.cards for maker in makers.listed.values() if maker.cards} <= set(facts.provider_names())
    for provider in facts.providers().values():
        assert set(provider.speaks) <= {*makers.listed, "*"}
        for words in provider.speaks.values():
            assert set(words.dialects) <= set(provider.dialects)
            assert {name for by in words.dialects.values() for name in by.values()} <= set(facts.spellings())
    for line in makers.lines:
        assert line.matches(line.example) and line.sources and line.checked_on is not None
