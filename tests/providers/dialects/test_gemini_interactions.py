"""The Interactions API: steps, thought summaries beside signatures, running totals, words for codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.dialects import gemini_interactions
from thinkdial.providers.registry import dialect
from thinkdial.providers.turns.turn import Exchanged, Manner, said

USAGE = {
    "total_tokens": 179, "total_input_tokens": 11, "total_cached_tokens": 0, "total_output_tokens": 42,
    "total_tool_use_tokens": 0, "total_thought_tokens": 126,
}  # fmt: skip


def made(kind: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "event_type": kind}


def started(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return made("step.start", index=index, step={"type": kind, **fields})


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return made("step.delta", index=index, delta={"type": kind, **fields})


def summary(index: int, words: str) -> dict[str, Any]:
    return delta(index, "thought_summary", content={"type": "text", "text": words})


def ended(status: str = "completed", **fields: Any) -> dict[str, Any]:
    return made("interaction.completed", interaction={"id": "", "status": status, "usage": USAGE, **fields})


SAID = [started(1, "model_output"), delta(1, "text", text="It is 3")]


@pytest.fixture
def google(speak: Callable[..., Any]) -> Any:
    return speak("gemini-interactions")


def test_nothing_is_stored_and_earlier_turns_are_steps(google: Any) -> None:
    request = google.request(model="models/gemini-4-argon", system="Be brief.", max_output_tokens=9, stream=False)
    assert request.url == "https://host.example/v1beta/interactions"
    assert google.body(model="models/gemini-4-argon", system="Be brief.", max_output_tokens=9, stream=False) == {
        "model": "gemini-4-argon",
        "input": [{"type": "user_input", "content": [{"type": "text", "text": "How many r?"}]}],
        "store": False,
        "system_instruction": "Be brief.",
        "generation_config": {"max_output_tokens": 9},
    }
    assert google.body()["stream"] is True


def test_thoughts_and_answer_are_told_apart_by_their_step(google: Any) -> None:
    events = [
        made("interaction.created", interaction={"id": "v1_a", "model": "gemini-4-argon", "status": "in_progress"}),
        started(0, "thought"), summary(0, "Hm. "), delta(0, "thought_signature", signature="c2ln"), summary(0, "3"),
        made("step.stop", index=0), *SAID, made("step.stop", index=1), ended(),
    ]  # fmt: skip
    reply = google.stream(*events, done=True)
    assert (reply.reasoning, reply.visibility, reply.answer) == ("Hm. 3", "summary", "It is 3")
    assert (reply.finish, reply.finish_raw, reply.complete, reply.notices) == ("stop", "completed", True, [])
    usage = reply.usage
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.total_tokens) == (11, 168, 126, 179)
    assert (reply.model, reply.response_id) == ("gemini-4-argon", "v1_a")


def test_a_step_may_begin_with_its_first_text(google: Any) -> None:
    first = started(0, "thought", summary=[{"type": "text", "text": "Hm. "}])
    second = started(1, "model_output", content=[{"type": "text", "text": "It "}])
    reply = google.stream(first, summary(0, "3"), second, delta(1, "text", text="is 3"), ended())
    assert (reply.reasoning, reply.answer) == ("Hm. 3", "It is 3")


def test_steps_that_no_event_brought_are_in_the_last_one(google: Any) -> None:
    step = {"type": "model_output", "content": [{"type": "text", "text": "It is 3"}]}
    assert google.stream(ended(steps=[step])).answer == "It is 3"
    assert google.stream(*SAID, ended(steps=[step])).answer == "It is 3"


def test_a_thought_without_a_summary_is_hidden(google: Any) -> None:
    events = [started(0, "thought"), delta(0, "thought_signature", signature="c2ln"), made("step.stop", index=0)]
    assert google.stream(*events, *SAID, ended()).visibility == "hidden"
    steps = [{"type": "thought", "signature": "c2ln"}, {"type": "model_output", "content": []}]
    assert google.whole({"status": "completed", "steps": steps}).visibility == "hidden"


@pytest.mark.parametrize("field", ["usage", "total_usage"])
def test_running_totals_beside_any_event_are_not_final(google: Any, field: str) -> None:
    running = made("step.delta", index=1, delta={"type": "text", "text": "It"}, metadata={field: USAGE})
    cut = google.stream(started(1, "model_output"), running)
    assert (cut.usage.input_tokens, cut.usage.output_tokens, cut.complete) == (11, None, False)
    no_counts = made("interaction.completed", interaction={"status": "completed"})
    assert google.stream(running, no_counts).usage.output_tokens == 168


def test_what_tools_read_is_input_and_what_they_did_is_counted(google: Any) -> None:
    usage = {
        **USAGE, "total_tool_use_tokens": 20, "total_tokens": 199,
        "grounding_tool_count": [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 1}],
    }  # fmt: skip
    reply = google.stream(*SAID, ended(usage=usage))
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (31, 168)
    assert reply.tools == {"google_search": 2, "google_search_prompt": 1, "google_maps": 1}


def test_output_of_other_kinds_is_counted_apart(google: Any) -> None:
    kinds = [{"modality": "text", "tokens": 2}, {"modality": "IMAGE", "tokens": 40}]
    assert google.stream(*SAID, ended(usage={**USAGE, "output_tokens_by_modality": kinds})).apart == {"image": 40}


@pytest.mark.parametrize(
    ("status", "finish"),
    [("completed", "stop"), ("requires_action", "tool_call"), ("incomplete", "length"), ("budget_exceeded", "length"),
     ("requires_continuation", "length"), ("cancelled", "cancelled"), ("brand_new", "unknown")],
)  # fmt: skip
def test_the_status_is_the_reason_to_stop(google: Any, status: str, finish: str) -> None:
    reply = google.stream(*SAID, ended(status))
    assert (reply.finish, reply.finish_raw, reply.complete) == (finish, status, True)
    assert [notice.code for notice in reply.notices] == (["continuation"] if status == "requires_continuation" else [])


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_that_is_put_off_is_no_answer(google: Any, status: str) -> None:
    reply = google.whole({"id": "v1_a", "status": status, "steps": []})
    assert reply.failure.kind == "protocol" and status in reply.failure.message and not reply.complete


def test_a_failed_interaction_keeps_its_counts_and_words(google: Any) -> None:
    reply = google.stream(*SAID, ended("failed", error={"code": "internal_server_error", "message": "m"}))
    assert (reply.answer, reply.failure.kind, reply.failure.message) == ("It is 3", "server", "m")
    assert reply.usage.output_tokens == 168


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "too_many_requests", "message": "m"}, "rate_limit"),
        (None, {"code": "too_many_requests", "message": "m"}, "rate_limit"),
        (400, {"code": "https://ai.google.dev/errors/invalid_argument", "message": "m"}, "invalid_request"),
        (400, {"code": "invalid_argument", "message": "The input token count exceeds 9"}, "context_length"),
        (404, {"code": "not_found", "message": "m"}, "not_found"),
        (503, {"code": "service_unavailable", "message": "m"}, "overloaded"),
        (401, {"code": "brand_new", "message": "m"}, "auth"),
        (None, {"code": "brand_new", "message": "m"}, "server"),
        (400, {"code": 400, "status": "INVALID_ARGUMENT", "message": "m",
               "details": [{"@type": "x.ErrorInfo", "reason": "API_KEY_INVALID"}]}, "auth"),
    ],
)  # fmt: skip
def test_the_code_of_an_error_is_a_word(google: Any, status: int | None, error: Any, kind: str) -> None:
    if status is None:
        reply = google.stream(*SAID, made("error", error=error))
        assert (reply.failure.kind, reply.answer) == (kind, "It is 3")
    else:
        assert dialect("gemini-interactions").read_error(status, {}, {"error": error}).kind == kind


def test_steps_and_parts_that_are_not_shown_are_said_once_for_each_type(google: Any) -> None:
    steps = [
        {"type": "code_execution_result", "result": "7\n"}, {"type": "code_execution_result", "result": "8\n"},
        {"type": "google_search_call", "arguments": {"queries": ["x"]}},
        {"type": "model_output", "content": [{"type": "text", "text": "It is 3"}, {"type": "poem", "text": "Roses"}]},
    ]  # fmt: skip
    reply = google.whole({"status": "completed", "steps": steps})
    assert reply.answer == "It is 3"
    assert [notice.code for notice in reply.notices] == ["skipped", "skipped"]
    assert "code_execution_result" in reply.notices[0].message and "poem" in reply.notices[1].message
    streamed = google.stream(delta(0, "code_execution_result", result="7"), *SAID, ended())
    assert [notice.code for notice in streamed.notices] == ["skipped"]


THOUGHT = {"type": "thought", "summary": [{"type": "text", "text": "Hm. 3"}], "signature": "c2ln"}
STEPS: list[dict[str, Any]] = [
    THOUGHT,
    {"type": "thought", "signature": "bW9yZQ=="},
    {"type": "google_search_call", "id": "s", "arguments": {"queries": ["r"]}, "signature": "eA=="},
    {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": [1]}, "extra": True},
    {"type": "model_output", "content": [{"type": "text", "text": "It is 3", "annotations": [{"url": "u"}]}]},
    {"type": "model_output", "content": [{"type": "image", "data": "aGk=", "mime_type": "image/png"}]},
]


def written(reply: Any) -> list[dict[str, Any]]:
    """What the next request holds of the answer and a new prompt."""
    exchanged = [Exchanged(said("How many?"), tuple(reply.pieces)), Exchanged(said("And now?"))]
    return gemini_interactions.write(exchanged, Manner())


def test_every_step_goes_back_as_it_came(google: Any) -> None:
    first, *answered, last = written(google.whole({"status": "completed", "steps": STEPS}))
    assert answered == STEPS
    assert [step["content"][0]["text"] for step in (first, last)] == ["How many?", "And now?"]


def test_a_stream_gives_the_same_pieces_as_a_whole_body(google: Any) -> None:
    events = [
        started(0, "thought"), delta(0, "thought_signature", signature=""), summary(0, "Hm. "), summary(0, "3"),
        delta(0, "thought_signature", signature="c2ln"), made("step.stop", index=0),
        started(1, "function_call", id="c", name="f"), delta(1, "arguments_delta", arguments='{"a":'),
        delta(1, "arguments_delta", arguments="[1]}"), made("step.stop", index=1),
        started(2, "model_output"), delta(2, "text", text="It is "), delta(2, "text", text="3"),
        delta(2, "text_annotation_delta", annotations=[{"url": "u"}]), made("step.stop", index=2), ended(),
    ]  # fmt: skip
    call = {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": [1]}}
    whole = google.whole({"status": "completed", "steps": [THOUGHT, call, STEPS[4]]})
    assert google.stream(*events).pieces == whole.pieces
    assert [piece.is_whole for piece in google.stream(*events[:4]).pieces] == [False]


def test_results_of_calls_come_before_what_is_said(google: Any) -> None:
    from thinkdial.providers.turns.pieces import TurnPiece

    asked = (TurnPiece("result", "7", id="c", name="f"), TurnPiece("text", "Go on"))
    assert gemini_interactions.write([Exchanged(asked)], Manner()) == [
        {"type": "function_result", "call_id": "c", "name": "f", "result": "7"},
        {"type": "user_input", "content": [{"type": "text", "text": "Go on"}]},
    ]
