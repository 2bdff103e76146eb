"""Ollama: a line is a piece; thinking has a field, or tags, or only their end; counts may be missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from thinkdial.providers.registry import dialect

from ...cases import each

NDJSON = "application/x-ndjson"
COUNTS = {"prompt_eval_count": 26, "eval_count": 40, "eval_duration": 10**9, "load_duration": 5_000_000}


def piece(content: str = "", thinking: str | None = None, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content} | ({} if thinking is None else {"thinking": thinking})
    return {"model": "qwen3:8b", "message": message, "done": False, **more}


def last(reason: str | None = "stop", **counts: Any) -> dict[str, Any]:
    return piece() | {"done": True, "done_reason": reason} | COUNTS | counts


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


class Ollama:
    def __init__(self, api: Any) -> None:
        self.api = api

    def __call__(self, *documents: Any, label: str = NDJSON) -> Any:
        return self.api.raw(lines(*documents), label)


@pytest.fixture
def ollama(speak: Callable[..., Any]) -> Ollama:
    return Ollama(speak("ollama-chat"))


def test_thinking_has_a_field_of_its_own(ollama: Ollama) -> None:
    reply = ollama(piece(thinking="Hm. "), piece(thinking="3"), piece("It is "), piece("3"), last())
    assert (reply.reasoning, reply.visibility, reply.answer) == ("Hm. 3", "full", "It is 3")
    assert (reply.model, reply.finish, reply.complete) == ("qwen3:8b", "stop", True)
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.reasoning_tokens) == (26, 40, None)


@pytest.mark.parametrize(
    ("pieces", "reasoning", "answer", "visibility"),
    [
        (["<thi", "nk>Hm.</th", "ink>\n\n3"], "Hm.", "3", "inline"),
        (["Hm.</", "think>\n3"], "Hm.", "3", "inline"),
        (["a < b and <b>"], "", "a < b and <b>", "none"),
        (["3 <th"], "", "3 <th", "none"),
    ],
)
def test_tags_and_a_bare_closer_are_taken_out_of_the_answer(
    ollama: Ollama, pieces: list[str], reasoning: str, answer: str, visibility: str
) -> None:
    reply = ollama(*[piece(text) for text in pieces], last())
    assert (reply.reasoning, reply.answer, reply.visibility) == (reasoning, answer, visibility)


def test_text_that_was_held_back_when_thinking_appears_is_not_lost(ollama: Ollama) -> None:
    assert ollama(piece("<t"), piece(thinking="Hm."), piece("able>"), last()).answer == "<table>"
    reply = ollama(piece("a </thi"), piece("s", thinking="Hm."), last())
    assert (reply.reasoning, reply.answer) == ("Hm.", "a </this")


def test_tags_beside_the_field_are_the_subject_of_the_answer(ollama: Ollama) -> None:
    reply = ollama(piece(thinking="Hm."), piece("Write </think> and <think>."), last())
    assert (reply.reasoning, reply.answer) == ("Hm.", "Write </think> and <think>.")


def test_a_missing_prompt_count_is_unknown_and_not_none(ollama: Ollama) -> None:
    counts = {key: value for key, value in last().items() if key != "prompt_eval_count"}
    usage = ollama(piece("3"), counts).usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (None, 40, None)
    assert ollama(piece("3"), last(prompt_eval_count=0)).usage.input_tokens is None


@pytest.mark.parametrize(("nanoseconds", "told"), [(6_300_000_000, True), (999_999_999, False), ("x", False)])
def test_a_long_load_of_the_model_is_told(ollama: Ollama, nanoseconds: Any, told: bool) -> None:
    notices = ollama(piece("3"), last(load_duration=nanoseconds)).notices
    assert [notice.code for notice in notices] == ["model_load"] * told
    assert not told or "6.3 s" in notices[0].message


@pytest.mark.parametrize(
    ("reason", "finish"), [("stop", "stop"), ("length", "length"), ("load", "unknown"), (None, "unknown")]
)
def test_reasons_to_stop(ollama: Ollama, reason: str | None, finish: str) -> None:
    assert ollama(piece("3"), last(reason)).finish == finish


def test_calls_of_tools(ollama: Ollama) -> None:
    call = piece()
    call["message"]["tool_calls"] = [{"function": {"name": "f"}}]
    assert ollama(call, last()).finish == "tool_call"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("out of memory", "out of memory"),
        ({"message": "gone"}, "gone"),
        ({"code": 1}, "without a message"),
        (7, "without a"),
    ],
)
@pytest.mark.parametrize("label", [NDJSON, "application/json"])
def test_an_error_line_ends_the_answer_and_keeps_it(ollama: Ollama, error: Any, message: str, label: str) -> None:
    reply = ollama(piece("It <th"), {"error": error}, label=label)
    assert (reply.failure.kind, reply.complete, reply.answer) == ("server", False, "It <th")
    assert message in reply.failure.message


@pytest.mark.parametrize("error", [None, False, "", {}, [], {"message": None, "code": 0}])
def test_an_error_that_is_none_is_no_error(ollama: Ollama, error: Any) -> None:
    assert ollama(piece("3", error=error), last()).failure is None


@pytest.mark.parametrize("label", [NDJSON, "application/json", "text/plain"])
def test_a_stream_cut_in_the_middle_keeps_every_whole_line_under_any_label(ollama: Ollama, label: str) -> None:
    body = lines(piece(thinking="Hm."), piece("It is "), piece("3"), last())
    for length in range(len(lines(piece(thinking="Hm."), piece("It is "))), body.index(b'"done": true')):
        reply = ollama.api.raw(body[:length], label)
        assert (reply.reasoning, reply.complete, reply.failure.kind) == ("Hm.", False, "protocol")
        assert reply.answer in ("It is ", "It is 3")
        assert "before its terminal event" in reply.failure.message


def test_lines_labelled_as_one_document_are_the_same_answer(ollama: Ollama) -> None:
    documents = (piece(thinking="Hm."), piece("It is "), piece("3"), last())
    assert ollama(*documents, label="application/json") == ollama(*documents)


def test_a_document_may_be_indented(ollama: Ollama) -> None:
    whole = piece("3", thinking="Hm.") | {"done": True, "done_reason": "stop"} | COUNTS
    reply = ollama.api.raw(json.dumps(whole, indent=2).encode(), "application/json")
    assert (reply.reasoning, reply.answer, reply.complete) == ("Hm.", "3", True)


def test_a_document_that_is_no_json_is_told(ollama: Ollama) -> None:
    assert "terminal event" not in ollama.api.raw(b"upstream\nfailed", "application/json").failure.message


@each(
    ("status", "error", "kind"),
    [
        (400, "model does not support thinking", "invalid_request"),
        (400, "input is too long: exceeds context window", "context_length"),
        (401, "unauthorized", "auth"),
        (404, "model 'x' not found", "not_found"),
        (429, "too many concurrent requests", "rate_limit"),
        (503, "server busy, please try again", "overloaded"),
    ],
)
def test_errors_are_plain_text(status: int, error: str, kind: str) -> None:
    failed = dialect("ollama-chat").read_error(status, {"retry-after": "3"}, {"error": error})
    assert (failed.kind, failed.message, failed.retry_after_s) == (kind, error, 3.0)


def test_the_output_limit_is_an_option(ollama: Ollama) -> None:
    body = ollama.api.body(max_output_tokens=64, native={"think": "low"}, params={"options": {"num_ctx": 8192}})
    assert ollama.api.request().url == "https://host.example/api/chat"
    assert (body["options"], body["think"]) == ({"num_predict": 64, "num_ctx": 8192}, "low")
    assert dict(ollama.api.request().headers)["accept"] == NDJSON
