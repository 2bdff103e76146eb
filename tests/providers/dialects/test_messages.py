"""Earlier messages of a chat, in every dialect: all there, in order, each with its speaker."""

from __future__ import annotations

import json
from typing import Any

from thinkdial.providers import registry
from thinkdial.providers.schema import Call, Message

from ...cases import each

EARLIER = (Message("user", "first question"), Message("assistant", "first answer"))
STEPS = {"user_input": "user", "model_output": "assistant"}
"""The types of an interaction's steps, which have no role."""
TEXTS = ["first question", "first answer", "second question"]


def messages(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Speaker and text of each message, whatever the dialect calls its list."""
    listed = body.get("messages") or body.get("input") or body.get("contents")
    found: list[tuple[str, str]] = []
    for message in listed:
        content = message.get("content") or message.get("parts")
        text = content if isinstance(content, str) else content[0]["text"]
        found.append((message.get("role") or STEPS[message["type"]], text))
    return found


@each("name", registry.NAMES)
def test_all_messages_are_sent_in_order(name: str) -> None:
    call = Call("some-model", "second question", system="be brief", max_output_tokens=100, earlier=EARLIER)
    request = registry.dialect(name).build_request(call, "https://host.example/v1", {})
    body = json.loads(request.body)
    spoken = [(role, text) for role, text in messages(body) if role != "system"]
    assert [text for _, text in spoken] == TEXTS
    assert [role for role, _ in spoken] == ["user", "model" if name == "gemini-generate" else "assistant", "user"]
    assert "be brief" in request.body.decode()


@each("name", registry.NAMES)
def test_a_prompt_alone_is_one_message(name: str) -> None:
    request = registry.dialect(name).build_request(Call("m", "hello", max_output_tokens=9), "https://host.example", {})
    assert messages(json.loads(request.body)) == [("user", "hello")]
