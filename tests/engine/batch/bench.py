"""A provider on loopback that answers each prompt as a test wants, and a batch against it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from thinkdial.engine.batch.batch import Batch
from thinkdial.engine.batch.caller import caller_maker
from thinkdial.engine.batch.output.outputs import Lines
from thinkdial.engine.batch.output.works import Work
from thinkdial.engine.batch.rows.rows import BadRow, Row, read_rows
from thinkdial.engine.exchange.surroundings import Surroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.results.result import Result
from thinkdial.engine.runs.jobs import Options
from thinkdial.profiles.config import Config, load
from thinkdial.providers.think import Think

Answer = Callable[["Call"], Awaitable[bytes] | bytes]


class Call(Struct, frozen=True):
    """A request as it arrived. `times` says how often this prompt was asked by this profile, with this one."""

    profile: str
    body: dict[str, Any]
    times: int

    @property
    def prompt(self) -> str:
        return self.body["messages"][-1]["content"]


def http(document: Any, status: int = 200, **headers: str) -> bytes:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} X", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


def good(text: str = "fine") -> bytes:
    usage = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    message = {"role": "assistant", "content": text}
    return http({"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})


def bad(status: int, message: str = "no", **headers: str) -> bytes:
    return http({"error": {"message": message}}, status, **headers)


class Provider:
    """Counts what is asked, and how much at once; `answer` says what comes of it. The key names the profile."""

    def __init__(self, answer: Answer = lambda _: good()) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.times: Counter[tuple[str, str]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Provider:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def prompts(self, profile: str) -> list[str]:
        return [call.prompt for call in self.calls if call.profile == profile]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            profile = headers["authorization"].rpartition(" ")[2]
            prompt = body["messages"][-1]["content"]
            self.times[profile, prompt] += 1
            call = Call(profile, body, self.times[profile, prompt])
            self.calls.append(call)
            self.now[profile] += 1
            self.most[profile] = max(self.most[profile], self.now[profile])
            try:
                answer = self.answer(call)
                writer.write(answer if isinstance(answer, bytes) else await answer)
            finally:
                self.now[profile] -= 1
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class Kept:
    """Lines of output in memory. `on_add` may act, or refuse, at a moment."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.on_add: Callable[[Work], None] = lambda _: None

    def add(self, work: Work, line: bytes, *, failed: bool) -> None:
        self.on_add(work)
        self.documents.append(json.loads(line))

    @property
    def answered(self) -> Counter[tuple[str, str, str]]:
        return Counter((found["row_id"], found["profile"], found["status"]) for found in self.documents)


@dataclass
class Heard:
    """What a batch told."""

    bad: list[BadRow] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def bad_row(self, bad: BadRow) -> None:
        self.bad.append(bad)

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        pass

    def trouble(self, words: str) -> None:
        self.troubles.append(words)


def config_of(directory: Path, url: str, **profiles: str) -> Config:
    """Profiles by name, each with more YAML of its own; the key of each is its name."""
    lines = ["profiles:"]
    for name, more in profiles.items():
        usual = f"provider: openai-compatible, base_url: '{url}', headers: {{authorization: 'Bearer {name}'}}"
        given = more if more.startswith("provider") else f"{usual}, {more}" if more else usual
        lines.append(f"  {name}: {{model: m, stream: false, {given}}}")
    path = directory / "batch.yaml"
    path.write_text(
        "\n".join([*lines, f"groups: {{both: [{', '.join([*profiles, 'claude'])}]}}", ""]), encoding="utf-8"
    )
    return load(path)


@dataclass
class Bench:
    """Everything around a batch."""

    config: Config
    provider: Provider
    transport: Transport
    kept: Kept = field(default_factory=Kept)
    heard: Heard = field(default_factory=Heard)

    def batch(
        self,
        rows: Iterable[dict[str, Any] | str] | Iterator[Row | BadRow],
        profiles: Iterable[str] = ("a",),
        *,
        output: Lines | None = None,
        sweep: tuple[Think, ...] = (),
        retries: int | None = None,
        concurrency: int | None = None,
        ready: bool = False,
        repeat: int = 1,
        **more: Any,
    ) -> Batch:
        """`rows` are documents, or with `ready` an iterator of rows."""
        lines = rows if ready else read_rows((json.dumps(row).encode() + b"\n" for row in rows), "jsonl")
        return Batch(
            make_caller=caller_maker(
                self.config, Options(sweep=sweep, retries=retries, repeat=repeat), "run", concurrency=concurrency
            ),
            profiles=profiles,
            rows=lines,  # type: ignore[arg-type]
            output=output or self.kept,
            surroundings=Surroundings(self.transport, dice=lambda: 0.0),
            watcher=self.heard,
            **more,
        )


def on_bench(
    directory: Path,
    test: Callable[[Bench], Awaitable[None]],
    *,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    **profiles: str,
) -> None:
    """Run `test` with a provider and profiles (`a` and `b` unless given)."""

    async def main() -> None:
        async with Provider() as provider, Transport(user_agent="test") as transport:
            config = config_of(directory, provider.url, **(profiles or {"a": "", "b": ""}))
            async with asyncio.timeout(60):
                await test(Bench(config, provider, transport))

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())


def numbered(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": str(number), "prompt": f"row {number}"} | more for number in range(count)]
