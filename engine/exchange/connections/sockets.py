"""What every connection has, whoever opens it: TCP keep-alive, and the roots that the environment names."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

KEEP_ALIVE_S = 60
"""Seconds of silence before the system asks whether the other side lives: a NAT forgets after a few minutes."""

KEEP_ALIVE_PROBES = 5

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Files or directories of roots that are trusted beside the system's, or beside those of SSL_CERT_FILE.

Source: https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
"""


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


def add_named_roots(trust: ssl.SSLContext, environment: Mapping[str, str] = os.environ) -> None:
    """Trust what `CA_VARIABLES` name as well. Raises `OSError` for a file that holds no certificates."""
    for name in CA_VARIABLES:
        path = Path(environment.get(name) or "/dev/null")
        if path.is_dir():
            trust.load_verify_locations(capath=path)
        elif path.is_file():
            trust.load_verify_locations(cafile=path)
