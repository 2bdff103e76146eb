"""Calls over real HTTP on loopback, to a server that says exactly what a test wants, under a fake clock.

Home, keys and network are guarded by the conftest above. Nothing here sleeps: waits of the engine are recorded.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from msgspec import Struct

from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.planning.fates import Past
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.fanout import fan_out
from thinkdial.engine.runs.jobs import Options, make_jobs
from thinkdial.engine.targets.target import Selection
from thinkdial.profiles.config import Config, load_builtin
from thinkdial.profiles.profile import CallLimits, Profile
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Delta
from thinkdial.providers.think import parse_think

KEY = "sk-marked-KEY-0123456789"
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 30,
    "total_tokens": 40,
    "completion_tokens_details": {"reasoning_tokens": 20},
}

Script = Callable[[asyncio.StreamWriter], Awaitable[None]]
Reply = bytes | Script


class Asked(Struct, frozen=True):
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    raw_body: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw_body)


class Server:
    """Gives the replies in order, the last one again and again, each on a connection that is then closed."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.asked: list[Asked] = []
        self.connections = 0
        self.was_reached = asyncio.Event()
        self.open_now = self.most_open = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.was_reached.set()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(head[0].split()[1], headers, body))
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
            reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
            try:
                if isinstance(reply, bytes):
                    writer.write(reply)
                    await writer.drain()
                else:
                    await reply(writer)
            finally:
                self.open_now -= 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class Wire:
    """Builds what servers say."""

    @staticmethod
    def http(
        body: bytes | str = b"",
        status: int = 200,
        kind: str | None = "application/json",
        *,
        framed: bool = True,
        **headers: str,
    ) -> bytes:
        """A whole response; `framed` announces its length. Underscores in header names become dashes."""
        raw = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Whatever"]
        lines += [f"content-type: {kind}"] if kind else []
        lines += [f"content-length: {len(raw)}"] if framed else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1") + raw

    @staticmethod
    def events(*documents: Any) -> bytes:
        return b"".join(
            b"data: " + (d.encode() if isinstance(d, str) else json.dumps(d).encode()) + b"\n\n" for d in documents
        )

    def stream(self, *documents: Any, **headers: str) -> bytes:
        """A stream that ends where the connection ends."""
        return self.http(self.events(*documents), kind="text/event-stream", framed=False, **headers)

    def error(self, status: int, code: str | None = None, message: str = "no", param: str | None = None, **h: str):
        return self.http(json.dumps({"error": {"message": message, "code": code, "param": param}}), status, **h)

    @staticmethod
    def delta(**piece: str) -> dict[str, Any]:
        return {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": piece}]}

    @property
    def opening(self) -> tuple[Any, ...]:
        """Reasoning and answer; what is missing is the end."""
        return (self.delta(reasoning_content="Hm. "), self.delta(content="42"))

    @property
    def end(self) -> tuple[Any, ...]:
        return ({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE}, "[DONE]")

    @property
    def good(self) -> bytes:
        return self.stream(*self.opening, *self.end)

    @property
    def whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "reasoning_content": "Hm. ", "content": "42"}
        return {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": USAGE}

    @staticmethod
    def then_hold(head: bytes) -> Script:
        """Say `head`, then nothing more, and keep the connection."""

        async def script(writer: asyncio.StreamWriter) -> None:
            writer.write(head)
            await writer.drain()
            await asyncio.Event().wait()

        return script


@dataclass
class FakeTime:
    """A clock that only moves when it is told to, or when somebody sleeps."""

    now: float = 0.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Watcher:
    """An observer that remembers, and may act at a moment."""

    def __init__(self) -> None:
        self.deltas: list[Delta] = []
        self.starts: list[tuple[int, int]] = []
        self.finished_results: dict[int, Result] = {}
        self.on_delta: Callable[[Delta], None] = lambda _: None

    def started(self, index: int, attempt: int) -> None:
        self.starts.append((index, attempt))

    def delta(self, index: int, delta: Delta) -> None:
        self.deltas.append(delta)
        self.on_delta(delta)

    def waiting(self, index: int, seconds: float, failure: Failure) -> None:
        pass

    def finished(self, index: int, result: Result) -> None:
        self.finished_results[index] = result


@dataclass
class Ran:
    """What came of a run."""

    results: tuple[Result, ...]
    server: Server
    time: FakeTime
    watcher: Watcher
    interrupted: bool = False

    @property
    def result(self) -> Result:
        assert len(self.results) == 1
        return self.results[0]

    @property
    def waits(self) -> list[float]:
        return self.time.waits


def profile(url: str, name: str = "p", **changes: Any) -> Profile:
    settings: dict[str, Any] = {
        "provider": "openai-compatible", "model": "m", "base_url": f"{url}/v1", "api_key_env": ("MY_KEY",),
    }  # fmt: skip
    return Profile(name=name, **(settings | changes))


@cache
def builtin() -> Config:
    """The built-in configuration, read once."""
    return load_builtin()


async def run_profiles(
    profiles: Sequence[Profile],
    *,
    retries: int = 2,
    idle_s: float = 5.0,
    total_s: float = 60.0,
    think: str = "auto",
    time: FakeTime | None = None,
    watcher: Watcher | None = None,
    dice: float = 0.0,
    key: str = KEY,
    stream: bool = True,
    interrupt: asyncio.Event | None = None,
    transport: Transport | None = None,
    keeper: Any = None,
    at_once: int = 64,
    past: Callable[[str], Past] | None = None,
) -> tuple[tuple[Result, ...], bool]:
    """All profiles at once, through planning and fan-out, as the commands do it.

    `past` makes the turns before, of the address that is called.
    """
    from msgspec.structs import replace

    time, config = time or FakeTime(), builtin()
    chosen = [
        Selection(replace(p, total_timeout=p.total_timeout or total_s), parse_think(think) if p.think is None else None)
        for p in profiles
    ]
    wishes = Options(timeout_s=idle_s, retries=retries, no_stream=not stream)
    prompt = Prompt("What is 6 x 7?", past=past(profiles[0].base_url or "") if past else None)
    jobs = make_jobs(chosen, prompt, config, wishes, {"MY_KEY": key, "OPENAI_API_KEY": key})
    async with transport or Transport(clock=time) as used:
        surroundings = Surroundings(used, clock=time, sleep=time.sleep, dice=lambda: dice)
        run = asyncio.ensure_future(
            fan_out(
                jobs,
                surroundings=surroundings,
                observer=watcher or Watcher(),
                run_id="run",
                at=datetime(2026, 11, 21, tzinfo=UTC),
                keeper=keeper,
                at_once=at_once,
            )
        )
        if interrupt is not None:
            await asyncio.wait([run, asyncio.ensure_future(interrupt.wait())], return_when=asyncio.FIRST_COMPLETED)
            run.cancel()
        done = await run
    return done.results, done.interrupted


def exchange(*replies: Reply, prepare: Callable[[FakeTime, Watcher], None] | None = None, **options: Any) -> Ran:
    """One call to a server that gives these replies; options of the profile and of the run together."""
    run_options = {
        name: options.pop(name)
        for name in ("retries", "idle_s", "total_s", "think", "dice", "key", "stream", "past")
        if name in options
    }

    async def go() -> Ran:
        time, watcher = FakeTime(), Watcher()
        if prepare:
            prepare(time, watcher)
        async with Server(*replies) as server:
            results, interrupted = await run_profiles(
                [profile(server.url, **options)], time=time, watcher=watcher, **run_options
            )
        return Ran(results, server, time, watcher, interrupted)

    return asyncio.run(go())


class Kit:
    """The parts of `exchange`, for tests with several servers or profiles."""

    Server = Server
    FakeTime = FakeTime
    Watcher = Watcher
    limits = CallLimits
    key = KEY
    profile = staticmethod(profile)
    run = staticmethod(run_profiles)


@pytest.fixture(name="exchange")
def _exchange() -> Callable[..., Ran]:
    return exchange


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture(params=["asyncio", "uvloop"])
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are made on the loop of a single call and on that of a batch: a result tells no difference."""
    if request.param == "uvloop":
        monkeypatch.setattr(asyncio.events, "new_event_loop", pytest.importorskip("uvloop").new_event_loop)
