"""OpenAI Chat Completions, and the whole family of hosts and local servers that are compatible with it, more or less.

Source: https://developers.openai.com/api/docs/api-reference/chat; what the others do differently is cited where it is
handled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from ..bills import BillPlace, bill_places, read_bill
from ..dialect import Headers, Quirks, WordsRead, cut_stream, document_of, encode_body, json_headers, made_once
from ..errors import Failure
from ..framing.sse import Event
from ..json_values import EMPTY, array, is_hollow, items, obj, piece_of, text
from ..merge import merged
from ..refusals.waits import retry_delay_s
from ..schema import (
    AnswerDelta,
    Call,
    Complete,
    Delta,
    Finish,
    HttpRequest,
    Notice,
    ReasoningDelta,
    Served,
    Visibility,
)
from ..skipped import skipped
from ..wires import chat as wire
from ..words.reader import WordReader
from . import openai_responses
from .finish_words import finish_word, reason_of
from .openai_chat_errors import error_inside, minimax_error
from .openai_responses import content_filter_answer
from .openai_usage import read_openai_error, read_usage
from .snapshots import SnapshotText

if TYPE_CHECKING:
    from msgspec.json import Decoder as JsonDecoder

    from ..words.chat import Chunk

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset(
    {
        "path",
        "max_output_field",
        "system_role",
        "stream_usage",
        "reasoning_fields",
        "reasoning_outside_output",
        "bill",
        "counts",
    }
)

_CONTENT = "content"
"""Stands for the field when reasoning comes as typed parts of the content."""

REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_text", "reasoning_details")
"""In this order; the first that is not empty is the one. Several hosts send the same text in two of them."""

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """A system message, where there is one, and one user message."""
    messages = call.messages()
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
    if any(isinstance(message.get("content"), list) for message in call.written or ()):
        return None  # the parts of files are spelled otherwise there
    return openai_responses.build_count(replace(call, native={}, params={}), base_url, {"counts": True})


def read_count(document: Any) -> int | None:
    return openai_responses.read_count(document)


_COUNTING = frozenset(("usage", "x_groq"))


class _Habits(Struct, frozen=True):
    """What a host does in its own way. `counting`: where counts stand in a chunk; a chunk with none of them is not
    looked at for a bill either. `thinking`: all fields that may hold something of the reasoning.
    """

    fields: tuple[str, ...]
    thinking: frozenset[str]
    reasoning_outside: bool
    audio_outside: bool
    bill: tuple[BillPlace, ...]
    counting: frozenset[str]


@made_once
def _habits(quirks: Quirks) -> _Habits:
    fields, bill = tuple(quirks.get("reasoning_fields", REASONING_FIELDS)), bill_places(quirks).in_body
    return _Habits(
        fields=fields,
        thinking=frozenset((*fields, wire.DETAILS)),
        reasoning_outside=bool(quirks.get("reasoning_outside_output")),
        audio_outside=bool(quirks.get("audio_outside_input")),
        bill=bill,
        counting=_COUNTING.union(place.path[0] for place in bill),
    )


def _chunk() -> JsonDecoder[Chunk]:
    from ..words.chat import CHUNK  # which only streams of some length need

    return CHUNK


def decoder(quirks: Quirks) -> ChatDecoder:
    return ChatDecoder(quirks)


class ChatDecoder:
    """Chunks and whole bodies differ only in whether a choice holds a `delta` or a `message`.

    `_told` are the deltas of the event that is being read; every step adds its own.
    """

    def __init__(self, quirks: Quirks) -> None:
        self._habits = _habits(quirks)
        self._field: str | None = None
        self._choice_index: Any = None
        self._told: list[Delta] = []
        self._served: tuple[Any, Any, Any] = (None, None, None)
        self._refusal: list[str] = []
        self._details = SnapshotText()
        self._answers = SnapshotText()
        self._unreconciled: list[Notice] = []
        self._called = False
        self._finish_raw: str | None = None
        self._ended = False
        self._failed = False
        self._closed = False
        self._message = wire.ChatMessage()
        self._words_alone: WordReader[Chunk] | None = None

    def feed(self, event: Event) -> list[Delta]:
        self._told = []
        if event.name == "stray":
            # llama.cpp breaks off with an `error:` line. https://github.com/ggml-org/llama.cpp/tree/master/tools/server
            data = event.data.strip().removeprefix(b"error:").strip()
            if not data.startswith(b"{"):
                return []
            event = Event(event.name, data, event.whole)
        document = obj(document_of(event))
        if document:
            self._read(document, event.name)
        elif event.name != "stray" and event.data.strip() == b"[DONE]":
            self._ended = True
            self._end()
        return self._told

    def go_on(self, events: Sequence[Event], at: int) -> WordsRead:
        """As `WordDecoder` has it, once the choice that is read is known."""
        if self._choice_index is None or self._details.repeats:
            return (), 0
        if self._words_alone is None:
            self._words_alone = WordReader(_chunk)
        return self._words_alone.read(events, at, self._placed, self._heard)

    def _placed(self, chunk: Chunk) -> tuple[str, str] | None:
        served = chunk.model, chunk.id, chunk.service_tier
        if chunk.choices[0].index != self._choice_index or served != self._served:
            return None
        found = chunk.words(self._field)
        return None if found is None or found[1] in wire.WITHHELD else found

    def _heard(self, field: str, words: str) -> Delta:
        if field == _CONTENT:
            self._message.words(words)
            return AnswerDelta(words)
        self._message.thought(field, words)
        return ReasoningDelta(words)

    def _read(self, document: Mapping[str, Any], name: str) -> None:
        self._serve(document)
        choice = self._own_choice(document)
        # Perplexity sends both: an empty delta in a whole body, the text so far as the message of each chunk.
        first, second = ("message", "delta") if name == "body" else ("delta", "message")
        self._piece(obj(choice.get(first)) or obj(choice.get(second)))
        if not choice or len(document["choices"]) > 1:
            self._told += skipped("further choices", _others(document.get("choices"), choice))
        if "messages" in choice:  # Mistral's, in the place of one message
            for message in items(choice["messages"]):
                self._piece(message)
        if (said := choice.get("finish_reason")) and (raw := finish_word(said)):
            self._finish_raw = raw
        if "usage" in choice or not self._habits.counting.isdisjoint(document):
            self._usage(document, choice)
        if problem := error_inside(document, choice, stray=name == "stray"):
            self._failed = True
            self._told.append(problem)
        elif name == "body" and choice:
            self._ended = True

    def close(self) -> list[Delta]:
        self._told = []
        if self._finish_raw is not None or self._ended or self._failed:
            self._end()
        else:
            self._flush()
            self._tell_pieces(is_whole=False)
            self._told.append(cut_stream())
        return self._told

    def _flush(self) -> None:
        if held := self._details.close():
            self._told.append(ReasoningDelta(held))
        if held := self._answers.close():
            self._words(held)

    def _end(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._flush()
        self._tell_pieces(is_whole=not self._failed)
        if self._failed:
            return
        self._told.append(self._finish())
        self._told += self._unreconciled
        if self._refusal:
            self._told.append(Notice("refusal", f"the model refused: {text(''.join(self._refusal))}"))
        self._told.append(Complete())

    def _tell_pieces(self, *, is_whole: bool) -> None:
        self._told += self._message.close(is_whole=is_whole, repeats=bool(self._details.repeats))

    def _own_choice(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The one choice that is read, or nothing: several interleave when the params ask for more (`n`)."""
        for one in array(document.get("choices")):
            if choice := obj(one):
                index = choice.get("index", 0)
                if self._choice_index is None:
                    self._choice_index = index
                if index == self._choice_index:
                    return choice
        return EMPTY

    def _serve(self, document: Mapping[str, Any]) -> None:
        """Who answers, which every chunk repeats."""
        served = document.get("model"), document.get("id"), document.get("service_tier")
        if served != self._served:
            self._served = served
            self._told.append(Served(*map(text, served)))

    def _piece(self, piece: Mapping[str, Any]) -> None:
        if self._field != _CONTENT and not self._habits.thinking.isdisjoint(piece):
            self._reasoning(piece)
        content = piece.get("content")
        if isinstance(content, str):
            if content:
                self._content(content)
        elif isinstance(content, dict):  # Cloudflare's answer to a schema
            self._content(encode_body(obj(content)).decode())
        elif content:
            for part in items(content):
                self._content_part(part)
        if "refusal" in piece and (refusal := piece_of(piece["refusal"])):
            self._refusal.append(refusal)
        if "audio" in piece:
            self._told += skipped("audio", piece["audio"])
        if piece.get("tool_calls") or piece.get("function_call"):
            self._called = True
            self._message.call(piece.get("tool_calls") or [{"function": piece["function_call"]}])

    def _reasoning(self, piece: Mapping[str, Any]) -> None:
        """The reasoning of one chunk, from the first field that has any; later chunks are read from that field only."""
        if wire.DETAILS in piece:
            self._message.detail(piece[wire.DETAILS])
        for name in (self._field,) if self._field else self._habits.fields:
            value = piece.get(name)
            if not value:
                continue
            details = piece.get("reasoning_details")
            summarized = bool(details) and any(text(detail.get("summary")) for detail in items(details))
            deltas = wire.reasoning_in(value, "summary" if summarized else "full")
            if name == wire.DETAILS:
                deltas = [self._added(delta) for delta in deltas]
            thoughts = [delta.text for delta in deltas if isinstance(delta, ReasoningDelta)]
            self._told += deltas
            if thoughts:
                self._field = self._field or name
                if name != wire.DETAILS:
                    self._message.thought(name, *thoughts)
                return

    def _added(self, delta: Delta) -> Delta:
        return replace(delta, text=self._details.feed(delta.text)) if isinstance(delta, ReasoningDelta) else delta

    def _content_part(self, part: Mapping[str, Any]) -> None:
        """Content as a list of typed parts, as Mistral, Databricks and others send it while thinking."""
        kind = part.get("type")
        if kind == "text":
            self._content(piece_of(part.get("text")))
        elif kind in ("thinking", "reasoning") and self._field in (None, _CONTENT):
            thought = part.get("thinking") or part.get("summary") or part.get("text")
            visibility: Visibility = "summary" if part.get("summary") else "full"
            spoken = [thought] if isinstance(thought, str) else [piece_of(x.get("text")) for x in items(thought)]
            self._message.chunk(part, spoken)
            for words in spoken:
                if words:
                    self._field = self._field or _CONTENT
                    self._told.append(ReasoningDelta(words, visibility))
        elif kind == "refusal":
            self._refusal.append(piece_of(part.get("refusal")))
        elif kind not in ("thinking", "reasoning"):
            self._told += skipped(kind, part)

    def _content(self, words: str) -> None:
        self._words(self._answers.feed(words) if self._details.repeats else words)

    def _words(self, words: str) -> None:
        if words:
            self._message.words(words)
            self._told.append(AnswerDelta(words))

    def _usage(self, document: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
        """At the top, inside the choice (Moonshot) or under `x_groq`; running totals repeat, the last one counts."""
        usage = obj(document.get("usage")) or obj(choice.get("usage")) or obj(obj(document.get("x_groq")).get("usage"))
        if usage:
            if tier := text(usage.get("service_tier")):  # Mistral's
                self._told.append(Served(service_tier=tier))
            self._unreconciled.clear()
            for delta in read_usage(
                usage,
                reasoning_outside=self._habits.reasoning_outside,
                audio_outside=self._habits.audio_outside,
                final=self._finish_raw is not None or not is_hollow(document.get("error")),
            ):
                if type(delta) is Notice:
                    self._unreconciled.append(delta)
                else:
                    self._told.append(delta)
        if bill := self._habits.bill:
            self._told += read_bill(document, bill)

    def _finish(self) -> Finish:
        raw = self._finish_raw
        if self._refusal:
            return Finish("refusal", raw)
        reason = reason_of(raw)
        if self._called and reason in ("stop", "unknown"):
            return Finish("tool_call", raw)
        return Finish(reason, raw)


def _others(choices: Any, own: Mapping[str, Any]) -> list[Any]:
    """What the choices hold that are not read."""
    listed = [choice for choice in items(choices) if choice is not own]
    return [choice.get("message") or choice.get("delta") for choice in listed]


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    if (problem := minimax_error(obj(document))) and not obj(obj(document).get("error")):
        return replace(problem, status=status, retry_after_s=retry_delay_s(headers))
    return read_openai_error(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    return content_filter_answer(document)
