"""A finished answer without text is told as empty, with what was billed, on every wire and in every view of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.cli.views.batch.summary import rows
from thinkdial.cli.views.run.phrases import state_words, verdict_words, why_not_whole
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.checks.expectation import judge_answer
from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.exchange.outcome import Outcome
from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.engine.results.assembly import result_of
from thinkdial.engine.results.documents import result_document
from thinkdial.engine.results.result import Cost, Result

from ...cases import each
from ..exchange.recordings import kind_of, prepared_for

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
JSON = "application/json"


def read(name: str, body: bytes | str, kind: str | None = None, usd: str | None = None) -> Result:
    data = body.encode() if isinstance(body, str) else body
    prepared = prepared_for(name)
    raw = RawResponse(200, kind or kind_of(name), kind is None, data)
    reply = reply_of(raw, name, prepared.target.use.quirks, emulated=False)
    outcome = Outcome(prepared, reply, Latency(), attempts=1)
    return result_of(outcome, Cost(usd=None if usd is None else Decimal(usd)), run_id="r", at=AT)


def chat(delta: str, finish: str = "stop", usage: str = "") -> str:
    return f'data: {{"choices":[{{"index":0,"delta":{delta},"finish_reason":"{finish}"}}]{usage}}}\n\ndata: [DONE]\n\n'


USAGE = ',"usage":{"prompt_tokens":8,"completion_tokens":102,"total_tokens":110}'
COMMENTARY = (
    '{"object":"response","status":"completed","output":[{"type":"message","phase":"commentary","content":'
    '[{"type":"output_text","text":"Only words."}]}],"usage":{"input_tokens":5,"output_tokens":9,"total_tokens":14}}'
)
HARMONY = chat('{"content":"<|channel|>commentary<|message|>Only words.<|end|>"}')
EMPTY: dict[str, tuple[str, str, str | None]] = {
    "stop without text": ("openai-chat", chat('{"content":""}', usage=USAGE), None),
    "blank text": ("openai-chat", chat('{"content":" \\n "}'), None),
    "done alone": ("openai-chat", "data: [DONE]\n\n", None),
    "all text as reasoning": ("openai-chat", chat('{"reasoning_content":"It is 3."}'), None),
    "all text in tags": ("openai-chat", chat('{"content":"<think>It is 3.</think>"}'), None),
    "an unknown word": ("openai-chat", chat("{}", "brand_new"), None),
    "length and no sign of thought": ("openai-chat", chat("{}", "length"), None),
    "no parts": ("gemini-generate", 'data: {"candidates":[{"finishReason":"STOP"}]}\n\n', None),
    "no blocks": ("anthropic-messages", '{"type":"message","content":[],"stop_reason":"end_turn"}', JSON),
    "no content": ("bedrock-converse", '{"output":{"message":{"content":[]}},"stopReason":"end_turn"}', JSON),
    "no items": ("openai-responses", '{"object":"response","status":"completed","output":[]}', JSON),
    "incomplete without a reason": ("openai-responses", '{"status":"incomplete","output":[]}', JSON),
    "no steps": ("gemini-interactions", '{"status":"completed","steps":[]}', JSON),
    "an empty part": ("cohere-chat", '{"message":{"content":[{"text":""}]},"finish_reason":"COMPLETE"}', JSON),
    "an empty line": ("ollama-chat", '{"message":{"content":""},"done":true,"done_reason":"stop"}\n', None),
    "a mistral of nothing": ("mistral-chat", chat('{"content":[]}'), None),
    "commentary": ("openai-responses", COMMENTARY, JSON),
    "a commentary channel": ("openai-chat", HARMONY, None),
}  # fmt: skip
EXPLAINED: dict[str, tuple[str, str, str]] = {
    "a call": ("openai-chat", chat('{"tool_calls":[{"function":{"name":"f"}}]}', "tool_calls"), "unknown"),
    "a filter": ("openai-chat", chat("{}", "content_filter"), "unknown"),
    "a refusal": ("openai-chat", chat('{"refusal":"no"}'), "unknown"),
    "starved": ("openai-chat", chat('{"reasoning_content":"Hm"}', "length"), "starved"),
    "an answer": ("openai-chat", chat('{"content":"3"}'), "unknown"),
}


@each("case", EMPTY)
def test_a_finished_answer_without_text_is_empty(case: str) -> None:
    name, body, kind = EMPTY[case]
    result = read(name, body, kind)
    assert (result.status, result.think.verdict) == ("ok", "empty")
    assert "empty_answer" in [warning.code for warning in result.warnings]
    assert judge_answer({"regex": ".*"}, result) == (False, "the answer is empty")
    assert judge_answer(None, result) == (None, None)
    assert result_document(result)["think"]["verdict"] == "empty"


@pytest.mark.parametrize("case", EXPLAINED)
def test_an_end_that_says_why_is_not(case: str) -> None:
    name, body, verdict = EXPLAINED[case]
    result = read(name, body)
    assert result.think.verdict == verdict
    assert "empty_answer" not in [warning.code for warning in result.warnings]


def test_what_breaks_off_is_partial_and_not_empty() -> None:
    assert read("openai-chat", 'data: {"choices":[]}\n\n').think.verdict != "empty"


@pytest.mark.parametrize("case", ["commentary", "a commentary channel"])
def test_commentary_is_shown_and_labelled(case: str) -> None:
    result = read(*EMPTY[case])
    assert result.answer == "Only words."
    codes = [warning.code for warning in result.warnings]
    assert codes.count("commentary") == 1
    assert state_words(result)[1] == "only commentary"


def words(result: Result) -> str:
    return next(warning.message for warning in result.warnings if warning.code == "empty_answer")


def test_what_was_billed_is_said() -> None:
    stopped = EMPTY["stop without text"]
    assert words(read(*stopped)) == "the answer is empty; 102 output tokens were billed"
    assert words(read(*stopped, usd="0.00102")) == "the answer is empty; 102 output tokens were billed ($0.00102)"
    assert words(read(*EMPTY["done alone"])) == "the answer is empty; what was billed is not known"
    assert "all text came as reasoning" in words(read(*EMPTY["all text as reasoning"]))
    none = chat("{}", usage=USAGE.replace("102", "0").replace("110", "8"))
    assert words(read("openai-chat", none)) == "the answer is empty; no output was billed"


def test_views_call_it_empty() -> None:
    result = read(*EMPTY["stop without text"])
    assert verdict_words(result)[:2] == ("✗", "empty")
    assert state_words(result)[1] == "no answer"
    assert why_not_whole(result) == ["The answer is empty (stop). 102 output tokens were billed."]


def test_a_batch_counts_them_in_a_column() -> None:
    tally = Tally()
    empty, full = read(*EMPTY["stop without text"]), read("openai-chat", chat('{"content":"3"}'))
    for result in (empty, empty, full):
        tally.add_result(result)
    (group,) = tally.summary().groups
    assert (group.empty, group.statuses, group.verdicts["empty"]) == (2, {"ok": 3}, 2)
    assert rows(tally)[0].empty == "2"
    lines = Tally()
    document: dict[str, Any] = result_document(replace(empty, profile="p"))
    lines.add(document)
    assert lines.summary().groups[0].empty == 1
