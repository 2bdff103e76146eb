"""Who can use a Ray cluster. Whoever can reach one that asks for no token can run anything on it, and see our rows."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys

from .....providers.errors import ConfigError

PROBE_S = 60.0
STRANGER = """
import sys
from ray._raylet import GcsClient
try:
    GcsClient(address=sys.argv[1]).internal_kv_get(b"thinkdial", None, timeout=15)
    print("open")
except Exception as error:
    print("closed" if type(error).__name__ == "AuthenticationError" else error)
"""
"""Asks a cluster without a token, in a process of its own: Ray decides only once whether it sends one."""

_TOKENS = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_HINT = "start Ray with RAY_AUTH_MODE=token and one token on all machines (docs/scale.md), or leave RAY_ADDRESS out"


def check_reach(address: str, *, needs_proof: bool = False) -> None:
    """Raise `ConfigError` for a cluster that is not on loopback and asks for no token.

    Of an address that is still to be found out (`auto`) nothing is said. `needs_proof`: the cluster is to refuse a
    stranger, wherever its first process listens.
    """
    host = host_of_address(address)
    if host is None or (is_loopback_host(host) and not needs_proof):
        return
    if address.startswith("ray://"):
        return  # of a proxy; the machines behind it are looked at once they are known
    said = _said_to_stranger(address)
    if said == "open":
        raise ConfigError(f"the Ray cluster at {address} lets anybody in who can reach it", hint=_HINT)
    if needs_proof and said != "closed":
        raise ConfigError(
            f"whether the Ray cluster at {address} asks for a token cannot be found out: {said}", hint=_HINT
        )


def asks_for_token(address: str) -> bool:
    """Whether a cluster at an address that names its host sends a stranger away."""
    is_named = host_of_address(address) is not None and not address.startswith("ray://")
    return is_named and _said_to_stranger(address) == "closed"


def host_of_address(address: str) -> str | None:
    """The host that a `RAY_ADDRESS` names; None for `auto` and the like."""
    place = address.partition("://")[2] or address
    host, colon, port = place.partition("/")[0].rpartition(":")
    if not colon or not port.isdigit():
        return None
    return host.strip("[]")


def is_loopback_host(host: str) -> bool:
    """Whether nobody but this machine reaches it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _said_to_stranger(address: str) -> str:
    """`open` or `closed`, as the cluster answers somebody without a token; else why it cannot be asked."""
    environment = {name: value for name, value in os.environ.items() if name not in _TOKENS}
    environment |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    try:
        asked = subprocess.run(  # noqa: S603 our own program
            [sys.executable, "-c", STRANGER, address],
            env=environment, capture_output=True, text=True, timeout=PROBE_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = (asked.stdout.strip() or asked.stderr.strip()).splitlines()
    return lines[-1] if lines else "it says nothing"
