"""What the simulated Messages API refuses, through raw HTTP."""

from __future__ import annotations

import base64

import pytest

from ....cases import each

SIGNATURE = base64.b64encode(b"thinkdial-simulated-signature:1").decode()
SIGNED = {"type": "thinking", "thinking": "", "signature": SIGNATURE}


def message_of(response) -> str:
    body = response.json()
    assert body["type"] == "error" and body["request_id"] == response.headers["request-id"]
    return body["error"]["message"]


@each(
    ("body", "words"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "at least one message"),
        ({"max_tokens": "many"}, "valid integer"),
        ({"max_tokens": -1}, "greater than or equal to 0"),
        ({"thinking": "hard"}, "thinking: Input should be a valid dictionary"),
        ({"max_tokens": 200_000}, "maximum allowed number of output tokens"),
        ({"frobnicate": 1}, "frobnicate: Extra inputs are not permitted"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, '"thinking.type.enabled" is not supported'),
        ({"thinking": {"type": "disabled"}}, '"thinking.type.disabled" is not supported'),
        ({"thinking": {"type": "between_tools"}}, '"thinking.type.between_tools" is not supported'),
        ({"thinking": {"type": "deep"}}, "does not match any of the expected tags"),
        ({"thinking": {"type": "adaptive", "budget_tokens": 2000}}, "Extra inputs are not permitted"),
        ({"thinking": {"type": "adaptive", "display": "full"}}, "thinking.display"),
        ({"thinking": {"type": "adaptive", "display": "updates"}}, "thinking.display"),
        ({"output_config": {"effort": "minimal"}}, "output_config.effort"),
        ({"temperature": 0.5}, "`temperature` is deprecated"),
        ({"top_k": 5}, "`top_k` is deprecated"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"messages": [{"role": "user", "content": ""}]}, "must be non-empty"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}, "prefill"),
    ],
)
def test_opus_5_5_refuses(vendors, body, words):
    response = vendors.anthropic(**body)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert words in message_of(response)


@each(
    ("model", "body", "words"),
    [
        ("claude-sonnet-4-5", {"thinking": {"type": "adaptive"}}, "adaptive thinking is not supported"),
        ("claude-sonnet-4-5", {"thinking": {"type": "enabled"}}, "budget_tokens: Field required"),
        (
            "claude-sonnet-4-5",
            {"thinking": {"type": "enabled", "budget_tokens": 1023}},
            "greater than or equal to 1024",
        ),
        ("claude-sonnet-4-5", {"thinking": {"type": "enabled", "budget_tokens": 20_000}}, "must be greater than"),
        ("claude-sonnet-4-5", {"thinking": {"type": "enabled", "budget_tokens": "8k"}}, "valid integer"),
        ("claude-sonnet-4-6", {"thinking": {"type": "adaptive"}, "top_k": 5}, "`top_k` must be unset"),
        ("claude-sonnet-4-5", {"output_config": {"effort": "low"}}, "does not support the effort parameter"),
        ("claude-haiku-4-5", {"thinking": {"type": "disabled", "display": "omitted"}}, "Extra inputs"),
        ("claude-opus-4-5", {"output_config": {"effort": "max"}}, "Supported levels: high, low, medium"),
        ("claude-opus-4-6", {"output_config": {"effort": "xhigh"}}, "Supported levels: high, low, max, medium"),
        ("claude-opus-4-8", {"thinking": {"type": "enabled", "budget_tokens": 2000}}, "is not supported"),
        ("claude-fable-5-2", {"thinking": {"type": "disabled"}}, "is not supported"),
        ("claude-sonnet-5-5", {"thinking": {"type": "disabled"}}, '"thinking.type.between_tools"'),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools", "display": "omitted"}}, "Extra inputs"),
        (
            "claude-sonnet-5-5",
            {"thinking": {"type": "between_tools"}, "output_config": {"effort": "max"}},
            "is not supported with output_config.effort",
        ),
        (
            "claude-opus-5",
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "xhigh"}},
            "is not supported with output_config.effort",
        ),
        (
            "claude-opus-4-6",
            {"thinking": {"type": "adaptive"}, "temperature": 0.2},
            "may only be set to 1 when thinking is enabled",
        ),
        ("claude-opus-4-6", {"thinking": {"type": "adaptive"}, "top_p": 0.5}, "greater than or equal to 0.95"),
    ],
)
def test_other_models_refuse(vendors, model, body, words):
    response = vendors.anthropic(model=model, **body)
    assert response.status_code == 400
    assert words in message_of(response)


