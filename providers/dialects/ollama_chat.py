"""Ollama's own chat API, which streams one JSON object a line.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md and https://docs.ollama.com/capabilities/thinking
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..dialect import (
    Headers,
    Quirks,
    cut_stream,
    document_of,
    encode_body,
    error_message,
    failure,
    json_headers,
)
from ..errors import Failure, kind_for_status
from ..framing.sse import Event, LongBody
from ..json_values import count, is_hollow, obj, piece_of, text
from ..merge import merged
from ..refusals.sizes import is_long_prompt
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
    UsageReport,
)
from ..usage import RawCounts, reconcile
from ..wires import ollama as wire
from .finish_words import finish_word, reason_of

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset({"path"})

_SLOW_LOAD_S = 1.0

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """The output limit is `options.num_predict`; it bounds thinking and answer together."""
    messages = call.messages()
    if call.system:
        messages.insert(0, {"role": "system", "content": call.system})
    body: dict[str, Any] = {"model": call.model, "messages": messages, "stream": call.stream}
    if call.max_output_tokens is not None:
        body["options"] = {"num_predict": call.max_output_tokens}
    headers = tuple(
        (name, "application/x-ndjson" if name == "accept" and call.stream else value)
        for name, value in json_headers(call.stream)
    )
    return HttpRequest(
        method="POST",
        url=f"{base_url}{quirks.get('path', '/api/chat')}",
        headers=headers,
        body=encode_body(merged(body, call.native, call.params)),
    )


def decoder(quirks: Quirks) -> OllamaDecoder:
    return OllamaDecoder()


class OllamaDecoder:
    """A line is a piece of the message; the last one has `done` and the counts."""

    def __init__(self) -> None:
        self._called = False
        self._done = False
        self._message = wire.OllamaMessage()

    def feed(self, event: Event) -> Iterator[Delta]:
        for line in _documents(event):
            if line:
                yield from self._line(line)

    def close(self) -> Iterator[Delta]:
        if not self._done:
            yield from self._message.close(is_whole=False)
            yield cut_stream()

    def _line(self, line: Mapping[str, Any]) -> Iterator[Delta]:
        if not is_hollow(line.get("error")):
            self._done = True
            yield from self._message.close(is_whole=False)
            yield failure("server", error_message(line))
            return
        yield Served(model=text(line.get("model")))
        message = obj(line.get("message"))
        self._message.add(message)
        if thought := piece_of(message.get("thinking")):
            yield ReasoningDelta(thought)
        if words := piece_of(message.get("content")):
            yield AnswerDelta(words)
        self._called = self._called or bool(message.get("tool_calls"))
        if line.get("done") is True:
            yield from self._end(line)

    def _end(self, line: Mapping[str, Any]) -> Iterator[Delta]:
        self._done = True
        yield from self._message.close()
        raw = finish_word(line.get("done_reason"))
        reason = reason_of(raw)
        yield Finish("tool_call" if self._called and reason == "stop" else reason, raw)
        # A count that is missing is unknown: the prompt may have been cached. Thinking is inside eval_count.
        counts = RawCounts(entered=count(line.get("prompt_eval_count")), output=count(line.get("eval_count")))
        yield UsageReport(reconcile(counts)[0], final=True)
        load_s = (count(line.get("load_duration")) or 0) / 1e9
        if load_s >= _SLOW_LOAD_S:
            yield Notice("model_load", f"{load_s:.1f} s of the time went into loading the model")
        yield Complete()


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    message, kind = error_message(document), kind_for_status(status)
    if kind == "invalid_request" and is_long_prompt(message):
        kind = "context_length"
    return failure(kind, message, status=status, retry_after_s=retry_delay_s(headers))


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None


def _documents(event: Event) -> Iterator[Mapping[str, Any]]:
    """The objects of an event: one, or a line each where a stream was labelled as a document.

    What the end has cut in two is left out: the missing end is told by the decoder.
    """
    lines = event.data.splitlines() if event.name == "body" else []
    if len(lines) < 2 or not _is_object(lines[0]):
        yield obj(document_of(event))
        return
    if isinstance(event, LongBody):
        lines = b"".join(event.taken()).splitlines()
    for number, line in enumerate(lines, 1):
        yield obj(document_of(Event("line", line, whole=number < len(lines))))


def _is_object(line: bytes) -> bool:
    try:
        return bool(obj(document_of(Event("line", line))))
    except ValueError:
        return False
