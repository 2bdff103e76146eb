"""The Anthropic Messages API, as Anthropic, Bedrock's Mantle, Vertex, Foundry and others serve it.

Source: https://platform.claude.com/docs/en/api/messages and /build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec.structs import replace

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
from ..errors import ErrorKind, Failure, kind_for_status
from ..framing.sse import Event
from ..json_values import count, is_hollow, items, obj, parse_reply, piece_of, text
from ..merge import merged
from ..refusals.sizes import is_long_prompt
from ..refusals.waits import retry_delay_s
from ..schema import (
    AnswerDelta,
    Call,
    Complete,
    Delta,
    Finish,
    GoesOn,
    HttpRequest,
    Notice,
    ReasoningAbsent,
    ReasoningDelta,
    ReasoningWithheld,
    Served,
    Usage,
    UsageReport,
)
from ..skipped import skipped
from ..usage import tools_used
from ..wires import anthropic as wire
from ..wires.gathered import changes_in
from ..words.reader import WordReader
from .anthropic_usage import read_usage
from .finish_words import finish_word, is_paused, reason_of

if TYPE_CHECKING:
    from msgspec.json import Decoder as JsonDecoder

    from ..words.anthropic import BlockPiece

NEEDS_OUTPUT_LIMIT = True
QUIRKS: frozenset[str] = frozenset({"path", "anthropic_version", "models_path", "body_version", "counts"})

VERSION = "2023-06-01"
"""The version header. The newer 2026-10-21 changes nothing that is read here and refuses sampling parameters that
models up to 4.6 still take. Source: https://platform.claude.com/docs/en/api/versioning"""

DEFAULT_MAX_TOKENS = 8192
"""`max_tokens` is required; this stands in only where neither the profile nor a model card knows a limit."""

_KIND_OF_TYPE: Mapping[str, ErrorKind] = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "auth",
    "billing_error": "quota",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "conflict_error": "server",
    "request_too_large": "context_length",
    "rate_limit_error": "rate_limit",
    "api_error": "server",
    "timeout_error": "timeout",
    "overloaded_error": "overloaded",
}

_THINKING_BLOCKS = frozenset({"thinking", "redacted_thinking"})
"""Whenever this API thinks, one of them comes, if only an empty one with a signature."""

_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_KEPT_BESIDE = frozenset({"signature_delta", "input_json_delta", "citations_delta"})
"""Deltas that hold no text of the reply."""

_SPEND_LIMITS = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})
_OUT_OF_MONEY = ("credit balance is too low", "reached your specified API usage limits")

write = wire.write
declare = wire.declare


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """One user message. Fields of `call.native` and `call.params` are merged over the body, in this order.

    Vertex has the model in the path and the version in the body.
    Source: https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
    """
    path, version = str(quirks.get("path", "/v1/messages")), quirks.get("anthropic_version", VERSION)
    headers = (*json_headers(call.stream), ("anthropic-version", str(version)))
    body: dict[str, Any] = {"model": call.model, **message_body(call)}
    if call.stream:
        body["stream"] = True
    if "models_path" in quirks:
        method = "streamRawPredict" if call.stream else "rawPredict"
        path = f"{quirks['models_path']}/{quote(call.model.rpartition('/models/')[2], safe='@')}:{method}"
        del body["model"]
    if "body_version" in quirks:
        body["anthropic_version"] = quirks["body_version"]
        headers = json_headers(call.stream)
    return HttpRequest("POST", f"{base_url}{path}", headers, encode_body(merged(body, call.native, call.params)))


def message_body(call: Call) -> dict[str, Any]:
    """What all routes to this API have in common: limit, messages and system prompt."""
    body: dict[str, Any] = {
        "max_tokens": call.max_output_tokens or DEFAULT_MAX_TOKENS,
        "messages": call.messages(),
    }
    if call.system:
        body["system"] = call.system
    return body


_COUNTED = (
    "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "speed",
    "anthropic_version",
)  # fmt: skip


