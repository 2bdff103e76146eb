"""Vertex AI of the simulator, through raw HTTP: Gemini and Claude, and what each reads of earlier turns."""

from __future__ import annotations

import json
from typing import Any

import pytest

PUBLISHERS = "/vertex/v1/projects/p/locations/global/publishers"
ASKED = {"role": "user", "parts": [{"text": "How many r in strawberry?"}]}
GEMINI = {"contents": [ASKED]}
CLAUDE = {
    "anthropic_version": "vertex-2023-10-16",
    "max_tokens": 9000,
    "messages": [{"role": "user", "content": "How many r in strawberry?"}],
}


@pytest.fixture
def post(vendors):
    def send(path: str, body: Any, key: str = "sim-key") -> Any:
        return vendors.client.post(f"{vendors.base_url}{path}", json=body, headers={"authorization": f"Bearer {key}"})

    return send


def test_gemini_streams_what_the_whole_body_says(post):
    model = f"{PUBLISHERS}/google/models/gemini-4-argon"
    whole = post(f"{model}:generateContent", GEMINI).json()
    lines = post(f"{model}:streamGenerateContent?alt=sse", GEMINI).text.splitlines()
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    said = [part["text"] for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    assert "".join(said) == "".join(part["text"] for part in whole["candidates"][0]["content"]["parts"])


def test_a_signature_is_read_here_and_refused_by_the_gemini_api(post, vendors):
    model = f"{PUBLISHERS}/google/models/gemini-4-argon:generateContent"
    content = post(model, GEMINI).json()["candidates"][0]["content"]
    again = {"contents": [ASKED, content, ASKED]}
    assert post(model, again).status_code == 200
    elsewhere = vendors.client.post(
        f"{vendors.base_url}/google/v1beta/models/gemini-4-argon:generateContent",
        json=again,
        headers={"x-goog-api-key": "sim-key"},
    )
    assert elsewhere.status_code == 400 and "Corrupted thought signature." in elsewhere.text
    for part in content["parts"]:
        if "thoughtSignature" in part:
            part["thoughtSignature"] = "bm9uc2Vuc2U="
    refused = post(model, again)
    assert refused.status_code == 400 and refused.json()["error"]["message"] == "Invalid thought signature."


def test_claude_reads_what_it_has_signed(post):
    path = f"{PUBLISHERS}/anthropic/models/claude-opus-5-5"
    said = post(f"{path}:rawPredict", CLAUDE).json()
    assert any(block["type"] == "thinking" for block in said["content"])
    turns = [*CLAUDE["messages"], {"role": "assistant", "content": said["content"]}, *CLAUDE["messages"]]
    assert post(f"{path}:rawPredict", CLAUDE | {"messages": turns}).status_code == 200
    said["content"][0]["signature"] = "AAAA"
    assert "Invalid `signature`" in post(f"{path}:rawPredict", CLAUDE | {"messages": turns}).text
    assert "event: message_stop" in post(f"{path}:streamRawPredict", CLAUDE).text


def test_a_wrong_token_and_another_version_are_refused(post):
    for path, body in (
        (f"{PUBLISHERS}/google/models/gemini-4-argon:generateContent", GEMINI),
        (f"{PUBLISHERS}/anthropic/models/claude-opus-5-5:rawPredict", CLAUDE),
    ):
        refused = post(path, body, key="wrong-key")
        assert refused.status_code == 401 and refused.json()["error"]["status"] == "UNAUTHENTICATED"
    other = post(f"{PUBLISHERS}/anthropic/models/claude-opus-5-5:rawPredict", CLAUDE | {"anthropic_version": "1"})
    assert other.status_code == 400 and "anthropic_version" in other.text
