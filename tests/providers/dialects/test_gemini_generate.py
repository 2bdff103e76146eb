"""Google's generateContent: parts, running totals, and endings that are no endings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.errors import ErrorKind
from thinkdial.providers.registry import dialect

from ...cases import each

USAGE = {"promptTokenCount": 46, "candidatesTokenCount": 7, "thoughtsTokenCount": 188, "totalTokenCount": 241}
THOUGHT = {"text": "**Counting**", "thought": True}


def chunk(*parts: dict[str, Any], finish: str | None = None, **fields: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "gemini-4-argon", "responseId": "r1", **fields}


def last(*parts: dict[str, Any], finish: str = "STOP", **fields: Any) -> dict[str, Any]:
    return chunk(*parts, finish=finish, **({"usageMetadata": USAGE} | fields))


def text(words: str, **flags: Any) -> dict[str, Any]:
    return {"text": words, **flags}


@pytest.fixture
def gemini(speak: Callable[..., Any]) -> Any:
    return speak("gemini-generate")


def test_a_stream_gives_summary_answer_and_who_served_it(gemini: Any) -> None:
    usage = USAGE | {"serviceTier": "flex"}
    reply = gemini.stream(chunk(THOUGHT), chunk(text("It is ")), last(text("3"), usageMetadata=usage))
    assert (reply.reasoning, reply.visibility, reply.answer) == ("**Counting**", "summary", "It is 3")
    assert (reply.model, reply.response_id, reply.service_tier) == ("gemini-4-argon", "r1", "flex")
    assert (reply.finish, reply.finish_raw, reply.complete, reply.failure) == ("stop", "STOP", True, None)


def test_thoughts_are_beside_the_candidates_and_are_billed_as_output(gemini: Any) -> None:
    usage = gemini.whole(last(text("3"))).usage
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (46, 195, 188, 241)


def test_the_prompt_includes_cached_tokens_but_not_tool_results(gemini: Any) -> None:
    counts = USAGE | {"cachedContentTokenCount": 40, "toolUsePromptTokenCount": 10, "totalTokenCount": 251}
    reply = gemini.whole(last(text("3"), usageMetadata=counts))
    assert (reply.usage.input_tokens, reply.usage.cached_input_tokens, reply.usage.output_tokens) == (56, 40, 195)
    assert reply.notices == []


def test_usage_on_chunks_is_a_running_total_and_a_field_may_vanish(gemini: Any) -> None:
    first = {"promptTokenCount": 46, "thoughtsTokenCount": 100, "totalTokenCount": 146}
    second = {"promptTokenCount": 46, "candidatesTokenCount": 7, "thoughtsTokenCount": None, "totalTokenCount": 153}
    usage = gemini.stream(chunk(THOUGHT, usageMetadata=first), last(text("3"), usageMetadata=second)).usage
    assert (usage.output_tokens, usage.reasoning_tokens) == (107, 100)


def test_counts_of_an_earlier_chunk_that_the_total_leaves_out_are_gone(gemini: Any) -> None:
    first = {"promptTokenCount": 87, "candidatesTokenCount": 12, "thoughtsTokenCount": 66, "totalTokenCount": 165}
    second = {"promptTokenCount": 87, "thoughtsTokenCount": 78, "totalTokenCount": 165}
    reply = gemini.stream(chunk(THOUGHT, usageMetadata=first), last(text("3"), usageMetadata=second))
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.reasoning_tokens) == (87, 78, 78)
    assert reply.notices == []


def test_a_last_chunk_without_a_total_is_not_held_against_an_older_one(gemini: Any) -> None:
    first = {"promptTokenCount": 87, "candidatesTokenCount": 2, "totalTokenCount": 89}
    reply = gemini.stream(
        chunk(text("3"), usageMetadata=first), last(text("4"), usageMetadata={"candidatesTokenCount": 9})
    )
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.notices) == (87, 9, [])


def test_a_failed_stream_keeps_the_counts_it_has(gemini: Any) -> None:
    counts = {"promptTokenCount": 46, "candidatesTokenCount": 7, "totalTokenCount": 53}
    reply = gemini.stream(
        chunk(text("3"), usageMetadata=counts), {"error": {"code": 503, "status": "UNAVAILABLE", "message": "m"}}
    )
    assert (reply.failure.kind, reply.usage.input_tokens, reply.usage.output_tokens) == ("overloaded", 46, 7)


def test_zero_counters_are_left_out_so_one_suffices(gemini: Any) -> None:
    thoughts_only = {"promptTokenCount": 46, "thoughtsTokenCount": 100, "totalTokenCount": 146}
    usage = gemini.whole(last(finish="MAX_TOKENS", usageMetadata=thoughts_only)).usage
    assert (usage.output_tokens, usage.reasoning_tokens) == (100, 100)


def test_a_missing_thoughts_counter_is_unknown_and_not_zero(gemini: Any) -> None:
    counts = {"promptTokenCount": 46, "candidatesTokenCount": 7, "totalTokenCount": 53}
    usage = gemini.whole(last(text("3"), usageMetadata=counts)).usage
    assert (usage.output_tokens, usage.reasoning_tokens) == (7, None)


def test_tokens_that_only_the_total_knows_are_counted_and_said(gemini: Any) -> None:
    counts = {"promptTokenCount": 46, "candidatesTokenCount": 7, "totalTokenCount": 241}
    reply = gemini.whole(last(text("3"), usageMetadata=counts))
    assert (reply.usage.output_tokens, reply.usage.reasoning_tokens) == (195, None)
    assert reply.notices[0].code == "usage_reconciled"


def test_a_total_that_fits_nothing_is_said_and_not_used(gemini: Any) -> None:
    reply = gemini.whole(last(text("3"), usageMetadata=USAGE | {"totalTokenCount": 9}))
    assert (reply.usage.output_tokens, reply.usage.total_tokens) == (195, 241)
    assert reply.notices[0].code == "usage_unreconciled"


def test_without_output_counters_and_total_the_output_is_unknown(gemini: Any) -> None:
    assert gemini.whole(last(text("3"), usageMetadata={"promptTokenCount": 46})).usage.output_tokens is None


def test_a_signature_does_not_make_a_part_a_thought_nor_an_empty_answer(gemini: Any) -> None:
    reply = gemini.stream(
        chunk(text("It is", thoughtSignature="AA==")),
        last(text("", thoughtSignature="BB=="), {"thoughtSignature": "C"}),
    )
    assert (reply.reasoning, reply.visibility, reply.answer) == ("", "none", "It is")


def test_draft_images_of_a_thought_are_not_the_answer(gemini: Any) -> None:
    assert gemini.whole(last({"inlineData": {"data": "AA=="}, "thought": True}, text("3"))).answer == "3"


def test_no_thought_parts_is_no_evidence_of_no_thinking(gemini: Any) -> None:
    assert not gemini.whole(last(text("3"))).reasoning_absent


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("IMAGE_OTHER", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("OTHER", "error"),
        ("BRAND_NEW", "unknown"),
    ],
)
def test_finish_reasons_are_an_open_list(gemini: Any, raw: str, finish: str) -> None:
    reply = gemini.whole(last(text("3"), finish=raw))
    assert (reply.finish, reply.finish_raw, reply.complete) == (finish, raw, True)


def test_continuation_is_an_unfinished_answer_and_not_success(gemini: Any) -> None:
    reply = gemini.whole(last(text("It"), finish="CONTINUATION"))
    assert (reply.finish, reply.notices[0].code) == ("length", "continuation")


def test_the_message_of_a_finish_is_passed_on(gemini: Any) -> None:
    document = last(finish="SAFETY")
    document["candidates"][0]["finishMessage"] = "why"
    assert gemini.whole(document).notices[0].message == "why"


def test_a_blocked_prompt_is_a_200_without_candidates(gemini: Any) -> None:
    blocked = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4},
    }
    for reply in (gemini.whole(blocked), gemini.stream(blocked)):
        assert (reply.finish, reply.finish_raw, reply.complete) == ("content_filter", "SAFETY", True)
        assert (reply.failure, reply.answer, reply.usage.output_tokens) == (None, "", 0)


def test_feedback_beside_candidates_blocks_nothing(gemini: Any) -> None:
    assert gemini.whole(last(text("3"), promptFeedback={"blockReason": "OTHER"})).finish == "stop"


@pytest.mark.parametrize("finish", [None, "FINISH_REASON_UNSPECIFIED"])
def test_a_stream_without_any_finish_reason_is_cut(gemini: Any, finish: str | None) -> None:
    reply = gemini.stream(chunk(text("It"), usageMetadata=USAGE), chunk(finish=finish))
    assert (reply.complete, reply.failure.kind, reply.answer) == (False, "protocol", "It")
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.total_tokens) == (46, None, None)


def test_an_error_chunk_in_a_200_keeps_what_came_even_in_the_same_chunk(gemini: Any) -> None:
    error = {"message": "overloaded", "status": "UNAVAILABLE"}
    reply = gemini.stream(chunk(text("It ")), chunk(text("is"), error=error))
    assert (reply.answer, reply.failure.kind, reply.failure.message) == ("It is", "overloaded", "overloaded")
    assert not reply.complete


def test_an_error_after_the_finish_reason_is_still_an_error(gemini: Any) -> None:
    reply = gemini.stream(last(text("3")), {"error": {"code": 500, "message": "m", "status": "INTERNAL"}})
    assert (reply.complete, reply.failure.kind) == (False, "server")


def test_a_raw_error_without_data_before_it_is_read(gemini: Any) -> None:
    error = json.dumps({"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}, indent=2).encode()
    body = b'data: {"candidates":[{"content":{"parts":[{"text":"It"}]}}]}\n\n' + error + b"\n"
    for size in (1, 7, len(body)):
        reply = gemini.chunks([body[at : at + size] for at in range(0, len(body), size)])
        assert (reply.answer, reply.failure.kind, reply.failure.message) == ("It", "overloaded", "m")


def test_stray_words_are_not_parsed_as_json(gemini: Any) -> None:
    body = b"upstream says hello\n\ndata: " + json.dumps(last(text("3"))).encode() + b"\n\n"
    assert gemini.raw(body).failure is None


def test_without_alt_sse_the_body_is_one_array(gemini: Any) -> None:
    reply = gemini.whole([chunk(THOUGHT), chunk(text("It is ")), last(text("3"))])
    assert (reply.reasoning, reply.answer, reply.complete) == ("**Counting**", "It is 3", True)
    assert gemini.whole([{"error": {"code": 429, "message": "m"}}]).failure.kind == "rate_limit"


def test_line_separators_of_unicode_inside_the_json_do_not_cut_it(gemini: Any) -> None:
    words = "a\u2028b\u2029c\u0085d"
    body = b"data: " + json.dumps(last(text(words)), ensure_ascii=False).encode() + b"\r\n\r\n"
    assert gemini.raw(body).answer == words


@pytest.mark.parametrize("candidate", [{}, {"content": {}}, {"content": None}, {"content": {"parts": None}}])
def test_content_without_parts_is_an_empty_answer(gemini: Any, candidate: dict[str, Any]) -> None:
    reply = gemini.whole({"candidates": [candidate | {"finishReason": "MAX_TOKENS"}]})
    assert (reply.answer, reply.finish, reply.complete) == ("", "length", True)


def test_further_candidates_are_not_mixed_into_the_answer(gemini: Any) -> None:
    other = {"index": 1, "content": {"parts": [{"text": "no"}]}, "finishReason": "SAFETY"}
    document = last(text("3"))
    document["candidates"].insert(0, other)
    assert (gemini.whole(document).answer, gemini.whole(document).finish) == ("3", "stop")


def test_a_function_call_is_its_own_finish(gemini: Any) -> None:
    assert gemini.whole(last({"functionCall": {"name": "f"}})).finish == "tool_call"


@pytest.mark.parametrize(
    ("model", "stream", "url"),
    [
        ("gemini-3.8-flash", True, "/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse"),
        ("models/gemini-3.8-flash", False, "/v1/models/gemini-3.8-flash:generateContent"),
        ("gemini-flash-latest", False, "/v1beta/models/gemini-flash-latest:generateContent"),
        ("a/../b?c", False, "/v1/models/a%2F..%2Fb%3Fc:generateContent"),
    ],
)
def test_latest_aliases_are_asked_on_v1beta_and_all_else_on_v1(gemini: Any, model: str, stream: bool, url: str) -> None:
    assert gemini.request(model=model, stream=stream).url == f"https://host.example{url}"


def test_the_output_limit_and_the_thinking_config_share_one_object(gemini: Any) -> None:
    native = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True}}}
    body = gemini.body(system="s", max_output_tokens=9, native=native)
    assert body["generationConfig"] == {"maxOutputTokens": 9, **native["generationConfig"]}
    assert body["systemInstruction"] == {"parts": [{"text": "s"}]}


def detail(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields}


RETRY = detail("RetryInfo", retryDelay="57.238s")
PER_DAY = detail("QuotaFailure", violations=[{"quotaId": "RequestsPerMinute"}, {"quotaId": "RequestsPerDay-FreeTier"}])


@each(
    ("status", "error", "kind", "delay"),
    [
        (400, {"status": "INVALID_ARGUMENT", "message": "m"}, "invalid_request", None),
        (400, {"status": "INVALID_ARGUMENT", "message": "The input token count (9) exceeds the maximum"},
         "context_length", None),
        (400, {"status": "INVALID_ARGUMENT", "details": [detail("ErrorInfo", reason="API_KEY_INVALID")]}, "auth", None),
        (400, {"status": "FAILED_PRECONDITION"}, "permission", None),
        (403, {"status": "PERMISSION_DENIED"}, "permission", None),
        (404, {"status": "NOT_FOUND"}, "not_found", None),
        (429, {"status": "RESOURCE_EXHAUSTED", "details": [RETRY]}, "rate_limit", 57.238),
        (429, {"status": "RESOURCE_EXHAUSTED", "details": [PER_DAY, RETRY]}, "quota", 57.238),
        (503, {"status": "RESOURCE_EXHAUSTED"}, "overloaded", None),
        (500, {"status": "INTERNAL"}, "server", None),
        (504, {"status": "DEADLINE_EXCEEDED"}, "timeout", None),
        (499, {"status": "CANCELLED"}, "cancelled", None),
        (418, {"status": "NEW_WORD"}, "invalid_request", None),
        (502, "text", "server", None),
    ],
)  # fmt: skip
@each("wrapped", [False, True])
def test_errors_are_told_apart_by_status_word_and_details(
    status: int, error: Any, kind: ErrorKind, delay: float | None, wrapped: bool
) -> None:
    document: Any = {"error": error}
    read = dialect("gemini-generate").read_error(status, {}, [document] if wrapped else document)
    assert (read.kind, read.status, read.retry_after_s) == (kind, status, delay)


def test_a_daily_quota_is_not_retried_although_it_carries_a_short_delay() -> None:
    read = dialect("gemini-generate").read_error(
        429, {}, {"error": {"status": "RESOURCE_EXHAUSTED", "details": [PER_DAY]}}
    )
    assert not read.retryable


def test_the_header_goes_before_the_delay_in_the_body() -> None:
    error = {"status": "RESOURCE_EXHAUSTED", "details": [RETRY]}
    assert dialect("gemini-generate").read_error(429, {"retry-after": "3"}, {"error": error}).retry_after_s == 3.0


def test_a_code_of_another_protocol_is_not_an_http_status(gemini: Any) -> None:
    failed = gemini.stream({"error": {"code": 8, "message": "m", "status": "RESOURCE_EXHAUSTED"}}).failure
    assert (failed.kind, failed.status) == ("rate_limit", None)
