"""The rules of continuity: data that reads, with a source for each thing that it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.profiles import facts
from thinkdial.profiles.facts import packaged
from thinkdial.profiles.sections.section import Section
from thinkdial.profiles.state.rules import FILE, state_rule
from thinkdial.providers.registry import NAMES

from ..cases import each
from ..sources import is_source


def rules() -> Iterator[tuple[str, Section]]:
    """Every section that states a rule, by its way through the file."""
    root: Any = packaged(FILE)
    providers = root.section("providers")
    groups = {"dialects": root.section("dialects"), **{name: providers.section(name) for name in providers}}
    for group, section in groups.items():
        for name in section:
            rule = section.section(name)
            yield f"{group}/{name}", rule
            for number, one in enumerate(rule.sections("models")):
                yield f"{group}/{name}/{number}", one


RULES = dict(rules())


@each("way", RULES)
def test_a_rule_has_its_source(way: str) -> None:
    section = RULES[way]
    if "like" in section or way == "dialects/openai-chat":
        return
    listed = section.texts("sources")
    assert listed and all(is_source(one) for one in listed)


def test_rules_are_of_dialects_and_providers_that_exist() -> None:
    root = packaged(FILE)
    dialects: Any = root.section("dialects")
    assert set(dialects) == set(NAMES)
    named: Any = root.section("providers")
    for name in named:
        provider = facts.shipped_provider(name)
        assert set(named.section(name)) <= set(provider.dialects), name


def test_levels_replace_one_another_key_by_key() -> None:
    assert state_rule("openai", "openai-responses", "gpt-5.4").asks == {"include": ["reasoning.encrypted_content"]}
    assert state_rule("deepseek", "openai-responses", "deepseek-v4").asks == {}
    invoke = state_rule("bedrock", "bedrock-invoke", "anthropic.claude-opus-5-5")
    assert replace(invoke, place=None) == state_rule("azure", "anthropic-messages", "anthropic.claude-opus-5-5")
    assert state_rule("cerebras", "openai-chat", "zai-glm-4.7").reasoning_field == "tags"
    assert state_rule("cerebras", "openai-chat", "gpt-oss-120b").reasoning_field == "reasoning"


def test_a_host_without_a_rule_gets_back_what_it_sent() -> None:
    rule = state_rule("openai-compatible", "openai-chat", "some/model")
    assert (rule.is_known, rule.reasoning_field, rule.binds) == (False, "same", frozenset({"model"}))
    assert state_rule("nobody", "acme-speak", "m").is_known is False


@pytest.mark.parametrize(
    ("model", "demands"),
    [("gemini-3-flash-preview", True), ("models/gemini-4-argon", True), ("gemini-flash-latest", True),
     ("gemini-2.5-pro", False)],
)  # fmt: skip
def test_signatures_of_calls_are_demanded_from_gemini_3_on(model: str, demands: bool) -> None:
    rule = state_rule("google", "gemini-generate", model)
    assert (rule.calls == "demanded", rule.dummy is not None) == (demands, demands)
