"""Keeps our own credentials out of what is stored: some servers repeat what they were sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..planning.prepare import Prepared
from ..targets.keys import Key

MASK = "***"
SECRET_WORDS = ("auth", "key", "token", "secret", "cookie", "pass", "credential", "session", "signature")

LEAST_SECRET = 8
"""Shorter header values are words, not credentials."""

MARK = b"[key]"


def secrets_of(prepared: Prepared, key: Key | None) -> tuple[bytes, ...]:
    """What of a call must not be stored: its key, and the headers whose names say that they are credentials."""
    found = () if key is None else (key.reveal().encode(),)
    return found + _secret_values(prepared.request.headers)


@lru_cache(maxsize=64)
def _secret_values(headers: tuple[tuple[str, str], ...]) -> tuple[bytes, ...]:
    """The values of headers that are credentials: the same for all rows of a batch."""
    return tuple(
        value.encode()
        for name, value in headers
        if len(value) >= LEAST_SECRET and any(word in name.lower() for word in SECRET_WORDS)
    )


class Redactor:
    """Replaces `secrets` in a stream of bytes, also one that arrives in two pieces.

    Only the end of a piece that may be the beginning of a secret is held back until more comes.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._held = b""

    def whole(self, data: bytes) -> bytes:
        """`data`, which is all there is."""
        return self.feed(data) + self.close()

    def feed(self, data: bytes) -> bytes:
        """What of the stream so far may be stored and has not been given before."""
        data = self._held + data
        for secret in self._secrets:
            data = data.replace(secret, MARK)
        held = max((_overlap(data, secret) for secret in self._secrets), default=0)
        self._held = data[len(data) - held :]
        return data[: len(data) - held]

    def close(self) -> bytes:
        """What was held back: the stream ended before it became a secret."""
        held, self._held = self._held, b""
        return held


def _overlap(data: bytes, secret: bytes) -> int:
    """How many bytes at the end of `data` are the beginning of `secret`."""
    at = data.find(secret[:1], max(0, len(data) - len(secret) + 1))
    while at >= 0:
        if secret.startswith(data[at:]):
            return len(data) - at
        at = data.find(secret[:1], at + 1)
    return 0


def masked_headers(prepared: Prepared, key_source: str | None) -> dict[str, str]:
    """The headers that would be sent, with every credential masked."""
    provider, use = prepared.target.provider, prepared.target.use
    auth_header = (use.auth_header or provider.auth_header).lower()
    auth_scheme = provider.auth_scheme if use.auth_scheme is None else use.auth_scheme
    headers = {
        name: MASK if name == auth_header or any(word in name.lower() for word in SECRET_WORDS) else value
        for name, value in prepared.request.headers
    }
    if key_source is not None:
        headers.setdefault(auth_header, f"{auth_scheme}{MASK}")
    return headers
