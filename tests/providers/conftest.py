"""Reading bytes with the engine's own reader; what cannot be read becomes a `protocol` failure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from msgspec import Struct, field

from thinkdial.engine.exchange.reader import ResponseReader
from thinkdial.providers.dialect import failure
from thinkdial.providers.fold import Fold, Reply
from thinkdial.providers.framing.sse import Event
from thinkdial.providers.registry import dialect
from thinkdial.providers.schema import Call, HttpRequest

SSE = "text/event-stream"


class Api(Struct, frozen=True):
    """One dialect, spoken to with hand-written traffic."""

    name: str
    quirks: Mapping[str, Any] = field(default_factory=dict)

    def chunks(self, chunks: Iterable[bytes], content_type: str = SSE) -> Reply:
        """The reply in a body that arrives in these pieces."""
        reader, fold = ResponseReader(200, content_type, {}, self.name, self.quirks), Fold()
        for chunk in chunks:
            for delta in reader.feed(chunk):
                fold.add(delta)
        for delta in reader.close():
            fold.add(delta)
        return fold.reply()

    def raw(self, body: bytes, content_type: str = SSE) -> Reply:
        return self.chunks([body], content_type)

    def stream(self, *documents: Any, done: bool = False) -> Reply:
        """The reply in a stream of these documents, with `[DONE]` after them if it is sent."""
        frames = [b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents]
        return self.chunks([*frames, b"data: [DONE]\n\n"] if done else frames)

    def whole(self, document: Any) -> Reply:
        return self.raw(json.dumps(document).encode(), "application/json")

    def events(self, events: Iterable[Event]) -> Reply:
        """The reply in events that are already cut. Only `ValueError` is caught."""
        decoder, fold = dialect(self.name).decoder(self.quirks), Fold()
        try:
            for event in events:
                for delta in decoder.feed(event):
                    fold.add(delta)
        except ValueError as error:
            fold.add(failure("protocol", str(error)))
        for delta in decoder.close():
            fold.add(delta)
        return fold.reply()

    def request(self, **call: Any) -> HttpRequest:
        asked = Call(**({"model": "some-model", "prompt": "How many r?"} | call))
        return dialect(self.name).build_request(asked, "https://host.example", self.quirks)

    def body(self, **call: Any) -> dict[str, Any]:
        return json.loads(self.request(**call).body)


@pytest.fixture(scope="session")
def speak() -> Callable[..., Api]:
    """`speak(name, **quirks)`: one dialect."""
    return lambda name, **quirks: Api(name, quirks)
