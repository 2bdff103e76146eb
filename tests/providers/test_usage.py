"""The one reconciler of token counts: what hosts count beside each other is found out by the total."""

from __future__ import annotations

import random
from typing import Any

import pytest

from thinkdial.providers.fold import Fold
from thinkdial.providers.schema import AnswerDelta, Complete, Finish, ReasoningDelta, Usage, UsageReport
from thinkdial.providers.usage import RawCounts, reconcile

from ..cases import each
from .conftest import Api


def sides(counts: RawCounts) -> tuple[int | None, int | None]:
    usage, _ = reconcile(counts)
    return usage.input_tokens, usage.output_tokens


def test_more_cached_than_prompt_is_no_reason_to_add_it() -> None:
    usage, notices = reconcile(RawCounts(entered=249, cached=416, output=40, total=289))
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (249, 40, 289)
    assert [notice.code for notice in notices] == ["usage_unreconciled"]
    assert sides(RawCounts(entered=249, cached=416, output=40)) == (249, 40)


def test_reasoning_up_to_twice_the_output_is_inside_an_additive_total() -> None:
    assert sides(RawCounts(entered=20, output=100, reasoning=128, total=120)) == (20, 100)
    assert sides(RawCounts(entered=20, output=100, reasoning=201, total=120)) == (20, 301)


def test_an_output_that_is_not_reported_is_what_the_total_leaves() -> None:
    assert sides(RawCounts(entered=20, total=29)) == (20, 9)
    assert sides(RawCounts(total=29)) == (None, None)


def test_a_total_may_leave_out_what_the_wire_counts_beside() -> None:
    usage, notices = reconcile(RawCounts(entered=20, added=100, cached=100, output=9, total=29))
    assert (usage.input_tokens, usage.output_tokens, notices) == (120, 9, [])


def world(dice: random.Random) -> tuple[int, int, int, int, int, int]:
    """Plain, cached, written and audio input, and visible and hidden output: the truth that a host reports somehow."""
    return (
        dice.randint(1, 5000), dice.choice([0, dice.randint(1, 9000)]), dice.choice([0, dice.randint(1, 900)]),
        dice.choice([0, dice.randint(1, 900)]), dice.randint(1, 4000), dice.choice([0, dice.randint(1, 9000)]),
    )  # fmt: skip


def test_whatever_is_counted_beside_the_total_finds_it() -> None:
    dice = random.Random(7)
    for _ in range(5000):
        plain, cached, written, audio, visible, thought = world(dice)
        entered, output = plain + cached + written + audio, visible + thought
        audio_apart, thought_apart = dice.random() < 0.3, dice.random() < 0.3
        cache_apart = dice.random() < 0.3 and not audio_apart
        left_out = audio * audio_apart + (cached + written) * cache_apart
        if not thought_apart and thought > 2 * output:
            continue
        shown = RawCounts(
            entered=entered - left_out,
            output=visible if thought_apart else output,
            total=entered + output,
            cached=cached,
            written=written,
            audio=audio,
            reasoning=thought,
            reasoning_beside=dice.random() < 0.5,
            audio_beside=dice.random() < 0.5,
        )
        usage, _ = reconcile(shown)
        assert (usage.input_tokens or 0) + (usage.output_tokens or 0) == entered + output == usage.total_tokens, shown
        if len({0, cached, written, cached + written, audio, thought}) == 6:  # no two readings are the same
            assert (usage.input_tokens, usage.output_tokens) == (entered, output), shown


def test_no_counts_make_it_fail_or_lose_what_was_reported() -> None:
    dice = random.Random(8)
    for _ in range(5000):
        some: list[Any] = [None if dice.random() < 0.3 else dice.choice([0, dice.randint(1, 300)]) for _ in range(7)]
        entered, output, total, cached, written, audio, reasoning = some
        usage, notices = reconcile(
            RawCounts(entered, output, total, dice.choice([0, 50]), cached, written, audio, reasoning)
        )
        assert (usage.cached_input_tokens, usage.cache_write_tokens, usage.reasoning_tokens) == (
            cached, written, reasoning,
        )  # fmt: skip
        assert (usage.input_tokens is None) == (entered is None)
        assert usage.input_tokens is None or usage.input_tokens >= entered
        assert output is None or (usage.output_tokens is not None and usage.output_tokens >= output)
        if usage.input_tokens is not None and usage.output_tokens is not None:
            assert usage.total_tokens == usage.input_tokens + usage.output_tokens
        assert len(notices) <= 2


