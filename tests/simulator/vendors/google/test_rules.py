"""What the simulated Gemini API refuses, through raw HTTP."""

from __future__ import annotations

import json

from ....cases import each

IMAGE_MODEL = "gemini-2.5-flash-image"


def error_of(response, code: int = 400, status: str = "INVALID_ARGUMENT") -> dict:
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (code, code, status), response.text
    return error


@each(
    ("model", "thinking", "words"),
    [
        ("gemini-3.8-flash", {"thinkingLevel": "low", "thinkingBudget": 500}, "not supported together"),
        ("gemini-3.8-flash", {"thinkingLevel": "minimal"}, "level MINIMAL is not supported"),
        ("gemini-3.8-flash", {"thinkingLevel": "extreme"}, "Invalid value at"),
        ("gemini-3.8-flash", {"thinkingBudget": 0}, "only works in thinking mode"),
        ("gemini-3.8-flash", {"thinkingBudget": "much"}, "Invalid value at"),
        ("gemini-3.8-flash", {"effort": "low"}, 'Unknown name "effort"'),
        ("gemini-4-argon", {"thinkingLevel": "XHIGH"}, "level XHIGH is not supported"),
        ("gemini-4-argon", {"thinkingBudget": 1000}, "budget is not supported"),
        ("gemini-2.5-pro", {"thinkingLevel": "low"}, "level is not supported"),
        ("gemini-2.5-pro", {"thinkingBudget": 0}, "only works in thinking mode"),
        ("gemini-2.5-pro", {"thinkingBudget": 100}, "between 128 and 32768"),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 100}, "between 512 and 24576"),
        ("gemini-2.5-flash-image", {"includeThoughts": True}, "not enabled"),
    ],
)
def test_thinking_configurations_refused(vendors, model, thinking, words):
    assert words in error_of(vendors.gemini(model, thinking=thinking))["message"]


@each(
    ("model", "thinking", "thinks"),
    [
        ("gemini-4-neon", {"thinkingLevel": "xhigh"}, True),
        ("gemini-3.8-flash", {"thinking_level": "LOW"}, True),
        ("gemini-3.8-flash", {"thinkingBudget": 1000}, True),
        ("gemini-3.8-flash", {"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, True),
        ("gemini-3.5-flash-lite", None, True),
        ("gemini-2.5-pro", {"thinkingBudget": -1}, True),
        ("gemini-2.5-flash", None, True),
        ("gemini-2.5-flash-lite", None, False),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 512}, True),
        ("gemini-2.5-flash-image", None, False),
    ],
)
def test_accepted_dials_think_or_do_not(vendors, model, thinking, thinks):
    response = vendors.gemini(model, thinking=thinking)
    assert response.status_code == 200, response.text
    usage = response.json()["usageMetadata"]
    assert ("thoughtsTokenCount" in usage) is thinks
    counted = (usage.get(f"{name}TokenCount", 0) for name in ("prompt", "candidates", "thoughts"))
    assert usage["totalTokenCount"] == sum(counted)


@each(
    ("body", "words"),
    [
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"role": "user", "parts": []}]}, "parts must not be empty"),
        ({"messages": []}, 'Unknown name "messages"'),
        ({"generationConfig": {"max_tokens": 5}}, 'Unknown name "max_tokens"'),
        ({"generationConfig": "hot"}, "expected an object"),
        ({"generationConfig": {"maxOutputTokens": 70_000}}, "supported range is from 1"),
        ({"generationConfig": {"presencePenalty": 1}}, "presencePenalty is not supported"),
        ({"generationConfig": {"candidateCount": 2}}, "Only one candidate"),
        ({"cachedContent": "cachedContents/1"}, "cached content"),
        ({"contents": [{"role": "model", "parts": [{"text": "x"}]}]}, "must not have the role 'model'"),
        ({"contents": [{"parts": [{"text": "x", "thoughtSignature": "Zm9yZ2Vk"}]}]}, "Corrupted thought signature"),
    ],
)
def test_gemini_4_refuses(vendors, body, words):
    assert words in error_of(vendors.gemini("gemini-4-neon", **body))["message"]


def test_dummy_signatures_are_taken(vendors):
    contents = [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [{"text": "y", "thoughtSignature": "skip_thought_signature_validator"}]},
        {"role": "user", "parts": [{"text": "z"}]},
    ]
    assert vendors.gemini("gemini-4-neon", contents=contents).status_code == 200


def test_keys(vendors):
    details = error_of(vendors.gemini(headers={"x-goog-api-key": "wrong-key"}))["details"]
    assert details[0]["reason"] == "API_KEY_INVALID"
    error_of(vendors.gemini(headers={"x-goog-api-key": ""}), 403, "PERMISSION_DENIED")


def test_models_and_versions(vendors):
    assert "is not found for API version v1beta" in error_of(vendors.gemini("gemini-9"), 404, "NOT_FOUND")["message"]
    error_of(vendors.gemini("gemini-flash-latest", version="v1"), 404, "NOT_FOUND")
    assert vendors.gemini("gemini-flash-latest").json()["modelVersion"] == "gemini-3.8-flash"
    assert vendors.gemini("gemini-3.5-flash", version="v1").json()["modelVersion"] == "gemini-3.6-flash"


def test_snake_case_works_as_camel_case_does(vendors):
    response = vendors.gemini(
        "gemini-3.8-flash",
        system_instruction={"parts": [{"text": "Be brief."}]},
        generation_config={"max_output_tokens": 2000, "thinking_config": {"include_thoughts": True}},
    )
    assert response.json()["candidates"][0]["content"]["parts"][0]["thought"] is True


def test_a_stream_without_sse_is_one_array(vendors):
    chunks = json.loads(vendors.gemini(method="streamGenerateContent").content)
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    assert "thoughtSignature" in chunks[-1]["candidates"][0]["content"]["parts"][0]


def test_an_array_that_breaks_off_is_still_one_array(vendors):
    response = vendors.gemini("gemini-3.8-flash@overloaded_midstream", method="streamGenerateContent")
    assert json.loads(response.content)[-1]["error"]["status"] == "UNAVAILABLE"


def test_too_long_for_the_context_window(vendors):
    contents = [{"parts": [{"text": "word " * 40_000}]}]
    assert "exceeds the maximum number of tokens" in error_of(vendors.gemini(IMAGE_MODEL, contents=contents))["message"]


def test_running_usage_comes_with_every_chunk(vendors, frames):
    response = vendors.gemini(method="streamGenerateContent?alt=sse")
    assert response.content.count(b"\r\n\r\n") == len(frames(response))
    totals = [frame["usageMetadata"]["totalTokenCount"] for frame in frames(response)]
    assert totals == sorted(totals) and totals[0] < totals[-1]


def test_blocked_prompts_have_no_candidates(vendors):
    body = vendors.gemini("gemini-3.8-flash@refusal").json()
    assert "candidates" not in body and body["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"


def test_long_prompts_are_cached_from_the_second_time_on(vendors):
    contents = [{"parts": [{"text": "word " * 5000}]}]
    first, second = (vendors.gemini("gemini-3.7-flash", contents=contents).json()["usageMetadata"] for _ in range(2))
    assert "cachedContentTokenCount" not in first
    assert 4000 < second["cachedContentTokenCount"] < second["promptTokenCount"] == first["promptTokenCount"]
