"""Cohere of the simulator, through raw HTTP: thinking is readable, and may come back as it was or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

ASKED = {"role": "user", "content": "How many r in strawberry?"}


@pytest.fixture
def chat(vendors):
    def post(*messages: Any, key: str = "sim-key", **fields: Any) -> Any:
        body = {"model": "command-a-plus-05-2026", "stream": False, "messages": [*(messages or (ASKED,))], **fields}
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return vendors.client.post(f"{vendors.base_url}/cohere/v2/chat", json=body, headers=headers)

    return post


def test_a_stream_says_what_the_whole_body_says(chat):
    whole = chat().json()
    lines = chat(stream=True).text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    deltas = [one["delta"]["message"]["content"] for one in events if one["type"] == "content-delta"]
    for kind in ("thinking", "text"):
        (item,) = [one[kind] for one in whole["message"]["content"] if one["type"] == kind]
        assert "".join(one.get(kind, "") for one in deltas) == item
    assert events[-1]["delta"]["usage"] == whole["usage"] and whole["finish_reason"] == "COMPLETE"


def test_thinking_that_comes_back_is_read_and_billed(chat):
    said = chat().json()["message"]
    short = {"role": "assistant", "content": [one for one in said["content"] if one["type"] == "text"]}
    counts = [chat(ASKED, one, ASKED).json()["usage"]["tokens"]["input_tokens"] for one in (short, said)]
    assert counts[0] < counts[1]


@pytest.mark.parametrize(
    ("messages", "fields", "status", "words"),
    [
        ((ASKED, {"role": "assistant", "content": "x", "reasoning_content": "y"}, ASKED), {}, 422, "reasoning_content"),
        (({"role": "user", "content": [{"type": "thinking", "thinking": "x"}]},), {}, 400, "no assistant's"),
        ((ASKED, {"role": "assistant", "content": [{"type": "image"}]}, ASKED), {}, 400, "invalid content"),
        ((ASKED, {"role": "assistant", "content": "x"}), {}, 400, "last message"),
        ((), {"reasoning_effort": "high"}, 422, "reasoning_effort"),
        ((), {"model": "command-r"}, 404, "not found"),
        ((), {"key": ""}, 401, "no api key"),
        ((), {"model": "command-a-plus-05-2026@rate_limit"}, 429, "per minute"),
    ],
)
def test_what_the_api_does_not_know_is_refused(chat, messages, fields, status, words):
    response = chat(*messages, **fields)
    assert response.status_code == status and words in response.json()["message"], response.text