def folded(usage: Usage, *deltas: Any) -> tuple[Usage, list[str]]:
    fold = Fold()
    for delta in (*deltas, UsageReport(usage), Complete()):
        fold.add(delta)
    reply = fold.reply()
    assert fold.reply().notices == reply.notices
    return reply.usage, [notice.code for notice in reply.notices]


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        (Usage(input_tokens=0, output_tokens=0, total_tokens=0), Usage()),
        (Usage(input_tokens=9, output_tokens=0, total_tokens=9), Usage(input_tokens=9)),
        (Usage(input_tokens=0, output_tokens=9, total_tokens=9), Usage(output_tokens=9)),
    ],
)
def test_a_count_of_zero_beside_text_is_unknown_and_told(usage: Usage, known: Usage) -> None:
    assert folded(usage, AnswerDelta("Hi.")) == (known, ["usage_uncounted"])
    assert folded(usage, ReasoningDelta("Hm.")) == (known, ["usage_uncounted"])
    assert folded(usage) == (usage, [])
    assert folded(usage, AnswerDelta(" "), Finish("stop", "stop")) == (usage, [])
    assert folded(usage, AnswerDelta("Blocked."), Finish("content_filter", "guardrail")) == (usage, [])


@pytest.mark.parametrize(("total", "entered"), [(401, 386), (26, 11), (None, 386)])
def test_audio_in_the_prompt_of_mistral_is_input(total: int | None, entered: int) -> None:
    usage: dict[str, Any] = {
        "prompt_tokens": 11, "completion_tokens": 15, "prompt_tokens_details": {"audio_tokens": 375},
    }  # fmt: skip
    if total is not None:
        usage["total_tokens"] = total
    choice = {"index": 0, "message": {"content": "Hi."}, "finish_reason": "stop"}
    reply = Api("mistral-chat").whole({"choices": [choice], "usage": usage})
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (entered, 15)


FAILED: dict[str, dict[str, Any]] = {
    "openai-responses": {
        "object": "response", "status": "failed", "output": [], "error": {"code": "server_error", "message": "m"},
        "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12},
    },
    "openai-chat": {
        "choices": [], "error": {"code": 502, "message": "m"},
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    },
    "gemini-generate": {
        "candidates": [], "error": {"code": 500, "message": "m", "status": "INTERNAL"},
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 5, "totalTokenCount": 12},
    },
}  # fmt: skip


@pytest.mark.parametrize("dialect", FAILED)
def test_a_failed_body_keeps_the_counts_it_has(dialect: str) -> None:
    reply = Api(dialect).whole(FAILED[dialect])
    assert reply.failure is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (7, 5)


DETAILS = [{"modality": "IMAGE", "tokenCount": 1120}, {"modality": "TEXT", "tokenCount": 30}, {"modality": "AUDIO"}]


def test_output_that_is_no_text_is_told_apart() -> None:
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 1150, "totalTokenCount": 1160}
    candidate = {"content": {"parts": [{"text": "Here"}]}, "finishReason": "STOP"}
    body = {"candidates": [candidate], "usageMetadata": counts | {"candidatesTokensDetails": DETAILS}}
    assert Api("gemini-generate").whole(body).apart == {"image": 1120}
    choice = {"index": 0, "message": {"content": "Hi."}, "finish_reason": "stop"}
    usage = {
        "prompt_tokens": 1, "completion_tokens": 50, "total_tokens": 51,
        "completion_tokens_details": {"audio_tokens": 40, "image_tokens": 0, "text_tokens": 10},
    }  # fmt: skip
    assert Api("openai-chat").whole({"choices": [choice], "usage": usage}).apart == {"audio": 40}


SEARCH = {"type": "web_search_call", "action": {"type": "search", "query": "q"}}
OPENED = {"type": "web_search_call", "action": {"type": "open_page"}}
BOX = {"type": "code_interpreter_call", "container_id": "c1"}


@each(
    ("more", "tools"),
    [
        ({}, {}),
        ({"output": [SEARCH, OPENED, SEARCH]}, {"web_search": 2}),
        ({"output": [SEARCH], "tool_usage": {"web_search": {"num_requests": 4}}}, {"web_search": 4}),
        ({"output": [SEARCH], "tool_usage": {"web_search": {"num_requests": 0}}}, {}),
        ({"output": [BOX, BOX, {"type": "file_search_call"}]}, {"code_interpreter": 1, "file_search": 1}),
        ({"output": [SEARCH], "usage": {"server_side_tool_usage_details": {"x_search_calls": 2}}}, {"x_search": 2}),
    ],
)
def test_the_tools_that_a_responses_call_ran_are_counted(more: dict[str, Any], tools: dict[str, int]) -> None:
    body = {"object": "response", "status": "completed", "output": []} | more
    assert Api("openai-responses").whole(body).tools == tools
    assert Api("openai-responses").stream({"type": "response.completed", "response": body}).tools == tools


def test_the_searches_of_gemini_and_anthropic_are_counted() -> None:
    grounding = {"webSearchQueries": ["a", "", "b"]}
    chunks = [
        {"candidates": [{"content": {"parts": [{"text": "x"}]}, "groundingMetadata": grounding}]},
        {"candidates": [{"groundingMetadata": grounding, "finishReason": "STOP"}]},
    ]
    assert Api("gemini-generate").stream(*chunks).tools == {"google_search": 2, "google_search_prompt": 1}
    usage = {"input_tokens": 1, "output_tokens": 1, "server_tool_use": {"web_search_requests": 3, "x_requests": 0}}
    body = {"type": "message", "content": [], "stop_reason": "end_turn", "usage": usage}
    assert Api("anthropic-messages").whole(body).tools == {"web_search": 3}
