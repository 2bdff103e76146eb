"""What a worker does: prepared calls in, results out one by one. It knows no configuration, no rows and no budget.

What carries the frames is not known here: a socket of a process on this machine, or an actor of a cluster.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit
from urllib.request import getproxies

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import Failure, ThinkdialError
from ...costs.prices import pricing
from ...exchange.surroundings import Surroundings
from ...exchange.transport import Transport
from ...planning.prepare import Prepared
from ...results.result import Result
from ...runs.call import make_call
from ...runs.jobs import ReadyCall
from ...targets.authorize import Authorize, authorization, by_key
from ...targets.keys import Key, account_label
from ...targets.target import Target, is_loopback
from .identity import greeting
from .lent_purse import LentPurse
from .messages import (
    AskMore,
    Beat,
    BreakOff,
    CallBroke,
    CallDone,
    Heard,
    Introduction,
    Message,
    MoreGranted,
    RouteState,
    Secret,
    TakenBack,
    Template,
    WorkerGreeting,
    WorkOrder,
    packed,
    unpacked,
)
from .parcels import clad, unpack, with_secrets

BEAT_S = 2.0
"""How often a worker says that it lives."""

REACH_S = 10.0
"""How long a connection to a host may take, when it is tried out."""

LIMIT_WORDS = ("limit", "retry-after", "reset", "remaining", "date")
"""What is in the names of headers that say something of limits."""

Unseal = Callable[[bytes], bytes]


class CallWorker:
    """Makes the calls of frames that it is given, and hands frames to `send`. Everything runs on one event loop.

    `send` is called at most every `linger_s` seconds, and returns at once. `unseal` opens what only we may read.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        linger_s: float,
        environment: Mapping[str, str] = os.environ,
        unseal: Unseal | None = None,
        seal: str = "",
    ) -> None:
        self._send, self._linger_s, self._environment, self._unseal = send, linger_s, environment, unseal
        self.greeting: WorkerGreeting = greeting(seal)
        self._outbox: list[Message] = []
        self._flush_at: asyncio.TimerHandle | None = None
        self._last_sent = 0.0
        self._routes: dict[int, _Route] = {}
        self._templates: dict[int, Prepared] = {}
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._asking: dict[int, asyncio.Future[MoreGranted]] = {}
        self._begun: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self._transport = Transport()
        self._warm: asyncio.Future[None] = self._loop.run_in_executor(None, pricing.warm)
        self._beat = self._loop.create_task(self._keep_beating())
        self._others: set[asyncio.Task[None]] = set()

    def take(self, frame: bytes) -> None:
        """Begin what a frame asks for."""
        for message in unpacked(frame):
            match message:
                case WorkOrder():
                    # Begun a turn of the loop later: what is read with it may say that others have been given it.
                    self._calls[message.id] = self._loop.create_task(self._do(message))
                case Template():
                    target = self._routes[message.route].target
                    self._templates[message.number] = clad(message.prepared, target)
                case Introduction():
                    self._routes[message.number] = _Route(message, self._opened(message))
                    task = self._loop.create_task(self._look(self._routes[message.number]))
                    self._others.add(task)
                    task.add_done_callback(self._others.discard)
                case TakenBack():
                    for number in message.ids:
                        if number not in self._begun and (call := self._calls.pop(number, None)) is not None:
                            call.cancel()
                case BreakOff():
                    if (call := self._calls.get(message.id)) is not None:
                        call.cancel()
                case MoreGranted():
                    if (asked := self._asking.pop(message.id, None)) is not None and not asked.done():
                        asked.set_result(message)
                case _:
                    pass

    async def close(self) -> None:
        """Break off what is under way."""
        self._beat.cancel()
        tasks = [*self._calls.values(), *self._others]
        for task in tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.gather(*tasks, return_exceptions=True)
        await self._transport.__aexit__(None, None, None)

    # What is sent.

    def _tell(self, message: Message) -> None:
        self._outbox.append(message)
        if self._flush_at is None:
            wait = max(0.0, self._last_sent + self._linger_s - self._loop.time())
            self._flush_at = self._loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        self._flush_at = None
        self._last_sent = self._loop.time()
        messages, self._outbox = self._outbox, []
        try:
            frame = packed(messages)
        except Exception as error:  # one that cannot travel is not to stop the others
            frame = packed([_carried(message, error) for message in messages])
        self._send(frame)

    async def _keep_beating(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            if not self._outbox:
                self._tell(Beat())

    # Routes.

    def _opened(self, told: Introduction) -> Secret | None:
        if told.sealed is None or self._unseal is None:
            return None
        return pickle.loads(self._unseal(told.sealed))  # noqa: S301 the driver has sealed it

    async def _look(self, route: _Route) -> None:
        """Find out whether calls can go this way, and tell."""
        told, number = route.told, route.told.number
        try:
            await self._loop.run_in_executor(None, route.find_key, self._environment)
        except ThinkdialError as error:
            self._tell(RouteState(number, problem=error.message))
            return
        except Exception as error:
            self._tell(RouteState(number, problem=f"its key cannot be read: {type(error).__name__}"))
            return
        problem = await _unreachable(route.target.base_url) if told.asks_reach else None
        account = account_label(told.salt, route.key)
        self._tell(RouteState(number, account, problem, is_unreachable=problem is not None))

    # Calls.

    async def _do(self, order: WorkOrder) -> None:
        self._begun.add(order.id)
        try:
            route = self._routes[order.route]
            template = None if order.template is None else self._templates[order.template]
            prepared = unpack(template, order.given, route.target)
            result = await self._make(order, route, prepared)
        except Exception as error:  # told, or the batch would wait for it for ever
            self._tell(CallBroke(order.id, type(error).__name__))
            return
        finally:
            self._begun.discard(order.id)
            self._calls.pop(order.id, None)
        self._tell(CallDone(order.id, result))

    async def _make(self, order: WorkOrder, route: _Route, prepared: Prepared) -> Result:
        if not self._warm.done() and route.target.profile.price is None:
            with suppress(Exception):  # whoever needs the table and cannot have it says so
                await asyncio.shield(self._warm)
        heard = partial(self._heard, order.id)
        purse = LentPurse(order, self._ask, route.target) if order.asks else None
        call = ReadyCall(prepared, route.key, route.authorize, route.told.patience)
        return await make_call(
            call, Surroundings(self._transport, on_response=heard), run_id=route.told.run_id, at=order.at,
            extra=route.told.extra, index=order.id, purse=purse,
        )  # fmt: skip

    def _heard(self, number: int, status: int, headers: Mapping[str, str]) -> None:
        told = {name: value for name, value in headers.items() if any(word in name for word in LIMIT_WORDS)}
        if len(told) > ("date" in told) or status == 429:
            self._tell(Heard(number, status, told))

    async def _ask(self, asked: AskMore) -> MoreGranted:
        answer = self._asking[asked.id] = self._loop.create_future()
        self._tell(asked)
        return await answer


class _Route(Struct):
    """A way that calls go, with what authorizes them."""

    told: Introduction
    secret: Secret | None
    key: Key | None = None
    authorize: Authorize | None = None

    @property
    def target(self) -> Target:
        target = self.told.target
        return target if self.secret is None else with_secrets(target, dict(self.secret.headers))

    def find_key(self, environment: Mapping[str, str]) -> None:
        """Raises `ConfigError` where there is none here."""
        if self.secret is not None and self.secret.key is not None:
            self.key = Key(*self.secret.key)
            self.authorize = by_key(self.target, self.key)
        else:
            self.key, self.authorize = authorization(self.target, environment)


def _carried(message: Message, error: Exception) -> Message:
    """`message`, or what is said instead of one that cannot be written down."""
    try:
        packed([message])
    except Exception:
        if isinstance(message, CallDone):
            words = f"the result could not be carried: {type(error).__name__}: {error}"
            plain = replace(message.result, error=Failure("protocol", words, hint="please report it"), status="error")
            return CallDone(message.id, replace(plain, answer_json=None, turn=None, checks=()))
        return Beat()
    return message


async def _unreachable(base_url: str) -> str | None:
    """Why the host of `base_url` cannot be reached from here; of one behind a proxy nothing is said."""
    parts = urlsplit(base_url)
    if not is_loopback(base_url) and getproxies():
        return None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(REACH_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
        writer.close()
    except (OSError, TimeoutError) as error:
        return f"{parts.hostname} cannot be reached ({getattr(error, 'strerror', None) or type(error).__name__})"
    return None
