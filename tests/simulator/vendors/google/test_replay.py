"""Thought signatures that come back: on the first call of each step, unchanged; and a cache that grows."""

from __future__ import annotations

import base64
from typing import Any

import pytest


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


def called(**part: Any) -> dict[str, Any]:
    return {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}, **part}]}


GIVEN: dict[str, Any] = {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"result": 5}}}]}


@pytest.fixture
def own(vendors):
    parts = vendors.gemini(contents=[user("One?")]).json()["candidates"][0]["content"]["parts"]
    return parts[-1]["thoughtSignature"]


def test_a_call_of_the_current_turn_brings_its_signature(vendors, own):
    missing = vendors.gemini(contents=[user("q"), called(), GIVEN])
    assert missing.status_code == 400
    assert "Function call `look` in the 2. content block is missing a `thought_signature`" in missing.text
    dummy = "skip_thought_signature_validator"
    for signature in (own, dummy, base64.b64encode(dummy.encode()).decode(), own.replace("+", "-").replace("/", "_")):
        assert vendors.gemini(contents=[user("q"), called(thoughtSignature=signature), GIVEN]).status_code == 200
    second = called(thoughtSignature=own)
    second["parts"].append({"functionCall": {"name": "look", "args": {}}})
    assert vendors.gemini(contents=[user("q"), second, GIVEN]).status_code == 400, "one of two responses"
    both = GIVEN | {"parts": GIVEN["parts"] * 2}
    assert vendors.gemini(contents=[user("q"), second, both]).status_code == 200
    earlier = [user("q"), called(), GIVEN, {"role": "model", "parts": [{"text": "5"}]}, user("And?")]
    assert vendors.gemini(contents=earlier).status_code == 200
    assert vendors.gemini("gemini-2.5-flash", contents=[user("q"), called(), GIVEN]).status_code == 200


def test_a_changed_signature_is_corrupted_on_any_part(vendors, own):
    changed = own[:-8] + "AAAA" + own[-4:]
    for part in ({"text": "Yes."}, {"text": ""}, {"text": "Hm.", "thought": True}):
        contents = [user("q"), {"role": "model", "parts": [part | {"thoughtSignature": changed}]}, user("r")]
        refused = vendors.gemini(contents=contents)
        assert refused.status_code == 400 and "Corrupted thought signature." in refused.text
        contents[1]["parts"][0]["thoughtSignature"] = own
        assert vendors.gemini(contents=contents).status_code == 200


def test_a_growing_conversation_reads_its_beginning_from_the_cache(vendors):
    contents = [user("word " * 5000)]
    first = vendors.gemini(contents=contents).json()["usageMetadata"]
    contents += [{"role": "model", "parts": [{"text": "Yes."}]}, user("Two?")]
    second = vendors.gemini(contents=contents).json()["usageMetadata"]
    assert second["cachedContentTokenCount"] == first["promptTokenCount"] // 128 * 128


def test_steps_of_an_interaction_go_back_unmodified(simulator, client):
    url, headers = f"{simulator.base_url}/google/v1beta/interactions", {"x-goog-api-key": "k"}

    def post(**body: Any) -> Any:
        return client.post(url, json={"model": "gemini-4-argon", "store": False, **body}, headers=headers)

    steps = post(input="One?").json()["steps"]
    asked, more = ({"type": "user_input", "content": [{"type": "text", "text": text}]} for text in ("One?", "Two?"))
    assert post(input=[asked, *steps, more]).status_code == 200
    signature = steps[0]["signature"]
    steps[0]["signature"] = signature[:-8] + "AAAA" + signature[-4:]
    refused = post(input=[asked, *steps, more])
    assert refused.status_code == 400 and "Corrupted thought signature." in refused.text
    assert post(input="Two?", previous_interaction_id="v1_unknown").status_code == 404
