"""Counting tokens beforehand gives what the usage says afterwards, and refuses what the real request would."""

from __future__ import annotations

import pytest

from ...sdks import anthropic, genai, openai, says
from ...sdks import genai_types as types

TEXT = "How many times does the letter r occur in strawberry? " * 40


def test_anthropic(simulator):
    with anthropic.Anthropic(api_key="k", base_url=f"{simulator.base_url}/anthropic", max_retries=0) as claude:
        asked = {
            "model": "claude-opus-4-5",
            "system": "Be brief.",
            "messages": [{"role": "user", "content": TEXT}],
            "thinking": {"type": "enabled", "budget_tokens": 2000},
        }
        counted = claude.messages.count_tokens(**asked)
        assert counted.input_tokens == claude.messages.create(max_tokens=5000, **asked).usage.input_tokens > 400
        with pytest.raises(anthropic.BadRequestError, check=says("max_tokens: Extra inputs")):
            claude.messages.count_tokens(**asked, extra_body={"max_tokens": 10})
        forged = [{"type": "thinking", "thinking": "", "signature": "Zm9yZ2Vk"}, {"type": "text", "text": "3"}]
        with pytest.raises(anthropic.BadRequestError, check=says("Invalid `signature`")):
            claude.messages.count_tokens(
                model="claude-opus-5-5",
                messages=[
                    {"role": "user", "content": "x"},
                    {"role": "assistant", "content": forged},
                    {"role": "user", "content": "y"},
                ],
            )
        with pytest.raises(anthropic.NotFoundError):
            claude.messages.count_tokens(model="claude-9", messages=asked["messages"])


def test_openai(simulator):
    with openai.OpenAI(api_key="k", base_url=f"{simulator.base_url}/openai/v1", max_retries=0) as sdk:
        asked = {"model": "gpt-6-sol", "input": TEXT, "instructions": "Be brief.", "reasoning": {"effort": "high"}}
        counted = sdk.responses.input_tokens.count(**asked)
        assert counted.input_tokens == sdk.responses.create(**asked).usage.input_tokens > 400
        with pytest.raises(openai.BadRequestError):
            sdk.responses.input_tokens.count(**(asked | {"reasoning": {"effort": "loud"}}))


def test_google(simulator, client):
    options = types.HttpOptions(base_url=f"{simulator.base_url}/google")
    with genai.Client(api_key="k", http_options=options) as google:
        bare = google.models.count_tokens(model="gemini-4-argon", contents=TEXT).total_tokens
        used = google.models.generate_content(model="gemini-4-argon", contents=TEXT)
        assert bare == used.usage_metadata.prompt_token_count > 400
    url = f"{simulator.base_url}/google/v1beta/models/gemini-4-argon:countTokens"
    contents = [{"role": "user", "parts": [{"text": TEXT}]}]
    request = {"model": "models/gemini-4-argon", "contents": contents}
    request["systemInstruction"] = {"parts": [{"text": "Be brief."}]}
    headers = {"x-goog-api-key": "k"}
    full = client.post(url, json={"generateContentRequest": request}, headers=headers).json()["totalTokens"]
    live = client.post(url.replace("countTokens", "generateContent"), json=request, headers=headers).json()
    assert full == live["usageMetadata"]["promptTokenCount"] > bare
    both = client.post(url, json={"contents": contents, "generateContentRequest": request}, headers=headers)
    assert both.status_code == 400


def test_mistral(simulator, client):
    base, headers = f"{simulator.base_url}/mistral/v1", {"authorization": "Bearer k"}
    counted = client.post(
        f"{base}/responses/input_tokens",
        json={"model": "mistral-large-4", "input": TEXT, "instructions": "Be brief."},
        headers=headers,
    )
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TEXT}]
    body = {"model": "mistral-large-4", "messages": messages}
    live = client.post(f"{base}/chat/completions", json=body, headers=headers).json()
    assert counted.json()["input_tokens"] == live["usage"]["prompt_tokens"]
