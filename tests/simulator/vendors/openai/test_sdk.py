"""The official SDK drives Responses and Chat Completions, streamed or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....sdks import openai, says

QUESTION = "How many times does the letter r occur in strawberry?"
MESSAGES = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def gpt(simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="sim-key", base_url=f"{simulator.base_url}/openai/v1", max_retries=0) as client:
        yield client


def summary_of(response) -> str:
    return "\n".join(part.text for item in response.output if item.type == "reasoning" for part in item.summary)


def test_whole_response_with_a_summary(gpt):
    response = gpt.responses.create(model="gpt-6-sol", input=QUESTION, reasoning={"effort": "high", "summary": "auto"})
    assert response.status == "completed"
    assert "**Spelling the word out**" in summary_of(response)
    assert "Simulated" in response.output_text
    assert response.reasoning.effort == "high" and response.reasoning.summary == "detailed"
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert 0 < usage.output_tokens_details.reasoning_tokens < usage.output_tokens


def test_reasoning_is_hidden_without_a_summary(gpt):
    response = gpt.responses.create(model="gpt-6-sol", input=QUESTION, reasoning={"effort": "high"})
    assert summary_of(response) == ""
    assert response.usage.output_tokens_details.reasoning_tokens > 0


def test_stream_equals_whole_response(gpt):
    arguments = {"model": "gpt-5.5", "input": QUESTION, "reasoning": {"effort": "medium", "summary": "auto"}}
    whole = gpt.responses.create(**arguments)
    events = list(gpt.responses.create(**arguments, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created" and events[0].response.usage is None
    final = events[-1].response
    assert events[-1].type == "response.completed"
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    thought = [event.text for event in events if event.type == "response.reasoning_summary_text.done"]
    assert said == final.output_text == whole.output_text
    assert "\n".join(thought) == summary_of(final) == summary_of(whole)
    assert final.usage == whole.usage


def test_the_sdk_accumulates_the_stream(gpt):
    with gpt.responses.stream(model="gpt-6-luna", input=QUESTION, reasoning={"effort": "none"}) as stream:
        final = stream.get_final_response()
    assert [item.type for item in final.output] == ["message"]
    assert final.usage.output_tokens_details.reasoning_tokens == 0


def test_output_items_can_be_replayed(gpt):
    first = gpt.responses.create(
        model="gpt-6-sol", input=QUESTION, store=False, include=["reasoning.encrypted_content"]
    )
    history = [*MESSAGES, *first.output, {"role": "user", "content": "And e?"}]
    assert gpt.responses.create(model="gpt-6-sol", input=history, store=False).status == "completed"


def test_whole_completion_counts_hidden_reasoning(gpt):
    completion = gpt.chat.completions.create(model="gpt-6-sol", messages=MESSAGES, reasoning_effort="high")
    assert completion.choices[0].finish_reason == "stop"
    usage = completion.usage
    assert 0 < usage.completion_tokens_details.reasoning_tokens < usage.completion_tokens
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_streamed_completion_equals_the_whole_one(gpt):
    arguments = {"model": "gpt-5", "messages": MESSAGES, "reasoning_effort": "minimal"}
    whole = gpt.chat.completions.create(**arguments)
    chunks = list(gpt.chat.completions.create(**arguments, stream=True, stream_options={"include_usage": True}))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]][-1] == "stop"


def test_a_refusal_is_a_successful_answer(gpt):
    response = gpt.responses.create(model="gpt-6-sol@refusal", input=QUESTION)
    assert response.status == "completed" and response.output_text == ""
    assert response.output[-1].content[0].type == "refusal"
    events = list(gpt.responses.create(model="gpt-6-sol@refusal", input=QUESTION, stream=True))
    assert "response.refusal.done" in [event.type for event in events]
    completion = gpt.chat.completions.create(model="gpt-6-sol@refusal", messages=MESSAGES)
    assert completion.choices[0].message.content is None and completion.choices[0].message.refusal


def test_errors_have_the_sdk_classes(gpt):
    with pytest.raises(openai.NotFoundError) as unknown:
        gpt.responses.create(model="o1", input=QUESTION)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError) as key:
        gpt.with_options(api_key="wrong-key").responses.create(model="gpt-6-sol", input=QUESTION)
    assert key.value.code == "invalid_api_key"
    with pytest.raises(openai.RateLimitError) as quota:
        gpt.responses.create(model="gpt-6-sol@quota", input=QUESTION)
    assert quota.value.code == "insufficient_quota"
    with pytest.raises(openai.InternalServerError) as overloaded:
        gpt.chat.completions.create(model="gpt-6-sol@overloaded", messages=MESSAGES)
    assert overloaded.value.status_code == 503


def test_the_sdk_survives_two_rate_limits(gpt):
    patient = gpt.with_options(max_retries=2)
    assert patient.responses.create(model="gpt-5.4@rate_limit:2", input=QUESTION).status == "completed"


def test_an_error_in_the_middle_of_a_stream_is_raised(gpt):
    with pytest.raises(openai.APIError, check=says("overloaded")):
        list(gpt.responses.create(model="gpt-6-sol@overloaded_midstream", input=QUESTION, stream=True))
    with pytest.raises(openai.APIError, check=says("overloaded")):
        list(gpt.chat.completions.create(model="gpt-6-sol@overloaded_midstream", messages=MESSAGES, stream=True))


def test_models_are_listed(gpt):
    assert {"gpt-6-sol", "gpt-5", "o3"} <= {model.id for model in gpt.models.list()}
    assert gpt.models.retrieve("gpt-6-sol").id == "gpt-6-sol"
