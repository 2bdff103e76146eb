"""The compatible server: one reasoning style for each model name, lenient about everything else."""

from __future__ import annotations

import pytest

from ....cases import each


def whole(vendors, **body) -> dict:
    response = vendors.compatible(**body)
    assert response.status_code == 200, response.text
    return response.json()


def joined(frames: list[dict], field: str) -> str:
    return "".join(frame["choices"][0]["delta"].get(field) or "" for frame in frames if frame["choices"])


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("sim-reasoning-content", ["reasoning_content"]),
        ("qwen3-some-local-build", ["reasoning_content"]),
        ("sim-reasoning", ["reasoning"]),
        ("sim-double", ["reasoning", "reasoning_content"]),
    ],
)
def test_reasoning_in_fields(vendors, frames, model, fields):
    body = whole(vendors, model=model)
    message = body["choices"][0]["message"]
    streamed = frames(vendors.compatible(model=model, stream=True))
    for field in fields:
        assert message[field] and joined(streamed, field) == message[field]
    assert joined(streamed, "content") == message["content"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert body["model"] == model


def test_details_repeat_the_reasoning(vendors):
    message = whole(vendors, model="sim-double")["choices"][0]["message"]
    assert message["reasoning_details"][0]["text"] == message["reasoning"]


def test_tags_are_split_across_chunks(vendors, frames):
    streamed = frames(vendors.compatible(model="sim-inline-think", stream=True))
    fragments = [frame["choices"][0]["delta"].get("content", "") for frame in streamed]
    assert not any("<think>" in fragment or "</think>" in fragment for fragment in fragments)
    content = whole(vendors, model="sim-inline-think")["choices"][0]["message"]["content"]
    assert "".join(fragments) == content
    thought, _, answer = content.partition("</think>")
    assert thought.startswith("<think>") and "simulated" in answer.lower()


def test_an_unclosed_thought_swallows_the_answer(vendors):
    body = whole(vendors, model="sim-unclosed-think")
    content = body["choices"][0]["message"]["content"]
    assert content.startswith("<think>") and "</think>" not in content
    assert body["choices"][0]["finish_reason"] == "length"


def test_a_missing_opener(vendors):
    content = whole(vendors, model="sim-no-opener")["choices"][0]["message"]["content"]
    assert "<think>" not in content and "</think>" in content


def test_usage_in_the_choice(vendors, frames):
    assert whole(vendors, model="sim-usage-in-choice")["choices"][0]["usage"]["total_tokens"] > 0
    streamed = frames(vendors.compatible(model="sim-usage-in-choice", stream=True))
    assert streamed[-1]["choices"][0]["usage"]["total_tokens"] > 0


def test_done_is_sent_or_not(vendors):
    assert vendors.compatible(stream=True).content.endswith(b"data: [DONE]\n\n")
    assert b"[DONE]" not in vendors.compatible(model="sim-no-done", stream=True).content


def test_an_error_inside_a_success(vendors, frames):
    assert whole(vendors, model="sim-error-200")["error"]["code"] == 502
    streamed = frames(vendors.compatible(model="sim-error-200", stream=True))
    assert joined(streamed, "reasoning")
    assert streamed[-1]["error"]["code"] == 502 and streamed[-1]["choices"][0]["finish_reason"] == "error"


def test_comments_are_sent(vendors):
    assert vendors.compatible(model="sim-double", stream=True).content.startswith(b": OPENROUTER PROCESSING\n\n")


def test_stream_usage_needs_the_flag(vendors, frames):
    assert all("usage" not in frame for frame in frames(vendors.compatible(stream=True)))
    streamed = frames(vendors.compatible(stream=True, stream_options={"include_usage": True}))
    assert streamed[-1]["choices"] == [] and streamed[-1]["usage"] == whole(vendors)["usage"]


@each(
    "off",
    [
        {"reasoning_effort": "none"},
        {"reasoning": {"enabled": False}},
        {"reasoning": {"effort": "none"}},
        {"thinking": {"type": "disabled"}},
        {"enable_thinking": False},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"thinking": False}},
    ],
)
def test_every_spelling_of_off(vendors, off):
    body = whole(vendors, **off)
    assert "reasoning_content" not in body["choices"][0]["message"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0
    inline = whole(vendors, model="sim-inline-think", **off)
    assert "think>" not in inline["choices"][0]["message"]["content"]


@pytest.mark.parametrize("field", ["thinking_budget", "thinking_token_budget", "reasoning_budget_tokens"])
def test_every_spelling_of_a_budget(vendors, field):
    usage = whole(vendors, **{field: 20})["usage"]
    assert 0 < usage["completion_tokens_details"]["reasoning_tokens"] <= 20


def test_hidden_reasoning_is_still_counted(vendors):
    body = whole(vendors, include_reasoning=False)
    assert "reasoning_content" not in body["choices"][0]["message"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_refused_requests(vendors):
    assert vendors.compatible({"authorization": "Bearer wrong-key"}).status_code == 401
    assert vendors.compatible(messages=None).status_code == 400
    text = vendors.compatible(chat_template_kwargs={"enable_thinking": "false"})
    assert text.status_code == 400 and "boolean" in text.json()["error"]["message"]


def test_styles_are_listed(vendors):
    listed = vendors.client.get(f"{vendors.base_url}/compatible/v1/models").json()["data"]
    assert "sim-inline-think" in {model["id"] for model in listed}
