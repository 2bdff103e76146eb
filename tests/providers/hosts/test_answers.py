"""Clouds with formats of their own, answers that look like errors, and many profiles in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.profiles.profile import Profile

HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


def block(index: int = 0, **delta: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta, "p": "abc"}


STOP = ("messageStop", {"stopReason": "end_turn"})
META = ("metadata", {"usage": {"inputTokens": 15, "outputTokens": 40, "totalTokens": 55}, "metrics": {"latencyMs": 9}})
GOOD = (block(reasoningContent={"text": "Hm."}), block(1, text="3"), STOP, META)


def test_bedrock_streams_frames(call: Callable[..., Any], wire: Any) -> None:
    result = call("bedrock", HAIKU, wire.aws(*GOOD), think="4000").result
    assert (result.status, result.reasoning.text, result.answer) == ("ok", "Hm.", "3")
    assert (result.usage.output_tokens, result.reasoning.tokens_source, result.think.verdict) == (
        40,
        "estimated",
        "as_asked",
    )


def test_a_throttling_frame_before_any_text_is_tried_again_and_after_it_not(
    call: Callable[..., Any], wire: Any
) -> None:
    throttled = ("throttlingException", {"message": "Too many tokens, please wait before trying again."})
    called = call("bedrock", HAIKU, wire.aws(throttled), wire.aws(*GOOD))
    assert (called.result.answer, called.result.attempts, called.waits) == ("3", 2, [0.5])
    called = call("bedrock", HAIKU, wire.aws(GOOD[0], GOOD[1], throttled), wire.aws(*GOOD))
    assert (called.result.status, called.result.attempts, called.result.error.kind) == ("partial", 1, "rate_limit")
    assert (called.result.reasoning.text, called.result.answer) == ("Hm.", "3")


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_frames_that_end_early_or_break_keep_what_came(call: Callable[..., Any], wire: Any, cut: int) -> None:
    good = wire.aws(*GOOD[:3])
    body = good.partition(b"\r\n\r\n")[2]
    kind = "application/vnd.amazon.eventstream"
    for broken in (body[:-cut], body[:-1] + bytes([body[-1] ^ 1])):
        result = call("bedrock", HAIKU, wire.http(broken, kind=kind)).result
        assert (result.status, result.error.kind) == ("partial", "protocol")
        assert (result.reasoning.text, result.answer, result.usage.output_tokens) == ("Hm.", "3", None)


def test_ollama_is_cut_or_fails_in_the_middle(call: Callable[..., Any], wire: Any) -> None:
    first = {"model": "qwen3:8b", "message": {"role": "assistant", "thinking": "Hm.", "content": "It "}, "done": False}
    failed = call("ollama", "qwen3:8b", wire.ndjson(first, {"error": "out of memory"})).result
    assert (failed.status, failed.reasoning.text, failed.answer) == ("partial", "Hm.", "It ")
    assert (failed.error.kind, failed.error.message) == ("server", "out of memory")
    whole = wire.ndjson(first, first).partition(b"\r\n\r\n")[2]
    cut = call("ollama", "qwen3:8b", wire.http(whole[:-20], kind="application/x-ndjson")).result
    assert (cut.status, cut.answer, cut.error.kind) == ("partial", "It ", "protocol")


def test_cohere_fails_in_its_last_event_and_mistral_in_a_frame(call: Callable[..., Any], wire: Any) -> None:
    delta = {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"thinking": "Hm."}}}}
    end = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "broke", "usage": {}}}
    result = call("cohere", "command-a-reasoning-08-2025", wire.sse(delta, end)).result
    assert (result.status, result.reasoning.text, result.error.message) == ("partial", "Hm.", "broke")
    busy = {"object": "error", "message": "busy", "type": "service_tier_capacity_exceeded", "code": "3505"}
    good = wire.sse(wire.chunk(content="3"), wire.chunk("stop"), wire.done)
    called = call("mistral", "mistral-medium-latest", wire.sse(busy, wire.done), good)
    assert (called.result.answer, called.result.attempts) == ("3", 2)


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-responses"])
def test_a_prompt_that_azure_blocks_is_an_answer(call: Callable[..., Any], wire: Any, dialect: str) -> None:
    blocked = {"error": {"code": "content_filter", "message": "blocked", "status": 400, "innererror": {
        "code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}}}  # fmt: skip
    result = call("azure", "gpt-5.5", wire.said(blocked, 400), dialect=dialect, endpoint={"resource": "mine"}).result
    assert (result.status, result.finish, result.error, result.answer) == ("ok", "content_filter", None, "")
    assert result.attempts == 1


def test_azure_annotates_without_choices(call: Callable[..., Any], wire: Any) -> None:
    annotated = {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}
    late = {"choices": [{"index": 0, "content_filter_results": {"hate": {"filtered": False}}, "finish_reason": None}]}
    reply = wire.sse(annotated, wire.chunk(content="3"), late, wire.chunk("stop"), wire.done)
    result = call("azure", "gpt-5.5", reply, dialect="openai-chat", endpoint={"resource": "mine"}).result
    assert (result.status, result.answer, result.model_reported) == ("ok", "3", "m-1")


def test_a_refusal_of_xai_is_an_answer(call: Callable[..., Any], wire: Any) -> None:
    result = call("xai", "grok-4.3", wire.said({"code": "SAFETY_CHECK", "error": "cannot help"}, 403)).result
    assert (result.status, result.finish, result.error) == ("ok", "refusal", None)


def test_a_model_that_does_not_think_is_asked_without_a_word_about_thinking(
    call: Callable[..., Any], wire: Any
) -> None:
    answer = {"id": "i", "message": {"content": [{"type": "text", "text": "3"}]}, "finish_reason": "COMPLETE"}
    called = call("cohere", "command-a-03-2025", wire.said(answer), think="high")
    assert (called.result.think.fidelity, called.result.think.native) == ("unsupported", {})
    assert set(called.asked[0].body) == {"model", "messages", "stream"}
    assert (called.result.answer, called.result.think.verdict) == ("3", "unknown")


@pytest.mark.parametrize("think", ["high", "off"])
def test_no_word_is_lost_between_a_profile_and_the_wire(call: Callable[..., Any], wire: Any, think: str) -> None:
    params = {"seed": 7, "thinking_like": {"a": [1, "ü"]}}
    (asked,) = call(
        "groq", "openai/gpt-oss-120b", wire.said({}, 400), think=think, params=params, system="Be brief."
    ).asked
    assert params.items() <= asked.body.items()
    assert [message["role"] for message in asked.body["messages"]] == ["system", "user"]


def test_forty_profiles_in_one_run_each_have_an_answer_of_their_own(call_many: Callable[..., Any], wire: Any) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
    reply = wire.sse(wire.chunk(reasoning="Hm."), wire.chunk(content="3"), wire.chunk("stop", usage=usage), wire.done)
    models = {"groq": "openai/gpt-oss-120b", "moonshot": "kimi-k3", "zai": "glm-5.2", "cerebras": "qwen-3.8-27b"}
    base = Profile(name="p", provider="groq", model="m")
    chosen = [
        (replace(base, name=f"{provider}-{number}", provider=provider, model=model), think)
        for provider, model in models.items()
        for number, think in enumerate(
            ["off", "minimal", "low", "medium", "high", "xhigh", "max", "auto", "2k", "9000"]
        )
    ]
    results, asked = call_many(reply, chosen)
    assert (len(results), asked) == (40, 40)
    assert [result.profile for result in results] == [profile.name for profile, _ in chosen]
    assert {(result.status, result.answer, result.reasoning.text) for result in results} == {("ok", "3", "Hm.")}
    assert len({result.id for result in results}) == 40


@pytest.mark.parametrize(
    "words",
    [
        "reasoning_effort='high' is refused, one of (<ReasoningEffort.low: 'low'>, <ReasoningEffort.max: 'max'>)",
        "reasoning_effort high is not supported for this model, supported values: ['low', 'max']",
        "reasoning_effort 'high' is not supported; supported values: ['low', 'max']",
    ],
)
def test_every_wording_of_mistral_teaches_what_a_model_takes(call: Callable[..., Any], wire: Any, words: str) -> None:
    refusal = {"object": "error", "message": words, "type": "invalid_request_invalid_args", "code": "3051"}
    good = wire.sse(wire.chunk(content="3"), wire.chunk("stop"), wire.done)
    called = call("mistral", "brand-new-1", wire.said(refusal, 400), good, think="high")
    assert [asked.body["reasoning_effort"] for asked in called.asked] == ["high", "low"]
    assert (called.result.status, called.result.answer, called.waits) == ("ok", "3", [])
    assert called.result.think.native == {"reasoning_effort": "low"}


def test_a_refusal_without_a_list_is_told_as_it_is(call: Callable[..., Any], wire: Any) -> None:
    words = "reasoning_effort is not enabled for this model"
    refusal = wire.said({"object": "error", "message": words, "code": "3051"}, 400)
    called = call("mistral", "brand-new-1", refusal, think="high")
    assert (called.result.error.kind, called.result.error.message, len(called.asked)) == ("invalid_request", words, 1)
