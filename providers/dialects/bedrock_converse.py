"""Amazon Bedrock's Converse and ConverseStream.

Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and _ConverseStream.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from ..dialect import Headers, Quirks, count_body, cut_stream, document_of, encode_body, failure
from ..errors import ErrorKind, Failure, kind_for_status
from ..framing.choice import EVENT_STREAM
from ..framing.eventstream import EXCEPTION
from ..framing.sse import Event
from ..json_values import count, items, obj, parse_reply, piece_of, text
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
    ReasoningWithheld,
    Served,
    UsageReport,
)
from ..skipped import skipped
from ..untrusted import bounded
from ..usage import RawCounts, reconcile
from ..wires import converse as wire
from .finish_words import finish_word, reason_of

NEEDS_OUTPUT_LIMIT = False
QUIRKS: frozenset[str] = frozenset()

_KIND_OF_EXCEPTION: Mapping[str, ErrorKind] = {
    "validation": "invalid_request",
    "accessdenied": "permission",
    "unrecognizedclient": "auth",
    "invalidsignature": "auth",
    "expiredtoken": "auth",
    "missingauthenticationtoken": "auth",
    "resourcenotfound": "not_found",
    "servicequotaexceeded": "quota",
    "throttling": "rate_limit",
    "modelnotready": "rate_limit",
    "modeltimeout": "timeout",
    "modelerror": "server",
    "modelstreamerror": "server",
    "internalserver": "server",
    "serviceunavailable": "overloaded",
}
"""Exception names, lower case and without `Exception`."""

_WRONG_KEY = re.compile(
    r"authentication failed|invalid api key|(?:bearer|security) token.{0,200}(?:invalid|expired)|token.{0,200}invalid",
    re.IGNORECASE,
)
"""A wrong or expired key is a 403 like a missing permission, and often without a name: only the words tell.

