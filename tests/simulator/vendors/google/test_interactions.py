"""The Interactions API of the simulator, through raw HTTP."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def interact(vendors):
    def post(model: str = "gemini-4-argon", *, key: str = "sim-key", **fields: Any) -> Any:
        body = {"model": model, "input": "How many r in strawberry?", **fields}
        headers = {"x-goog-api-key": key} if key else {}
        return vendors.client.post(f"{vendors.base_url}/google/v1beta/interactions", json=body, headers=headers)

    return post


def test_a_stream_says_what_the_whole_body_says(interact, frames):
    config = {"thinking_summaries": "auto"}
    whole = interact(generation_config=config).json()
    events = frames(interact(generation_config=config, stream=True))
    assert [step["type"] for step in whole["steps"]] == ["thought", "model_output"]
    deltas = [event["delta"] for event in events if event["event_type"] == "step.delta"]
    assert "".join(d["text"] for d in deltas if d["type"] == "text") == whole["steps"][1]["content"][0]["text"]
    thought = "".join(d["content"]["text"] for d in deltas if d["type"] == "thought_summary")
    assert thought == whole["steps"][0]["summary"][0]["text"]
    last = events[-1]["interaction"]
    assert (last["status"], last["usage"]) == ("completed", whole["usage"])
    usage = whole["usage"]
    parts = ("total_input_tokens", "total_output_tokens", "total_thought_tokens")
    assert usage["total_tokens"] == sum(usage[part] for part in parts)


def test_summaries_are_off_unless_asked_for(interact):
    assert "summary" not in interact().json()["steps"][0]


def test_without_storage_there_is_no_id(interact):
    assert interact(store=False).json()["id"] == "" != interact().json()["id"]


@pytest.mark.parametrize("model", ["gemini-4-argon", "gemini-2.5-flash"])
def test_more_is_thought_at_a_higher_level(interact, model):
    levels = [{"thinking_level": level} for level in ("low", "medium", "high")]
    spent = [interact(model, generation_config=c).json()["usage"]["total_thought_tokens"] for c in levels]
    assert spent == sorted(set(spent))


def test_a_small_limit_leaves_no_answer(interact):
    body = interact(generation_config={"max_output_tokens": 50}).json()
    assert (body["status"], [step["type"] for step in body["steps"]]) == ("incomplete", ["thought"])


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"key": ""}, 401, "unauthenticated"),
        ({"key": "wrong-key"}, 401, "unauthenticated"),
        ({"model": "gemini-9"}, 404, "not_found"),
        ({"inputs": "x"}, 400, "invalid_argument"),
        ({"input": ""}, 400, "invalid_argument"),
        ({"generation_config": {"thinking_budget": 9}}, 400, "invalid_argument"),
        ({"generation_config": {"thinking_level": "xhigh"}}, 400, "invalid_argument"),
        ({"generation_config": {"thinking_summaries": "all"}}, 400, "invalid_argument"),
        ({"generation_config": {"max_output_tokens": 0}}, 400, "invalid_argument"),
        ({"model": "gemini-4-argon@rate_limit"}, 429, "too_many_requests"),
        ({"model": "gemini-4-argon@quota"}, 429, "too_many_requests"),
        ({"model": "gemini-4-argon@server_error"}, 500, "internal_server_error"),
        ({"model": "gemini-4-argon@overloaded"}, 503, "service_unavailable"),
    ],
)
def test_refusals(interact, fields, status, code):
    response = interact(**fields)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert ("retry-after" in response.headers) == (fields.get("model") == "gemini-4-argon@rate_limit")
