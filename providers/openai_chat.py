"""OpenAI Chat Completions, and the whole family of hosts and local servers that are compatible with it, more or less.

Source: https://developers.openai.com/api/docs/api-reference/chat; what the others do differently is cited where it is
handled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from . import openai_responses
from .dialect import Headers, Quirks, cut_stream, document_of, encode_body, failure, json_headers, retry_delay_s
from .errors import ErrorKind, Failure
from .framing import Event
from .inline_think import InlineThinkSplitter
from .merge import merged
from .openai_responses import content_filter_answer
from .openai_usage import read_bill, read_openai_error, read_usage
from .reading import EMPTY, count, items, obj, text
from .schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Call,
    Complete,
    Delta,
    Finish,
    FinishReason,
    HttpRequest,
    Notice,
    ReasoningDelta,
    ReasoningWithheld,
    Served,
    UsageReport,
    Visibility,
)
from .snapshots import SnapshotText

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset(
    {
        "path",
        "max_output_field",
        "system_role",
        "stream_usage",
        "reasoning_fields",
        "inline_think",
        "reasoning_outside_output",
        "bill",
        "counts",
    }
)

_CONTENT = "content"
"""Stands for the field when reasoning comes as typed parts of the content."""

_REDACTED = "[REDACTED]"
"""What some hosts send in the place of a thought that they withhold."""

REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_text", "reasoning_details")
"""In this order; the first that is not empty is the one. Several hosts send the same text in two of them."""

_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "refusal": "refusal",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "error": "error",
    "abort": "cancelled",
}

_KIND_OF_MINIMAX: Mapping[int, ErrorKind] = {
    1001: "timeout",
    1002: "rate_limit",
    1004: "auth",
    1008: "quota",
    1039: "rate_limit",
    2013: "invalid_request",
    2049: "auth",
    2056: "quota",
}
"""Source: https://platform.minimax.io/docs/api-reference/errorcode"""


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """A system message, where there is one, and one user message."""
    messages = [{"role": turn.role, "content": turn.text} for turn in call.chat]
    if call.system:
        messages.insert(0, {"role": str(quirks.get("system_role", "system")), "content": call.system})
    body: dict[str, Any] = {"model": call.model, "messages": messages}
    if call.max_output_tokens is not None:
        body[str(quirks.get("max_output_field", "max_tokens"))] = call.max_output_tokens
    if call.stream:
        body["stream"] = True
        if quirks.get("stream_usage", True):
            body["stream_options"] = {"include_usage": True}
    return HttpRequest(
        method="POST",
        url=f"{base_url}{quirks.get('path', '/chat/completions')}",
        headers=json_headers(call.stream),
        body=encode_body(merged(body, call.native, call.params)),
    )


_UNCOUNTED = ("messages", "tools", "functions", "response_format")


