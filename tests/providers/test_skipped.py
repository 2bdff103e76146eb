"""What a reply holds and is not shown is said, in every dialect, streamed and whole, once for each type."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from thinkdial.providers.framing.sse import Event
from thinkdial.providers.skipped import holds_text, skipped

from ..cases import each


def block(**fields: Any) -> list[dict[str, Any]]:
    start = {"type": "content_block_start", "index": 0, "content_block": fields}
    return [start, {"type": "content_block_stop", "index": 0}]


def piece(**fields: Any) -> list[dict[str, Any]]:
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "compaction", "content": None}}
    return [start, *[{"type": "content_block_delta", "index": 0, "delta": fields}] * 3]


def item(**fields: Any) -> list[dict[str, Any]]:
    return [{"type": "response.output_item.done", "output_index": 0, "item": fields}] * 2


def chunk(*choices: Any) -> list[dict[str, Any]]:
    return [{"choices": list(choices)}] * 2


def part(**fields: Any) -> list[dict[str, Any]]:
    return [{"candidates": [{"content": {"parts": [fields]}}]}] * 2


STDOUT = {"type": "code_execution_result", "stdout": "7", "return_code": 0}
STREAMED: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("anthropic-messages", "code_execution_tool_result", block(type="code_execution_tool_result", content=STDOUT)),
    ("anthropic-messages", "mcp_tool_result", block(type="mcp_tool_result", content=[{"type": "text", "text": "x"}])),
    ("anthropic-messages", "compaction", block(type="compaction", content="so far")),
    ("anthropic-messages", "compaction", piece(type="compaction_delta", content="so far")),
    ("bedrock-converse", "toolResult", [{"toolResult": {"content": [{"text": "x"}]}}]),
    ("bedrock-converse", "guardContent", [{"guardContent": {"text": {"text": "x"}}}]),
    ("cohere-chat", "tool_plan", [{"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}}] * 3),
    ("cohere-chat", "poem", [{"type": "content-delta", "index": 0,
                              "delta": {"message": {"content": {"type": "poem", "content": "Roses"}}}}]),
    ("gemini-generate", "executableCode", part(executableCode={"language": "PYTHON", "code": "print(7)"})),
    ("gemini-generate", "codeExecutionResult", part(codeExecutionResult={"outcome": "OUTCOME_OK", "output": "7"})),
    ("gemini-generate", "further candidates",
     [{"candidates": [{"index": 1, "content": {"parts": [{"text": "other"}]}}]}] * 2),
    ("openai-chat", "sound", chunk({"index": 0, "delta": {"content": [{"type": "sound", "transcript": "x"}]}})),
    ("openai-chat", "audio", chunk({"index": 0, "delta": {"audio": {"id": "a", "transcript": "x"}}})),
    ("openai-chat", "further choices",
     [*chunk({"index": 0, "delta": {"content": "a"}}), *chunk({"index": 1, "delta": {"content": "b"}})]),
    ("openai-chat", "further choices",
     chunk({"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}})),
    ("openai-responses", "code_interpreter_call", item(type="code_interpreter_call", code="print(7)")),
    ("openai-responses", "mcp_call", item(type="mcp_call", name="f", output="found")),
    ("openai-responses", "file_search_call", item(type="file_search_call", results=[{"text": "found"}])),
    ("openai-responses", "response.audio.transcript.delta",
     [{"type": "response.audio.transcript.delta", "delta": "x"}] * 2),
]  # fmt: skip
SILENT: list[tuple[str, list[dict[str, Any]]]] = [
    ("anthropic-messages", block(type="tool_use", name="f", input={"text": "x"})),
    ("anthropic-messages", block(type="server_tool_use", name="web_search", input={"query": "x"})),
    ("anthropic-messages", block(type="web_search_tool_result", content=[{"type": "web_search_result", "url": "u"}])),
    ("bedrock-converse", [{"citation": {"title": "t", "sourceContent": [{"text": "x"}]}}]),
    ("bedrock-converse", [{"toolUse": {"input": "{}"}}]),
    ("gemini-generate", part(functionCall={"name": "f", "args": {"text": "x"}})),
    ("gemini-generate", part(inlineData={"mimeType": "image/png", "data": "aGk="})),
    ("openai-chat", chunk({"index": 0, "delta": {"content": [{"type": "reference", "reference_ids": [1]}]}})),
    ("openai-chat", chunk({"index": 0, "delta": {"content": [{"type": "refusal", "refusal": "no"}]}})),
    ("openai-chat", chunk({"index": 0, "delta": {"audio": {"id": "a", "data": "aGk="}}})),
    ("openai-responses", item(type="web_search_call", action={"type": "search", "query": "x"})),
    ("openai-responses", item(type="function_call", arguments='{"text": "x"}')),
    ("openai-responses", [{"type": "response.function_call_arguments.delta", "delta": "{"}]),
    ("openai-responses", [{"type": "response.audio.delta", "delta": "aGk="}]),
]


def codes(speak: Callable[..., Any], name: str, documents: list[dict[str, Any]]) -> list[str]:
    """The warnings about what was left out."""
    event = "contentBlockDelta" if name == "bedrock-converse" else ""
    held = [{"contentBlockIndex": 0, "delta": document} if event else document for document in documents]
    reply = speak(name).events(Event(event, json.dumps(document).encode()) for document in held)
    return [notice.message for notice in reply.notices if notice.code == "skipped"]


@each(("name", "kind", "documents"), STREAMED)
def test_text_that_is_left_out_is_said_once_with_its_type(
    speak: Callable[..., Any], name: str, kind: str, documents: list[dict[str, Any]]
) -> None:
    assert codes(speak, name, documents) == [f"the reply holds text of the type {kind}, which is not shown"]


@each(("name", "documents"), SILENT)
def test_calls_and_data_are_no_text(speak: Callable[..., Any], name: str, documents: list[dict[str, Any]]) -> None:
    assert codes(speak, name, documents) == []


def test_whole_bodies_say_the_same(speak: Callable[..., Any]) -> None:
    message = {
        "type": "message", "stop_reason": "end_turn",
        "content": [{"type": "mcp_tool_result", "content": [{"text": "x"}]}, {"type": "text", "text": "3"}],
    }  # fmt: skip
    converse = {"output": {"message": {"content": [{"toolResult": {"content": [{"text": "x"}]}}, {"text": "3"}]}}}
    chat = {"choices": [{"index": 0, "message": {"content": "3"}}, {"index": 1, "message": {"content": "4"}}]}
    item = {"type": "mcp_call", "output": "found"}
    text = {"type": "message", "content": [{"type": "output_text", "text": "3"}]}
    bodies = {
        "anthropic-messages": message,
        "bedrock-converse": {**converse, "stopReason": "end_turn"},
        "openai-chat": chat,
        "openai-responses": {"object": "response", "status": "completed", "output": [item, text]},
        "cohere-chat": {"message": {"tool_plan": "I will", "content": [{"type": "text", "text": "3"}]}},
    }
    for name, body in bodies.items():
        reply = speak(name).whole(body)
        assert reply.answer == "3", name
        assert [notice.code for notice in reply.notices] == ["skipped"], name


def test_a_type_is_shown_short_and_harmless() -> None:
    for kind in ("x" * 10_000, "\x1b[2J", 7, None, ["list"]):
        (notice,) = skipped(kind, "words")
        assert len(notice.message) < 120 and "\x1b" not in notice.message


@each("part", [None, 7, "", "  \n", [], {}, {"text": " "}, {"data": "aGk="}, {"id": "x", "type": "y"}])
def test_nothing_to_read_is_nothing_to_say(part: Any) -> None:
    assert not holds_text(part)


def test_a_part_that_is_nested_deeply_costs_little() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"content": [deep]}
    assert not holds_text(deep)
