"""What each wire refuses in a list of messages, as its vendor documents it. Shares no line with the writers."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

Body = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def chat(body: Body) -> None:
    """A call is followed by its results, each once, before anybody else says something."""
    messages = [message for message in body["messages"] if message["role"] not in ("system", "developer")]
    assert messages[0]["role"] == messages[-1]["role"] == "user"
    open_: list[str | None] = []
    for message in messages:
        role = message["role"]
        allowed = {"user": {"role", "content"}, "tool": {"role", "content", "tool_call_id", "name", "tool_name"}}
        more = {"role", "content", "tool_calls", "tool_plan", "thinking", "reasoning_content", "reasoning"}
        assert message.keys() <= allowed.get(role, more), message
        if role == "tool":
            open_.remove(message.get("tool_call_id"))
            continue
        assert not open_, "a call without its result"
        if role == "assistant":
            assert message.get("content") or message.get("tool_calls")
            for call in message.get("tool_calls", ()):
                assert _NAME.fullmatch(call["function"]["name"])
                open_.append(call.get("id"))
        else:
            assert role == "user" and str(message["content"]).strip()
    assert not open_


def mistral(body: Body) -> None:
    chat(body)
    roles = [message["role"] for message in body["messages"]]
    assert ("tool", "user") not in pairwise(roles)
    for message in body["messages"]:
        for call in message.get("tool_calls") or ():
            assert re.fullmatch("[a-zA-Z0-9]{9}", call["id"])


def anthropic(body: Body) -> None:
    """The first message is the user's; results stand first in the message after their calls; tools are declared."""
    open_: set[str] = set()
    declared = {tool["name"] for tool in body.get("tools", ())}
    assert body["messages"][0]["role"] == body["messages"][-1]["role"] == "user"
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        assert blocks
        results = [block for block in blocks if block["type"] == "tool_result"]
        assert blocks[: len(results)] == results, "results come first"
        assert {block["tool_use_id"] for block in results} == open_
        open_ = set()
        for marked in blocks[len(results) :]:
            block = {name: value for name, value in marked.items() if name != "cache_control"}
            if block["type"] == "tool_use":
                assert message["role"] == "assistant" and set(block) == {"type", "id", "name", "input"}
                assert _NAME.fullmatch(block["name"]) and _NAME.fullmatch(block["id"]) and block["name"] in declared
                open_.add(block["id"])
            else:
                assert (
                    set(block) - {"cache_control"} == {"type", "text"}
                    and block["type"] == "text"
                    and block["text"].strip()
                )
    assert not open_


def converse(body: Body) -> None:
    roles = [message["role"] for message in body["messages"]]
    assert roles == [("user", "assistant")[at % 2] for at in range(len(roles))] and roles[-1] == "user"
    declared = {tool["toolSpec"]["name"] for tool in body.get("toolConfig", {}).get("tools", ())}
    open_: set[str] = set()
    for message in body["messages"]:
        given = {block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block}
        assert given == open_ and message["content"]
        open_ = set()
        for block in message["content"]:
            (kind,) = block
            assert kind in ("text", "toolUse", "toolResult", "cachePoint")
            if kind == "toolUse":
                assert block[kind]["name"] in declared and _NAME.fullmatch(block[kind]["toolUseId"])
                open_.add(block[kind]["toolUseId"])
            elif kind == "text":
                assert block["text"].strip()
    assert not open_


def gemini(body: Body) -> None:
    """As many responses as calls, in the content after them; of calls from elsewhere the first has the stand-in."""
    open_: list[str] = []
    assert body["contents"][0]["role"] == body["contents"][-1]["role"] == "user"
    for content in body["contents"]:
        answers = [part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part]
        assert sorted(answers) == sorted(open_) and content["parts"]
        open_ = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
        assert not open_ or content["role"] == "model"
        calls = [part for part in content["parts"] if "functionCall" in part]
        assert not calls or calls[0].get("thoughtSignature"), "the first call of a step is signed"
        for part in content["parts"]:
            assert part.keys() <= {"text", "functionCall", "functionResponse", "thoughtSignature"}
    assert not open_


def interactions(body: Body) -> None:
    open_: list[str] = []
    for step in body["input"]:
        if step["type"] == "function_call":
            open_.append(step["id"])
        elif step["type"] == "function_result":
            open_.remove(step["call_id"])
        else:
            assert step["type"] in ("user_input", "model_output")
    assert not open_ and body["input"][-1]["type"] == "user_input"


def responses(body: Body) -> None:
    """Every output has its call before it, every call its output, and no item names anything that is stored."""
    open_: list[str] = []
    for item in body["input"]:
        assert "id" not in item and item.get("type", "message") in ("message", "function_call", "function_call_output")
        if item.get("type") == "function_call":
            assert set(item) == {"type", "call_id", "name", "arguments"} and _NAME.fullmatch(item["name"])
            open_.append(item["call_id"])
        elif item.get("type") == "function_call_output":
            assert set(item) == {"type", "call_id", "output"}
            open_.remove(item["call_id"])
    assert not open_ and body["input"][-1]["role"] == "user"


CHECKS: dict[str, Callable[[Body], None]] = {
    "anthropic-messages": anthropic,
    "bedrock-converse": converse,
    "bedrock-invoke": anthropic,
    "cohere-chat": chat,
    "gemini-generate": gemini,
    "gemini-interactions": interactions,
    "mistral-chat": mistral,
    "ollama-chat": chat,
    "openai-chat": chat,
    "openai-responses": responses,
}
