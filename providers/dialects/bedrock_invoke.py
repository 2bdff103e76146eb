"""Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream, with the bodies of Anthropic's Messages API.

The body is the model vendor's own, so this dialect is for Claude. The answer is a message of Anthropic's; as a stream,
each frame holds one event of it in base64.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from ..dialect import Headers, Quirks, encode_body
from ..errors import Failure
from ..framing.choice import EVENT_STREAM
from ..framing.eventstream import EXCEPTION
from ..framing.sse import Event
from ..json_values import obj, parse_reply, piece_of
from ..merge import merged
from ..schema import Call, Delta, HttpRequest
from ..wires import anthropic as wire
from . import anthropic_messages, bedrock_converse

NEEDS_OUTPUT_LIMIT = True
QUIRKS: frozenset[str] = frozenset({"body_version"})

VERSION = "bedrock-2023-05-31"
"""`anthropic_version` of the body, which all models take; the newer 2026-10-21 is for Claude 4.7 and later."""

write = wire.write
declare = wire.declare


def build_request(call: Call, base_url: str, quirks: Quirks) -> HttpRequest:
    """The model stands in the path, where a colon must be escaped, and whether to stream in the method."""
    version = str(quirks.get("body_version", VERSION))
    body = {"anthropic_version": version, **anthropic_messages.message_body(call)}
    method = "invoke-with-response-stream" if call.stream else "invoke"
    return HttpRequest(
        method="POST",
        url=f"{base_url}/model/{quote(call.model, safe='')}/{method}",
        headers=(
            ("content-type", "application/json"),
            ("accept", EVENT_STREAM if call.stream else "application/json"),
        ),
        body=encode_body(merged(body, call.native, call.params)),
    )


def build_count(call: Call, base_url: str, quirks: Quirks) -> HttpRequest | None:
    """The whole body in base64; None for a model named by an ARN, which does not tell the foundation model.

    Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
    """
    built = build_request(replace(call, stream=False), base_url, quirks)
    body = {"input": {"invokeModel": {"body": base64.b64encode(built.body).decode()}}}
    return bedrock_converse.count_request(call.model, base_url, built.headers, body)


def read_count(document: Any) -> int | None:
    return bedrock_converse.read_count(document)


def decoder(quirks: Quirks) -> InvokeDecoder:
    return InvokeDecoder()


class InvokeDecoder:
    """Takes the events of a message out of their frames; exceptions are Bedrock's own, as on Converse."""

    def __init__(self) -> None:
        self._message = anthropic_messages.MessagesDecoder()
        self._failed = False

    def feed(self, event: Event) -> Iterable[Delta]:
        if event.name.startswith(EXCEPTION):
            self._failed = True
            return (*self._message.rest(), bedrock_converse.read_exception(event))
        if event.name == "chunk":
            held = piece_of(obj(parse_reply(event.data)).get("bytes"))
            return self._message.feed(Event("", base64.b64decode(held, validate=True)))
        return self._message.feed(event) if event.name == "body" else ()

    def close(self) -> Iterable[Delta]:
        return () if self._failed else self._message.close()


def read_error(status: int, headers: Headers, document: Any) -> Failure:
    return bedrock_converse.read_error(status, headers, document)


def answers_in_error(document: Any) -> list[Delta] | None:
    """None: this API never answers with an error status."""
    return None
