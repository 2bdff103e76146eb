"""The connections of one transport: made when they are needed, kept while they may be used again."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from .errors import ConnectError, ConnectTimedOutError, words_of
from .line import HttpLine
from .sockets import is_number
from .stopwatch import Clock

if TYPE_CHECKING:
    import ssl

    from .names import NameTable

KEPT_S = 15.0
"""Seconds that a connection waits for another request; servers close idle ones after as little as 5."""

MOST_IDLE = 1024
"""Connections to one server that wait: a batch has as many as it has calls under way."""

HAPPY_EYEBALLS_S = 0.25
"""Seconds that one address of a name may take before the next is tried beside it (RFC 8305)."""


ServerAddress = tuple[str, int, bool]
"""Host, port, and whether TLS is spoken there."""


class Pool:
    """Idle connections by where they go, the youngest first. `clock` is for what is measured on them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._names: NameTable | None = None
        self._idle: dict[ServerAddress, deque[tuple[float, HttpLine]]] = {}

    def take(self, address: ServerAddress) -> HttpLine | None:
        """A connection that has been used before, or None."""
        idle = self._idle.get(address)
        if not idle:
            return None
        since = asyncio.get_running_loop().time() - KEPT_S
        while idle:
            put, line = idle.pop()
            if put >= since and line.is_open and not line.has_unread():
                return line
            line.close()
        return None

    def put(self, address: ServerAddress, line: HttpLine) -> None:
        """Keep a connection whose exchange has come to its end, or close it where it cannot be used again."""
        if not line.is_open:
            line.close()
            return
        idle = self._idle.get(address)
        if idle is None:
            idle = self._idle[address] = deque()
        now = asyncio.get_running_loop().time()
        while idle and idle[0][0] < now - KEPT_S:
            idle.popleft()[1].close()
        idle.append((now, line))
        if len(idle) > MOST_IDLE:
            idle.popleft()[1].close()

    async def connect(self, address: ServerAddress, trust: ssl.SSLContext | None, within_s: float) -> HttpLine:
        """Make one. Raises `ConnectError` and `ConnectTimedOutError`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within_s):
                _, line = await loop.create_connection(
                    partial(HttpLine, loop, self._clock),
                    ssl=trust,
                    server_hostname=None if trust is None else address[0],
                    **await self._where(loop, address),
                )
        except TimeoutError as error:
            raise ConnectTimedOutError(f"no connection within {within_s:g} s") from error
        except (OSError, UnicodeError, RuntimeError) as error:  # of TLS, a name that is none, and uvloop's own
            raise ConnectError(words_of(error)) from error
        return line

    async def _where(self, loop: asyncio.AbstractEventLoop, address: ServerAddress) -> dict[str, Any]:
        """How a connection is asked for, so that an address that leads nowhere holds nothing up."""
        host, port, _ = address
        if is_number(host):
            return {"host": host, "port": port}
        import aiohappyeyeballs  # here: servers on this machine have a number

        from .names import NameTable

        if self._names is None:
            self._names = NameTable()
        found = await self._names.addresses(host, port)

        connect: Any = aiohappyeyeballs.start_connection  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return {"sock": await connect(found, happy_eyeballs_delay=HAPPY_EYEBALLS_S, loop=loop)}

    def close(self) -> None:
        """Close what is idle. What is in use is its exchange's to close."""
        for idle in self._idle.values():
            for _, line in idle:
                line.close()
        self._idle.clear()
