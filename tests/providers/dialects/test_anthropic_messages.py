"""The Anthropic Messages API: what its stream and its whole bodies mean, and the traps in both."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.errors import ErrorKind
from thinkdial.providers.registry import dialect

from ...cases import each

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "model": "claude-opus-5-5",
        "content": [],
        "stop_reason": None,
        "usage": {
            "input_tokens": 25,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 10,
            "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 7},
            "output_tokens": 2,
            "service_tier": "standard",
            "speed": "fast",
        },
    },
}
STOP = {"type": "message_stop"}


def begin(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def piece(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def end(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def answer(index: int, *texts: str) -> list[dict[str, Any]]:
    deltas = [piece(index, {"type": "text_delta", "text": text}) for text in texts]
    return [begin(index, {"type": "text", "text": ""}), *deltas, end(index)]


def thinking(index: int, *texts: str) -> list[dict[str, Any]]:
    deltas = [piece(index, {"type": "thinking_delta", "thinking": text}) for text in texts]
    signature = piece(index, {"type": "signature_delta", "signature": "opaque"})
    return [begin(index, {"type": "thinking", "thinking": "", "signature": ""}), *deltas, signature, end(index)]


def last(reason: str | None = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 348} | usage}


def message(*content: dict[str, Any], reason: str = "end_turn", **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 25, "output_tokens": 348, "output_tokens_details": {"thinking_tokens": 312}}
    return {"type": "message", "id": "m", "content": list(content), "stop_reason": reason, "usage": usage} | more


@pytest.fixture
def claude(speak: Callable[..., Any]) -> Any:
    return speak("anthropic-messages")


def test_a_stream_gives_reasoning_answer_and_who_served_it(claude: Any) -> None:
    reply = claude.stream(START, *thinking(0, "r, ", "r"), *answer(1, "It is ", "3"), last(), STOP)
    assert (reply.reasoning, reply.visibility, reply.answer) == ("r, r", "summary", "It is 3")
    assert (reply.model, reply.response_id, reply.service_tier, reply.speed) == (
        "claude-opus-5-5",
        "msg_1",
        "standard",
        "fast",
    )
    assert (reply.finish, reply.finish_raw, reply.complete, reply.failure) == ("stop", "end_turn", True, None)


def test_input_tokens_exclude_cache_traffic_so_both_cache_fields_are_added(claude: Any) -> None:
    usage = claude.stream(START, last(), STOP).usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.cache_write_tokens) == (135, 100, 10)
    assert usage.total_tokens == 135 + 348


def test_one_hour_cache_writes_are_told_apart_for_the_price(claude: Any) -> None:
    assert claude.stream(START, last(), STOP).cache_write_1h_tokens == 7


def test_thinking_is_inside_the_output_and_not_added(claude: Any) -> None:
    usage = claude.stream(START, last(output_tokens_details={"thinking_tokens": 312}), STOP).usage
    assert (usage.output_tokens, usage.reasoning_tokens) == (348, 312)


def test_usage_of_message_delta_is_cumulative_and_not_added(claude: Any) -> None:
    first = last(None, output_tokens=100, output_tokens_details={"thinking_tokens": 90}, input_tokens=30)
    usage = claude.stream(START, first, last(output_tokens=348), STOP).usage
    assert (usage.output_tokens, usage.reasoning_tokens, usage.input_tokens) == (348, 90, 140)


def test_a_count_that_message_delta_leaves_out_or_nulls_keeps_the_value_of_the_start(claude: Any) -> None:
    usage = claude.stream(START, last(input_tokens=None), STOP).usage
    assert usage.input_tokens == 135


def test_the_output_count_of_message_start_is_not_the_output(claude: Any) -> None:
    usage = claude.stream(START, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, STOP).usage
    assert (usage.output_tokens, usage.total_tokens) == (None, None)


def test_unreported_thinking_tokens_are_unknown_and_not_zero(claude: Any) -> None:
    assert claude.stream(START, last(output_tokens_details=None), STOP).usage.reasoning_tokens is None


@pytest.mark.parametrize("deltas", [[""], []], ids=["an empty delta", "no delta"])
def test_omitted_thinking_is_hidden_and_not_absent(claude: Any, deltas: list[str]) -> None:
    reply = claude.stream(START, *thinking(0, *deltas), *answer(1, "3"), last(), STOP)
    assert (reply.reasoning, reply.visibility, reply.reasoning_absent) == ("", "hidden", False)


def test_redacted_thinking_arrives_whole_at_the_start_of_its_block(claude: Any) -> None:
    block = begin(0, {"type": "redacted_thinking", "data": "opaque"})
    reply = claude.stream(START, block, end(0), *answer(1, "3"), last(), STOP)
    assert (reply.reasoning, reply.visibility) == ("", "redacted")


def test_several_thinking_blocks_are_told_by_type_and_not_by_position(claude: Any) -> None:
    reply = claude.stream(START, *answer(0, "a"), *thinking(1, "x"), *answer(2, "b"), *thinking(3, "y"), last(), STOP)
    assert (reply.reasoning, reply.answer) == ("x\n\ny", "a\n\nb")


def test_a_reply_without_a_thinking_block_is_evidence_of_none(claude: Any) -> None:
    assert claude.stream(START, *answer(0, "3"), last(), STOP).reasoning_absent
    assert claude.whole(message({"type": "text", "text": "3"})).reasoning_absent


def test_a_refusal_is_an_answer_with_empty_content_and_proves_no_absence(claude: Any) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "no"}
    refused = last("refusal")
    refused["delta"]["stop_details"] = details
    for reply in (
        claude.stream(START, refused, STOP),
        claude.whole(message(reason="refusal", stop_details=details)),
    ):
        assert (reply.finish, reply.answer, reply.failure, reply.complete) == ("refusal", "", None, True)
        assert not reply.reasoning_absent
        assert "cyber: no" in reply.notices[0].message


def test_a_refusal_without_details_is_still_said(claude: Any) -> None:
    assert claude.whole(message(reason="refusal", stop_details=None)).notices[0].message == "the model refused"


def test_text_before_a_refusal_is_kept(claude: Any) -> None:
    assert claude.stream(START, *answer(0, "First,"), last("refusal"), STOP).answer == "First,"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_call"),
        ("pause_turn", "unknown"),
        ("compaction", "unknown"),
    ],
)
def test_stop_reasons_are_normalized_and_kept(claude: Any, reason: str, finish: str) -> None:
    reply = claude.stream(START, last(reason), STOP)
    assert (reply.finish, reply.finish_raw) == (finish, reason)


def test_a_paused_turn_is_said_to_be_unfinished(claude: Any) -> None:
    assert claude.stream(START, last("pause_turn"), STOP).notices[0].code == "paused"


def test_an_output_limit_that_went_to_thinking_leaves_an_empty_answer(claude: Any) -> None:
    reply = claude.stream(START, *thinking(0, "r"), last("max_tokens"), STOP)
    assert (reply.answer, reply.finish, reply.usage.output_tokens) == ("", "length", 348)


def test_an_error_in_the_middle_of_a_200_keeps_what_came(claude: Any) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": None}
    reply = claude.stream(START, *answer(0, "It is"), error)
    assert (reply.answer, reply.complete, reply.usage.output_tokens) == ("It is", False, None)
    assert (reply.failure.kind, reply.failure.message, reply.failure.retryable) == ("overloaded", "Overloaded", True)


def test_an_error_body_under_200_is_an_error_even_without_its_type(claude: Any) -> None:
    assert claude.whole({"error": {"type": "api_error", "message": "m"}}).failure.message == "m"
    assert claude.whole({"type": "error", "error": {"type": "api_error", "message": "m"}}).failure.kind == "server"


def test_a_stream_without_message_stop_is_cut_and_keeps_the_counts_beside_its_stop_reason(claude: Any) -> None:
    reply = claude.stream(START, *answer(0, "3"), last())
    assert (reply.complete, reply.failure.kind, reply.answer) == (False, "protocol", "3")
    assert reply.usage.output_tokens == 348


def test_pings_unknown_events_and_unknown_blocks_are_ignored(claude: Any) -> None:
    odd = [
        {"type": "ping"},
        {"type": "something_new", "delta": {"text": "no"}},
        begin(5, {"type": "fallback", "text": "no"}),
        end(5),
        begin(6, {"type": "tool_use", "id": "t", "input": {}}),
        piece(6, {"type": "input_json_delta", "partial_json": "{}"}),
        piece(1, {"type": "citations_delta", "citation": {"text": "no"}}),
        {"no": "type"},
    ]
    assert claude.stream(START, *answer(0, "3"), *odd, last(), STOP).answer == "3"


def test_a_block_stop_without_a_start_is_no_crash(claude: Any) -> None:
    assert claude.stream(START, end(9), last("refusal"), STOP).complete


def test_text_in_the_start_of_a_block_is_not_lost(claude: Any) -> None:
    reply = claude.stream(START, begin(0, {"type": "text", "text": "It "}), piece(0, {"text": "is"}), last(), STOP)
    assert reply.answer == "It is"


def test_compatible_hosts_may_end_with_done_or_send_empty_data(claude: Any) -> None:
    body = b'data: {"type":"message_start","message":{}}\n\ndata:\n\ndata: {"type":"message_stop"}\n\ndata: [DONE]\n\n'
    reply = claude.raw(body)
    assert (reply.complete, reply.failure) == (True, None)


def test_max_tokens_is_always_sent(claude: Any) -> None:
    assert claude.body()["max_tokens"] > 0
    assert claude.body(max_output_tokens=5)["max_tokens"] == 5


def test_thinking_and_effort_are_merged_beside_each_other(claude: Any) -> None:
    native = {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}
    body = claude.body(native=native, params={"output_config": {"format": {"type": "json_schema"}}})
    assert body["thinking"] == native["thinking"]
    assert body["output_config"] == {"effort": "high", "format": {"type": "json_schema"}}


def test_the_version_header_is_the_one_that_still_takes_sampling_parameters(claude: Any) -> None:
    assert dict(claude.request().headers)["anthropic-version"] == "2023-06-01"


def test_vertex_has_the_model_in_the_path_and_the_version_in_the_body(speak: Callable[..., Any]) -> None:
    vertex = speak("anthropic-messages", models_path="/p/models", body_version="vertex-2023-10-16")
    request = vertex.request(model="claude-sonnet-5-5@20261001")
    assert request.url == "https://host.example/p/models/claude-sonnet-5-5@20261001:streamRawPredict"
    assert "anthropic-version" not in dict(request.headers)
    body = vertex.body()
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in body


@each(
    ("status", "error", "kind"),
    [
        (400, {"type": "invalid_request_error", "message": "max_tokens: required"}, "invalid_request"),
        (400, {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}, "context_length"),
        (400, {"type": "invalid_request_error", "message": "Your credit balance is too low"}, "quota"),
        (400, {"type": "invalid_request_error", "message": "You have reached your specified API usage limits."},
         "quota"),
        (401, {"type": "authentication_error", "message": "m"}, "auth"),
        (402, {"type": "billing_error", "message": "m"}, "quota"),
        (403, {"type": "permission_error", "message": "m"}, "permission"),
        (404, {"type": "not_found_error", "message": "m"}, "not_found"),
        (409, {"type": "conflict_error", "message": "m"}, "server"),
        (413, {"type": "request_too_large", "message": "m"}, "context_length"),
        (429, {"type": "rate_limit_error", "message": "m"}, "rate_limit"),
        (500, {"type": "api_error", "message": "m"}, "server"),
        (504, {"type": "timeout_error", "message": "m"}, "timeout"),
        (529, {"type": "overloaded_error", "message": "m"}, "overloaded"),
        (503, {"type": "brand_new_error", "message": "m"}, "overloaded"),
        (502, "text", "server"),
    ],
)  # fmt: skip
def test_the_type_of_an_error_decides_before_its_status(status: int, error: Any, kind: ErrorKind) -> None:
    read = dialect("anthropic-messages").read_error(status, {}, {"type": "error", "error": error})
    assert (read.kind, read.status) == (kind, status)


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_429_that_is_a_spend_limit_is_not_retried(code: str) -> None:
    error = {"type": "rate_limit_error", "message": "m", "details": {"error_code": code}}
    read = dialect("anthropic-messages").read_error(429, {}, {"error": error})
    assert (read.kind, read.retryable) == ("quota", False)


def test_a_429_that_is_a_ramp_limit_waits_as_asked() -> None:
    error = {"type": "rate_limit_error", "message": "m", "details": {"error_code": "ramp_limit_exceeded"}}
    read = dialect("anthropic-messages").read_error(429, {"retry-after": "12"}, {"error": error})
    assert (read.kind, read.retryable, read.retry_after_s) == ("rate_limit", True, 12.0)


def test_an_error_within_the_error_of_a_cloud_is_read() -> None:
    own = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    read = dialect("anthropic-messages").read_error
    for words, kind, said in (
        (json.dumps(own), "overloaded", "Overloaded"),
        ("{cut", "invalid_request", "{cut"),
        ('{"reason": "x"}', "invalid_request", '{"reason": "x"}'),
    ):
        found = read(400, {}, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": words}})
        assert (found.kind, found.message) == (kind, said)


COMPACTION = {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3500}
MESSAGE = {"type": "message", "input_tokens": 25, "output_tokens": 348}


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("rounds", "entered", "output"),
    [
        pytest.param([], 25, 348, id="none"),
        pytest.param([MESSAGE], 25, 348, id="the message alone"),
        pytest.param([COMPACTION, MESSAGE], 180_025, 3848, id="a compaction that the top leaves out"),
        pytest.param([COMPACTION], 180_025, 3848, id="a compaction alone"),
        pytest.param([MESSAGE, MESSAGE | {"output_tokens": 2}], 50, 350, id="a fallback"),
        pytest.param(
            [COMPACTION | {"output_tokens": 5}, MESSAGE | {"output_tokens": 5}],
            180_025,
            353,
            id="rounds that do not cover the top are added to it",
        ),
        pytest.param([MESSAGE | {"cache_read_input_tokens": 100}], 125, 348, id="with cache traffic"),
    ],
)
def test_the_rounds_of_a_call_are_summed(
    claude: Any, rounds: list[dict[str, Any]], entered: int, output: int, streamed: bool
) -> None:
    usage = {"input_tokens": 25, "output_tokens": 348, "iterations": rounds}
    if streamed:
        begun = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 25, "output_tokens": 1}}}
        reply = claude.stream(begun, *answer(0, "3"), last(**usage), STOP)
    else:
        reply = claude.whole(message({"type": "text", "text": "3"}, usage=usage))
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (entered, output)
    assert sum(one.usage.output_tokens or 0 for one in reply.portions) == (output if rounds else 0)


def test_a_round_names_its_own_model(claude: Any) -> None:
    advice = {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 900, "output_tokens": 50}
    usage = {"input_tokens": 25, "output_tokens": 348, "iterations": [MESSAGE, advice]}
    reply = claude.whole(message({"type": "text", "text": "3"}, usage=usage))
    assert [one.model for one in reply.portions] == [None, "claude-opus-5"]
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (925, 398)
