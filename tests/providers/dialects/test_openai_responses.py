"""The OpenAI Responses API and the servers that copy it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.providers.errors import ErrorKind
from thinkdial.providers.registry import dialect

from ...cases import each

USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 20},
    "output_tokens": 50,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 150,
}
CREATED = {"type": "response.created", "response": {"status": "in_progress", "usage": None, "service_tier": "auto"}}


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **fields}


def text(words: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": []}


def message(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(parts), **fields}


def reasoning(*summary: str, **fields: Any) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [{"type": "summary_text", "text": words} for words in summary], **fields}


def response(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "object": "response", "id": "resp_1", "model": "gpt-6-sol-2026", "status": "completed", "error": None,
        "service_tier": "default", "reasoning": {"effort": "high"}, "output": list(output), "usage": USAGE, **fields,
    }  # fmt: skip


def completed(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return event("completed", response=response(*output, **fields))


@pytest.fixture
def gpt(speak: Callable[..., Any]) -> Any:
    return speak("openai-responses")


def test_a_stream_gives_reasoning_answer_usage_and_who_served_it(gpt: Any) -> None:
    reply = gpt.stream(
        CREATED,
        event("output_item.added", output_index=0, item=reasoning()),
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="**One** "),
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="r"),
        event("reasoning_summary_text.delta", output_index=0, summary_index=1, delta="**Two**"),
        event("reasoning_summary_text.done", output_index=0, summary_index=1, text="**Two**"),
        event("output_item.done", output_index=0, item=reasoning("**One** r", "**Two**", encrypted_content="gA")),
        event("output_item.added", output_index=1, item=message(phase="final_answer")),
        event("output_text.delta", output_index=1, content_index=0, delta="It is ", obfuscation="xyz"),
        event("output_text.delta", output_index=1, content_index=0, delta="3"),
        event("output_text.done", output_index=1, content_index=0, text="It is 3"),
        event("output_item.done", output_index=1, item=message(text("It is 3"))),
        completed(reasoning("**One** r", "**Two**"), message(text("It is 3"))),
    )
    assert (reply.reasoning, reply.visibility, reply.answer) == ("**One** r\n\n**Two**", "summary", "It is 3")
    assert (reply.finish, reply.finish_raw, reply.complete, reply.failure) == ("stop", "completed", True, None)
    assert (reply.model, reply.response_id, reply.effort) == ("gpt-6-sol-2026", "resp_1", "high")


def test_the_service_tier_is_that_of_the_terminal_event(gpt: Any) -> None:
    assert gpt.stream(CREATED, completed()).service_tier == "default"


def test_input_includes_cached_and_written_tokens_and_output_includes_reasoning(gpt: Any) -> None:
    usage = gpt.stream(completed()).usage
    assert (usage.input_tokens, usage.cached_input_tokens, usage.cache_write_tokens) == (100, 60, 20)
    assert (usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (50, 40, 150)


def test_chat_style_usage_keys_are_read_as_well(gpt: Any) -> None:
    assert gpt.whole(response(usage={"prompt_tokens": 5, "completion_tokens": 7})).usage.output_tokens == 7


def test_items_are_found_by_type_whatever_their_order(gpt: Any) -> None:
    reply = gpt.whole(response(message(text("3")), {"type": "web_search_call"}, reasoning("r")))
    assert (reply.reasoning, reply.answer) == ("r", "3")


def test_text_that_no_delta_brought_is_taken_from_the_finished_item(gpt: Any) -> None:
    reply = gpt.stream(
        event("output_item.done", output_index=0, item=reasoning("r")),
        event("output_item.done", output_index=1, item=message(text("3"))),
        completed(reasoning("r"), message(text("3"))),
    )
    assert (reply.reasoning, reply.answer) == ("r", "3")


def test_text_that_only_the_terminal_event_has_is_taken_from_it(gpt: Any) -> None:
    reply = gpt.stream(CREATED, completed(reasoning("r"), message(text("3"))))
    assert (reply.reasoning, reply.answer) == ("r", "3")


def test_a_final_list_that_is_ordered_unlike_the_deltas_doubles_nothing(gpt: Any) -> None:
    reply = gpt.stream(
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="r"),
        event("output_text.delta", output_index=1, content_index=0, delta="3"),
        completed(message(text("3")), reasoning("r")),
    )
    assert (reply.reasoning, reply.answer) == ("r", "3")


def test_raw_reasoning_of_open_models_is_full(gpt: Any) -> None:
    raw = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "r"}]}
    stream = gpt.stream(event("reasoning_text.delta", output_index=0, content_index=0, delta="r"), completed(raw))
    assert (stream.reasoning, stream.visibility) == ("r", "full")
    assert (gpt.whole(response(raw)).reasoning, gpt.whole(response(raw)).visibility) == ("r", "full")


@pytest.mark.parametrize(("fields", "visibility"), [({"encrypted_content": "gA"}, "encrypted"), ({}, "hidden")])
def test_an_empty_summary_is_withheld_reasoning_and_not_none(gpt: Any, fields: dict[str, Any], visibility: str) -> None:
    item = reasoning(**fields)
    for reply in (
        gpt.whole(response(item)),
        gpt.stream(event("output_item.done", output_index=0, item=item), completed(item)),
        gpt.stream(event("output_item.done", output_index=0, item=item)),
    ):
        assert (reply.reasoning, reply.visibility) == ("", visibility)


def test_an_empty_item_beside_zero_reasoning_tokens_is_no_sign_of_reasoning(gpt: Any) -> None:
    usage = {"input_tokens": 5, "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 0}}
    reply = gpt.whole(response(reasoning(), message(text("3")), usage=usage))
    assert (reply.visibility, reply.usage.reasoning_tokens) == ("none", 0)


def test_a_refusal_is_a_completed_response(gpt: Any) -> None:
    refused = message({"type": "refusal", "refusal": "I cannot"})
    for reply in (
        gpt.whole(response(refused)),
        gpt.stream(
            event("refusal.delta", output_index=0, delta="I "),
            event("refusal.delta", output_index=0, delta="cannot"),
            completed(),
        ),
        gpt.stream(event("refusal.done", output_index=0, refusal="I cannot"), completed(refused)),
    ):
        assert (reply.finish, reply.finish_raw, reply.failure, reply.answer) == ("refusal", "completed", None, "")
        assert [notice.message for notice in reply.notices] == ["the model refused: I cannot"]


def test_commentary_is_not_part_of_the_answer_and_is_counted_once(gpt: Any) -> None:
    comment, final = message(text("Let me see"), phase="commentary"), message(text("3"), phase="final_answer")
    stream = gpt.stream(
        event("output_item.added", output_index=0, item=message(phase="commentary")),
        event("output_text.delta", output_index=0, content_index=0, delta="Let me see"),
        event("output_item.done", output_index=0, item=comment),
        event("output_item.added", output_index=1, item=message(phase="final_answer")),
        event("output_text.delta", output_index=1, content_index=0, delta="3"),
        completed(comment, final),
    )
    for reply in (stream, gpt.whole(response(comment, final))):
        assert reply.answer == "3"
        assert [notice.message for notice in reply.notices] == [
            "10 characters of commentary are not part of the answer"
        ]


def test_a_commentary_without_an_answer_after_it_is_shown_once_as_the_answer(gpt: Any) -> None:
    comment = message(text("Let me see"), phase="commentary")
    streamed = gpt.stream(event("output_item.done", output_index=0, item=comment), completed(comment))
    for reply in (streamed, gpt.stream(completed(comment)), gpt.whole(response(comment))):
        assert reply.answer == "Let me see"
        assert [notice.code for notice in reply.notices] == ["commentary"]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", "length"),
        ("content_filter", "content_filter"),
        ("steered", "cancelled"),
        (None, "unknown"),
    ],
)
def test_an_incomplete_response_is_an_answer_with_its_reason(gpt: Any, reason: str | None, finish: str) -> None:
    cut = response(reasoning("r"), status="incomplete", incomplete_details=reason and {"reason": reason})
    for reply in (gpt.whole(cut), gpt.stream(event("incomplete", response=cut))):
        assert (reply.finish, reply.complete, reply.answer, reply.usage.output_tokens) == (finish, True, "", 50)


@pytest.mark.parametrize(
    "error",
    [
        {"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "m"}},
        {"type": "error", "code": "insufficient_quota", "message": "m", "param": None, "sequence_number": 3},
        event("failed", response={"status": "failed", "error": {"code": "insufficient_quota", "message": "m"}}),
    ],
    ids=["nested", "flat", "only response.failed"],
)
def test_an_error_after_200_is_read_in_each_of_its_shapes(gpt: Any, error: dict[str, Any]) -> None:
    reply = gpt.stream(event("output_text.delta", output_index=0, delta="It is"), error)
    assert (reply.answer, reply.complete, reply.usage.output_tokens) == ("It is", False, None)
    assert (reply.failure.kind, reply.failure.message, reply.failure.retryable) == ("quota", "m", False)


def test_the_first_of_error_and_response_failed_is_the_cause(gpt: Any) -> None:
    failed = event("failed", response={"status": "failed", "error": {"code": "server_error", "message": "second"}})
    reply = gpt.stream({"type": "error", "error": {"code": "rate_limit_exceeded", "message": "first"}}, failed)
    assert (reply.failure.message, reply.finish, reply.complete) == ("first", "error", False)


@pytest.mark.parametrize("inner", [None, {}, {"error": None}, {"status": "in_progress"}])
def test_response_failed_without_details_is_still_a_failure(gpt: Any, inner: Any) -> None:
    reply = gpt.stream(event("failed", response=inner))
    assert (reply.complete, reply.failure.kind) == (False, "server")


def test_the_event_tells_the_status_when_its_response_does_not(gpt: Any) -> None:
    cut = {"incomplete_details": {"reason": "max_output_tokens"}, "status": "in_progress"}
    assert gpt.stream(event("incomplete", response=cut)).finish == "length"
    assert gpt.stream(event("completed", response=None)).finish == "stop"
    assert gpt.stream(event("cancelled", response={})).finish == "cancelled"


@pytest.mark.parametrize("code", ["bio_policy", "misalignment_policy_violation"])
def test_a_policy_that_stops_a_response_is_a_content_filter(gpt: Any, code: str) -> None:
    for ending in (
        event("failed", response={"status": "failed", "error": {"code": code, "message": "m"}}),
        {"type": "error", "error": {"code": code, "message": "m"}},
    ):
        reply = gpt.stream(ending)
        assert (reply.finish, reply.failure, reply.complete) == ("content_filter", None, True)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_response_put_into_the_background_is_no_answer(gpt: Any, status: str) -> None:
    reply = gpt.whole(response(status=status, usage=None))
    assert (reply.complete, reply.failure.kind) == (False, "protocol")


def test_an_error_body_under_200_is_an_error(gpt: Any) -> None:
    assert gpt.whole({"error": {"message": "m", "code": "invalid_api_key"}}).failure.kind == "auth"


def test_a_stream_without_its_terminal_event_is_cut(gpt: Any) -> None:
    reply = gpt.stream(CREATED, event("output_text.delta", output_index=0, delta="It is"), done=True)
    assert (reply.complete, reply.failure.kind, reply.answer) == (False, "protocol", "It is")


def test_the_bill_is_exact_in_the_units_of_the_provider(speak: Callable[..., Any]) -> None:
    billed = speak("openai-responses", bill={"path": "usage.cost_in_usd_ticks", "units_per_usd": 10**10})
    for reply in (
        billed.whole(response(usage=USAGE | {"cost_in_usd_ticks": 37756000})),
        billed.stream(completed(usage=USAGE | {"cost_in_usd_ticks": 37756000})),
    ):
        assert reply.bill == Decimal("0.0037756")


def test_usage_that_is_null_before_the_end_is_unknown(gpt: Any) -> None:
    assert gpt.stream(CREATED, completed(usage=None)).usage.output_tokens is None


def test_a_tool_call_is_its_own_finish(gpt: Any) -> None:
    assert gpt.whole(response({"type": "function_call", "name": "f"})).finish == "tool_call"


def test_done_and_unknown_events_are_ignored(gpt: Any) -> None:
    odd = [event("compaction.compacting"), {"type": "ping"}, {"no": "type"}, event("output_item.added", item=None)]
    assert gpt.stream(*odd, completed(message(text("3"))), done=True).failure is None


@each(
    ("status", "document", "finish"),
    [
        (400, {"error": {"code": "content_filter", "message": "m", "innererror": {}}}, "content_filter"),
        (403, {"code": "permission-denied", "error": "Failed check: SAFETY_CHECK_TYPE_BIO"}, "refusal"),
        (403, {"error": {"code": "SAFETY_CHECK", "message": "m"}}, "refusal"),
        (400, {"error": {"code": "invalid_value", "message": "m"}}, None),
        (500, None, None),
        (500, [1], None),
    ],
)
@each("name", ["openai-responses", "openai-chat"])
def test_a_blocked_prompt_is_an_answer_although_it_has_an_error_status(
    name: str, status: int, document: Any, finish: str | None
) -> None:
    answer = dialect(name).answers_in_error(document)
    assert (None if answer is None else answer[0].reason) == finish


def test_nothing_is_stored_at_the_provider(gpt: Any) -> None:
    assert gpt.body()["store"] is False
    assert gpt.body(params={"store": True})["store"] is True


def test_optional_fields_are_sent_only_when_asked(gpt: Any) -> None:
    assert gpt.body(stream=False).keys() == {"model", "input", "store"}
    body = gpt.body(system="s", max_output_tokens=16, native={"reasoning": {"effort": "high", "summary": "auto"}})
    assert (body["instructions"], body["max_output_tokens"], body["stream"]) == ("s", 16, True)
    assert body["reasoning"] == {"effort": "high", "summary": "auto"}


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (404, "not_found"), (429, "rate_limit"), (500, "server")])
def test_an_error_without_a_code_is_read_by_its_status(status: int, kind: ErrorKind) -> None:
    read = dialect("openai-responses").read_error(status, {"retry-after": "3"}, {"error": {"message": "m"}})
    assert (read.kind, read.message, read.retry_after_s) == (kind, "m", 3.0)
