"""Which of the usual local servers listen on this machine. Nothing but a connection to loopback is made."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable
from contextlib import ExitStack
from urllib.parse import urlsplit

from ...profiles.provider import Provider
from ..targets.target import is_loopback

PATIENCE_S = 0.15


def local_servers(providers: Iterable[Provider]) -> list[Provider]:
    """The providers with an address on this machine where something accepts a connection."""
    local = [(provider, url) for provider in providers if (url := provider.base_url) and is_loopback(url)]
    open_now = accepting(url for _, url in local)
    return [provider for provider, url in local if url in open_now]


def accepting(urls: Iterable[str]) -> set[str]:
    """Those of these addresses on this machine where something accepts a connection: all are tried at once."""
    found: set[str] = set()
    with ExitStack() as opened:
        waiting = opened.enter_context(selectors.DefaultSelector())
        for url in set(urls):
            for family, place in _places(url):
                try:
                    sock = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
                    sock.setblocking(False)
                    sock.connect_ex(place)
                    waiting.register(sock, selectors.EVENT_WRITE, url)
                except OSError:
                    continue  # a family that this machine does not have
        end = time.monotonic() + PATIENCE_S
        while waiting.get_map() and (left_s := end - time.monotonic()) > 0:
            for key, _ in waiting.select(left_s):
                if isinstance(key.fileobj, socket.socket):
                    waiting.unregister(key.fileobj)
                    if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        found.add(key.data)
    return found


def _places(url: str) -> list[tuple[int, tuple[str, int]]]:
    """The families and addresses of a loopback host; none where it has no such name."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        listed = socket.getaddrinfo((parts.hostname or "").encode("ascii"), port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return []
    return [(family, (str(place[0]), int(place[1]))) for family, _, _, _, place in listed]
