"""What is behind an address that a person named: fetched without credentials, never from a place inside the network."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urljoin, urlsplit

from ....providers.errors import UsageError
from ....providers.version import VERSION
from .names import addresses_within

MOST_REDIRECTS = 5
MOST_SECONDS = 60.0
_PATIENCE_S = 15.0
_PIECE = 65_536
_REDIRECTS = frozenset((301, 302, 303, 307, 308))

Resolve = Callable[[str, int], Iterable[str]]
"""The addresses of a host, as numbers."""


def resolved_by_system(host: str, port: int) -> list[str]:
    """What the system's resolver says. Raises `OSError`."""
    return [str(entry[4][0]) for entry in addresses_within(host, port, _PATIENCE_S)]


def download(address: str, most_bytes: int, *, resolve: Resolve = resolved_by_system) -> bytes:
    """The body. Every address on the way is looked up once, checked, and that very number is connected to.

    Raises `UsageError` for a scheme, host or number that is refused, for an error, and for what takes too long or is
    too large.
    """
    deadline = time.monotonic() + MOST_SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        parts = urlsplit(address)
        number = _checked(parts, resolve)
        try:
            found = _get(parts, number, most_bytes, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise UsageError(f"{_shown(parts)} cannot be fetched: {error}") from None
        if isinstance(found, bytes):
            return found
        address = urljoin(address, found)
    raise UsageError(f"{_shown(urlsplit(address))}: more than {MOST_REDIRECTS} redirects")


def _shown(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:300]


def _checked(parts: SplitResult, resolve: Resolve) -> str:
    """The number to connect to."""
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError("the address to attach is none") from None
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{_shown(parts)}: only http and https addresses are fetched")
    if parts.username is not None:
        raise UsageError(f"{_shown(parts)}: an address with a user name is not fetched")
    try:
        numbers = [*resolve(host, port or (443 if parts.scheme == "https" else 80))]
    except (OSError, UnicodeError):
        raise UsageError(f"{_shown(parts)}: the host {host} is not known") from None
    inside = [number for number in numbers if not is_public(number)]
    if inside or not numbers:
        raise UsageError(
            f"{_shown(parts)} leads to {inside[0] if inside else 'nowhere'}, which is no public address",
            hint="save it as a file and attach that",
        )
    return numbers[0]


def is_public(number: str) -> bool:
    """Whether the address belongs to the public internet: not to this machine, its network, or a cloud's inside."""
    try:
        found = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in _TRANSLATED:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast and not found.is_reserved


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def _get(parts: SplitResult, number: str, most_bytes: int, deadline: float) -> bytes | str:
    """The body, or where a redirect leads."""
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    connection = http.client.HTTPConnection(host, port)
    opened: socket.socket = socket.create_connection((number, port), timeout=_patience(deadline))
    try:
        if is_secure:
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
        connection.sock = opened
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        named = f"[{host}]" if ":" in host else host
        shown = named if parts.port is None else f"{named}:{port}"
        connection.request("GET", path, headers={"host": shown, "user-agent": f"thinkdial/{VERSION}", "accept": "*/*"})
        response = connection.getresponse()
        if response.status in _REDIRECTS and (target := response.getheader("location")):
            return target
        if response.status != 200:
            raise UsageError(f"{_shown(parts)} cannot be fetched: HTTP {response.status}")
        return _body(response, opened, parts, most_bytes, deadline)
    finally:
        connection.close()
        opened.close()


def _body(
    response: http.client.HTTPResponse,
    opened: socket.socket,
    parts: SplitResult,
    most_bytes: int,
    deadline: float,
) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        if opened.fileno() >= 0:
            opened.settimeout(_patience(deadline))
        piece = response.read1(_PIECE)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > most_bytes:
            raise UsageError(f"{_shown(parts)} is larger than {most_bytes // 2**20} MiB")


def _patience(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"it takes longer than {MOST_SECONDS:.0f} s")
    return min(_PATIENCE_S, left)
