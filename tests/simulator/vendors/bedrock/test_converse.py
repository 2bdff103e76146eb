"""Converse of the simulator, through raw HTTP: what comes back is read, or refused in Bedrock's words."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

MODEL = "global.anthropic.claude-opus-5-5"
OPEN_MODEL = "openai.gpt-oss-120b-1:0"
ASKED = {"role": "user", "content": [{"text": "How many r in strawberry?"}]}
FIELDS = {"additionalModelRequestFields": {"output_config": {"effort": "high"}, "thinking": {"type": "adaptive"}}}


def frames_in(body: bytes) -> list[dict[str, Any]]:
    found = []
    while body:
        size, head = struct.unpack("!II", body[:8])
        found.append(json.loads(body[12 + head : size - 4]))
        body = body[size:]
    return found


@pytest.fixture
def converse(vendors):
    def post(*messages: Any, model: str = MODEL, stream: bool = False, **fields: Any) -> Any:
        url = f"{vendors.base_url}/bedrock/model/{model.replace(':', '%3A')}/converse{'-stream' if stream else ''}"
        body = {"messages": [*messages], "inferenceConfig": {"maxTokens": 9000}, **fields}
        return vendors.client.post(url, json=body, headers={"authorization": "Bearer sim-key"})

    return post


def answered(converse, **fields: Any) -> dict[str, Any]:
    return converse(ASKED, **FIELDS | fields).json()["output"]["message"]


def test_a_stream_says_what_the_whole_body_says(converse):
    whole = converse(ASKED, **FIELDS).json()
    events = frames_in(converse(ASKED, stream=True, **FIELDS).content)
    deltas = [event["delta"] for event in events if "delta" in event]
    assert "".join(delta.get("text", "") for delta in deltas) == whole["output"]["message"]["content"][-1]["text"]
    assert any("signature" in delta.get("reasoningContent", {}) for delta in deltas)
    assert events[-1]["usage"]["outputTokens"] == whole["usage"]["outputTokens"]
    assert whole["stopReason"] == "end_turn"


def test_a_signed_block_is_read_and_a_changed_one_refused(converse):
    said = answered(converse)
    (reasoning,) = [block for block in said["content"] if "reasoningContent" in block]
    assert converse(ASKED, said, ASKED, **FIELDS).status_code == 200
    text = reasoning["reasoningContent"]["reasoningText"]
    text["signature"] = text["signature"][:-8] + "AAAAAAAA"
    refused = converse(ASKED, said, ASKED, **FIELDS)
    assert refused.status_code == 400 and "Invalid `signature`" in refused.json()["message"]
    del text["signature"]
    assert "signature: Field required" in converse(ASKED, said, ASKED, **FIELDS).json()["message"]


def test_a_model_that_signs_nothing_has_no_field_for_a_signature(converse):
    said = answered(converse, model=OPEN_MODEL)
    (reasoning,) = [block for block in said["content"] if "reasoningContent" in block]
    assert "signature" not in reasoning["reasoningContent"]["reasoningText"]
    signed = answered(converse)
    refused = converse(ASKED, signed, ASKED, model=OPEN_MODEL)
    assert refused.status_code == 400
    assert "support the reasoningContent.reasoningText.signature field" in refused.json()["message"]


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], "must start with a user message"),
        ([{"role": "assistant", "content": [{"text": "x"}]}], "must start with a user message"),
        ([ASKED, ASKED], "must alternate"),
        ([{"role": "user", "content": [{"text": " "}]}], "messages.0.content.0 is blank"),
    ],
)
def test_a_conversation_that_is_none_is_refused(converse, messages, words):
    refused = converse(*messages)
    assert refused.status_code == 400 and words in refused.json()["message"]
    assert refused.headers["x-amzn-errortype"].startswith("ValidationException:")