@each(
    ("model", "body", "thinks"),
    [
        ("claude-opus-4-8", {}, False),
        ("claude-opus-4-8", {"thinking": {"type": "adaptive"}}, True),
        ("claude-sonnet-5", {}, True),
        ("claude-sonnet-5", {"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}, False),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}, "output_config": {"effort": "high"}}, False),
        ("claude-haiku-5-5", {"thinking": {"type": "disabled"}}, False),
        ("claude-sonnet-4-6", {"thinking": {"type": "enabled", "budget_tokens": 4000}}, True),
        ("claude-haiku-4-5-20251001", {"temperature": 0.3}, False),
        ("claude-opus-5-5", {"output_config": {"effort": "max"}, "temperature": 1}, True),
    ],
)
def test_accepted_dials_think_or_do_not(vendors, model, body, thinks):
    response = vendors.anthropic(model=model, **body)
    assert response.status_code == 200, response.text
    assert (response.json()["usage"]["output_tokens_details"]["thinking_tokens"] > 0) is thinks


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "y"}], "thinking.signature: Field required"),
        ([{"type": "text", "text": "y"}, SIGNED], "cannot be `thinking`"),
    ],
)
def test_replayed_thinking_is_checked(vendors, blocks, words):
    turns = [("user", "q"), ("assistant", blocks), ("user", "and?")]
    messages = [{"role": role, "content": content} for role, content in turns]
    assert words in message_of(vendors.anthropic(messages=messages))


def test_a_refusal_before_any_output_counts_no_output(vendors):
    body = vendors.anthropic(model="claude-opus-5-5@refusal").json()
    assert body["content"] == [] and body["stop_details"]["category"] == "cyber"
    assert body["usage"]["output_tokens"] == 0


def test_versions_and_betas(vendors):
    missing = vendors.client.post(f"{vendors.base_url}/anthropic/v1/messages", headers={"x-api-key": "k"}, json={})
    assert "anthropic-version: header is required" in message_of(missing)
    assert "not a valid version" in message_of(vendors.anthropic({"anthropic-version": "2024-01-01"}))
    assert "Unexpected value(s) `no-such-beta`" in message_of(vendors.anthropic({"anthropic-beta": "no-such-beta"}))
    newest = vendors.anthropic({"anthropic-version": "2026-10-21"}, model="claude-opus-4-6", temperature=1)
    assert message_of(newest) == "temperature: Extra inputs are not permitted"
    updates = {"anthropic-beta": "thinking-display-updates-2026-08-18"}
    assert vendors.anthropic(updates, thinking={"type": "adaptive", "display": "updates"}).status_code == 200


def test_keys(vendors):
    assert vendors.anthropic({"x-api-key": "wrong-key"}).status_code == 401
    nobody = vendors.anthropic({"x-api-key": ""})
    assert (nobody.status_code, nobody.json()["error"]["type"]) == (401, "authentication_error")
    assert vendors.anthropic({"x-api-key": "", "authorization": "Bearer k"}).status_code == 200


@pytest.mark.parametrize("model", ["claude-opus-4-1", "claude-3-7-sonnet-latest", "gpt-6-sol", ""])
def test_unknown_and_retired_models_are_not_found(vendors, model):
    response = vendors.anthropic(model=model)
    assert response.status_code == 404
    assert message_of(response) == f"model: {model}"


def test_a_cached_prompt_is_outside_the_input_tokens(vendors):
    system = [{"type": "text", "text": "word " * 3000, "cache_control": {"type": "ephemeral"}}]
    first, second = (vendors.anthropic(model="claude-opus-4-7", system=system).json()["usage"] for _ in range(2))
    assert first["cache_creation_input_tokens"] == second["cache_read_input_tokens"] > 2000
    assert first["cache_creation"]["ephemeral_5m_input_tokens"] == first["cache_creation_input_tokens"]
    assert first["input_tokens"] == second["input_tokens"] < 20