def build_count(call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None:
    """The same body without output limit and stream. Vertex has one address for all models, and the model in the body.

    Source: https://platform.claude.com/docs/en/build-with-claude/token-counting
    """
    if not quirks.get("counts"):
        return None
    built = build_request(replace(call, stream=False), base_url, quirks)
    body = count_body(built, _COUNTED)
    if "models_path" in quirks:
        body["model"] = call.model
        url = f"{base_url}{quirks['models_path']}/count-tokens:rawPredict"
    else:
        url = f"{built.url}/count_tokens"
    return HttpRequest("POST", url, built.headers, encode_body(body))


def read_count(document: Any) -> int | None:
    return count(obj(document).get("input_tokens"))


_UNBILLED_REFUSALS = ("cyber", "general_harms", None)
"""Refusals that are free of charge when they come before any output, although the usage shows tokens.

Source: https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback
"""

_NOTHING = Usage(input_tokens=0, output_tokens=0)


def _block_piece() -> JsonDecoder[BlockPiece]:
    from ..words.anthropic import BLOCK_PIECE  # which only streams of some length need

    return BLOCK_PIECE


def decoder(quirks: Quirks) -> MessagesDecoder:
    return MessagesDecoder()


class MessagesDecoder:
    """Blocks are told apart by their type, never by their position; several thinking blocks may come."""

    def __init__(self) -> None:
        self._block_types: dict[int, str] = {}
        self._blocks: dict[int, wire.OpenBlock] = {}
        self._shown: set[int] = set()
        self._counts: dict[str, Any] = {}
        self._refused = False
        self._unbilled = False
        self._done = False
        self._words_alone = WordReader(_block_piece)

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name == "stray":
            return
        document = obj(document_of(event))
        match document.get("type"):
            case "message":
                yield from self._whole(document)
            case "message_start":
                message = obj(document.get("message"))
                yield from _served(message)
                yield from changes_in(message)
                # The output count of this event is a token or two, not the output: only message_delta knows it.
                yield self._usage(_input_side(obj(message.get("usage"))))
            case "content_block_start":
                yield from self._start(_index(document), obj(document.get("content_block")))
            case "content_block_delta":
                yield from self._piece(_index(document), obj(document.get("delta")))
            case "content_block_stop":
                yield from self._stop(_index(document))
            case "message_delta":
                yield from self._message_delta(document)
            case "message_stop":
                yield from self._complete()
            case kind if kind == "error" or (kind is None and not is_hollow(document.get("error"))):
                self._done = True
                yield from self.rest()
                yield _failure(None, {}, document)
            case _:
                return

    def go_on(self, events: Sequence[Event], at: int) -> WordsRead:
        """As `WordDecoder` has it, in a block that is open."""
        return self._words_alone.read(events, at, self._placed, self._heard) if self._blocks else ((), 0)

    def _placed(self, piece: BlockPiece) -> tuple[tuple[int, bool], str] | None:
        """By the block, and whether it is a thought."""
        delta, index = piece.delta, piece.index
        return ((index, delta.is_thought), delta.text) if delta.text and index in self._blocks else None

    def _heard(self, place: tuple[int, bool], words: str) -> Delta:
        index, is_thought = place
        self._blocks[index].words.append(words)
        if not is_thought:
            return AnswerDelta(words, str(index))
        self._shown.add(index)
        return ReasoningDelta(words, "summary", str(index))

    def close(self) -> Iterator[Delta]:
        if not self._done:
            yield from self.rest()
            yield cut_stream()

    def _whole(self, message: Mapping[str, Any]) -> Iterator[Delta]:
        yield from _served(message)
        yield from changes_in(message)
        for index, block in enumerate(items(message.get("content"))):
            yield from self._start(index, block)
            yield from self._stop(index)
        yield from self._finish(message)
        yield self._usage(obj(message.get("usage")))
        yield from self._tools()
        yield from self._complete()

    def _complete(self) -> Iterator[Delta]:
        self._done = True
        yield from self.rest()
        # A refusal takes the blocks away, so it proves nothing.
        if not self._refused and not _THINKING_BLOCKS.intersection(self._block_types.values()):
            yield ReasoningAbsent()
        yield Complete()

    def _start(self, index: int, block: Mapping[str, Any]) -> Iterator[Delta]:
        kind = text(block.get("type")) or ""
        self._block_types[index] = kind
        self._blocks[index] = wire.OpenBlock(block)
        if kind == "redacted_thinking":
            yield ReasoningWithheld("redacted")
        elif kind in ("text", "thinking"):
            yield from self._piece(index, block)
        elif kind not in _CALLS:
            yield from skipped(kind, block)

    def _piece(self, index: int, piece: Mapping[str, Any]) -> Iterator[Delta]:
        block = self._blocks.get(index)
        if block is None:  # some hosts leave the start of a block out
            block = self._blocks[index] = wire.OpenBlock({"type": "thinking" if "thinking" in piece else "text"})
        if answer := piece_of(piece.get("text")):
            yield self._heard((index, False), answer)
        elif thought := piece_of(piece.get("thinking")):
            yield self._heard((index, True), thought)
        else:
            block.add(piece)
            if (kind := text(piece.get("type"))) not in _KEPT_BESIDE:
                opened = self._block_types.get(index)
                yield from skipped(kind if opened in ("text", "thinking") else opened or kind, piece)

    def _stop(self, index: int) -> Iterator[Delta]:
        if self._block_types.get(index) == "thinking" and index not in self._shown:
            yield ReasoningWithheld("hidden")
        block = self._blocks.pop(index, None)
        piece = block.piece() if block else None
        if piece is not None:
            yield piece

    def rest(self) -> Iterator[Delta]:
        """Blocks whose end did not come."""
        for index in sorted(self._blocks):
            piece = self._blocks[index].piece(is_whole=False)
            if piece is not None:
                yield piece
        self._blocks.clear()

    def _message_delta(self, document: Mapping[str, Any]) -> Iterator[Delta]:
        delta, counts = obj(document.get("delta")), obj(document.get("usage"))
        yield from changes_in(document)
        yield from self._finish(delta)
        # The counts beside a stop reason are the last ones: they stay true where message_stop never comes.
        yield replace(self._usage(counts), final="output_tokens" in counts and bool(delta.get("stop_reason")))
        yield from self._tools()

    def _usage(self, counts: Mapping[str, Any]) -> UsageReport:
        """Counts are cumulative: they replace earlier ones, and a field that is absent keeps its value."""
        self._counts |= {key: value for key, value in counts.items() if value is not None}
        report = read_usage(self._counts)
        return replace(report, billed=_NOTHING) if self._unbilled else report

    def _tools(self) -> Iterator[Delta]:
        ran = obj(self._counts.get("server_tool_use"))
        yield from tools_used({name.removesuffix("_requests"): count(number) for name, number in ran.items()})

    def _finish(self, holder: Mapping[str, Any]) -> Iterator[Delta]:
        raw = finish_word(holder.get("stop_reason"))
        if raw is None:
            return
        reason = reason_of(raw)
        yield Finish(reason, raw)
        if (box := text(obj(holder.get("container")).get("id"))) is not None:
            yield GoesOn({"container": box})
        if reason == "refusal":
            self._refused = True
            details = obj(holder.get("stop_details"))
            category, explanation = text(details.get("category")), text(details.get("explanation"))
            words = ": ".join(word for word in (category, explanation) if word)
            self._unbilled = "category" in details and category in _UNBILLED_REFUSALS and not self._block_types
            yield Notice(
                "refusal", f"the provider's safety classifier refused ({words})" if words else "the model refused"
            )
        elif is_paused(raw):
            yield Notice("paused", "the provider paused its tools; the answer goes on when it is asked to")


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    outer = obj(document)
    return _failure(status, headers, _within(text(obj(outer.get("error")).get("message"))) or outer)


def _within(message: str | None) -> Mapping[str, Any]:
    """The error of this API that a cloud hands on as the message of its own, as JSON (Vertex); empty for all others."""
    if message is None or not message.startswith("{"):
        return {}
    try:
        document = obj(parse_reply(message))
    except ValueError:
        return {}
    return document if obj(document.get("error")) else {}


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None


def _index(document: Mapping[str, Any]) -> int:
    return count(document.get("index")) or 0


def _served(message: Mapping[str, Any]) -> Iterator[Delta]:
    usage = obj(message.get("usage"))
    yield Served(
        model=text(message.get("model")),
        response_id=text(message.get("id")),
        service_tier=text(usage.get("service_tier")),
        speed=text(usage.get("speed")),
        region=text(usage.get("inference_geo")),
    )


def _input_side(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in usage.items() if key not in ("output_tokens", "output_tokens_details")}


def _failure(status: int | None, headers: Headers, document: Mapping[str, Any]) -> Failure:
    """The type decides; the message only where it is the same for several causes.

    Source: https://platform.claude.com/docs/en/api/errors; for the spend limit of one's own, which has no code,
    https://github.com/anthropics/claude-code/issues/38035
    """
    error = obj(document.get("error"))
    message = error_message(document)
    kind = _KIND_OF_TYPE.get(text(error.get("type")) or "") or kind_for_status(status or 500)
    delay = retry_delay_s(headers)
    code = text(obj(error.get("details")).get("error_code"))
    if code in _SPEND_LIMITS:
        kind = "quota"
    elif kind == "invalid_request" and is_long_prompt(message):
        kind = "context_length"
    elif kind == "invalid_request" and any(words in message for words in _OUT_OF_MONEY):
        kind = "quota"
    return failure(kind, message, status=status, retry_after_s=delay)
