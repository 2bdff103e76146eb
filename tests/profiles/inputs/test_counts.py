"""What files count, against what providers were recorded to count."""

from __future__ import annotations

from thinkdial.profiles.inputs.counts import counted_tokens
from thinkdial.profiles.inputs.rules import input_rule

from ...cases import each

ANTHROPIC, RESPONSES, GEMINI = "anthropic-messages", "openai-responses", "gemini-generate"


@each(
    "provider, dialect, model, kind, measures, tokens",
    [
        ("anthropic", ANTHROPIC, "claude-opus-4-7", "image", {"width": 1800, "height": 1200}, 65 * 43),
        ("openai", RESPONSES, "gpt-4o", "image", {"width": 640, "height": 480}, 425),
        ("openai", RESPONSES, "gpt-5", "image", {"width": 640, "height": 480}, 350),
        ("google", GEMINI, "gemini-2.5-flash", "image", {"width": 1800, "height": 1200}, 1806),
        ("google", GEMINI, "gemini-2.5-flash", "image", {"width": 640, "height": 480}, 258),
        ("google", GEMINI, "gemini-2.5-flash", "pdf", {"pages": 3}, 774),
        ("google", GEMINI, "gemini-3-pro-preview", "audio", {"seconds": 5.5}, 138),
        ("mistral", "mistral-chat", "voxtral-small-latest", "audio", {"seconds": 2}, 375),
        ("openai", RESPONSES, "gpt-6.1-sol", "image", {"width": 640, "height": 480}, None),
        ("google", GEMINI, "gemini-2.5-flash", "pdf", {}, None),
    ],
)
def test_counts_are_as_recorded(
    provider: str, dialect: str, model: str, kind: str, measures: dict[str, float], tokens: int | None
) -> None:
    assert counted_tokens(input_rule(provider, dialect, model).tokens.get(kind), measures) == tokens


def test_a_large_image_stays_under_the_limit_of_its_tier() -> None:
    rule = input_rule("anthropic", ANTHROPIC, "claude-sonnet-4-6").tokens["image"]
    assert 1400 < (counted_tokens(rule, {"width": 1800, "height": 1200}) or 0) <= 1568
    assert (counted_tokens(rule, {"width": 8000, "height": 8000}) or 0) <= 1568


def test_every_kind_that_is_taken_has_a_form() -> None:
    for provider, dialect, model in (
        ("anthropic", ANTHROPIC, "claude-opus-5-5"), ("openai", RESPONSES, "gpt-5"),
        ("google", GEMINI, "gemini-4-argon"),
        ("mistral", "mistral-chat", "mistral-large-latest"), ("bedrock", "bedrock-converse", "us.anthropic.claude-x"),
        ("openai", "openai-chat", "gpt-audio"), ("cohere", "cohere-chat", "command-a-vision-07-2025"),
    ):  # fmt: skip
        rule = input_rule(provider, dialect, model)
        assert any(rule.takes.values())
        assert {kind for kind, taken in rule.takes.items() if taken} <= rule.forms.keys()
        assert rule.sources


def test_a_stranger_is_neither_known_to_take_nor_to_refuse() -> None:
    rule = input_rule("openai-compatible", "openai-chat", "newcomer-9")
    assert rule.takes == {}
    assert "image" in rule.forms
