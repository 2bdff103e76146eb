"""Names of hosts -> addresses, looked up beside everything else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

Addresses = list[tuple[Any, ...]]
"""As `socket.getaddrinfo` gives them."""


class NameTable:
    """Looks each name up once at a time, for all who ask.

    The system's resolver cannot be broken off, and takes half a minute where no server answers it. So nobody waits for
    it who does not want to any more: neither a call whose time is over nor the end of the process, both of which wait
    for the threads of an event loop.
    """

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], asyncio.Future[Addresses]] = {}

    async def addresses(self, host: str, port: int) -> Addresses:
        """Where `host` may be reached; not empty. Raises `OSError`, and `UnicodeError` for what is no name."""
        under_way = self._under_way.get((host, port))
        if under_way is None:
            under_way = self._under_way[host, port] = self._begin(host, port)
        found = await asyncio.shield(under_way)
        if not found:
            raise OSError("the name has no address")
        return found

    def _begin(self, host: str, port: int) -> asyncio.Future[Addresses]:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Addresses] = loop.create_future()

        def settle(result: Addresses | Exception) -> None:
            self._under_way.pop((host, port), None)
            if isinstance(result, Exception):
                found.set_exception(result)
                found.exception()  # which is nobody's fault where nobody waits any more
            else:
                found.set_result(result)

        def tell(result: Addresses | Exception) -> None:
            with suppress(RuntimeError):  # the loop is closed: it is too late
                loop.call_soon_threadsafe(settle, result)

        _look_up(host, port, tell)
        return found


def addresses_within(host: str, port: int, within_s: float) -> Addresses:
    """Where `host` may be reached, for who waits for it without an event loop. Raises `OSError` and `UnicodeError`."""
    told: SimpleQueue[Addresses | Exception] = SimpleQueue()
    _look_up(host, port, told.put)
    try:
        result = told.get(timeout=within_s)
    except Empty:
        raise TimeoutError(f"{host} was not found within {within_s:g} s") from None
    if isinstance(result, Exception):
        raise result
    return result


def _look_up(host: str, port: int, tell: Callable[[Addresses | Exception], None]) -> None:
    """Begin to look `host` up. `tell` is called in a thread that nobody has to wait for."""
    # This machine, as RFC 6761 has it, whatever a resolver says: what is sent there is trusted as such.
    asked = "localhost" if host.endswith(".localhost") else host

    def work() -> None:
        try:
            tell([*socket.getaddrinfo(asked, port, type=socket.SOCK_STREAM)])
        except Exception as error:
            tell(error)

    Thread(target=work, name=f"look up {host}", daemon=True).start()
