"""A client's connection to the limiter: what many ask goes in one frame, and a restart of the server is waited for."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from msgspec.structs import replace

from ...profiles.settings.limiter_settings import LimiterSettings
from ...providers.errors import ConfigError
from .address import LimiterAddress, check_client, parsed_address
from .messages import (
    MAGIC,
    VERSION,
    Answer,
    Answers,
    BrokenFrameError,
    BucketName,
    Demand,
    Farewell,
    Frame,
    Greeting,
    LimiterStatus,
    Look,
    MoneyLimit,
    Pause,
    StatusWanted,
    Welcome,
    answers_of,
    body_bytes,
    encoded,
    proof,
)

CONNECT_S = 10.0
ANSWER_S = 15.0
"""Without an answer for so long the connection is made anew."""

PATIENCE_S = 60.0
"""How long a limiter that was there is waited for, unless the configuration says otherwise."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 2.0
MOST_IN_FRAME = 1000


_Posted = tuple[Demand, asyncio.Future[Answer | None]]


class Link:
    """One run's connection. For one event loop. `hear` is told things worth knowing, each once."""

    def __init__(
        self,
        settings: LimiterSettings,
        limits: tuple[MoneyLimit, ...] = (),
        *,
        environment: Mapping[str, str] = os.environ,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience_s: float = PATIENCE_S,
        opening: Demand | None = None,
    ) -> None:
        self.settings, self.address = settings, parsed_address(settings.url)
        check_client(self.address)
        self._token = environment.get(settings.token_env) or None
        self._sleep, self._patience_s = sleep, patience_s
        name = f"{socket.gethostname()[:100]}:{os.getpid()}"
        self._greeting = Greeting(VERSION, secrets.token_hex(12), name, settings.job, limits)
        self._opening: Demand = opening or self._greeting
        self.opened: Answer | None = None
        """What the limiter said first."""
        self._number = 0
        self._waiting: list[_Posted] = []
        self._work, self._known = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._writer: asyncio.StreamWriter | None = None
        self.notes: list[str] = []
        self.hear: Callable[[str], None] = self.notes.append
        self.failed: ConfigError | None = None
        self.alone = False
        self.salt: bytes = b""
        self.lease_s = 30.0
        self.on_pause: dict[BucketName, Callable[[float], None]] = {}
        self.on_break: list[Callable[[], None]] = []
        """Called when the connection was lost: leave that was not used is given up."""
        self._was_there = False
        self._gone_at: float | None = None
        self._wait_s = FIRST_WAIT_S
        self.frames = 0

    async def ready(self) -> None:
        """Find the limiter. Raises `ConfigError` where the configuration says that nothing goes without it."""
        await self.greeted()
        if self.failed is not None:
            raise self.failed

    async def greeted(self) -> None:
        """Wait for the welcome, or until there is none to come."""
        if not self._closed:
            self._begin()
            await self._known.wait()

    def post(self, demand: Demand) -> asyncio.Future[Answer | None]:
        """What will have the answer: None where there is none: `failed` says why, or the run is `alone`.

        What is posted before anything is awaited goes in one frame, in its order.
        """
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        if self._closed or self.failed is not None or self.alone:
            future.set_result(None)
            return future
        self._waiting.append((demand, future))
        self._work.set()
        self._begin()
        return future

    async def ask(self, demand: Demand) -> Answer | None:
        """Post it, and wait for the answer."""
        return await self.post(demand)

    def _begin(self) -> None:
        if self._task is None and self.failed is None and not self.alone:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Say farewell, if there was a greeting, and close."""
        if self._task is not None and self.failed is None and not self.alone and self.salt:
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await self.ask(Farewell())
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._drop()
        self._fail_all()

    async def _run(self) -> None:
        batch: list[_Posted] = []
        while True:
            try:
                await self._talk(batch)
            except (OSError, EOFError, TimeoutError, BrokenFrameError, ssl.SSLError) as error:
                self._drop()
                for told in self.on_break:
                    told()
                if not self._goes_on(error):
                    self._fail_all(batch)
                    return
                await self._sleep(self._wait_s)
                self._wait_s = min(LONGEST_WAIT_S, self._wait_s * 2)

    async def _talk(self, batch: list[_Posted]) -> None:
        """Connect where that is needed, and send frame after frame, one at a time."""
        reader, writer = await self._connected()
        while True:
            if not batch:
                if not self._waiting:
                    self._work.clear()
                    await self._listen(reader)
                    continue
                batch += self._waiting[:MOST_IN_FRAME]
                del self._waiting[:MOST_IN_FRAME]
                self._number += 1
            frame = Frame(self._number, tuple(demand for demand, _ in batch))
            writer.write(encoded(frame))
            async with asyncio.timeout(ANSWER_S):
                await writer.drain()
                answers = await self._read(reader, self._number)
            self.frames += 1
            if len(answers.answers) != len(batch):
                raise BrokenFrameError("another number of answers")
            for (_, future), answer in zip(batch, answers.answers, strict=True):
                if not future.done():
                    future.set_result(answer)
            batch.clear()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await self._opened()
            self._writer = writer
            writer.write(MAGIC + proof(self._token) + encoded(Frame(0, (self._opening,))))
            await writer.drain()
            try:
                answers = await self._read(reader, 0)
            except (EOFError, ConnectionError):
                raise _RefusedError from None
        self.opened = answers.answers[0] if answers.answers else None
        if isinstance(self.opened, Welcome):
            self.salt, self.lease_s = self.opened.salt, self.opened.lease_s
        elif not isinstance(self.opened, LimiterStatus):
            raise BrokenFrameError("no welcome")
        if self._was_there:
            self.hear(f"the limiter at {self.address.url} is there again")
        self._was_there, self._gone_at, self._wait_s = True, None, FIRST_WAIT_S
        self._known.set()
        return reader, writer

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address: LimiterAddress = self.address
        if address.scheme == "unix":
            return await asyncio.open_unix_connection(address.path)
        context = None
        if address.scheme == "tls":
            try:
                context = ssl.create_default_context(cafile=self.settings.ca)
            except (OSError, ssl.SSLError):
                raise _UntrustedError(f"{self.settings.ca}: is no certificate in PEM that can be read") from None
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
        found: socket.socket | None = writer.get_extra_info("socket")
        if found is not None:
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer

    async def _read(self, reader: asyncio.StreamReader, number: int) -> Answers:
        """The answers to frame `number`; what is told unasked is taken in on the way."""
        while True:
            answers = answers_of(await reader.readexactly(body_bytes(await reader.readexactly(4))))
            if answers.number == number:
                return answers
            self._heard(answers)

    def _heard(self, answers: Answers) -> None:
        for one in answers.answers:
            if isinstance(one, Pause) and (told := self.on_pause.get(one.bucket)) is not None:
                told(one.pause_s)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Until there is something to ask, take in what is told unasked. Raises when the connection ends."""
        head = asyncio.ensure_future(reader.readexactly(4))
        work = asyncio.ensure_future(self._work.wait())
        try:
            await asyncio.wait((head, work), timeout=self.lease_s / 4, return_when=asyncio.FIRST_COMPLETED)
            if not head.done() and not work.done():
                self._waiting.append((Look(), asyncio.get_running_loop().create_future()))
            if head.done():
                self._heard(answers_of(await reader.readexactly(body_bytes(head.result()))))
        finally:
            work.cancel()
            if not head.done():
                head.cancel()
                # A stream that was given up in the middle of a read has taken nothing off yet.
                await asyncio.gather(head, return_exceptions=True)

    def _goes_on(self, error: Exception) -> bool:
        """Whether to try again. If not, `failed` says why, or the run goes on alone."""
        settings, url, now = self.settings, self.address.url, time.monotonic()
        is_news, self._gone_at = self._gone_at is None, self._gone_at or now
        if isinstance(error, _RefusedError) and not self._was_there:
            self.failed = ConfigError(
                f"the limiter at {url} has closed the connection: the token is not the one it knows",
                hint=f"set {settings.token_env} to the token of the limiter; thinkdial limiter token says more",
            )
            return False
        if isinstance(error, _UntrustedError | ssl.SSLCertVerificationError):
            reason = str(error) if isinstance(error, _UntrustedError) else error.verify_message
            self.failed = ConfigError(
                f"the limiter at {url} is not trusted: {reason}", hint="limiter.ca names the certificate to trust"
            )
            return False
        words = f"the limiter at {url} cannot be reached: {_reason(error)}"
        waits = settings.unreachable == "wait" or (self._was_there and now - self._gone_at < self._patience_s)
        if waits:
            if is_news:
                self.hear(f"{words}; waiting for it")
            return True
        if settings.unreachable == "alone":
            self.alone = True
            self.hear(f"{words}; this run goes on with its own limits alone, and others hear nothing of it")
            return False
        self.failed = ConfigError(
            words,
            hint=f"start it: thinkdial limiter serve {url}; limiter.unreachable says what else may become of a run",
        )
        return False

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def _fail_all(self, batch: Sequence[_Posted] = ()) -> None:
        for _, future in (*batch, *self._waiting):
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        self._known.set()


class _RefusedError(OSError):
    """The server closed the connection before a word."""


class _UntrustedError(OSError):
    """The certificates that are to be trusted cannot be read."""


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower() if error.errno else error.strerror
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, BrokenFrameError):
        return f"what answers is no limiter ({error})"
    return "the connection was closed"


async def asked_status(settings: LimiterSettings, environment: Mapping[str, str] = os.environ) -> LimiterStatus:
    """How a limiter stands. Raises `ConfigError` where it cannot be asked."""
    link = Link(replace(settings, unreachable="refuse"), environment=environment, opening=StatusWanted())
    try:
        await link.ask(StatusWanted())
    finally:
        await link.close()
    if not isinstance(link.opened, LimiterStatus):
        raise link.failed or ConfigError(f"the limiter at {link.address.url} does not answer")
    return link.opened
