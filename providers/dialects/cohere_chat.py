"""Cohere's chat, version 2.

Source: https://docs.cohere.com/reference/chat and https://docs.cohere.com/docs/reasoning
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
from ..errors import ErrorKind, Failure, kind_for_status
from ..framing.sse import Event
from ..json_values import count, items, obj, piece_of, text
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
    ReasoningDelta,
    Served,
    Usage,
    UsageReport,
)
from ..skipped import skipped
from ..usage import RawCounts, reconcile
from ..wires import cohere as wire
from .finish_words import finish_word, reason_of

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset({"path"})

_KIND_OF_STATUS: Mapping[int, ErrorKind] = {402: "quota", 498: "auth", 499: "cancelled"}
_MONTHLY = ("per month", "/ month", "/month", "monthly")

write = wire.write


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """A system message, where there is one, and one user message. `stream` must always be given."""
    messages = call.messages()
    if call.system:
        messages.insert(0, {"role": "system", "content": call.system})
    body: dict[str, Any] = {"model": call.model, "messages": messages, "stream": call.stream}
    if call.max_output_tokens is not None:
        body["max_tokens"] = call.max_output_tokens
    return HttpRequest(
        method="POST",
        url=f"{base_url}{quirks.get('path', '/v2/chat')}",
        headers=json_headers(call.stream),
        body=encode_body(merged(body, call.native, call.params)),
    )


def decoder(quirks: Quirks) -> CohereDecoder:
    return CohereDecoder()


class CohereDecoder:
    """Deltas carry no type of their own: the key says whether it is thinking or text."""

    def __init__(self) -> None:
        self._done = False
        self._items = wire.CohereItems()

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray":
            return
        document = obj(document_of(event))
        kind = text(document.get("type"))
        delta = obj(document.get("delta"))
        if kind is None and isinstance(document.get("message"), str):
            # The shape of an error body, under HTTP 200.
            self._done = True
            yield from self._items.close(is_whole=False)
            yield failure("server", error_message(document))
        elif event.name == "body" and obj(document.get("message")):
            yield Served(response_id=text(document.get("id")))
            message = obj(document.get("message"))
            for index, part in enumerate(items(message.get("content"))):
                self._items.add(index, part)
                yield from _piece(part, index)
            self._items.plan(message.get("tool_plan"))
            self._items.call(message.get("tool_calls"))
            yield from skipped("tool_plan", message.get("tool_plan"))
            yield from self._end(document)
        elif kind == "message-start":
            yield Served(response_id=text(document.get("id")))
        elif kind in ("content-start", "content-delta"):
            index, part = count(document.get("index")) or 0, obj(obj(delta.get("message")).get("content"))
            self._items.add(index, part)
            yield from _piece(part, index)
        elif kind == "tool-plan-delta":
            self._items.plan(obj(delta.get("message")).get("tool_plan"))
            yield from skipped("tool_plan", obj(delta.get("message")).get("tool_plan"))
        elif kind in ("tool-call-start", "tool-call-delta"):
            called = {"index": count(document.get("index")) or 0, **obj(obj(delta.get("message")).get("tool_calls"))}
            self._items.call([called])
        elif kind == "message-end":
            yield from self._end(delta)

    def close(self) -> Iterator[Delta]:
        if not self._done:
            yield from self._items.close(is_whole=False)
            yield cut_stream()

    def _end(self, holder: Mapping[str, Any]) -> Iterator[Delta]:
        self._done = True
        yield from self._items.close()
        raw = finish_word(holder.get("finish_reason"))
        yield Finish(reason_of(raw), raw)
        yield from _usage(obj(holder.get("usage")))
        if raw is not None and raw.upper() in ("ERROR", "TIMEOUT"):
            words = text(holder.get("error")) or f"the provider stopped with {raw}"
            invalid = (text(holder.get("error_type")) or "").startswith("INVALID")
            yield failure("timeout" if raw.upper() == "TIMEOUT" else "invalid_request" if invalid else "server", words)
        else:
            yield Complete()


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    """`{"id", "message"}`; the status decides. A call limit by month is a quota, although it is an ordinary 429.

    Trial keys have limits by month and by minute; only those by minute pass. https://docs.cohere.com/docs/rate-limits
    """
    message = error_message(document)
    kind = _KIND_OF_STATUS.get(status) or kind_for_status(status)
    words = message.lower()
    if kind == "rate_limit" and (any(word in words for word in _MONTHLY) or _is_trial_limit(words)):
        kind = "quota"
    elif kind == "invalid_request" and is_long_prompt(message):
        kind = "context_length"
    return failure(kind, message, status=status, retry_after_s=retry_delay_s(headers))


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None


def _is_trial_limit(words: str) -> bool:
    return "trial key" in words and "minute" not in words


def _piece(piece: Mapping[str, Any], index: int) -> Iterator[Delta]:
    if thought := piece_of(piece.get("thinking")):
        yield ReasoningDelta(thought, "full", str(index))
    elif words := piece_of(piece.get("text")):
        yield AnswerDelta(words, str(index))
    else:
        yield from skipped(piece.get("type"), piece)


def _usage(usage: Mapping[str, Any]) -> Iterator[Delta]:
    """What the model saw (`tokens`) and, for the price, what is billed (`billed_units`), which leaves the template out.

    Source: https://docs.cohere.com/docs/rate-limits and the `usage` object of the API reference. Counts come as floats.
    """
    if not usage:
        return
    seen, billed = obj(usage.get("tokens")), obj(usage.get("billed_units"))
    counted, notices = reconcile(
        RawCounts(
            entered=count(seen.get("input_tokens")),
            output=count(seen.get("output_tokens")),
            cached=count(usage.get("cached_tokens")),
            reasoning=count(seen.get("reasoning_tokens")),
        )
    )
    yield from notices
    bought = Usage(input_tokens=count(billed.get("input_tokens")), output_tokens=count(billed.get("output_tokens")))
    yield UsageReport(
        counted,
        billed=bought if bought != Usage() else None,
        final=True,
    )
