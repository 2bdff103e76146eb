"""The script that one writes to stream an answer with httpx2: python bare_stream.py URL DIALECT [flush].

With `flush` each piece is seen at once, which costs more.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx2


def chat_text(event: Any) -> Iterator[str]:
    for choice in event["choices"]:
        yield choice["delta"].get("content") or ""


def responses_text(event: Any) -> Iterator[str]:
    if event["type"] == "response.output_text.delta":
        yield event["delta"]


def messages_text(event: Any) -> Iterator[str]:
    if event["type"] == "content_block_delta":
        yield event["delta"].get("text", "")


def generate_text(event: Any) -> Iterator[str]:
    for candidate in event["candidates"]:
        for part in candidate["content"]["parts"]:
            if not part.get("thought"):
                yield part["text"]


TEXTS: dict[str, Callable[[Any], Iterator[str]]] = {
    "openai-chat": chat_text,
    "openai-responses": responses_text,
    "anthropic-messages": messages_text,
    "gemini-generate": generate_text,
}


async def main(url: str, dialect: str, is_flushed: bool) -> None:
    text_of = TEXTS[dialect]
    body = {"model": "example-1", "messages": [{"role": "user", "content": "Is 91 prime?"}], "stream": True}
    async with (
        httpx2.AsyncClient(verify=False, trust_env=False) as client,
        client.stream("POST", url, json=body) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                for text in text_of(json.loads(line[6:])):
                    sys.stdout.write(text)
                if is_flushed:
                    sys.stdout.flush()


asyncio.run(main(sys.argv[1], sys.argv[2], "flush" in sys.argv[3:]))
