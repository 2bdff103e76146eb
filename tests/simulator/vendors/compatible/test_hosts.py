"""Hosts with rules of their own about reasoning that comes back."""

from __future__ import annotations

from typing import Any

import pytest

CALL = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]


@pytest.fixture
def post(simulator, client):
    def send(path: str, *messages: dict[str, Any], model: str = "m", **body: Any) -> Any:
        headers = {"authorization": "Bearer k"}
        url = f"{simulator.base_url}{path}/chat/completions"
        return client.post(url, json={"model": model, "messages": messages, **body}, headers=headers)

    return send


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str = "Yes.", **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def test_deepseek_demands_the_thought_of_turns_with_calls_and_ignores_all_others(post):
    tool = {"role": "tool", "tool_call_id": "c1", "content": "5"}
    missing = post("/deepseek", user("q"), said("", tool_calls=CALL), tool)
    assert missing.status_code == 400 and "must be passed back" in missing.text
    for thought in ("", "I look."):
        turn = said("", tool_calls=CALL, reasoning_content=thought)
        assert post("/deepseek", user("q"), turn, tool).status_code == 200
    off = {"thinking": {"type": "disabled"}}
    assert post("/deepseek", user("q"), said("", tool_calls=CALL), tool, **off).status_code == 200
    thought = "thought " * 100
    plain, with_thought = (
        post("/deepseek/v1", user("q"), turn, user("r")).json()["usage"]["prompt_tokens"]
        for turn in (said(), said(reasoning_content=thought))
    )
    assert plain == with_thought


def test_deepseek_tells_hits_and_misses(post):
    first, second = (post("/deepseek", user("word " * 500), model="d").json()["usage"] for _ in range(2))
    assert first["prompt_cache_hit_tokens"] == 0
    assert second["prompt_cache_hit_tokens"] == second["prompt_tokens"] // 64 * 64 > 400
    assert second["prompt_cache_hit_tokens"] + second["prompt_cache_miss_tokens"] == second["prompt_tokens"]


@pytest.mark.parametrize("path", ["/cerebras/v1", "/groq/openai/v1"])
def test_some_refuse_what_others_demand(post, path):
    model = "openai/gpt-oss-120b"
    refused = post(path, user("q"), said(reasoning_content="Hm."), user("r"), model=model)
    assert refused.status_code == 400 and "unsupported" in refused.text
    taken = post(path, user("q"), said(reasoning="Hm, " * 50), user("r"), model=model)
    bare = post(path, user("q"), said(), user("r"), model=model)
    assert taken.json()["usage"]["prompt_tokens"] > bare.json()["usage"]["prompt_tokens"]


def test_mistral_takes_thoughts_in_chunks_and_no_field_that_it_does_not_know(post):
    chunk = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm, " * 50}]}
    model = "mistral-large-4"
    refused = post("/mistral/v1", user("q"), said(reasoning_content="Hm."), user("r"), model=model)
    assert refused.status_code == 422 and "Extra inputs are not permitted" in refused.text
    chunked = said() | {"content": [chunk, {"type": "text", "text": "Yes."}]}
    sizes = [post("/mistral/v1", user("q"), turn, user("r"), model=model).json()["usage"] for turn in (chunked, said())]
    assert sizes[0]["prompt_tokens"] > sizes[1]["prompt_tokens"]


@pytest.mark.parametrize(
    ("model", "types"),
    [
        ("anthropic/claude-opus-5-5", ["reasoning.text"]),
        ("google/gemini-4-argon", ["reasoning.text", "reasoning.encrypted"]),
        ("openai/gpt-6-sol", ["reasoning.text", "reasoning.encrypted"]),
        ("qwen/qwen3", ["reasoning.text"]),
    ],
)
def test_openrouters_details_go_back_whole(post, frames, model, types):
    message = post("/openrouter/api/v1", user("q"), model=model).json()["choices"][0]["message"]
    details = message["reasoning_details"]
    assert [entry["type"] for entry in details] == types
    again = post("/openrouter/api/v1", user("q"), message, user("r"), model=model)
    assert again.status_code == 200 and again.json()["usage"]["cost"] > 0
    streamed = frames(post("/openrouter/api/v1", user("q"), model=model, stream=True))
    parts = [
        part
        for frame in streamed
        for choice in frame["choices"]
        for part in choice["delta"].get("reasoning_details", [])
    ]
    assert "".join(part.get("text", "") for part in parts) == details[0]["text"]
    opaque = [entry for entry in details if "signature" in entry or "data" in entry]
    assert bool(opaque) is (model != "qwen/qwen3")
    for entry in opaque:
        name = "signature" if "signature" in entry else "data"
        entry[name] = entry[name][:-8] + "AAAA" + entry[name][-4:]
        refused = post("/openrouter/api/v1", user("q"), message, user("r"), model=model)
        assert refused.status_code == 400
        assert refused.json()["error"]["message"] == "Provider returned error"
        assert "signature" in refused.json()["error"]["metadata"]["raw"]
        other = post("/openrouter/api/v1", user("q"), message, user("r"), model="qwen/qwen3")
        assert other.status_code == 200  # entries of other formats are left out without a word


def test_an_unsigned_entry_of_claude_is_refused(post):
    entry = {"type": "reasoning.text", "text": "Hm.", "format": "anthropic-claude-v1", "index": 0}
    turn = said(reasoning_details=[entry])
    assert "Field required" in post("/openrouter/api/v1", user("q"), turn, user("r"), model="anthropic/c").text
