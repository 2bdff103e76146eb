"""A provider on loopback that writes down what it bills: each request that has come whole, answered or not."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Thread
from typing import Any

INPUT_USD, OUTPUT_USD = Decimal(100), Decimal(300)
"""A million tokens."""

STALE = "sk-stale"
"""A key that begins so is refused."""


@dataclass
class Bill:
    """One request that was charged for."""

    profile: str
    question: int
    key: str
    usd: Decimal


@dataclass
class Provider:
    """OpenAI-compatible at `url`/PROFILE/v1, `delay_s` after the request. What it was asked, by whom, for how much."""

    port: int = 0
    delay_s: float = 0.1
    bills: list[Bill] = field(default_factory=list[Bill])
    refused: Counter[str] = field(default_factory=Counter[str])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def billed(self) -> Decimal:
        """All of it."""
        return sum((bill.usd for bill in self.bills), Decimal(0))

    def by_key(self) -> Counter[str]:
        """How many requests came with which key."""
        return Counter(bill.key for bill in self.bills)

    def forget(self) -> None:
        """Begin a new month."""
        self.bills.clear()
        self.refused.clear()


def cost_of(question: int) -> tuple[int, int, Decimal]:
    """Tokens in, tokens out, and their price: no two neighbours have the same."""
    taken, made = 10 + question % 7, 5 + question % 11
    return taken, made, (taken * INPUT_USD + made * OUTPUT_USD) / 1_000_000


@contextmanager
def serving() -> Generator[Provider]:
    """One that runs in a thread of its own."""
    provider, loop = Provider(), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: _Answering(provider), "127.0.0.1", 0, backlog=512))
    provider.port = server.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield provider
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


class _Answering(asyncio.Protocol):
    def __init__(self, provider: Provider) -> None:
        self._provider, self._received = provider, b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._received = b""
        key = re.search(rb"(?i)\r\nauthorization: *bearer ([^\r]*)", head)
        self._answer(head.split(b"/", 2)[1].decode(), key[1].decode() if key else "", json.loads(body))

    def _answer(self, profile: str, key: str, asked: Any) -> None:
        provider = self._provider
        if key.startswith(STALE):
            provider.refused[key] += 1
            self._send(b"401 Unauthorized", {"error": {"message": "this key is not known any more"}})
            return
        text = str(asked["messages"][-1]["content"])
        found = re.search(r"question (\d+)", text)
        question = int(found[1]) if found else 0
        taken, made, usd = cost_of(question)
        provider.bills.append(Bill(profile, question, key, usd))
        message: dict[str, Any] = {"role": "assistant", "content": f"answer to {text}"}
        if asked.get("tools") and not any(each["role"] == "tool" for each in asked["messages"]):
            function = {"name": asked["tools"][0]["function"]["name"], "arguments": json.dumps({"text": text})}
            calls = [{"id": f"call_{question}", "type": "function", "function": function}]
            message = {"role": "assistant", "content": None, "tool_calls": calls}
        answer = {
            "id": f"chatcmpl-{question}", "object": "chat.completion", "created": 1, "model": "example-1",
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message
                         else "stop"}],
            "usage": {"prompt_tokens": taken, "completion_tokens": made, "total_tokens": taken + made},
        }  # fmt: skip
        asyncio.get_running_loop().call_later(provider.delay_s, self._send, b"200 OK", answer)

    def _send(self, status: bytes, document: Any) -> None:
        body = json.dumps(document).encode()
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        with suppress(Exception):  # whoever asked may be gone
            self._transport.write(head + body)
