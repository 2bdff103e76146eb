"""The loops that people write instead of `thinkdial batch`.

python batch_clients.py NAME URL ROWS OUTPUT AT_ONCE [stream]

Each reads rows, keeps so many requests under way with one shared client, and writes a line for each answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

Ask = Callable[[str], Awaitable[dict[str, Any]]]

EXTRAS = sys.argv[1].split("+")[1:] if __name__ == "__main__" else []
"""`NAME+uvloop+orjson`: on another event loop, with another reader and writer of JSON."""


def encode(document: Any) -> bytes:
    return json.dumps(document).encode()


decode: Callable[[bytes], Any] = json.loads
if "orjson" in EXTRAS:
    import orjson

    encode, decode = orjson.dumps, orjson.loads


def body_of(prompt: str, stream: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"model": "example-1", "messages": [{"role": "user", "content": prompt}]}
    return {**body, "stream": True, "stream_options": {"include_usage": True}} if stream else body


class Folding:
    """The answer and the usage of a stream, as simply as one writes it: lines, `json.loads`, text in pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._pieces: list[str] = []
        self._usage: Any = None

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data: {"):
                document = decode(line[6:])
                for choice in document["choices"]:
                    self._pieces.append(choice["delta"].get("content") or "")
                self._usage = document.get("usage") or self._usage

    def answer(self) -> dict[str, Any]:
        return {"answer": "".join(self._pieces), "usage": self._usage}


def read_whole(document: Any) -> dict[str, Any]:
    return {"answer": document["choices"][0]["message"]["content"], "usage": document["usage"]}


@asynccontextmanager
async def with_httpx2(url: str, at_once: int, stream: bool) -> AsyncGenerator[Ask]:
    import httpx2

    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx2.AsyncClient(verify=False, trust_env=False, limits=limits) as client:

        async def ask(prompt: str) -> dict[str, Any]:
            if not stream:
                answer = await client.post(f"{url}/chat/completions", json=body_of(prompt, stream))
                return read_whole(answer.json())
            folding = Folding()
            async with client.stream("POST", f"{url}/chat/completions", json=body_of(prompt, stream)) as response:
                async for chunk in response.aiter_bytes():
                    folding.feed(chunk)
            return folding.answer()

        yield ask


@asynccontextmanager
async def with_aiohttp(url: str, at_once: int, stream: bool) -> AsyncGenerator[Ask]:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as client:

        async def ask(prompt: str) -> dict[str, Any]:
            body, headers = encode(body_of(prompt, stream)), {"content-type": "application/json"}
            async with client.post(f"{url}/chat/completions", data=body, headers=headers) as response:
                if not stream:
                    return read_whole(decode(await response.read()))
                folding = Folding()
                async for chunk in response.content.iter_any():
                    folding.feed(chunk)
                return folding.answer()

        yield ask


@asynccontextmanager
async def with_openai(url: str, at_once: int, stream: bool) -> AsyncGenerator[Ask]:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="sk-loopback", max_retries=0) as client:

        async def ask(prompt: str) -> dict[str, Any]:
            made: Any = await client.chat.completions.create(**body_of(prompt, stream))
            return await read_chunks(made) if stream else read_completion(made)

        yield ask


@asynccontextmanager
async def with_litellm(url: str, at_once: int, stream: bool) -> AsyncGenerator[Ask]:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else its import asks the network
    import litellm

    async def ask(prompt: str) -> dict[str, Any]:
        asked: dict[str, Any] = {**body_of(prompt, stream), "model": "openai/example-1"}
        made: Any = await litellm.acompletion(**asked, api_base=url, api_key="sk-loopback", num_retries=0)
        return await read_chunks(made) if stream else read_completion(made)

    yield ask


class Connection(asyncio.Protocol):
    """One request at a time, whose answer ends by its announced length."""

    def __init__(self) -> None:
        self._received = b""
        self._wanted = 0
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport = cast(asyncio.Transport, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        self._received, self._wanted = b"", 0
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._wanted and (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = self._received[:end].lower().partition(b"content-length:")[2]
            self._wanted = end + 4 + int(length.partition(b"\r\n")[0])
        if self._wanted and len(self._received) >= self._wanted:
            self._answer.set_result(self._received.partition(b"\r\n\r\n")[2])


@asynccontextmanager
async def with_sockets(url: str, at_once: int, stream: bool) -> AsyncGenerator[Ask]:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, parts.hostname, parts.port) for _ in range(at_once)]
    free = [connection for _, connection in made]
    head = f"POST {parts.path}/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-length: ".encode()

    async def ask(prompt: str) -> dict[str, Any]:
        body, connection = encode(body_of(prompt, stream)), free.pop()
        answer = await connection.ask(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        free.append(connection)
        return read_whole(decode(answer))

    yield ask
    for connection in free:
        connection.transport.close()


def read_completion(made: Any) -> dict[str, Any]:
    return {"answer": made.choices[0].message.content, "usage": made.usage.model_dump()}


async def read_chunks(chunks: Any) -> dict[str, Any]:
    pieces: list[str] = []
    usage = None
    async for chunk in chunks:
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
        usage = getattr(chunk, "usage", None) or usage
    return {"answer": "".join(pieces), "usage": usage.model_dump() if usage else None}


CLIENTS = {
    "httpx2": with_httpx2,
    "aiohttp": with_aiohttp,
    "openai": with_openai,
    "litellm": with_litellm,
    "sockets": with_sockets,
}


async def main(name: str, url: str, rows: Path, output: Path, at_once: int, stream: bool) -> None:
    with rows.open("rb") as lines, output.open("wb", buffering=0) as results:
        async with CLIENTS[name](url, at_once, stream) as ask:

            async def work() -> None:
                for line in lines:
                    row = decode(line)
                    answer = await ask(row["prompt"])
                    results.write(encode({"id": row["id"], **answer}) + b"\n")

            await asyncio.gather(*(work() for _ in range(at_once)))


if __name__ == "__main__":
    if "uvloop" in EXTRAS:
        with suppress(ImportError):
            import uvloop

            asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(
        main(
            sys.argv[1].partition("+")[0],
            sys.argv[2],
            Path(sys.argv[3]),
            Path(sys.argv[4]),
            int(sys.argv[5]),
            "stream" in sys.argv[6:],
        )
    )
