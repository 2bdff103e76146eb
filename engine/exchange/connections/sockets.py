"""What every connection has: keep-alive, what waits to be read, what is an address, and proxies where they are set."""

from __future__ import annotations

import os
import select
import socket
import sys
from contextlib import suppress
from typing import Protocol

KEEP_ALIVE_S = 60
"""Seconds of silence before the system asks whether the other side lives: a NAT forgets after a few minutes."""

KEEP_ALIVE_PROBES = 5


class Settable(Protocol):
    """A socket, or what an event loop gives for one."""

    def setsockopt(self, level: int, name: int, value: int, /) -> None: ...


def keep_alive(sock: Settable) -> None:
    """Have the system send probes while nothing else is sent. What it does not know is left out."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (
        ("TCP_KEEPIDLE", KEEP_ALIVE_S),
        ("TCP_KEEPALIVE", KEEP_ALIVE_S),  # macOS
        ("TCP_KEEPINTVL", KEEP_ALIVE_S),
        ("TCP_KEEPCNT", KEEP_ALIVE_PROBES),
    ):
        if (option := getattr(socket, name, None)) is not None:
            options.append((socket.IPPROTO_TCP, option, value))
    for level, option, value in options:
        with suppress(OSError):
            sock.setsockopt(level, option, value)


def is_readable(descriptor: int) -> bool:
    """Whether a read would not wait: bytes, an end or an error are there. So it is for a `descriptor` that is none."""
    try:
        if sys.platform == "win32":
            return bool(select.select([descriptor], [], [], 0)[0])
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def is_number(host: str) -> bool:
    """Whether `host` is an address already."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def proxies_are_set() -> bool:
    """Whether the environment, or the system where it has a place for them, names proxies."""
    if sys.platform not in ("win32", "darwin") and not any(name.lower().endswith("_proxy") for name in os.environ):
        return False
    from urllib.request import getproxies

    return bool(getproxies())
