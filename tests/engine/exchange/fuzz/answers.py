"""Answers to mutate: what the simulator says in every dialect that it speaks, and the contract's own for the others."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from thinkdial.providers.framing.eventstream import EventStreamFramer
from thinkdial.providers.registry import dialect
from thinkdial.providers.schema import Call
from thinkdial.simulator.batches.backend import BatchSettings
from thinkdial.simulator.calls.request import Request
from thinkdial.simulator.server.dispatch import Dispatcher
from thinkdial.simulator.server.log import RequestLog

from ..recordings import CONTRACT, kind_of

JSON = "application/json"
KEYS = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k"}
LOUD = {"thinkingConfig": {"includeThoughts": True}}

ASKED: dict[str, tuple[tuple[str, str, Mapping[str, Any]], ...]] = {
    # dialect: (base path of the simulator, model with its faults, native fields)
    "anthropic-messages": (
        ("/anthropic", "claude-opus-5-5", {"thinking": {"type": "adaptive", "display": "summarized"}}),
        ("/anthropic", "claude-opus-5-5@refusal", {}),
        ("/anthropic", "claude-opus-5-5@overloaded_midstream", {}),
        ("/anthropic", "claude-haiku-4-5", {"max_tokens": 40}),
    ),
    "bedrock-invoke": (
        ("/bedrock", "anthropic.claude-opus-5-5", {"thinking": {"type": "adaptive", "display": "summarized"}}),
        ("/bedrock", "anthropic.claude-opus-5-5@overloaded_midstream", {}),
    ),
    "gemini-generate": (
        ("/google", "gemini-4-argon", {"generationConfig": LOUD}),
        ("/google", "gemini-2.5-flash", {"generationConfig": {**LOUD, "maxOutputTokens": 60}}),
        ("/google", "gemini-4-argon@refusal", {}),
        ("/google", "gemini-4-argon@overloaded_midstream", {}),
    ),
    "gemini-interactions": (
        ("/google", "gemini-4-argon", {"generation_config": {"thinking_summaries": "auto"}}),
        ("/google", "gemini-4-argon", {"generation_config": {"max_output_tokens": 50}}),
        ("/google", "gemini-4-argon@overloaded_midstream", {}),
    ),
    "mistral-chat": (
        ("/mistral", "mistral-medium-3-5", {"reasoning_effort": "high"}),
        ("/mistral", "mistral-medium-3-5@overloaded_midstream", {}),
    ),
    "openai-chat": (
        ("/openai/v1", "gpt-6-sol", {"reasoning_effort": "low"}),
        ("/openai/v1", "gpt-6-sol@refusal", {}),
        ("/openai/v1", "gpt-6-sol@content_filter", {}),
        ("/compatible/v1", "sim-double", {}),
        ("/compatible/v1", "sim-inline-think", {}),
        ("/compatible/v1", "sim-no-opener", {}),
        ("/compatible/v1", "sim-unclosed-think", {}),
        ("/compatible/v1", "sim-usage-in-choice", {}),
        ("/compatible/v1", "sim-error-200", {}),
    ),
    "openai-responses": (
        ("/openai/v1", "gpt-6-sol", {"reasoning": {"effort": "low", "summary": "auto"}}),
        ("/openai/v1", "gpt-6-sol", {"max_output_tokens": 50}),
        ("/openai/v1", "gpt-6-sol@refusal", {}),
        ("/openai/v1", "gpt-6-sol@overloaded_midstream", {}),
        ("/xai/v1", "grok-4.7", {}),
    ),
}


class Answer(Struct, frozen=True):
    """A whole body, or the events of a stream, each with its name. `kind` is the content type."""

    name: str
    kind: str
    streamed: bool
    events: tuple[tuple[str, Any], ...]

    def written(self, events: list[tuple[str, Any]]) -> bytes:
        """`events` as this answer's vendor sends them."""
        if not self.streamed:
            return CONTRACT["written"](events[0][1]) if events else b""
        if self.name == "bedrock-invoke":
            events = [
                (event, _packed(document)) if event == "chunk" else (event, document) for event, document in events
            ]
        return b"".join(CONTRACT["frame"](self.name, event, document) for event, document in events)


@cache
def answers(name: str) -> tuple[Answer, ...]:
    """The answers in a dialect, streams and bodies."""
    contract = CONTRACT["events_of"](name)
    if name == "bedrock-invoke":
        contract = [(event, _unpacked(document)) for event, document in contract]
    return (
        *_simulated(name),
        Answer(name, kind_of(name), True, tuple(contract)),
        Answer(name, JSON, False, (("", CONTRACT["whole_of"](name)),)),
    )


def _simulated(name: str) -> Iterator[Answer]:
    log = RequestLog(None)
    dispatcher = Dispatcher(seed=7, faults=None, retry_after_s=0.02, batches=BatchSettings(), log=log, mark="")
    for number, (base, model, native) in enumerate(ASKED.get(name, ()), 1):
        for stream in (True, False):
            call = Call(
                model, "Is 91 prime? 数 🍓", stream=stream, native=native, max_output_tokens=native.get("limit", 2000)
            )
            request = dialect(name).build_request(call, base, {})
            parts = urlsplit(request.url)
            headers = {header.lower(): value for header, value in request.headers} | KEYS
            asked = Request(request.method, unquote(parts.path), dict(parse_qsl(parts.query)), headers, request.body)
            reply = dispatcher.respond(asked, number).reply
            kind = next(value for header, value in reply.headers if header == "content-type")
            streamed = stream and reply.status == 200
            yield Answer(name, kind, streamed, tuple(_events(name, kind, streamed, reply.body)))
    dispatcher.close()


def _events(name: str, kind: str, streamed: bool, body: bytes) -> Iterator[tuple[str, Any]]:
    if not streamed:
        yield "", json.loads(body)
    elif kind.startswith("application/vnd.amazon"):
        for event in EventStreamFramer().feed(body):
            document = json.loads(event.data)
            yield event.name, _unpacked(document) if event.name == "chunk" else document
    else:
        for block in body.decode().replace("\r\n", "\n").split("\n\n"):
            fields = dict(line.partition(": ")[::2] for line in block.split("\n") if ": " in line and line[0] != ":")
            if "data" in fields:
                data = fields["data"]
                yield fields.get("event", ""), data if data == "[DONE]" else json.loads(data)


def _packed(document: Any) -> dict[str, str]:
    return {"bytes": base64.b64encode(CONTRACT["written"](document)).decode(), "p": "abc"}


def _unpacked(document: Any) -> Any:
    return json.loads(base64.b64decode(document["bytes"]))
