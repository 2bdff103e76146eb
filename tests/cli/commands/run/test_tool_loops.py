"""Loops of calls and tools over every wire, against the simulator, which refuses between rounds what vendors refuse."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

Cli = Callable[..., Any]
ROUTES = {
    "claude": "provider: anthropic, model: claude-opus-5-5, base_url: {url}/anthropic",
    "responses": "provider: openai, model: gpt-6-sol, base_url: {url}/openai/v1",
    "chat": "provider: openai, model: gpt-5.2, dialect: openai-chat, base_url: {url}/openai/v1",
    "gemini": "provider: google, model: gemini-4-argon, base_url: {url}/google",
    "steps": "provider: google, model: gemini-4-argon, dialect: gemini-interactions, base_url: {url}/google",
    "deepseek": "provider: deepseek, model: deepseek-flash, base_url: {url}/deepseek",
    "compatible": "provider: openai-compatible, model: sim-reasoning-content, base_url: {url}/compatible/v1",
    "mistral": "provider: mistral, model: mistral-large-4, base_url: {url}/mistral",
    "cohere": "provider: cohere, model: command-a-reasoning-08-2025, base_url: {url}/cohere",
    "groq": "provider: groq, model: openai/gpt-oss-120b, base_url: {url}/groq/openai/v1",
    "xai": "provider: xai, model: grok-4.5, base_url: {url}/xai/v1",
    "ollama": "provider: ollama, model: 'gpt-oss:20b', base_url: {url}/ollama",
    "converse": "provider: bedrock, model: us.anthropic.claude-opus-4-8-v1:0, dialect: bedrock-converse, "
    "base_url: {url}/bedrock",
    "open": "provider: bedrock, model: openai.gpt-oss-120b-1:0, dialect: bedrock-converse, base_url: {url}/bedrock",
}


@pytest.fixture
def config(simulator: Any, tmp_path: Path) -> Path:
    common = "api_key_env: SIM_KEY, price: {input: 1, output: 1}"
    lines = [f"  {name}: {{{fields.format(url=simulator.base_url)}, {common}}}" for name, fields in ROUTES.items()]
    code = "import json, sys; print('sunny in', json.load(sys.stdin)['city'])"
    path = tmp_path / "loops.yaml"
    path.write_text(
        "profiles:\n" + "\n".join(lines) + "\ntools:\n"
        f'  weather: {{command: [{sys.executable}, -c, "{code}"], description: The weather.,\n'
        "    parameters: {type: object, properties: {city: {type: string}}, required: [city]}}\n"
    )
    return path


@pytest.mark.parametrize("stream", [(), ("--no-stream",)])
def test_each_wire_goes_its_rounds(cli: Cli, config: Path, stream: tuple[str, ...]) -> None:
    chosen = [word for name in ROUTES for word in ("-p", name)]
    asked = ("compare", "use weather", *chosen, "--think", "low", "--run-tools", "allow:weather", "--config", config)
    ended = cli(*asked, "--json", *stream)
    assert ended.json, ended.err
    wrong: list[str] = []
    for found in ended.json["results"]:
        error = (found.get("error") or {}).get("message")
        ran = [run["end"] for run in found["tool_runs"]]
        if (found["status"], found["rounds_end"], len(found["rounds"]), ran) != ("ok", "answered", 2, ["ok"]):
            wrong.append(f"{found['profile']}: {found['status']} {found['rounds_end']} {ran} {error}")
        elif not found["answer"]:
            wrong.append(f"{found['profile']}: no answer")
    assert not wrong, "\n".join(wrong)


CALL = {"id": "c1", "type": "function", "function": {"name": "w", "arguments": "{}"}}
USER = {"role": "user", "content": "Hi"}
CHAT_TOOL = {"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}


def chat_body(model: str, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [USER, *messages], "tools": [CHAT_TOOL], **more}


def test_what_vendors_refuse_between_rounds_is_refused(simulator: Any) -> None:
    """Each body lacks one thing; what the simulator says has to name it."""
    result = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
    called = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    use = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "w", "input": {}}]}
    used = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]}
    claude = {"model": "claude-opus-5-5", "max_tokens": 2000, "tools": [{"name": "w", "input_schema": {}}]}
    part = {"functionCall": {"name": "w", "args": {}}}
    back = {"role": "user", "parts": [{"functionResponse": {"name": "w", "response": {"result": "ok"}}}]}
    hi = {"role": "user", "parts": [{"text": "Hi"}]}
    converse = [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "w", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t2", "content": [{"text": "ok"}]}}]},
    ]
    config = {"tools": [{"toolSpec": {"name": "w", "inputSchema": {"json": {"type": "object"}}}}]}
    item = {"type": "function_call", "call_id": "c1", "name": "w", "arguments": "{}"}
    thought = {"type": "thinking", "thinking": "changed", "signature": "c2lnbmVk"}
    gemini = "/google/v1beta/models/gemini-4-argon:generateContent"
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("/openai/v1/chat/completions", chat_body("gpt-5.2", called), "did not have response messages: c1"),
        ("/openai/v1/chat/completions", chat_body("gpt-5.2", result), "must be a response to a preceding message"),
        ("/openai/v1/responses", {"model": "gpt-6-sol", "input": [USER, item]}, "No tool output found for function"),
        (
            "/openai/v1/responses",
            {"model": "gpt-6-sol", "input": [USER, {"type": "function_call_output", "call_id": "c9", "output": "x"}]},
            "No tool call found",
        ),
        ("/anthropic/v1/messages", claude | {"messages": [USER, use, USER]}, "without `tool_result` blocks"),
        ("/anthropic/v1/messages", claude | {"messages": [USER, used]}, "unexpected `tool_use_id`"),
        (
            "/anthropic/v1/messages",
            claude | {"messages": [USER, use | {"content": [thought, *use["content"]]}, used]},
            "Invalid `signature` in `thinking` block",
        ),
        (gemini, {"contents": [hi, {"role": "model", "parts": [part]}, back]}, "missing a `thought_signature`"),
        (gemini, {"contents": [hi, {"role": "model", "parts": [part]}, hi]}, "number of function response parts"),
        (gemini, {"contents": [hi, back]}, "immediately after a function call turn"),
        (
            "/google/v1beta/interactions",
            {"model": "gemini-4-argon", "input": [{"type": "function_result", "call_id": "c1", "result": "x"}]},
            "without a function_call",
        ),
        ("/deepseek/chat/completions", chat_body("deepseek-flash", called, result), "must be passed back"),
        ("/deepseek/chat/completions", chat_body("deepseek-flash", called), "No tool output found"),
        ("/mistral/v1/chat/completions", chat_body("mistral-large-4", called), "Not the same number"),
        ("/cohere/v2/chat", chat_body("command-a-reasoning-08-2025", result), "without a tool call"),
        (
            "/ollama/api/chat",
            chat_body("gpt-oss:20b", called, result),
            "cannot unmarshal string",
        ),
        (
            "/bedrock/model/openai.gpt-oss-120b-1%3A0/converse",
            {"messages": converse, "toolConfig": config},
            "exceeds the number of toolUse blocks",
        ),
        ("/bedrock/model/openai.gpt-oss-120b-1%3A0/converse", {"messages": converse}, "toolConfig field must be"),
    ]
    wrong: list[str] = []
    for path, body, words in cases:
        status, said = post(simulator.base_url + path, body)
        if status != 400 or words not in said:
            wrong.append(f"{path} ({words}): {status} {said[:200]}")
    assert not wrong, "\n".join(wrong)


def post(url: str, body: dict[str, Any]) -> tuple[int, str]:
    headers = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
    headers["anthropic-version"] = "2023-06-01"
    reply = httpx2.post(url, json=body, headers=headers)
    return reply.status_code, json.dumps(reply.json(), ensure_ascii=False)
