"""How routes are told of functions, and what is left of a choice beside thinking."""

from __future__ import annotations

import pytest

from thinkdial.engine.tools.definitions import Tool
from thinkdial.engine.tools.request import NoToolsError, ToolsPlan, ToolsRoute, plan_tools
from thinkdial.engine.tools.toolset import resolved_tools, tools_said, wish_document, wish_from
from thinkdial.providers.schema import Json

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 2}, "days": {"type": "integer"}},
    "required": ["city"],
}
STRICT = Tool("weather", "Tells it.", SCHEMA, strict=True)
LOOSE = Tool("weather", "Tells it.", SCHEMA)


def planned(
    provider: str, dialect: str, model: str, choice: str = "auto", *,
    tool: Tool = LOOSE, thinks: bool | None = True, asked: bool = True, thinking: Json | None = None,
) -> ToolsPlan:  # fmt: skip
    route = ToolsRoute(provider, dialect, model, thinking or {}, thinks, asked)
    return plan_tools(resolved_tools([tool], choice, "x"), route)


def test_each_wire_has_its_own_form() -> None:
    flat = planned("openai", "openai-responses", "gpt-6-sol").native["tools"][0]
    assert (flat["parameters"], flat["strict"]) == (SCHEMA, False), "left out it would be strict"
    assert planned("groq", "openai-chat", "x").native["tools"][0]["function"] == {
        "name": "weather", "description": "Tells it.", "parameters": SCHEMA,
    }  # fmt: skip
    assert planned("anthropic", "anthropic-messages", "claude-opus-5").native == {
        "tools": [{"name": "weather", "description": "Tells it.", "input_schema": SCHEMA}]
    }
    google = planned("google", "gemini-generate", "gemini-4-argon")
    assert google.native["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]["properties"]["city"] == {
        "type": "string", "description": "minLength: 2",
    }  # fmt: skip
    amazon = planned("bedrock", "bedrock-converse", "amazon.nova-2-lite", "required").native["toolConfig"]
    assert amazon["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    assert amazon["toolChoice"] == {"any": {}}


def test_a_strict_function_is_rewritten_and_told() -> None:
    plan = planned("openai", "openai-responses", "gpt-6-sol", tool=STRICT)
    sent = plan.native["tools"][0]
    assert sent["strict"] is True
    assert sent["parameters"]["required"] == ["city", "days"]
    assert sent["parameters"]["additionalProperties"] is False
    assert {change.kind for change in plan.sent[0].changes} == {"described", "closed", "required"}
    assert "calls are held against the one that was meant" in plan.notices[0].message
    ollama = planned("ollama", "ollama-chat", "x", tool=STRICT)
    assert any("no word for strict" in notice.message for notice in ollama.notices)


def test_what_wins_where_a_demanded_call_and_thinking_exclude_each_other() -> None:
    cases = [
        # route, thinks, thinking asked for, the choice that is sent
        (("anthropic", "anthropic-messages", "claude-opus-5-5"), True, True, "auto"),
        (("anthropic", "anthropic-messages", "claude-opus-5-5"), False, False, "auto"),
        (("anthropic", "anthropic-messages", "claude-opus-5"), True, True, "auto"),
        (("anthropic", "anthropic-messages", "claude-opus-5"), True, False, "weather"),
        (("anthropic", "anthropic-messages", "claude-opus-5"), False, False, "weather"),
        (("anthropic", "anthropic-messages", "claude-sonnet-4-5"), True, False, "auto"),
        (("anthropic", "anthropic-messages", "claude-sonnet-4-5"), False, False, "weather"),
        (("deepseek", "openai-chat", "deepseek-v4-pro"), True, True, "auto"),
        (("deepseek", "openai-chat", "deepseek-v4-pro"), False, False, "weather"),
        (("openai", "openai-responses", "gpt-6-sol"), True, True, "weather"),
        (("google", "gemini-generate", "gemini-4-argon"), True, True, "weather"),
        (("cohere", "cohere-chat", "command-a-reasoning"), True, True, "required"),
        (("minimax", "openai-chat", "MiniMax-M3"), True, True, "auto"),
    ]
    wrong = [
        (route, thinks, asked)
        for route, thinks, asked, sent in cases
        if (plan := planned(*route, "weather", thinks=thinks, asked=asked)).choice.word != sent
        or (plan.note is None) is not (sent == "weather")
    ]
    assert wrong == []
    budget = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    manual = planned("anthropic", "anthropic-messages", "claude-opus-4-6", "required", asked=False, thinking=budget)
    assert "beside a thinking budget" in (manual.note or "")


def test_a_route_that_takes_none_is_refused_before_anything_is_sent() -> None:
    for route, thinks in (
        (("openai", "openai-chat", "gpt-5-chat-latest"), False),
        (("openai", "openai-chat", "gpt-5.6"), True),
        (("mine", "a-plugin", "x"), None),
    ):
        with pytest.raises(NoToolsError):
            planned(*route, thinks=thinks)
    assert planned("openai", "openai-chat", "gpt-5.6", thinks=False).native


def test_no_call_where_there_is_no_word_for_it_is_no_tool() -> None:
    assert planned("ollama", "ollama-chat", "x", "none").native == {}
    assert planned("openai", "openai-chat", "gpt-4o", "none").native["tool_choice"] == "none"


def test_a_wish_is_kept_and_read_again() -> None:
    wish = tools_said([{"name": "a", "parameters": SCHEMA}, LOOSE], "a", "tools")
    assert wish_from(wish_document(wish)) == wish
    assert wish_from({"tools": 7}) is None
