"""OpenAI Chat Completions, and the whole family of hosts and local servers that are compatible with it, more or less.

Source: https://developers.openai.com/api/docs/api-reference/chat; what the others do differently is cited where it is
handled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .dialect import Headers, Quirks, cut_stream, encode_body, failure, json_headers
from .errors import Failure
from .framing import Event
from .inline_think import InlineThinkSplitter
from .merge import at_path, merged
from .openai_responses import content_filter_answer
from .openai_usage import read_openai_error, read_usage
from .reading import EMPTY, count, dollars, items, obj, parse_json, text
from .schema import (
    AnswerDelta,
    Bill,
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
    Visibility,
)

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
    }
)

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


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """A system message, where there is one, and one user message."""
    messages = [{"role": "user", "content": call.prompt}]
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
        self._refusal: list[str] = []
        self._called = False
        self._finish_raw: str | None = None
        self._ended = False
        self._failed = False
        self._closed = False

    def feed(self, event: Event) -> Iterator[Delta]:
        data = event.data.strip()
        if event.name == "stray":
            # llama.cpp breaks off with an `error:` line. https://github.com/ggml-org/llama.cpp/tree/master/tools/server
            data = data.removeprefix(b"error:").strip()
            if not data.startswith(b"{"):
                return
        if data == b"[DONE]":
            self._ended = True
            yield from self._end()
            return
        if not data:
            return
        document = obj(parse_json(data))
        yield Served(
            model=text(document.get("model")),
            response_id=text(document.get("id")),
            service_tier=text(document.get("service_tier")),
        )
        for choice in items(document.get("choices"))[:1]:
            yield from self._choice(choice)
        yield from self._usage(document)
        if problem := _error_inside(document, stray=event.name == "stray"):
            self._failed = True
            yield problem
        elif event.name == "body" and document.get("choices"):
            self._ended = True

    def close(self) -> Iterator[Delta]:
        if self._finish_raw is not None or self._ended or self._failed:
            yield from self._end()
        else:
            yield from self._flush()
            yield cut_stream()

    def _flush(self) -> Iterator[Delta]:
        if self._splitter:
            yield from self._split(self._splitter.close())

    def _end(self) -> Iterator[Delta]:
        if self._closed:
            return
        self._closed = True
        yield from self._flush()
        if self._failed:
            return
        yield self._finish()
        if self._refusal:
            yield Notice("refusal", f"the model refused: {''.join(self._refusal)}")
        yield Complete()

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[Delta]:
        piece = obj(choice.get("delta")) or obj(choice.get("message"))
        yield from self._reasoning(piece)
        content = piece.get("content")
        if isinstance(content, str):
            yield from self._content(text(content) or "")
        else:
            for part in items(content):
                yield from self._content_part(part)
        if refusal := text(piece.get("refusal")):
            self._refusal.append(refusal)
        if piece.get("tool_calls") or piece.get("function_call"):
            self._called = True
        if raw := text(choice.get("finish_reason")):
            self._finish_raw = raw

    def _reasoning(self, piece: Mapping[str, Any]) -> Iterator[Delta]:
        for name in (self._field,) if self._field else self._fields:
            deltas = list(_reasoning_in(piece.get(name)))
            if any(isinstance(delta, ReasoningDelta) for delta in deltas):
                if self._field is None:
                    self._field = name
                    if self._splitter:
                        # Some servers leave the tags in the answer as well; then only the answer is taken from it.
                        self._splitter = InlineThinkSplitter(expects_bare_closer=False)
                yield from deltas
                return
            yield from deltas

    def _content_part(self, part: Mapping[str, Any]) -> Iterator[Delta]:
        """Content as a list of typed parts, as Mistral, Databricks and others send it while thinking."""
        kind = part.get("type")
        if kind == "text":
            yield from self._content(text(part.get("text")) or "")
        elif kind in ("thinking", "reasoning"):
            self._field = self._field or "content"
            thought = part.get("thinking") or part.get("summary") or part.get("text")
            visibility: Visibility = "summary" if part.get("summary") else "full"
            for words in [text(thought)] if isinstance(thought, str) else [text(x.get("text")) for x in items(thought)]:
                if words:
                    yield ReasoningDelta(words, visibility)

    def _content(self, words: str) -> Iterator[Delta]:
        if not words:
            return
        if self._splitter:
            yield from self._split(self._splitter.feed(words))
        else:
            yield AnswerDelta(words)

    def _split(self, deltas: Iterator[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            if self._field is None or not isinstance(delta, ReasoningDelta):
                yield delta

    def _usage(self, document: Mapping[str, Any]) -> Iterator[Delta]:
        """At the top, inside the choice (Moonshot) or under `x_groq`; running totals repeat, the last one counts."""
        choice = next(iter(items(document.get("choices"))), EMPTY)
        usage = obj(document.get("usage")) or obj(choice.get("usage")) or obj(obj(document.get("x_groq")).get("usage"))
        yield from read_usage(usage, reasoning_outside=self._reasoning_outside)
        if self._bill and (amount := dollars(at_path(document, str(self._bill["path"])))) is not None:
            yield Bill(amount / Decimal(str(self._bill.get("units_per_usd", 1))))

    def _finish(self) -> Finish:
        raw = self._finish_raw
        if self._refusal:
            return Finish("refusal", raw)
        reason = _FINISH.get(raw or "", "unknown")
        if self._called and reason in ("stop", "unknown"):
            return Finish("tool_call", raw)
        return Finish(reason, raw)


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    return read_openai_error(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    return content_filter_answer(document)


def _reasoning_in(value: Any) -> Iterator[Delta]:
    """A reasoning field: plain text, or OpenRouter's and MiniMax's list of typed details."""
    if isinstance(value, str):
        if words := text(value):
            yield ReasoningDelta(words)
        return
    for detail in items(value):
        if words := text(detail.get("text")):
            yield ReasoningDelta(words)
        elif words := text(detail.get("summary")):
            yield ReasoningDelta(words, "summary")
        elif detail.get("data"):
            yield ReasoningWithheld("encrypted")


def _error_inside(document: Mapping[str, Any], *, stray: bool) -> Failure | None:
    """An error under HTTP 200: `error` as an object or text, a flat error object, or MiniMax's `base_resp`."""
    if document.get("error") is not None or document.get("object") == "error":
        return read_openai_error(None, {}, document)
    if stray and "choices" not in document:
        return read_openai_error(None, {}, document)
    base = obj(document.get("base_resp"))
    code = count(base.get("status_code"))
    if code:
        return failure("invalid_request" if code == 2013 else "server", f"{text(base.get('status_msg'))} (code {code})")
    return None
