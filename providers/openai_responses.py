"""The OpenAI Responses API, and the servers that copy it.

Source: https://developers.openai.com/api/docs/api-reference/responses and /responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .dialect import Headers, Quirks, cut_stream, encode_body, json_headers
from .errors import Failure
from .framing import Event
from .merge import merged
from .openai_usage import read_openai_error, read_usage
from .reading import count, items, obj, parse_json, text
from .schema import (
    AnswerDelta,
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
QUIRKS: frozenset[str] = frozenset({"path", "encrypted_content", "reasoning_outside_output"})

_TERMINAL = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done"}
)
_INCOMPLETE: Mapping[str, FinishReason] = {"max_output_tokens": "length", "content_filter": "content_filter"}
_CALLS = frozenset({"function_call", "custom_tool_call", "computer_call", "local_shell_call", "mcp_approval_request"})


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """One user message, not stored at the provider."""
    body: dict[str, Any] = {"model": call.model, "input": [{"role": "user", "content": call.prompt}], "store": False}
    if call.system:
        body["instructions"] = call.system
    if call.max_output_tokens is not None:
        body["max_output_tokens"] = call.max_output_tokens
    if call.stream:
        body["stream"] = True
    return HttpRequest(
        method="POST",
        url=f"{base_url}{quirks.get('path', '/responses')}",
        headers=json_headers(call.stream),
        body=encode_body(merged(body, call.native, call.params)),
    )


def decoder(quirks: Quirks) -> ResponsesDecoder:
    return ResponsesDecoder(reasoning_outside=bool(quirks.get("reasoning_outside_output")))


class ResponsesDecoder:
    """Routes on the `type` of each event. Text that no delta brought is taken from the finished item or response."""

    def __init__(self, *, reasoning_outside: bool = False) -> None:
        self._reasoning_outside = reasoning_outside
        self._commentary: set[int] = set()
        self._commentary_size = 0
        self._answered: set[int] = set()
        self._reasoned: set[int] = set()
        self._refusal: list[str] = []
        self._called = False
        self._failed = False
        self._done = False

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray" or event.data == b"[DONE]":
            return
        document = obj(parse_json(event.data))
        kind = text(document.get("type")) or ""
        index = count(document.get("output_index")) or 0
        if event.name == "body" and (document.get("object") == "response" or "output" in document):
            yield from self._end(document)
        elif kind in _TERMINAL:
            yield from self._end(obj(document.get("response")))
        elif kind == "response.output_item.added":
            self._note_phase(index, obj(document.get("item")))
        elif kind == "response.output_item.done":
            yield from self._item(index, obj(document.get("item")))
        elif kind == "response.output_text.delta":
            yield from self._answer(index, document.get("content_index"), document.get("delta"))
        elif kind == "response.reasoning_summary_text.delta":
            yield from self._reasoning(index, f"s{document.get('summary_index')}", document.get("delta"), "summary")
        elif kind == "response.reasoning_text.delta":
            yield from self._reasoning(index, f"c{document.get('content_index')}", document.get("delta"), "full")
        elif kind == "response.refusal.delta":
            self._refusal.append(text(document.get("delta")) or "")
        elif kind == "response.refusal.done":
            self._refusal = [text(document.get("refusal")) or "".join(self._refusal)]
        elif kind == "error" or (not kind and "error" in document):
            self._failed = True
            # The live service nests the error, the SDK's type is flat; `type` is then the event's own name.
            nested = obj(document.get("error"))
            flat = {key: value for key, value in document.items() if key != "type"}
            yield read_openai_error(None, {}, {"error": nested or flat})

    def close(self) -> Iterator[Delta]:
        if not self._done and not self._failed:
            yield cut_stream()

    def _note_phase(self, index: int, item: Mapping[str, Any]) -> None:
        if item.get("phase") == "commentary":
            self._commentary.add(index)

    def _answer(self, index: int, part: Any, piece: Any) -> Iterator[Delta]:
        words = text(piece)
        if not words:
            return
        if index in self._commentary:
            self._commentary_size += len(words)
            return
        self._answered.add(index)
        yield AnswerDelta(words, f"{index}.{part or 0}")

    def _reasoning(self, index: int, part: str, piece: Any, visibility: Visibility) -> Iterator[Delta]:
        if words := text(piece):
            self._reasoned.add(index)
            yield ReasoningDelta(words, visibility, f"{index}.{part}")

    def _item(self, index: int, item: Mapping[str, Any]) -> Iterator[Delta]:
        """A finished output item: whatever of it no delta has shown."""
        kind = item.get("type")
        if kind == "message":
            self._note_phase(index, item)
            seen = index in self._answered
            for number, part in enumerate(items(item.get("content"))):
                if part.get("type") == "refusal":
                    self._refusal = [text(part.get("refusal")) or ""]
                elif not seen:
                    yield from self._answer(index, number, part.get("text"))
        elif kind == "reasoning":
            if index in self._reasoned:
                return
            for number, part in enumerate(items(item.get("summary"))):
                yield from self._reasoning(index, f"s{number}", part.get("text"), "summary")
            for number, part in enumerate(items(item.get("content"))):
                yield from self._reasoning(index, f"c{number}", part.get("text"), "full")
            if index not in self._reasoned:
                yield ReasoningWithheld("encrypted" if item.get("encrypted_content") else "hidden")
        elif kind in _CALLS:
            self._called = True

    def _end(self, response: Mapping[str, Any]) -> Iterator[Delta]:
        self._done = True
        answered, reasoned = bool(self._answered), bool(self._reasoned)
        for index, item in enumerate(items(response.get("output"))):
            # Some gateways number or order the final list unlike the deltas, so it only fills in what never came.
            kind = item.get("type")
            if kind in _CALLS or (kind == "message" and not answered) or (kind == "reasoning" and not reasoned):
                yield from self._item(index, item)
        yield Served(
            model=text(response.get("model")),
            response_id=text(response.get("id")),
            service_tier=text(response.get("service_tier")),
            effort=text(obj(response.get("reasoning")).get("effort")),
        )
        if self._commentary_size:
            yield Notice("commentary", f"{self._commentary_size} characters of commentary are not part of the answer")
        yield from read_usage(obj(response.get("usage")), reasoning_outside=self._reasoning_outside)
        status = text(response.get("status")) or "completed"
        error = obj(response.get("error"))
        if status == "failed" or error:
            yield Finish("error", status)
            yield read_openai_error(None, {}, {"error": error})
            return
        yield self._finish(status, text(obj(response.get("incomplete_details")).get("reason")))
        if self._refusal:
            yield Notice("refusal", f"the model refused: {''.join(self._refusal)}")
        if not self._failed:
            yield Complete()

    def _finish(self, status: str, reason: str | None) -> Finish:
        raw = f"{status}:{reason}" if reason else status
        if self._refusal:
            return Finish("refusal", raw)
        if status == "incomplete":
            return Finish(_INCOMPLETE.get(reason or "", "unknown"), raw)
        if status == "cancelled":
            return Finish("cancelled", raw)
        if self._called:
            return Finish("tool_call", raw)
        return Finish("stop" if status == "completed" else "unknown", raw)


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    return read_openai_error(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    """Azure sends a blocked prompt as HTTP 400: that is an answer, not a failure."""
    return content_filter_answer(document)


def content_filter_answer(document: Any) -> list[Delta] | None:
    """The deltas of a blocked prompt, or None for any other error body.

    Source: https://learn.microsoft.com/azure/foundry/openai/concepts/content-filter
    """
    error = obj(obj(document).get("error"))
    if error.get("code") != "content_filter":
        return None
    message = text(error.get("message")) or "the provider's content filter blocked the prompt"
    return [Finish("content_filter", "content_filter"), Notice("content_filter", message), Complete()]