def build_count(call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None:
    """By the counting endpoint of the Responses API; None for params that are spelled otherwise there."""
    if not quirks.get("counts") or any(field in call.params for field in _UNCOUNTED):
        return None
    return openai_responses.build_count(replace(call, native={}, params={}), base_url, {"counts": True})


def read_count(document: Any) -> int | None:
    return openai_responses.read_count(document)


def decoder(quirks: Quirks) -> ChatDecoder:
    return ChatDecoder(quirks)


class ChatDecoder:
    """Chunks and whole bodies differ only in whether a choice holds a `delta` or a `message`."""

    def __init__(self, quirks: Quirks) -> None:
        self._fields: tuple[str, ...] = tuple(quirks.get("reasoning_fields", REASONING_FIELDS))
        self._reasoning_outside = bool(quirks.get("reasoning_outside_output"))
        self._bill: Mapping[str, Any] = obj(quirks.get("bill"))
        self._splitter = InlineThinkSplitter() if quirks.get("inline_think", True) else None
        self._field: str | None = None
        self._told_apart: list[str] = []
        self._doubled: list[str] = []
        self._choice_index: Any = None
        self._told: tuple[Any, Any, Any] = (None, None, None)
        self._refusal: list[str] = []
        self._details = SnapshotText()
        self._answers = SnapshotText()
        self._thought = False
        self._counted_no_thought = False
        self._unreconciled: list[Notice] = []
        self._called = False
        self._finish_raw: str | None = None
        self._ended = False
        self._failed = False
        self._closed = False

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray":
            # llama.cpp breaks off with an `error:` line. https://github.com/ggml-org/llama.cpp/tree/master/tools/server
            data = event.data.strip().removeprefix(b"error:").strip()
            if not data.startswith(b"{"):
                return
            event = replace(event, data=data)
        elif event.data.strip() == b"[DONE]":
            self._ended = True
            yield from self._end()
            return
        document = obj(document_of(event))
        if not document:
            return
        if self._told != (document.get("model"), document.get("id"), document.get("service_tier")):
            yield from self._serve(document)
        choice = self._own_choice(document)
        # Perplexity sends both: an empty delta in a whole body, the text so far as the message of each chunk.
        names = ("message", "delta") if event.name == "body" else ("delta", "message")
        yield from self._piece(obj(choice.get(names[0])) or obj(choice.get(names[1])))
        for message in items(choice.get("messages")):  # Mistral's, in the place of one message
            yield from self._piece(message)
        if raw := text(choice.get("finish_reason")):
            self._finish_raw = raw
        if self._bill or "usage" in document or "usage" in choice or "x_groq" in document:
            yield from self._usage(document, choice)
        if problem := _error_inside(document, choice, stray=event.name == "stray"):
            self._failed = True
            yield problem
        elif event.name == "body" and choice:
            self._ended = True

    def close(self) -> Iterator[Delta]:
        if self._finish_raw is not None or self._ended or self._failed:
            yield from self._end()
        else:
            yield from self._flush()
            yield cut_stream()

    def _flush(self) -> Iterator[Delta]:
        if held := self._details.close():
            yield ReasoningDelta(held)
        if held := self._answers.close():
            yield from self._words(held)
        if not self._splitter:
            return
        yield from self._split(self._splitter.close())
        doubled = "".join(self._doubled)
        if doubled.strip() in "".join(self._told_apart):
            return
        if opener := self._splitter.unclosed:
            yield AnswerDelta(f"{opener}{doubled}")
        else:
            yield ReasoningDelta(doubled, "inline", "tags")

    def _end(self) -> Iterator[Delta]:
        if self._closed:
            return
        self._closed = True
        yield from self._flush()
        if self._failed:
            return
        yield self._finish()
        if self._counted_no_thought and self._thought:
            words = "reasoning came and the provider counts no tokens for it; its count cannot be right"
            yield Notice("reasoning_uncounted", words)
        yield from self._unreconciled
        if self._refusal:
            yield Notice("refusal", f"the model refused: {''.join(self._refusal)}")
        yield Complete()

    def _own_choice(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The one choice that is read, or nothing: several interleave when the params ask for more (`n`)."""
        for choice in items(document.get("choices")):
            if self._choice_index is None:
                self._choice_index = choice.get("index", 0)
            if choice.get("index", 0) == self._choice_index:
                return choice
        return EMPTY

    def _serve(self, document: Mapping[str, Any]) -> Iterator[Delta]:
        """Who answers, which every chunk repeats."""
        model, response, tier = self._told = document.get("model"), document.get("id"), document.get("service_tier")
        yield Served(model=text(model), response_id=text(response), service_tier=text(tier))

    def _piece(self, piece: Mapping[str, Any]) -> Iterator[Delta]:
        yield from self._reasoning(piece)
        content = piece.get("content")
        if isinstance(content, str):
            if content:
                yield from self._content(text(content) or "")
        elif content:
            for part in items(content):
                yield from self._content_part(part)
        if refusal := text(piece.get("refusal")):
            self._refusal.append(refusal)
        if piece.get("tool_calls") or piece.get("function_call"):
            self._called = True

    def _reasoning(self, piece: Mapping[str, Any]) -> Iterator[Delta]:
        """The reasoning of one chunk, from the first field that has any; later chunks are read from that field only."""
        if self._field == _CONTENT:
            return
        details = piece.get("reasoning_details")
        summarized = bool(details) and any(text(detail.get("summary")) for detail in items(details))
        for name in (self._field,) if self._field else self._fields:
            value = piece.get(name)
            if not value:
                continue
            deltas = list(_reasoning_in(value, "summary" if summarized else "full"))
            if name == "reasoning_details":
                deltas = [self._added(delta) for delta in deltas]
            thoughts = [delta.text for delta in deltas if isinstance(delta, ReasoningDelta)]
            self._thought = self._thought or bool(deltas)
            yield from deltas
            if thoughts:
                self._tell_apart(name, thoughts)
                return

    def _added(self, delta: Delta) -> Delta:
        return replace(delta, text=self._details.feed(delta.text)) if isinstance(delta, ReasoningDelta) else delta

    def _tell_apart(self, field: str, thoughts: list[str]) -> None:
        """Reasoning has a field of its own: what the answer holds in tags is the same once more, or no reasoning."""
        self._thought = True
        self._told_apart += thoughts
        if self._field is None:
            self._field = field
            if self._splitter:
                self._splitter.expect_no_bare_closer()

    def _content_part(self, part: Mapping[str, Any]) -> Iterator[Delta]:
        """Content as a list of typed parts, as Mistral, Databricks and others send it while thinking."""
        kind = part.get("type")
        if kind == "text":
            yield from self._content(text(part.get("text")) or "")
        elif kind in ("thinking", "reasoning") and self._field in (None, _CONTENT):
            thought = part.get("thinking") or part.get("summary") or part.get("text")
            visibility: Visibility = "summary" if part.get("summary") else "full"
            for words in [text(thought)] if isinstance(thought, str) else [text(x.get("text")) for x in items(thought)]:
                if words:
                    self._tell_apart(_CONTENT, [words])
                    yield ReasoningDelta(words, visibility)

    def _content(self, words: str) -> Iterator[Delta]:
        yield from self._words(self._answers.feed(words) if self._details.repeats else words)

    def _words(self, words: str) -> Iterator[Delta]:
        if not words:
            return
        if self._splitter:
            yield from self._split(self._splitter.feed(words))
        else:
            yield AnswerDelta(words)

    def _split(self, deltas: Iterator[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            self._thought = self._thought or isinstance(delta, ReasoningDelta | AnswerWasReasoning)
            if self._field is not None and isinstance(delta, ReasoningDelta):
                self._doubled.append(delta.text)
            else:
                yield delta

    def _usage(self, document: Mapping[str, Any], choice: Mapping[str, Any]) -> Iterator[Delta]:
        """At the top, inside the choice (Moonshot) or under `x_groq`; running totals repeat, the last one counts."""
        usage = obj(document.get("usage")) or obj(choice.get("usage")) or obj(obj(document.get("x_groq")).get("usage"))
        if usage:
            if tier := text(usage.get("service_tier")):  # Mistral's
                yield Served(service_tier=tier)
            told = list(read_usage(usage, reasoning_outside=self._reasoning_outside))
            self._unreconciled = [delta for delta in told if isinstance(delta, Notice)]
            final = self._finish_raw is not None
            for report in (delta for delta in told if isinstance(delta, UsageReport)):
                # vLLM counts none where the template opened the tag: https://docs.vllm.ai/en/latest/features/reasoning_outputs/
                self._counted_no_thought = report.usage.reasoning_tokens == 0
                yield replace(report, final=final)
        yield from read_bill(document, self._bill)

    def _finish(self) -> Finish:
        raw = self._finish_raw
        if self._refusal:
            return Finish("refusal", raw)
        reason = _FINISH.get(raw or "", "unknown")
        if self._called and reason in ("stop", "unknown"):
            return Finish("tool_call", raw)
        return Finish(reason, raw)


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    if (problem := _minimax_error(obj(document))) and not obj(obj(document).get("error")):
        return replace(problem, status=status, retry_after_s=retry_delay_s(headers))
    return read_openai_error(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    return content_filter_answer(document)


def _reasoning_in(value: Any, visibility: Visibility) -> Iterator[Delta]:
    """A reasoning field: plain text of this visibility, or OpenRouter's and MiniMax's list of typed details."""
    if isinstance(value, str):
        if value == _REDACTED:
            yield ReasoningWithheld("redacted")
        elif words := text(value):
            yield ReasoningDelta(words, visibility)
        return
    for detail in items(value):
        if detail.get("text") == _REDACTED:
            yield ReasoningWithheld("redacted")
        elif words := text(detail.get("text")):
            yield ReasoningDelta(words)
        elif words := text(detail.get("summary")):
            yield ReasoningDelta(words, "summary")
        elif detail.get("data"):
            yield ReasoningWithheld("encrypted")


def _error_inside(document: Mapping[str, Any], choice: Mapping[str, Any], *, stray: bool) -> Failure | None:
    """An error under HTTP 200, wherever hosts put it: as an object or text, flat, in the choice, or by a code alone."""
    for holder in (document, choice, obj(document["x_groq"]) if "x_groq" in document else EMPTY):
        if "error" in holder and holder["error"] not in (None, False, ""):
            return read_openai_error(None, {}, holder)
    if document.get("object") == "error" or (stray and "choices" not in document):
        return read_openai_error(None, {}, document)
    return _minimax_error(document) if "base_resp" in document else None


def _minimax_error(document: Mapping[str, Any]) -> Failure | None:
    base = obj(document.get("base_resp"))
    if code := count(base.get("status_code")):
        words = text(base.get("status_msg")) or "the provider sent an error without a message"
        return failure(_KIND_OF_MINIMAX.get(code, "server"), f"{words} (code {code})")
    return None
