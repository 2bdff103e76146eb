"""The limiter as a server on a socket: who may speak, frames in and out, records on their shelf, the end."""

from __future__ import annotations

import asyncio
import hmac
import os
import socket
import ssl
import stat
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from ...profiles.disk import make_private_directory
from ...providers.errors import ConfigError, StoreError
from .address import LimiterAddress, check_server
from .desk import Desk, RefusedFrameError
from .messages import (
    MAGIC,
    PROOF_BYTES,
    Answers,
    BrokenFrameError,
    Greeting,
    Pause,
    StatusWanted,
    body_bytes,
    encoded,
    frame_of,
    proof,
)
from .shelves import Shelf, ShelfQueue

PREAMBLE_S = 5.0
"""How long a connection may take to prove itself, its TLS included."""

SLOW_S = 10.0
"""How long a client may take to read an answer, or to finish a frame that it has begun."""

MOST_CONNECTIONS = 4096
MOST_UNPROVEN = 256
LOOK_S = 1.0
LEASE_S = 30.0


class ServerTerms(Struct, frozen=True):
    """Where a limiter listens, and to whom. `cert` and `key` are PEM files, for TLS."""

    address: LimiterAddress
    token: str | None = None
    cert: Path | None = None
    key: Path | None = None
    lease_s: float = LEASE_S