Source: https://github.com/anomalyco/opencode/issues/47073
"""

write = wire.write
declare = wire.declare


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """The model stands in the path, where a colon must be escaped."""
    messages = call.written
    if messages is None:
        messages = [{"role": message.role, "content": [{"text": message.text}]} for message in call.chat]
    body: dict[str, Any] = {"messages": messages}
    if call.system:
        body["system"] = [{"text": call.system}]
    if call.max_output_tokens is not None:
        body["inferenceConfig"] = {"maxTokens": call.max_output_tokens}
    method = "converse-stream" if call.stream else "converse"
    return HttpRequest(
        method="POST",
        url=f"{base_url}/model/{quote(call.model, safe='')}/{method}",
        headers=(
            ("content-type", "application/json"),
            ("accept", EVENT_STREAM if call.stream else "application/json"),
        ),
        body=encode_body(merged(body, call.native, call.params)),
    )


_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")
_PLACE = re.compile(r"(?:global|us|eu|jp|au|apac|us-gov|in|ca)\.(?=[a-z0-9-]+\.)")
"""What an inference profile puts before the id of the foundation model, which alone can be counted for."""


def build_count(call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None:
    """None for a model named by an ARN, which does not tell the foundation model.

    Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
    """
    built = build_request(replace(call, stream=False), base_url, quirks)
    return count_request(call.model, base_url, built.headers, {"input": {"converse": count_body(built, _COUNTED)}})


def count_request(
    model: str, base_url: str, headers: tuple[tuple[str, str], ...], body: Mapping[str, Any]
) -> HttpRequest | None:
    """The request to count what `body` holds, for the foundation model; None where `model` does not tell it."""
    if model.startswith("arn:"):
        return None
    url = f"{base_url}/model/{quote(_PLACE.sub('', model, count=1), safe='')}/count-tokens"
    return HttpRequest("POST", url, headers, encode_body(body))


def read_count(document: Any) -> int | None:
    return count(obj(document).get("inputTokens"))


def decoder(quirks: Quirks) -> ConverseDecoder:
    return ConverseDecoder()


class ConverseDecoder:
    """Blocks have no type: the key says what they are. The usage comes after the stop, so the stop is not the end."""

    def __init__(self) -> None:
        self._stopped = False
        self._failed = False
        self._complete = False
        self._blocks = wire.ConverseBlocks()

    def feed(self, event: Event) -> Iterator[Delta]:
        if event.name.startswith(EXCEPTION):
            self._failed = True
            yield from self._blocks.close(is_whole=False)
            yield read_exception(event)
            return
        document = obj(document_of(event) if event.name == "body" else parse_reply(event.data))
        match event.name:
            case "body":
                for index, block in enumerate(items(obj(obj(document.get("output")).get("message")).get("content"))):
                    self._blocks.add(index, block)
                    yield from _block(block, str(index))
                yield from self._stop(document)
                yield from self._metadata(document)
            case "contentBlockDelta":
                index, delta = count(document.get("contentBlockIndex")) or 0, obj(document.get("delta"))
                self._blocks.add(index, delta)
                yield from _block(delta, str(index))
            case "contentBlockStart":
                self._blocks.add(count(document.get("contentBlockIndex")) or 0, obj(document.get("start")))
            case "contentBlockStop":
                yield from self._blocks.close(count(document.get("contentBlockIndex")) or 0)
            case "messageStop":
                yield from self._stop(document)
            case "metadata":
                yield from self._metadata(document)
            case _:
                return

    def close(self) -> Iterator[Delta]:
        if self._failed or self._complete:
            return
        yield from self._blocks.close(is_whole=self._stopped)
        if self._stopped:
            yield Complete()
        else:
            yield cut_stream()

    def _stop(self, document: Mapping[str, Any]) -> Iterator[Delta]:
        raw = finish_word(document.get("stopReason"))
        if raw is not None:
            self._stopped = True
            yield from self._blocks.close()
            yield Finish(reason_of(raw), raw)

    def _metadata(self, document: Mapping[str, Any]) -> Iterator[Delta]:
        """`inputTokens` excludes cache traffic; thinking is inside the output and not told apart."""
        usage = obj(document.get("usage"))
        read, written = count(usage.get("cacheReadInputTokens")), count(usage.get("cacheWriteInputTokens"))
        counted, notices = reconcile(
            RawCounts(
                entered=count(usage.get("inputTokens")),
                output=count(usage.get("outputTokens")),
                total=count(usage.get("totalTokens")),
                added=(read or 0) + (written or 0),
                cached=read,
                written=written,
            )
        )
        yield from notices
        yield UsageReport(
            counted,
            cache_write_1h_tokens=_written_1h(usage),
            final=self._stopped,
        )
        yield Served(service_tier=text(obj(document.get("serviceTier")).get("type")))
        if self._stopped:
            self._complete = True
            yield Complete()


_KNOWN = frozenset({"text", "reasoningContent", "citationsContent", "citation", "toolUse", "cachePoint", "type"})


def read_exception(event: Event) -> Failure:
    """The failure that a frame with an exception in it tells."""
    return _failure(event.name.removeprefix(EXCEPTION), None, {}, _document(event))


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    name = headers.get("x-amzn-errortype", "").partition(":")[0] or text(obj(document).get("__type")) or ""
    return _failure(name.rpartition("#")[2], status, headers, obj(document))


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None


def _written_1h(usage: Mapping[str, Any]) -> int | None:
    """The cache writes that are kept for an hour; None where the lifetimes are not told apart."""
    details = items(usage.get("cacheDetails"))
    if not details:
        return None
    return sum(count(one.get("inputTokens")) or 0 for one in details if one.get("ttl") == "1h")


def _block(block: Mapping[str, Any], part: str) -> Iterator[Delta]:
    reasoning = obj(block.get("reasoningContent"))
    if "citationsContent" in block:  # the answer, with its sources beside it
        for piece in items(obj(block["citationsContent"]).get("content")):
            if cited := piece_of(piece.get("text")):
                yield AnswerDelta(cited, part)
        return
    if words := piece_of(block.get("text")):
        yield AnswerDelta(words, part)
    elif reasoning:
        shown = obj(reasoning.get("reasoningText")) or reasoning
        if thought := piece_of(shown.get("text")):
            yield ReasoningDelta(thought, "full", part)
        elif "redactedContent" in reasoning:
            yield ReasoningWithheld("redacted")
        elif "signature" in shown:
            yield ReasoningWithheld("hidden")
    else:
        for kind, held in block.items():
            if kind not in _KNOWN:
                yield from skipped(kind, held)


def _document(event: Event) -> Mapping[str, Any]:
    try:
        return obj(parse_reply(event.data))
    except ValueError:
        return {"message": event.data.decode("utf-8", "replace")}


def _failure(name: str, status: int | None, headers: Headers, document: Mapping[str, Any]) -> Failure:
    said = text(document.get("message")) or text(document.get("Message"))
    message = bounded(said or f"Bedrock sent {name or 'an error'}")
    known = _KIND_OF_EXCEPTION.get(name.lower().removesuffix("exception"))
    kind = known or kind_for_status(status or 500)
    if kind == "invalid_request" and (is_long_prompt(message) or "Input Tokens Exceeded" in message):
        kind = "context_length"
    elif kind == "invalid_request" and "model identifier is invalid" in message:
        kind = "not_found"
    elif kind == "permission" and _WRONG_KEY.search(message):
        kind = "auth"
    return failure(kind, message, status=status, retry_after_s=retry_delay_s(headers))
