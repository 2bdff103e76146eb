"""InvokeModel of the simulator, through raw HTTP: Anthropic's answers in frames, Bedrock's own refusals."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any
from zlib import crc32

import pytest

MODEL = "global.anthropic.claude-opus-5-5"
BODY = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 20_000,
    "messages": [{"role": "user", "content": "How many r in strawberry?"}],
}


def events_in(body: bytes) -> list[dict[str, Any]]:
    """The events in the frames, whose checksums must hold."""
    found = []
    while body:
        size, head = struct.unpack("!II", body[:8])
        frame, body = body[:size], body[size:]
        assert crc32(frame[:8]) == int.from_bytes(frame[8:12]) and crc32(frame[:-4]) == int.from_bytes(frame[-4:])
        payload = json.loads(frame[12 + head : -4])
        found.append(json.loads(base64.b64decode(payload["bytes"])) if "bytes" in payload else payload)
    return found


@pytest.fixture
def invoke(vendors):
    def post(model: str = MODEL, *, stream: bool = False, key: str = "sim-key", **fields: Any) -> Any:
        method = "invoke-with-response-stream" if stream else "invoke"
        headers = {"authorization": f"Bearer {key}"} if key else {}
        url = f"{vendors.base_url}/bedrock/model/{model.replace(':', '%3A')}/{method}"
        return vendors.client.post(url, json={**BODY, **fields}, headers=headers)

    return post


def test_a_stream_says_what_the_whole_body_says(invoke):
    whole = invoke().json()
    response = invoke(stream=True)
    assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
    events = events_in(response.content)
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]
    said = "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")
    assert said == whole["content"][-1]["text"]


@pytest.mark.parametrize(
    "model",
    ["anthropic.claude-opus-5-5", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-opus-4-6-v1"],
)
def test_ids_may_have_a_region_and_a_version(invoke, model):
    assert invoke(model).json()["content"][-1]["text"]


@pytest.mark.parametrize(
    ("fields", "status", "kind", "words"),
    [
        ({"key": ""}, 403, "MissingAuthenticationTokenException", "Missing"),
        ({"key": "wrong-key"}, 403, "AccessDeniedException", "API key"),
        ({"model": "amazon.nova-2-lite-v1:0"}, 400, "ValidationException", "model identifier is invalid"),
        ({"anthropic_version": "2023-06-01"}, 400, "ValidationException", "version"),
        ({"max_tokens": "many"}, 400, "ValidationException", "max_tokens"),
        ({"thinking": {"type": "disabled"}}, 400, "ValidationException", "thinking.type.disabled"),
        ({"anthropic_beta": ["no-such-beta"]}, 400, "ValidationException", "no-such-beta"),
        ({"model": f"{MODEL}@rate_limit"}, 429, "ThrottlingException", "wait"),
        ({"model": f"{MODEL}@overloaded"}, 503, "ServiceUnavailableException", "unavailable"),
    ],
)
def test_refusals_are_bedrocks_own(invoke, fields, status, kind, words):
    response = invoke(**fields)
    assert response.status_code == status, response.text
    assert response.headers["x-amzn-errortype"].startswith(f"{kind}:")
    assert words in response.json()["message"]


def test_a_stream_that_breaks_off_ends_with_an_exception(invoke):
    assert "message" in events_in(invoke(f"{MODEL}@overloaded_midstream", stream=True).content)[-1]
