"""Where a limiter is: `unix:///path`, `tcp://127.0.0.1:PORT`, `tls://HOST:PORT`. Pure but for names of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ...profiles.disk import data_place
from ...providers.errors import ConfigError
from ..targets.target import is_loopback

FORMS = "unix:///PATH, tcp://127.0.0.1:PORT or tls://HOST:PORT"
DEFAULT_PORT = 7433
LEAST_TOKEN = 16
"""Characters of a token: a shorter one can be guessed."""


class LimiterAddress(Struct, frozen=True):
    """A socket of this machine (`path`), or a host and a port, with or without TLS."""

    scheme: Literal["unix", "tcp", "tls"]
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def url(self) -> str:
        if self.scheme == "unix":
            return f"unix://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether nobody outside of this machine can reach it."""
        return self.scheme == "unix" or is_loopback(self.url)


def parsed_address(url: str) -> LimiterAddress:
    """Read an address. Raises `ConfigError` for one that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{url}: is no address of a limiter", hint=f"for instance {FORMS}") from None
    if parts.username or parts.password:
        raise ConfigError("the address of a limiter holds no token", hint="limiter.token_env names its variable")
    if parts.scheme == "unix":
        if sys.platform == "win32":
            raise ConfigError(f"{url}: there are no unix sockets here", hint="use tcp://127.0.0.1:PORT")
        path = unquote(parts.netloc + parts.path)
        if not path.startswith("/"):
            path = str(Path(path).expanduser().absolute()) if path else ""
        if not path or len(os.fsencode(path)) > 100:
            raise ConfigError(f"{url}: is no path of a socket", hint="unix:///PATH, of up to 100 bytes")
        return LimiterAddress("unix", path=path)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname:
        raise ConfigError(f"{url}: is no address of a limiter", hint=f"for instance {FORMS}")
    scheme: Literal["tcp", "tls"] = "tls" if parts.scheme == "tls" else "tcp"
    return LimiterAddress(scheme, parts.hostname, DEFAULT_PORT if port is None else port)


def default_url() -> str:
    """A socket that only this user of this machine reaches; on Windows a port of this machine."""
    if sys.platform == "win32":
        return f"tcp://127.0.0.1:{DEFAULT_PORT}"
    return f"unix://{data_place() / 'limiter.sock'}"


def check_client(address: LimiterAddress) -> None:
    """Raise `ConfigError` for an address to which nothing is said unprotected."""
    if address.scheme == "tcp" and not address.is_private:
        raise ConfigError(
            f"{address.url}: is not on this machine, and has no TLS", hint=f"use tls://{address.host}:{address.port}"
        )


def check_server(address: LimiterAddress, token: str | None, *, has_tls: bool) -> None:
    """Raise `ConfigError` where anybody on the network could ask, or listen."""
    if token is not None and len(token) < LEAST_TOKEN:
        raise ConfigError(
            f"a token of {len(token)} characters can be guessed", hint="make one with: thinkdial limiter token"
        )
    if address.scheme == "tls" and not has_tls:
        raise ConfigError("tls:// needs a certificate", hint="pass --cert FILE and --key-file FILE")
    if address.is_private:
        return
    missing = [
        words for words, there in (("a token", token is not None), ("TLS", address.scheme == "tls")) if not there
    ]
    if missing:
        raise ConfigError(
            f"{address.url}: is not loopback, and without {' and '.join(missing)} anybody on the network could use it",
            hint="thinkdial limiter token makes a token; then tls://HOST:PORT with --token-file, --cert and --key-file",
        )
