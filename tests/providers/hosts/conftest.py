"""Hosts by hand: small servers on loopback that say, byte for byte, what a vendor is known to say.

The server side knows nothing of thinkdial. Nothing sleeps: the waits that the engine wants are recorded.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from msgspec import Struct
from msgspec.structs import replace

from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.fanout import fan_out
from thinkdial.engine.runs.jobs import Options, make_jobs
from thinkdial.engine.targets.target import Selection, resolve
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Delta
from thinkdial.providers.think import parse_think

KEY = "sk-marked-KEY-0123456789"


class Asked(Struct, frozen=True):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Host:
    """Gives its replies in order, the last one again and again, each on a connection of its own."""

    def __init__(self, replies: Sequence[bytes]) -> None:
        self.replies = replies
        self.asked: list[Asked] = []

    async def __aenter__(self) -> Host:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(head[0].split()[1], headers, json.loads(body)))
            writer.write(self.replies[min(len(self.asked), len(self.replies)) - 1])
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def http(body: bytes | str, status: int = 200, kind: str = "application/json", **headers: str) -> bytes:
    """A whole response. Underscores in header names are dashes."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {kind}", f"content-length: {len(raw)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + raw


def said(document: Any, status: int = 200, **headers: str) -> bytes:
    return http(json.dumps(document), status, **headers)


def sse(*events: Any, **headers: str) -> bytes:
    """A stream; text is sent as it is, everything else as JSON."""
    lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}" for event in events]
    return http("".join(f"{line}\n\n" for line in lines), kind="text/event-stream", **headers)


def ndjson(*documents: Any) -> bytes:
    return http("".join(f"{json.dumps(document)}\n" for document in documents), kind="application/x-ndjson")


def frame(payload: Any, **headers: str) -> bytes:
    """One frame of AWS. Underscores in header names are dashes; the names begin with a colon."""
    data, packed = json.dumps(payload).encode(), b""
    for name, value in headers.items():
        key = f":{name.replace('_', '-')}".encode()
        packed += bytes([len(key)]) + key + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    prelude = struct.pack(">II", 16 + len(packed) + len(data), len(packed))
    message = prelude + struct.pack(">I", crc32(prelude)) + packed + data
    return message + struct.pack(">I", crc32(message))


def aws(*events: tuple[str, Any]) -> bytes:
    """A stream of Bedrock; a name that ends in `Exception` is thrown."""
    frames = [
        frame(payload, message_type="exception", exception_type=name)
        if name.endswith("Exception")
        else frame(payload, message_type="event", event_type=name)
        for name, payload in events
    ]
    return http(b"".join(frames), kind="application/vnd.amazon.eventstream")


def chunk(finish: str | None = None, *, usage: Any = None, **delta: Any) -> dict[str, Any]:
    """One piece of a compatible chat."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m-1", "choices": [choice], "usage": usage}


def tail(usage: Any, **more: Any) -> dict[str, Any]:
    return {"id": "c1", "model": "m-1", "choices": [], "usage": usage, **more}


class Wire:
    """Builds what hosts say."""

    http, said, sse = staticmethod(http), staticmethod(said), staticmethod(sse)
    ndjson, aws = staticmethod(ndjson), staticmethod(aws)
    chunk, tail = staticmethod(chunk), staticmethod(tail)
    done = "data: [DONE]"


class Called(Struct, frozen=True):
    """What came of one call. `origin` is the address that the provider's data would have called."""

    result: Result
    asked: list[Asked]
    waits: list[float]
    origin: str

    @property
    def url(self) -> str:
        return self.origin + self.asked[0].path


class Silent:
    """An observer that looks away."""

    def started(self, index: int, attempt: int) -> None: ...

    def delta(self, index: int, delta: Delta) -> None: ...

    def waiting(self, index: int, seconds: float, failure: Failure) -> None: ...

    def finished(self, index: int, result: Result) -> None: ...


@cache
def config() -> Config:
    return load_builtin()


def origin_and_path(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path


async def run_all(selections: Sequence[Selection], options: Options, waits: list[float]) -> tuple[Result, ...]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    providers = {selection.profile.provider for selection in selections}
    names = [name for provider in providers for name in config().provider(provider).api_key_env]
    jobs = make_jobs(selections, Prompt("How many?"), config(), options, dict.fromkeys(names, KEY))
    async with Transport() as transport:
        surroundings = Surroundings(transport, sleep=sleep, dice=lambda: 0.0)
        at = datetime(2026, 11, 21, tzinfo=UTC)
        done = await fan_out(jobs, surroundings=surroundings, observer=Silent(), run_id="run", at=at)
    return done.results


def call(
    provider: str,
    model: str,
    *replies: bytes,
    think: str = "auto",
    retries: int = 2,
    stream: bool = True,
    **profile: Any,
) -> Called:
    """One call of `model` at `provider`, whose host is replaced by one that gives these replies."""
    bare = Profile(name="p", provider=provider, model=model, **profile)
    origin, path = origin_and_path(profile.get("base_url") or resolve(bare, config(), environment={}).base_url)
    waits: list[float] = []

    async def go() -> tuple[Result, list[Asked]]:
        async with Host(replies) as host:
            there = replace(bare, base_url=f"{host.origin}{path}")
            options = Options(retries=retries, no_stream=not stream, timeout_s=5.0)
            (result,) = await run_all([Selection(there, parse_think(think))], options, waits)
            return result, host.asked

    result, asked = asyncio.run(go())
    return Called(result, asked, waits, origin)


def call_many(reply: bytes, selections: Sequence[tuple[Profile, str]]) -> tuple[tuple[Result, ...], int]:
    """Many profiles at once against one host, and how many requests it got."""

    async def go() -> tuple[tuple[Result, ...], int]:
        async with Host([reply]) as host:
            chosen = [
                Selection(
                    replace(profile, base_url=host.origin + origin_and_path(resolve(profile, config()).base_url)[1]),
                    parse_think(think),
                )
                for profile, think in selections
            ]
            return await run_all(chosen, Options(retries=0, timeout_s=5.0), []), len(host.asked)

    return asyncio.run(go())


@pytest.fixture(name="call")
def _call() -> Callable[..., Called]:
    return call


@pytest.fixture(name="call_many")
def _call_many() -> Callable[..., tuple[tuple[Result, ...], int]]:
    return call_many


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def key() -> str:
    return KEY
