"""The official SDK drives the Gemini API, streamed or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....sdks import genai, says
from ....sdks import genai_errors as errors
from ....sdks import genai_types as types

QUESTION = "How many times does the letter r occur in strawberry?"


@pytest.fixture
def gemini(simulator) -> Iterator[genai.Client]:
    options = types.HttpOptions(base_url=f"{simulator.base_url}/google")
    with genai.Client(api_key="sim-key", http_options=options) as client:
        yield client


def thinking(**fields) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(thinking_config=types.ThinkingConfig(**fields))


def texts_of(response, *, thought: bool) -> str:
    parts = response.candidates[0].content.parts or []
    return "".join(part.text or "" for part in parts if bool(part.thought) is thought)


def test_whole_answer_with_thought_summaries(gemini):
    config = thinking(include_thoughts=True, thinking_level="HIGH")
    response = gemini.models.generate_content(model="gemini-3.8-flash", contents=QUESTION, config=config)
    assert "**Spelling the word out**" in texts_of(response, thought=True)
    assert "Simulated" in response.text
    usage = response.usage_metadata
    assert usage.thoughts_token_count > 0
    assert usage.total_token_count == (
        usage.prompt_token_count + usage.candidates_token_count + usage.thoughts_token_count
    )


def test_stream_equals_whole_answer(gemini):
    arguments = {"model": "gemini-4-neon", "contents": QUESTION, "config": thinking(include_thoughts=True)}
    whole = gemini.models.generate_content(**arguments)
    chunks = list(gemini.models.generate_content_stream(**arguments))
    for thought in (True, False):
        assert "".join(texts_of(chunk, thought=thought) for chunk in chunks) == texts_of(whole, thought=thought)
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata == whole.usage_metadata


def test_thoughts_are_hidden_and_counted_unless_asked_for(gemini):
    response = gemini.models.generate_content(model="gemini-2.5-pro", contents=QUESTION)
    assert texts_of(response, thought=True) == ""
    assert response.usage_metadata.thoughts_token_count > 0


def test_off_leaves_the_counter_out(gemini):
    config = thinking(include_thoughts=True, thinking_budget=0)
    response = gemini.models.generate_content(model="gemini-2.5-flash", contents=QUESTION, config=config)
    assert response.usage_metadata.thoughts_token_count is None
    assert texts_of(response, thought=True) == "" and response.text


def test_a_budget_is_never_exceeded(gemini):
    config = thinking(thinking_budget=128)
    response = gemini.models.generate_content(model="gemini-2.5-pro", contents=QUESTION, config=config)
    assert 0 < response.usage_metadata.thoughts_token_count <= 128


def test_the_answer_can_be_replayed(gemini):
    first = gemini.models.generate_content(model="gemini-4-argon", contents=QUESTION)
    history = [types.UserContent(QUESTION), first.candidates[0].content, types.UserContent("And e?")]
    assert gemini.models.generate_content(model="gemini-4-argon", contents=history).text


def test_errors_have_the_sdk_classes(gemini, simulator):
    with pytest.raises(errors.ClientError) as unknown:
        gemini.models.generate_content(model="gemini-1.5-pro", contents=QUESTION)
    assert unknown.value.code == 404 and unknown.value.status == "NOT_FOUND"
    with pytest.raises(errors.ServerError) as overloaded:
        gemini.models.generate_content(model="gemini-4-neon@overloaded", contents=QUESTION)
    assert overloaded.value.code == 503
    options = types.HttpOptions(base_url=f"{simulator.base_url}/google")
    with genai.Client(api_key="wrong-key", http_options=options) as stranger, pytest.raises(errors.ClientError) as key:
        stranger.models.generate_content(model="gemini-4-neon", contents=QUESTION)
    assert key.value.code == 400 and says("API key not valid")(key.value)


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_an_error_in_the_middle_of_a_stream_is_raised(simulator, version):
    options = types.HttpOptions(base_url=f"{simulator.base_url}/google", api_version=version)
    with genai.Client(api_key="sim-key", http_options=options) as client, pytest.raises(errors.APIError) as failure:
        list(client.models.generate_content_stream(model="gemini-3.8-flash@overloaded_midstream", contents=QUESTION))
    assert failure.value.code == 503


def test_models_are_listed(gemini):
    assert "models/gemini-4-neon" in {model.name for model in gemini.models.list()}
    assert gemini.models.get(model="gemini-3.8-flash").input_token_limit == 1_048_576