class LimiterServer:
    """One limiter. Errors of its shelf end it: what cannot be written down is not promised."""

    def __init__(self, terms: ServerTerms, shelf: Shelf, log: Callable[[str], None] = lambda _: None) -> None:
        check_server(terms.address, terms.token, has_tls=terms.cert is not None)
        self._terms, self._shelf, self._log = terms, shelf, log
        self._proof = proof(terms.token)
        self.desk = Desk(
            now=time.monotonic, wall_s=time.time, today=lambda: datetime.now(UTC).date(), lease_s=terms.lease_s
        )
        self.desk.recall(shelf.load())
        self._queue = ShelfQueue(shelf)
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._unproven = 0
        self._over: asyncio.Future[None] | None = None
        self._refused = 0
        self._day = datetime.now(UTC).date()

    @property
    def has_token(self) -> bool:
        return self._terms.token is not None

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[LimiterAddress]:
        """Listen, and give the address. Raises `ConfigError` where that cannot be done."""
        self._over = asyncio.get_running_loop().create_future()
        server, address = await self._opened()
        watch = asyncio.create_task(self._watch())
        try:
            yield address
        finally:
            watch.cancel()
            server.close()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(watch, *self._connections, return_exceptions=True)
            if address.scheme == "unix":
                _unlinked(address.path)
            with suppress(StoreError):
                await self._keep()
            await self._queue.close()

    async def until_over(self) -> None:
        """Wait for ever. Raises `StoreError` when records cannot be written any more."""
        if self._over is not None:
            await asyncio.shield(self._over)

    async def _opened(self) -> tuple[asyncio.Server, LimiterAddress]:
        terms, address = self._terms, self._terms.address
        try:
            if address.scheme == "unix":
                _free_path(address.path)
                before = os.umask(0o177)  # between its making and a chmod, nobody else gets in
                try:
                    server = await asyncio.start_unix_server(self._accept, address.path)
                finally:
                    os.umask(before)
                return server, address
            context = _tls(terms) if address.scheme == "tls" else None
            patience = None if context is None else PREAMBLE_S
            server = await asyncio.start_server(
                self._accept, address.host, address.port, ssl=context, ssl_handshake_timeout=patience
            )  # fmt: skip
        except OSError as error:
            raise ConfigError(
                f"{address.url}: cannot be listened on: {error.strerror or error}", hint="name another address"
            ) from None
        port = server.sockets[0].getsockname()[1]
        return server, LimiterAddress(address.scheme, address.host, port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MOST_CONNECTIONS or self._unproven >= MOST_UNPROVEN:
            self._refused += 1
            writer.transport.abort()
            return
        task = asyncio.create_task(self._talk(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session: str | None = None
        try:
            if not await self._proven(reader):
                self._refused += 1
                return
            _without_delay(writer)
            while True:
                length = await reader.readexactly(4)
                async with asyncio.timeout(SLOW_S):
                    frame = frame_of(await reader.readexactly(body_bytes(length)))
                asked = frame.asks[0] if frame.asks and isinstance(frame.asks[0], Greeting) else None
                if asked is not None:
                    session = asked.session
                    self._writers[session] = writer
                if any(isinstance(one, StatusWanted) for one in frame.asks):
                    status = self.desk.status(self._shelf.words, self._refused)
                    answers = Answers(frame.number, (status,))
                else:
                    outcome = self.desk.answer(session, frame, asked)
                    await self._keep()
                    for pause in outcome.pauses:
                        self._tell(pause, besides=session)
                    answers = Answers(frame.number, tuple(outcome.answers))
                writer.write(encoded(answers))
                async with asyncio.timeout(SLOW_S):
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ssl.SSLError):
            pass
        except (BrokenFrameError, RefusedFrameError) as error:
            self._refused += 1
            self._log(f"a connection was closed: {error}")
        except StoreError as error:
            if self._over is not None and not self._over.done():
                self._over.set_exception(error)
        finally:
            if session is not None and self._writers.get(session) is writer:
                del self._writers[session]
                self.desk.gone(session)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _proven(self, reader: asyncio.StreamReader) -> bool:
        """Whether whoever has connected has the token. Nothing is answered before."""
        self._unproven += 1
        try:
            async with asyncio.timeout(PREAMBLE_S):
                given = await reader.readexactly(len(MAGIC) + PROOF_BYTES)
        except (asyncio.IncompleteReadError, TimeoutError):
            return False
        finally:
            self._unproven -= 1
        return hmac.compare_digest(given, MAGIC + self._proof)

    def _tell(self, pause: Pause, besides: str | None) -> None:
        """Tell the others who call the same: at once, and without waiting for those who do not read."""
        message = encoded(Answers(0, (pause,)))
        for session in self.desk.buckets[pause.bucket].parts:
            writer = self._writers.get(session)
            if session != besides and writer is not None and not writer.transport.get_write_buffer_size():
                writer.write(message)

    async def _keep(self) -> None:
        await self._queue.save(self.desk.changes())

    async def _watch(self) -> None:
        """Take the silent for dead, and say that we live."""
        owned = time.monotonic()
        while True:
            await asyncio.sleep(min(LOOK_S, self._terms.lease_s / 4))
            try:
                for name, usd in self.desk.lapse():
                    self._log(f"{name} fell silent: {usd:f} USD that it held are charged as an estimate")
                today = datetime.now(UTC).date()
                if today != self._day:
                    self._day = today
                    self.desk.books.prune(today)
                await self._keep()
                if time.monotonic() - owned > LOOK_S * 5:
                    await self._queue.keep_owned()
                    owned = time.monotonic()
            except StoreError as error:
                if self._over is not None and not self._over.done():
                    self._over.set_exception(error)
                return


def _without_delay(writer: asyncio.StreamWriter) -> None:
    found: socket.socket | None = writer.get_extra_info("socket")
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _unlinked(path: str) -> None:
    with suppress(OSError):
        Path(path).unlink()


def _free_path(path: str) -> None:
    """Make room for a socket: the folder, and what a killed limiter has left. Raises `ConfigError`."""
    place = Path(path)
    if not place.parent.exists():
        make_private_directory(place.parent)
    try:
        found = place.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ConfigError(f"{path}: is there, and is no socket", hint="name another path")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except OSError:
            place.unlink()
            return
    raise ConfigError(f"{path}: a limiter listens there already", hint="thinkdial limiter status shows it")


def _tls(terms: ServerTerms) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(terms.cert or "", terms.key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it is no certificate with its key in PEM"
        raise ConfigError(f"{terms.cert}: cannot be used for TLS: {reason}", hint="see docs/limiter.md") from None
    return context
