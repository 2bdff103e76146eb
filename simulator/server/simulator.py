"""The simulator as a server on loopback: in an event loop, in a thread for synchronous tests, or until interrupted."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Unpack

import h11

from ..batches.backend import BatchArguments, batch_options
from ..batches.logged import LoggedBatch, LoggedRow
from ..calls.fields import JsonObject, as_list, as_object, decode_object
from ..calls.reply import HttpReply, whole
from ..calls.request import Request
from .dispatch import CHALLENGE, Dispatcher
from .http import Channel, MalformedError
from .limits import RateLimits
from .log import LoggedRequest, RequestLog, hidden, without_credentials

DEMO_PACE = 0.3
STARTUP_S = 10.0
ROW_FIELDS = ("requests", "batch_requests", "batch", "inputConfig", "input_config")


class SimulatorArguments(BatchArguments, total=False):
    """What a simulator can be told, as keyword arguments; the meaning is `Simulator`'s."""

    seed: int
    pace: float
    faults: Mapping[str, float] | None
    port: int
    log: Path | None
    mark: str | None
    retry_after_s: float
    limits: RateLimits | None


class Simulator:
    """A deterministic stand-in for the vendors, on loopback only.

    `pace` multiplies the simulated seconds: 1.0 is about as slow as the real services, `DEMO_PACE` suits a demo, 0.0
    never waits. `faults` are rates between 0 and 1 by fault name. `port` 0 takes a free one. `log` names a file that
    gets one JSON line a request. `retry_after_s` is what rate limits ask clients to wait; `limits` are enforced. Raises
    `ValueError` for a host that is not loopback and for a fault that does not exist. By `mark`, a secret, clients know
    that nothing here is real; each simulator makes one of its own where none is given.

    `directory` keeps batches and files across restarts; without one they are forgotten at the end. A batch ends when it
    is looked at for the `batch_polls`-th time, or, with `batch_s`, when so many seconds have passed. `batch_rows` and
    `batch_bytes` lower the vendors' limits of rows and bytes; `clock` gives the time in batches and files.
    """

    def __init__(
        self,
        seed: int = 0,
        pace: float = 0.0,
        faults: Mapping[str, float] | None = None,
        port: int = 0,
        log: Path | None = None,
        *,
        host: str = "127.0.0.1",
        mark: str | None = None,
        retry_after_s: float = 1.0,
        limits: RateLimits | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        **batches: Unpack[BatchArguments],
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the simulator listens on loopback only, not on {host}")
        self.mark = mark or secrets.token_hex(16)
        self._pace = pace
        self._host = host
        self._port = port
        self._sleep = sleep
        self._log = RequestLog(log)
        self._dispatcher = Dispatcher(
            seed=seed,
            faults=faults,
            retry_after_s=retry_after_s,
            batches=batch_options(batches),
            log=self._log,
            mark=self.mark,
            limits=limits,
        )
        self._number = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:41234`."""
        if self._server is None:
            raise RuntimeError("the simulator is not running")
        port: int = self._server.sockets[0].getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """What was asked so far, oldest first."""
        return self._log.requests

    @property
    def batches(self) -> tuple[LoggedBatch, ...]:
        """The batches that were created since the start, oldest first."""
        return self._log.batches

    @property
    def rows(self) -> tuple[LoggedRow, ...]:
        """What became of rows of batches since the start, as it happened."""
        return self._log.rows

    async def __aenter__(self) -> Simulator:
        self._server = await asyncio.start_server(self._accept, self._host, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._dispatcher.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(Channel(reader, writer)))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, channel: Channel) -> None:
        try:
            while await self._exchange(channel):
                pass
        except (OSError, h11.LocalProtocolError):
            # The client left in the middle; the log says that the reply was not completed.
            pass
        finally:
            await channel.close()

    async def _exchange(self, channel: Channel) -> bool:
        """One request and its reply; False when the connection is to be closed."""
        try:
            request = await channel.receive()
        except MalformedError as problem:
            await channel.send(_refusal(problem), method="POST", wait=self._wait)
            await channel.linger()
            return False
        if request is None:
            return False
        if request.path == "/" and CHALLENGE in request.query:  # asked by the client itself, and not of a vendor
            reply = self._dispatcher.respond(request, 0).reply
            return await channel.send(reply, method=request.method, wait=self._wait) and channel.next_cycle()
        self._number += 1
        number = self._number
        self._log.add(_logged(number, request))
        outcome = self._dispatcher.respond(request, number)

        def note(completed: bool) -> None:
            self._log.update(number, faults=outcome.faults, status=outcome.reply.status or None, completed=completed)

        note(completed=False)
        completed = False
        try:
            completed = await channel.send(
                outcome.reply, method=request.method, wait=self._wait, finishing=lambda: note(completed=True)
            )
        finally:
            note(completed)
            self._log.close(number)
        return completed and channel.next_cycle()

    async def _wait(self, simulated_s: float) -> None:
        if simulated_s > 0 and self._pace > 0:
            await self._sleep(simulated_s * self._pace)


@contextmanager
def simulator_in_thread(**arguments: Unpack[SimulatorArguments]) -> Generator[Simulator, None, None]:
    """A running simulator with an event loop of its own in a background thread, for synchronous callers."""
    simulator = Simulator(**arguments)
    started = threading.Event()
    failures: list[BaseException] = []
    stop: list[Callable[[], object]] = []

    async def run() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        async with simulator:
            started.set()
            await stopped.wait()

    def target() -> None:
        try:
            asyncio.run(run())
        except Exception as error:
            failures.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=target, name="thinkdial-simulator", daemon=True)
    thread.start()
    started.wait(STARTUP_S)
    if failures:
        raise failures[0]
    try:
        yield simulator
    finally:
        stop[0]()
        thread.join()


@contextmanager
def running_simulator(**arguments: Unpack[SimulatorArguments]) -> Generator[str, None, None]:
    """The base URL of a simulator that runs in a background thread."""
    with simulator_in_thread(**arguments) as simulator:
        yield simulator.base_url


def serve_forever(simulator: Simulator, ready: Callable[[str], object]) -> None:
    """Run a simulator until interrupted; `ready` gets the base URL once it listens."""

    async def run() -> None:
        async with simulator:
            ready(simulator.base_url)
            await asyncio.Event().wait()

    asyncio.run(run())


def _refusal(problem: MalformedError) -> HttpReply:
    body = {"error": {"message": problem.message, "type": "simulator_error"}}
    return whole(problem.status, body, (("connection", "close"),))


def _logged(number: int, request: Request) -> LoggedRequest:
    query = {name: hidden(value) if name == "key" else value for name, value in request.query.items()}
    body = _without_rows(decode_object(request.body))
    return LoggedRequest(number, request.method, request.path, query, without_credentials(request.headers), body)


def _without_rows(body: JsonObject | None) -> JsonObject | None:
    """The body with the rows of a batch counted; the log has a line for each of them."""
    if body is None:
        return None
    return {name: _counted(value) if name in ROW_FIELDS else value for name, value in body.items()}


def _counted(value: object) -> object:
    rows = as_list(value)
    if rows is not None:
        return f"<{len(rows)} rows>"
    fields = as_object(value)
    if fields is None:
        return value
    return {name: _counted(item) if name in ROW_FIELDS else item for name, item in fields.items()}
