"""The provider's bill in the response headers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from thinkdial.engine.exchange.raw_response import RawResponse, reply_of
from thinkdial.providers.json_values import parse_json

NAME = "x-litellm-response-cost"
QUIRKS = {"bill": [{"path": "usage.cost"}, {"header": NAME, "zero_is_unknown": True}]}
WHOLE = b'{"choices":[{"index":0,"message":{"content":"Hi."},"finish_reason":"stop"}],"usage":{"cost":%s}}'
STREAM = b'data: {"choices":[{"index":0,"delta":{"content":"Hi."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def billed(body: bytes, headers: dict[str, str], quirks: dict[str, Any] = QUIRKS) -> Decimal | None:
    kind = "application/json" if body.startswith(b"{") else "text/event-stream"
    reply = reply_of(RawResponse(200, kind, True, body, headers), "openai-chat", quirks, False)
    assert (reply.answer, reply.failure) == ("Hi.", None)
    return reply.bill


@pytest.mark.parametrize("body", [WHOLE % b"null", STREAM], ids=["whole", "stream"])
def test_a_header_bills_where_the_body_does_not(body: bytes) -> None:
    assert billed(body, {NAME: "0.0123"}) == Decimal("0.0123")
    assert billed(body, {NAME: "0.0"}) is None
    assert billed(body, {NAME: "dear"}) is None
    assert billed(body, {}) is None
    assert billed(body, {NAME: "0.0123"}, {}) is None


def test_the_body_goes_before_the_header() -> None:
    assert parse_json(WHOLE % b"0.5")["usage"] == {"cost": 0.5}
    assert billed(WHOLE % b"0.5", {NAME: "0.0123"}) == Decimal("0.5")


def test_a_stream_that_breaks_off_has_no_bill() -> None:
    cut = STREAM.replace(b"stop", b"").removesuffix(b"data: [DONE]\n\n")
    raw = RawResponse(200, "text/event-stream", True, cut, {NAME: "0.0123"})
    assert reply_of(raw, "openai-chat", QUIRKS, False).bill is None
