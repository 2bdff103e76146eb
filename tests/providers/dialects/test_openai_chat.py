"""Chat Completions and the many hosts that are compatible with it, more or less."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from thinkdial.providers.fold import Reply

from ...cases import each

USAGE = {
    "prompt_tokens": 5,
    "completion_tokens": 50,
    "completion_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 55,
}


def chunk(*, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice], "usage": None}


def tail(usage: dict[str, Any] | None = USAGE, **fields: Any) -> dict[str, Any]:
    return {"id": "c1", "model": "m-1", "choices": [], "usage": usage, **fields}


def body(finish: str | None = "stop", usage: dict[str, Any] | None = USAGE, **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "model": "m-1", "choices": [choice], "usage": usage}


STOP = chunk(finish="stop")


@pytest.fixture
def chat(speak: Callable[..., Any]) -> Any:
    return speak("openai-chat")


def both(reply: Reply) -> tuple[str, str]:
    return reply.reasoning, reply.answer


def test_a_stream_gives_answer_and_the_usage_of_its_last_chunk_without_choices(chat: Any) -> None:
    reply = chat.stream(chunk(role="assistant", content=""), chunk(content="It is "), chunk(content="3"), STOP, tail(),
                        done=True)  # fmt: skip
    assert (reply.answer, reply.finish, reply.finish_raw, reply.complete) == ("It is 3", "stop", "stop", True)
    assert (reply.model, reply.response_id) == ("m-1", "c1")
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.reasoning_tokens) == (5, 50, 40)


def test_silence_about_reasoning_is_no_evidence_of_its_absence(chat: Any) -> None:
    assert not chat.stream(chunk(content="3"), STOP, tail(), done=True).reasoning_absent


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "reasoning_text"])
def test_each_name_of_the_reasoning_field_is_read(chat: Any, field: str) -> None:
    stream = chat.stream(chunk(**{field: "r, "}), chunk(**{field: "r"}), chunk(content="3"), STOP, done=True)
    for reply in (stream, chat.whole(body(content="3", **{field: "r, r"}))):
        assert both(reply) == ("r, r", "3")
        assert reply.visibility == "full"


def test_reasoning_sent_in_two_fields_is_not_doubled(chat: Any) -> None:
    details = [{"type": "reasoning.text", "text": "r"}]
    pieces = [chunk(reasoning="r", reasoning_details=details), chunk(reasoning_details=details, reasoning="r")]
    assert chat.stream(*pieces, chunk(content="3"), STOP).reasoning == "rr"
    assert chat.whole(body(content="3", reasoning="r", reasoning_content="r")).reasoning == "r"


def test_an_empty_first_field_does_not_hide_the_second(chat: Any) -> None:
    assert chat.whole(body(content="3", reasoning_content="", reasoning="r")).reasoning == "r"
    assert chat.whole(body(content="3", reasoning_content=None, reasoning="r")).reasoning == "r"


@pytest.mark.parametrize(
    ("details", "reasoning", "visibility"),
    [
        ([{"type": "reasoning.text", "text": "r", "signature": None}], "r", "full"),
        ([{"type": "reasoning.summary", "summary": "r"}], "r", "summary"),
        ([{"type": "reasoning.encrypted", "data": "opaque"}], "", "encrypted"),
        ([{"type": "reasoning.encrypted", "data": "[REDACTED]"}], "", "encrypted"),
        ([{"type": "reasoning.text", "text": "[REDACTED]"}], "", "redacted"),
        ([{"type": "reasoning.text", "signature": "only"}], "", "none"),
        ([{"type": "reasoning.server_tool_call", "arguments": "{}"}], "", "none"),
    ],
)
def test_reasoning_details_may_be_text_summary_encrypted_or_without_text(
    chat: Any, details: list[Any], reasoning: str, visibility: str
) -> None:
    for reply in (
        chat.stream(chunk(reasoning_details=details), chunk(content="3"), STOP),
        chat.whole(body(content="3", reasoning_details=details)),
    ):
        assert (reply.reasoning, reply.visibility, reply.answer) == (reasoning, visibility, "3")


def test_a_placeholder_for_a_thought_is_no_thought(chat: Any) -> None:
    reply = chat.whole(body(content="3", reasoning="[REDACTED]"))
    assert (reply.reasoning, reply.visibility) == ("", "redacted")


def test_plain_reasoning_beside_summary_details_is_a_summary(chat: Any) -> None:
    details = [{"type": "reasoning.summary", "summary": "r"}]
    assert chat.whole(body(content="3", reasoning="r", reasoning_details=details)).visibility == "summary"


def test_content_turns_from_typed_thinking_into_plain_text_within_one_stream(chat: Any) -> None:
    def think(words: str) -> dict[str, Any]:
        return {"type": "thinking", "thinking": [{"type": "text", "text": words}], "closed": True}

    reply = chat.stream(
        chunk(content=[think("r, ")]),
        chunk(content=[think("r"), {"type": "text", "text": "It "}]),
        chunk(content="is "),
        chunk(content=[{"type": "text", "text": "3"}, {"type": "reference"}]),
        STOP,
        done=True,
    )
    assert both(reply) == ("r, r", "It is 3")
    whole = chat.whole(body(content=[think("r, r"), {"type": "text", "text": "It is 3"}]))
    assert both(whole) == ("r, r", "It is 3")


def test_typed_reasoning_with_a_summary_list_is_a_summary(chat: Any) -> None:
    parts = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "r"}]},
        {"type": "text", "text": "3"},
    ]
    reply = chat.whole(body(content=parts))
    assert (*both(reply), reply.visibility) == ("r", "3", "summary")


def test_think_tags_split_over_chunks_are_taken_out(chat: Any) -> None:
    reply = chat.stream(*(chunk(content=piece) for piece in "<think>r</think>\n\n3"), STOP, tail(), done=True)
    assert (*both(reply), reply.visibility) == ("r", "3", "inline")


def test_tags_left_in_the_answer_beside_the_field_are_not_doubled(chat: Any) -> None:
    reply = chat.whole(body(content="<think>\nr\n</think>\n\n3", reasoning_content="r"))
    assert both(reply) == ("r", "3")
    cut = chat.whole(body("length", content="<think>\nr", reasoning_content="r"))
    assert both(cut) == ("r", "")


def test_tags_with_other_reasoning_than_the_field_lose_nothing(chat: Any) -> None:
    reply = chat.whole(body(content="<think>more</think>3", reasoning_content="r"))
    assert both(reply) == ("r\n\nmore", "3")


def test_an_answer_that_begins_with_a_literal_tag_is_not_lost(chat: Any) -> None:
    reply = chat.whole(body(content="<think> is the opening tag", reasoning_content="r"))
    assert both(reply) == ("r", "<think> is the opening tag")


def test_a_literal_closer_in_the_answer_stays_when_reasoning_has_its_field(chat: Any) -> None:
    reply = chat.stream(chunk(reasoning_content="r"), chunk(content="it ends with </think> always"), STOP)
    assert both(reply) == ("r", "it ends with </think> always")


def test_text_held_back_when_the_field_appears_is_not_lost(chat: Any) -> None:
    reply = chat.stream(chunk(content="a <"), chunk(reasoning_content="r"), chunk(content=" b"), STOP)
    assert both(reply) == ("r", "a < b")


def test_tags_stay_where_the_provider_is_known_to_send_none(speak: Callable[..., Any]) -> None:
    plain = speak("openai-chat", inline_think=False)
    assert both(plain.whole(body(content="<think>r</think>3"))) == ("", "<think>r</think>3")


def test_only_the_fields_of_the_provider_are_read(speak: Callable[..., Any]) -> None:
    one = speak("openai-chat", reasoning_fields=["reasoning"])
    assert one.whole(body(content="3", reasoning_content="no", reasoning="r")).reasoning == "r"


def test_only_reasoning_and_an_output_limit_leave_an_empty_answer(chat: Any) -> None:
    reply = chat.stream(chunk(reasoning_content="r"), chunk(finish="length"), tail(), done=True)
    assert (*both(reply), reply.finish, reply.complete) == ("r", "", "length", True)


def test_an_empty_delta_beside_the_message_of_a_whole_body_does_not_hide_it(chat: Any) -> None:
    document = body(content="3")
    document["choices"][0]["delta"] = {"role": "assistant", "content": ""}
    assert chat.whole(document).answer == "3"


def test_a_message_so_far_beside_the_delta_of_a_chunk_is_not_added(chat: Any) -> None:
    pieces = []
    for piece, so_far in (("It ", "It "), ("is", "It is")):
        document = chunk(content=piece)
        document["choices"][0]["message"] = {"role": "assistant", "content": so_far}
        pieces.append(document)
    assert chat.stream(*pieces, STOP).answer == "It is"


def test_further_choices_are_not_mixed_into_the_answer(chat: Any) -> None:
    other = {"index": 1, "delta": {"content": "no"}, "finish_reason": None}
    second = chunk(content="b")
    second["choices"].insert(0, other)
    assert chat.stream(chunk(content="a"), {"choices": [other]}, second, STOP).answer == "ab"


@pytest.mark.parametrize("place", ["top", "choice", "x_groq"])
def test_usage_is_found_at_the_top_in_the_choice_or_under_x_groq(chat: Any, place: str) -> None:
    stop = chunk(content="3", finish="stop")
    holder = {"top": stop, "choice": stop["choices"][0], "x_groq": stop.setdefault("x_groq", {})}[place]
    holder["usage"] = USAGE
    assert chat.stream(stop, done=True).usage.output_tokens == 50


def test_running_totals_are_not_summed_and_warn_only_about_the_last(chat: Any) -> None:
    def so_far(output: int, total: int) -> dict[str, Any]:
        usage = {"prompt_tokens": 5, "completion_tokens": output, "total_tokens": total}
        return chunk(content="x") | {"usage": usage}

    reply = chat.stream(so_far(1, 9), so_far(2, 12), STOP, tail(), done=True)
    assert (reply.usage.output_tokens, reply.notices) == (50, [])
    odd = chat.stream(so_far(1, 9), so_far(2, 12), STOP, done=True)
    assert (odd.usage.output_tokens, len(odd.notices)) == (7, 1)


def test_reasoning_beside_the_completion_is_added_by_the_total(chat: Any) -> None:
    usage = {
        "prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 55,
        "completion_tokens_details": {"reasoning_tokens": 40},
    }  # fmt: skip
    assert chat.whole(body(content="3", usage=usage)).usage.output_tokens == 50


def test_a_stream_without_usage_has_unknown_counts(chat: Any) -> None:
    reply = chat.stream(chunk(content="3"), STOP, done=True)
    assert (reply.complete, reply.usage.input_tokens, reply.usage.output_tokens) == (True, None, None)


@each(
    ("bill", "fields", "usd"),
    [
        ({"path": "usage.cost"}, {"usage": USAGE | {"cost": 2.85e-05}}, "0.0000285"),
        ({"path": "usage.cost_in_usd_ticks", "units_per_usd": 10**10},
         {"usage": USAGE | {"cost_in_usd_ticks": 37756000}}, "0.0037756"),
        ({"path": "usage.cost"}, {"usage": USAGE | {"cost": 0}}, "0"),
        ({"path": "usage.cost"}, {"usage": USAGE | {"cost": "lots"}}, None),
        ({"path": "usage.cost"}, {}, None),
        ({"path": "usage.cost", "zero_is_unknown": True}, {"usage": USAGE | {"cost": 0}}, None),
        ([{"path": "usage.cost"}, {"path": "usage.estimated_cost"}],
         {"usage": USAGE | {"estimated_cost": "0.25"}}, "0.25"),
        ([{"path": "usage.cost"}, {"path": "usage.estimated_cost"}],
         {"usage": USAGE | {"cost": 0.5, "estimated_cost": "0.25"}}, "0.5"),
        ({"path": "usage.cost"}, {"usage": USAGE | {"cost": 1.23e-21}}, "0"),
    ],
    ids=["dollars", "ticks", "free", "junk", "absent", "zero is unknown", "second place", "first place", "noise"],
)  # fmt: skip
def test_the_bill_is_exact_in_the_units_of_the_provider(
    speak: Callable[..., Any], bill: Any, fields: dict[str, Any], usd: str | None
) -> None:
    reply = speak("openai-chat", bill=bill).stream(chunk(content="3"), STOP, tail(**fields), done=True)
    assert reply.bill == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    ("finish", "normalized"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool_call"),
        ("error", "error"),
        ("brand_new", "unknown"),
    ],
)
def test_finish_reasons_are_normalized_and_kept(chat: Any, finish: str, normalized: str) -> None:
    stream = chat.stream(chunk(content="3"), chunk(finish=finish), done=True)
    for reply in (stream, chat.whole(body(finish, content="3"))):
        assert (reply.finish, reply.finish_raw) == (normalized, finish)


def test_tool_calls_under_a_plain_stop_are_tool_calls(chat: Any) -> None:
    assert chat.whole(body(content=None, tool_calls=[{"id": "t"}])).finish == "tool_call"


def test_a_refusal_has_its_own_field(chat: Any) -> None:
    reply = chat.stream(chunk(refusal="I "), chunk(refusal="cannot"), STOP, done=True)
    assert (reply.finish, reply.notices[0].message) == ("refusal", "the model refused: I cannot")


def test_a_finish_reason_ends_the_answer_where_no_done_follows(chat: Any) -> None:
    assert chat.stream(chunk(content="3"), STOP).complete


def test_done_ends_the_answer_where_the_finish_reason_is_empty(chat: Any) -> None:
    reply = chat.stream(chunk(content="3", finish=""), done=True)
    assert (reply.complete, reply.finish) == (True, "unknown")


def test_a_stream_that_stops_with_neither_is_cut(chat: Any) -> None:
    reply = chat.stream(chunk(content="It is <"), chunk(content="/thi") | {"usage": USAGE})
    assert (reply.answer, reply.complete, reply.failure.kind) == ("It is </thi", False, "protocol")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (5, None)


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ({"error": {"message": "m", "code": 429}}, "rate_limit", "m"),
        ({"error": "m"}, "server", "m"),
        ({"error": {}, "status_code": 503}, "overloaded", "the provider sent an error without a message"),
        ({"object": "error", "message": "m", "code": 400}, "invalid_request", "m"),
        ({"x_groq": {"error": "m"}}, "server", "m"),
        ({"choices": [{"index": 0, "error": {"message": "m", "code": 502}}]}, "server", "m"),
        ({"choices": None, "error": {"message": "m", "code": "insufficient_quota"}}, "quota", "m"),
        ({"base_resp": {"status_code": 1004, "status_msg": "m"}}, "auth", "m (code 1004)"),
        ({"base_resp": {"status_code": 1008, "status_msg": "m"}}, "quota", "m (code 1008)"),
        ({"base_resp": {"status_code": 9}}, "server", "the provider sent an error without a message (code 9)"),
    ],
)
def test_an_error_under_200_is_an_error_in_a_stream_and_in_a_body(
    chat: Any, document: dict[str, Any], kind: str, message: str
) -> None:
    for reply in (chat.stream(chunk(content="It is"), document, done=True), chat.whole(document)):
        assert (reply.failure.kind, reply.failure.message, reply.complete) == (kind, message, False)
    assert chat.stream(chunk(content="It is"), document).answer == "It is"


@pytest.mark.parametrize("error", [None, False, ""])
def test_an_error_that_is_none_is_no_error(chat: Any, error: Any) -> None:
    assert chat.whole(body(content="3") | {"error": error, "base_resp": {"status_code": 0}}).failure is None


def test_an_error_chunk_may_carry_the_finish_reason_error(chat: Any) -> None:
    broken = chunk(content="", finish="error") | {"error": {"code": 502, "message": "m"}}
    reply = chat.stream(chunk(content="It is"), broken, done=True)
    assert (reply.answer, reply.failure.message, reply.complete) == ("It is", "m", False)


def test_usage_that_came_with_the_finish_reason_survives_an_error(chat: Any) -> None:
    broken = chunk(finish="error") | {"error": {"code": 502, "message": "m"}, "usage": USAGE}
    reply = chat.stream(chunk(content="It is"), broken)
    assert (reply.complete, reply.failure.message, reply.usage.output_tokens) == (False, "m", 50)


def test_the_error_line_of_llama_cpp_has_no_data_before_it(chat: Any) -> None:
    reply = chat.raw(b'data: {"choices":[{"delta":{"content":"It"}}]}\n\nerror: {"code":500,"message":"m"}\n\n')
    assert (reply.answer, reply.failure.message) == ("It", "m")


def test_comments_and_stray_words_are_not_parsed_as_json(chat: Any) -> None:
    reply = chat.raw(
        b': OPENROUTER PROCESSING\n\nhello\n\ndata: {"choices":[{"delta":{"content":"3"}}]}\n\ndata: [DONE]\n\n'
    )
    assert (reply.answer, reply.failure, reply.complete) == ("3", None, True)


@pytest.mark.parametrize("choices", [None, [], {}, "x", [None], 5])
def test_a_body_without_a_choice_is_no_answer(chat: Any, choices: Any) -> None:
    reply = chat.whole({"object": "chat.completion", "choices": choices, "usage": USAGE})
    assert (reply.complete, reply.failure.kind, reply.usage.output_tokens) == (False, "protocol", None)


def test_usage_is_asked_for_in_streams_only_and_not_where_it_is_refused(speak: Callable[..., Any]) -> None:
    assert speak("openai-chat").body()["stream_options"] == {"include_usage": True}
    assert "stream_options" not in speak("openai-chat").body(stream=False)
    assert "stream_options" not in speak("openai-chat", stream_usage=False).body()


def test_the_names_of_the_output_limit_and_the_system_role_differ_between_hosts(speak: Callable[..., Any]) -> None:
    asked = {"system": "s", "max_output_tokens": 9}
    plain = speak("openai-chat").body(**asked)
    assert (plain["max_tokens"], plain["messages"][0]) == (9, {"role": "system", "content": "s"})
    openai = speak("openai-chat", max_output_field="max_completion_tokens", system_role="developer").body(**asked)
    assert (openai["max_completion_tokens"], openai["messages"][0]["role"]) == (9, "developer")
    assert "max_tokens" not in openai


def test_an_object_in_the_place_of_the_answer_is_its_json(chat: Any) -> None:
    assert chat.whole(body(content={"r": 3, "of": ["é"]})).answer == '{"r":3,"of":["é"]}'
