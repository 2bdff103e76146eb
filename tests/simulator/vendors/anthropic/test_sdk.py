"""The official SDK drives the Messages API: reasoning, answer and usage come out right, streamed or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....sdks import anthropic, says

QUESTION = [{"role": "user", "content": "How many times does the letter r occur in strawberry?"}]
ADAPTIVE = {"type": "adaptive", "display": "summarized"}


@pytest.fixture
def claude(simulator) -> Iterator[anthropic.Anthropic]:
    base_url = f"{simulator.base_url}/anthropic"
    with anthropic.Anthropic(api_key="sim-key", base_url=base_url, max_retries=0) as client:
        yield client


def text_of(message, kind: str, field: str) -> str:
    return "".join(getattr(block, field) for block in message.content if block.type == kind)


def test_whole_answer_with_summarized_thinking(claude):
    message = claude.messages.create(model="claude-opus-5-5", max_tokens=8000, messages=QUESTION, thinking=ADAPTIVE)
    assert [block.type for block in message.content] == ["thinking", "text"]
    assert "Spelling the word out" in text_of(message, "thinking", "thinking")
    assert "simulated" in text_of(message, "text", "text").lower()
    assert message.stop_reason == "end_turn"
    details = message.usage.output_tokens_details
    assert details is not None and 0 < details.thinking_tokens < message.usage.output_tokens


def test_stream_equals_whole_answer(claude):
    arguments = {"model": "claude-sonnet-5-5", "max_tokens": 8000, "messages": QUESTION, "thinking": ADAPTIVE}
    whole = claude.messages.create(**arguments)
    with claude.messages.stream(**arguments) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"
    for kind, field in (("thinking", "thinking"), ("text", "text")):
        assert text_of(final, kind, field) == text_of(whole, kind, field)
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert final.usage.input_tokens == whole.usage.input_tokens
    assert final.usage.output_tokens_details == whole.usage.output_tokens_details


def test_omitted_display_still_signs_an_empty_thinking_block(claude):
    with claude.messages.stream(model="claude-opus-5-5", max_tokens=8000, messages=QUESTION) as stream:
        deltas = [event.delta for event in stream if event.type == "content_block_delta"]
        final = stream.get_final_message()
    assert [delta.type for delta in deltas[:2]] == ["thinking_delta", "signature_delta"]
    assert deltas[0].thinking == ""
    assert final.content[0].type == "thinking" and final.content[0].signature
    assert final.usage.output_tokens_details.thinking_tokens > 0


def test_off_has_no_thinking(claude):
    message = claude.messages.create(
        model="claude-haiku-5-5", max_tokens=8000, messages=QUESTION, thinking={"type": "disabled"}
    )
    assert [block.type for block in message.content] == ["text"]
    assert message.usage.output_tokens_details.thinking_tokens == 0


def test_a_budget_is_never_exceeded(claude):
    message = claude.messages.create(
        model="claude-opus-4-5",
        max_tokens=8000,
        messages=QUESTION,
        thinking={"type": "enabled", "budget_tokens": 1024},
        extra_headers={"anthropic-version": "2023-06-01"},
    )
    assert 0 < message.usage.output_tokens_details.thinking_tokens <= 1024
    assert message.content[0].type == "thinking" and message.content[0].thinking


def test_the_answer_can_be_replayed_and_a_foreign_signature_cannot(claude):
    first = claude.messages.create(model="claude-opus-5-5", max_tokens=8000, messages=QUESTION)
    history = [*QUESTION, {"role": "assistant", "content": first.content}, {"role": "user", "content": "And e?"}]
    assert claude.messages.create(model="claude-opus-5-5", max_tokens=8000, messages=history).stop_reason == "end_turn"
    forged = [{"type": "thinking", "thinking": "", "signature": "Zm9yZ2Vk"}, {"type": "text", "text": "3"}]
    history[1] = {"role": "assistant", "content": forged}
    with pytest.raises(anthropic.BadRequestError, check=says("Invalid `signature`")):
        claude.messages.create(model="claude-opus-5-5", max_tokens=8000, messages=history)


def test_errors_have_the_sdk_classes(claude):
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.create(model="claude-opus-5-9", max_tokens=10, messages=QUESTION)
    with pytest.raises(anthropic.AuthenticationError):
        claude.with_options(api_key="wrong-key").messages.create(
            model="claude-opus-5", max_tokens=10, messages=QUESTION
        )
    with pytest.raises(anthropic.APIStatusError) as overloaded:
        claude.messages.create(model="claude-opus-5@overloaded", max_tokens=10, messages=QUESTION)
    assert overloaded.value.status_code == 529 and overloaded.value.request_id


def test_the_sdk_survives_a_rate_limit(claude):
    patient = claude.with_options(max_retries=1)
    message = patient.messages.create(model="claude-opus-4-8@rate_limit:1", max_tokens=8000, messages=QUESTION)
    assert message.stop_reason == "end_turn" and message.model == "claude-opus-4-8"


def test_an_error_in_the_middle_of_a_stream_is_raised(claude):
    stream = claude.messages.create(
        model="claude-opus-5-5", max_tokens=8000, messages=QUESTION, stream=True,
        extra_headers={"x-simulate-fault": "overloaded_midstream"},
    )  # fmt: skip
    seen: list[str] = []
    with pytest.raises(anthropic.APIStatusError, check=says("Overloaded")):
        seen.extend(event.type for event in stream)
    assert "content_block_delta" in seen


def test_models_are_listed(claude):
    listed = list(claude.models.list(limit=5))
    assert len(listed) > 15
    opus = claude.models.retrieve("claude-opus-5-5")
    assert opus.capabilities.thinking.types.disabled.supported is False
    assert opus.capabilities.effort.xhigh.supported is True
