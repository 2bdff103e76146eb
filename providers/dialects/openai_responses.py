"""The OpenAI Responses API, and the servers that copy it.

Source: https://developers.openai.com/api/docs/api-reference/responses and /responses-streaming
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..bills import bill_places, read_bill
from ..dialect import (
    Headers,
    Quirks,
    WordsRead,
    count_body,
    cut_stream,
    document_of,
    encode_body,
    error_message,
    failure,
    json_headers,
)
from ..errors import Failure
from ..framing.sse import Event
from ..json_values import count, is_hollow, items, obj, piece_of, text
from ..merge import merged
from ..schema import (
    AnswerDelta,
    AnswerIsCommentary,
    Call,
    Complete,
    Delta,
    Finish,
    HttpRequest,
    Notice,
    ReasoningDelta,
    ReasoningWithheld,
    Served,
    UsageReport,
    Visibility,
)
from ..skipped import skipped
from ..wires import responses as wire
from ..wires.gathered import changes_in
from ..words.reader import WordReader
from .finish_words import reason_of
from .openai_usage import read_openai_error, read_tools, read_usage

if TYPE_CHECKING:
    from msgspec.json import Decoder as JsonDecoder

    from ..words.responses import Piece

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset({"path", "store_field", "reasoning_outside_output", "bill", "counts"})

_STATUS_OF_EVENT: Mapping[str, str] = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
}
"""The terminal events, and the status that each stands for where its response says none."""
_SETTLED = frozenset(_STATUS_OF_EVENT.values())
_PUT_OFF = frozenset({"queued", "in_progress"})

_POLICY_CODES = frozenset(
    {"content_filter", "bio_policy", "misalignment_policy_violation", "content_policy_violation"}  # the last is Meta's
)
_SAFETY_CHECK = "SAFETY_CHECK"
"""What xAI names, somewhere in the error, when it refuses a prompt."""

_SHOWN_DELTAS = r"output_text|reasoning|refusal|arguments|_input|_code|audio\.delta"
"""Deltas that are read, that are a part of a call, or that their finished item repeats."""

_CALLS = frozenset({"function_call", "custom_tool_call", "computer_call", "local_shell_call", "mcp_approval_request"})

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """One user message, not stored at the provider where it knows the field."""
    body: dict[str, Any] = {
        "model": call.model,
        "input": call.messages(),
    }
    if quirks.get("store_field", True):
        body["store"] = False
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


_COUNTED = (
    "model", "input", "instructions", "reasoning", "text", "tools", "tool_choice", "parallel_tool_calls", "truncation",
    "conversation", "previous_response_id", "personality",
)  # fmt: skip


def build_count(call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None:
    """The same body without output limit, stream and storage.

    Source: https://developers.openai.com/api/docs/api-reference/responses/input-tokens
    """
    if not quirks.get("counts"):
        return None
    built = build_request(replace(call, stream=False), base_url, quirks)
    return HttpRequest("POST", f"{built.url}/input_tokens", built.headers, encode_body(count_body(built, _COUNTED)))


def read_count(document: Any) -> int | None:
    return count(obj(document).get("input_tokens"))


_VISIBILITY: Mapping[str, Visibility] = {"s": "summary", "c": "full"}
"""Of reasoning, by the first letter of its part."""


def _piece() -> JsonDecoder[Piece]:
    from ..words.responses import PIECE  # which only streams of some length need

    return PIECE


def decoder(quirks: Quirks) -> ResponsesDecoder:
    return ResponsesDecoder(quirks)


class ResponsesDecoder:
    """Routes on the `type` of each event. Text that no delta brought is taken from the finished item or response."""

    def __init__(self, quirks: Quirks) -> None:
        self._reasoning_outside = bool(quirks.get("reasoning_outside_output"))
        self._bill = bill_places(quirks).in_body
        self._commentary: dict[int, list[str]] = {}
        self._answered: set[int] = set()
        self._reasoned: set[int] = set()
        self._refusal: list[str] = []
        self._empty_reasoning = False
        self._called = False
        self._failed = False
        self._done = False
        self._items = wire.ResponsesItems()
        self._words_alone = WordReader(_piece)

    def go_on(self, events: Sequence[Event], at: int) -> WordsRead:
        """As `WordDecoder` has it."""
        return self._words_alone.read(events, at, self._placed, self._heard)

    def _placed(self, piece: Piece) -> tuple[tuple[int, str, int | None], str] | None:
        """By the item, and its part."""
        index = piece.output_index
        return (
            ((index, piece.prefix, piece.part), piece.delta) if piece.delta and index not in self._commentary else None
        )

    def _heard(self, place: tuple[int, str, int | None], words: str) -> Delta:
        index, prefix, number = place
        part = f"{index}.{prefix}{number}"
        if prefix:
            self._reasoned.add(index)
            return ReasoningDelta(words, _VISIBILITY[prefix], part)
        self._items.words(index, words)
        self._answered.add(index)
        return AnswerDelta(words, part)

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray":
            return
        document = obj(document_of(event))
        kind = text(document.get("type")) or ""
        index = count(document.get("output_index")) or 0
        if event.name == "body" and (document.get("object") == "response" or "output" in document):
            yield from self._end(document, text(document.get("status")) or "completed")
        elif kind in _STATUS_OF_EVENT:
            response = obj(document.get("response"))
            status = text(response.get("status"))
            yield from self._end(response, status if status in _SETTLED else _STATUS_OF_EVENT[kind])
        elif kind == "response.output_item.added":
            self._note_phase(index, obj(document.get("item")))
        elif kind == "response.output_item.done":
            item = obj(document.get("item"))
            self._items.done(index, item)
            yield from self._item(index, item)
        elif kind == "response.output_text.delta":
            yield from self._answer(index, document.get("content_index"), document.get("delta"))
        elif kind == "response.reasoning_summary_text.delta":
            yield from self._reasoning(index, f"s{document.get('summary_index')}", document.get("delta"), "summary")
        elif kind == "response.reasoning_text.delta":
            yield from self._reasoning(index, f"c{document.get('content_index')}", document.get("delta"), "full")
        elif kind == "response.refusal.delta":
            self._refusal.append(piece_of(document.get("delta")))
        elif kind == "response.refusal.done":
            self._refusal = [text(document.get("refusal")) or "".join(self._refusal)]
        elif kind == "error" or (not kind and not is_hollow(document.get("error"))):
            # The live service nests the error, the SDK's type is flat; `type` is then the event's own name.
            flat = {key: value for key, value in document.items() if key != "type"}
            yield from self._error({"error": flat} if is_hollow(document.get("error")) else document)
        elif kind.endswith(".delta") and not re.search(_SHOWN_DELTAS, kind):
            yield from skipped(kind, document.get("delta"))

    def close(self) -> Iterator[Delta]:
        if self._done:
            return
        yield from self._items.close(is_whole=False)
        if self._empty_reasoning:
            yield ReasoningWithheld("hidden")
        if not self._failed:
            yield cut_stream()

    def _error(self, document: Mapping[str, Any]) -> Iterator[Delta]:
        answer = content_filter_answer(document)
        self._done, self._failed = self._done or bool(answer), self._failed or not answer
        yield from answer or [read_openai_error(None, {}, document)]

    def _note_phase(self, index: int, item: Mapping[str, Any]) -> None:
        if item.get("phase") == "commentary":
            self._commentary.setdefault(index, [])

    def _answer(self, index: int, part: Any, piece: Any) -> Iterator[Delta]:
        words = piece_of(piece)
        if not words:
            return
        self._items.words(index, words)
        if index in self._commentary:
            self._commentary[index].append(words)
            return
        self._answered.add(index)
        yield AnswerDelta(words, f"{index}.{count(part) or 0}")

    def _reasoning(self, index: int, part: str, piece: Any, visibility: Visibility) -> Iterator[Delta]:
        if words := piece_of(piece):
            self._reasoned.add(index)
            yield ReasoningDelta(words, visibility, f"{index}.{part}")

    def _item(self, index: int, item: Mapping[str, Any]) -> Iterator[Delta]:
        """A finished output item: whatever of it no delta has shown."""
        kind = text(item.get("type"))
        if kind == "message" and item.get("role") == "user":
            return  # a compaction gives the user's messages back
        if kind == "message":
            self._note_phase(index, item)
            seen = index in self._answered or bool(self._commentary.get(index))
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
                if item.get("encrypted_content"):
                    yield ReasoningWithheld("encrypted")
                else:
                    self._empty_reasoning = True
        elif kind in _CALLS:
            self._called = True
        else:
            yield from skipped(kind, item)

    def _end(self, response: Mapping[str, Any], status: str) -> Iterator[Delta]:
        self._done = True
        answered, reasoned = bool(self._answered), bool(self._reasoned)
        for index, item in enumerate(items(response.get("output"))):
            # Some gateways number or order the final list unlike the deltas, so it only fills in what never came.
            kind = text(item.get("type"))
            if (kind != "message" or not answered) and (kind != "reasoning" or not reasoned):
                yield from self._item(index, item)
        yield Served(
            model=text(response.get("model")),
            response_id=text(response.get("id")),
            service_tier=text(response.get("service_tier")),
            effort=text(obj(response.get("reasoning")).get("effort")),
        )
        yield from changes_in(response)
        yield from self._items.close(items(response.get("output")), is_whole=status != "incomplete")
        yield from self._tell_commentary()
        for delta in read_usage(
            obj(response.get("usage")), reasoning_outside=self._reasoning_outside, final=status not in _PUT_OFF
        ):
            if isinstance(delta, UsageReport) and delta.usage.reasoning_tokens == 0:
                # An empty reasoning item alone is no sign of reasoning that the provider says there was none of.
                self._empty_reasoning = False
            yield delta
        yield from read_tools(response)
        yield from read_bill(response, self._bill)
        if self._empty_reasoning:
            yield ReasoningWithheld("hidden")
        if status == "failed" or not is_hollow(response.get("error")):
            yield Finish("error", status)
            yield from self._error({"error": response.get("error")})
            return
        if status in _PUT_OFF:
            yield failure(
                "protocol",
                f"the provider put the answer off (status {status})",
                hint="remove background from the params: the answer is not fetched later",
            )
            return
        yield self._finish(status, text(obj(response.get("incomplete_details")).get("reason")))
        if self._refusal:
            yield Notice("refusal", f"the model refused: {text(''.join(self._refusal))}")
        if not self._failed:
            yield Complete()

    def _tell_commentary(self) -> Iterator[Delta]:
        """Commentary is not the answer, but where nothing else was said."""
        said = {index: "".join(pieces) for index, pieces in self._commentary.items() if pieces}
        if not said:
            return
        if self._answered or self._refusal or self._called:
            size = sum(map(len, said.values()))
            yield Notice("commentary", f"{size} characters of commentary are not part of the answer")
            return
        for index, words in said.items():
            yield AnswerDelta(words, f"{index}.0")
        yield AnswerIsCommentary()
        yield Notice("commentary", "the model gave commentary and no answer; the commentary is shown as the answer")

    def _finish(self, status: str, reason: str | None) -> Finish:
        raw = f"{status}:{reason}" if reason else status
        if self._refusal:
            return Finish("refusal", raw)
        if status == "incomplete":
            return Finish(reason_of(reason), raw)
        if status == "cancelled":
            return Finish("cancelled", raw)
        if self._called:
            return Finish("tool_call", raw)
        return Finish("stop" if status == "completed" else "unknown", raw)


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    return read_openai_error(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    """Azure sends a blocked prompt as HTTP 400, xAI as 403: that is an answer, not a failure."""
    return content_filter_answer(document)


def content_filter_answer(document: Any) -> list[Delta] | None:
    """The deltas of a blocked prompt, or None for any other error body.

    Sources: https://learn.microsoft.com/azure/foundry/openai/concepts/content-filter, and
    https://developers.openai.com/api/docs/api-reference/responses for the policy codes of a failed response
    """
    error = obj(obj(document).get("error")) or obj(document)
    code, message = text(error.get("code")) or "", error_message(document)
    if code in _POLICY_CODES:
        return [Finish("content_filter", code), Notice("content_filter", message), Complete()]
    if _SAFETY_CHECK in code or _SAFETY_CHECK in message:
        return [Finish("refusal", _SAFETY_CHECK), Notice("refusal", message), Complete()]
    return None
