"""The rules of prompt caches: data that reads, each with its source."""

from __future__ import annotations

from typing import Any

from thinkdial.profiles import facts
from thinkdial.profiles.facts import packaged
from thinkdial.profiles.state.caches import FILE, CacheRule, cache_rule
from thinkdial.providers.registry import NAMES

from ..cases import each
from ..sources import is_source


def test_every_rule_has_a_source_and_names_what_there_is() -> None:
    root: Any = packaged(FILE)
    groups = {"dialects": root.section("dialects")}
    groups |= {name: root.section("providers").section(name) for name in root.section("providers")}
    assert {*groups} <= {"dialects", *facts.providers()}
    for group in groups.values():
        for name in group:
            assert name in NAMES
            rule = group.section(name)
            if "like" in rule:
                continue
            listed = [*rule.texts("sources"), *(s for one in rule.sections("models") for s in one.texts("sources"))]
            assert listed and all(map(is_source, listed))


@each(
    ("provider", "dialect", "model", "least"),
    [
        ("anthropic", "anthropic-messages", "claude-opus-5-5", 1024),
        ("anthropic", "anthropic-messages", "claude-haiku-4-5-20251001", 4096),
        ("google-vertex", "anthropic-messages", "publishers/anthropic/models/claude-opus-4-6", 4096),
        ("bedrock", "bedrock-invoke", "us.anthropic.claude-sonnet-5-5", 1024),
        ("bedrock", "bedrock-converse", "us.anthropic.claude-opus-4-5-20251101-v1:0", 4096),
        ("openrouter", "openai-chat", "anthropic/claude-opus-5.5", 1024),
    ],
)
def test_claude_is_marked_wherever_it_is(provider: str, dialect: str, model: str, least: int) -> None:
    rule = cache_rule(provider, dialect, model)
    assert rule.mark and rule.caches and rule.think_loses and rule.least_tokens == least
    assert rule.mark_is_block is (dialect == "bedrock-converse")


def test_what_nobody_described_is_not_known_to_cache() -> None:
    assert cache_rule("openai-compatible", "openai-chat", "x") == CacheRule()
    assert not cache_rule("deepseek", "anthropic-messages", "deepseek-v4").mark
    assert not cache_rule("bedrock", "bedrock-converse", "openai.gpt-oss-120b").caches
