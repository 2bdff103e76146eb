"""Keeps our own credentials out of what is shown and stored: some servers repeat what they were sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from ...providers.errors import Failure
from ...providers.schema import HttpRequest, Notice
from ..planning.prepare import Prepared
from ..targets.authorize import auth_of
from ..targets.keys import Key
from ..targets.target import Target

MASK = "***"
SECRET_WORDS = ("auth", "key", "token", "secret", "cookie", "pass", "credential", "session", "signature")

LEAST_SECRET = 8
"""Characters. What is shorter is a word, as local servers take for a key (`x`, `none`), and found in any answer."""

MARK = "[key]"

Told = TypeVar("Told", Failure, Notice)


class Secrets:
    """What must not come back out of a response, as text or as bytes.

    A value shorter than `LEAST_SECRET` is no secret that can be recognised: it stays where it is, since taking it out
    would take an answer apart.
    """

    __slots__ = ("_encoded", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({value for value in values if len(value) >= LEAST_SECRET}, key=len, reverse=True)
        self._encoded = tuple(value.encode() for value in self._values)

    def out_of(self, text: str) -> str:
        """`text` without them."""
        for value in self._values:
            text = text.replace(value, MARK)
        return text

    def out_of_message(self, told: Told) -> Told:
        """What a server said, without them."""
        message = self.out_of(told.message)
        return told if message == told.message else replace(told, message=message)

    def redactor(self) -> Redactor:
        """For one body."""
        return Redactor(self._encoded)


def secrets_of(headers: Iterable[tuple[str, str]], key: Key | None) -> Secrets:
    """The secrets of a request: its key, and the headers whose names say that they are credentials."""
    return _secrets(tuple(headers), "" if key is None else key.reveal())


def sent_secrets(target: Target, request: HttpRequest, auth: Mapping[str, str]) -> Secrets:
    """The secrets of a request whose credential is known only as the headers `auth` that it was given."""
    header, scheme = auth_of(target)
    return _secrets((*request.headers, *auth.items()), auth.get(header, "").removeprefix(scheme))


@lru_cache(maxsize=64)
def _secrets(headers: tuple[tuple[str, str], ...], key: str) -> Secrets:
    """They are the same for all rows of a batch."""
    named = (value for name, value in headers if _is_secret(name))
    return Secrets((key, *named))


def _is_secret(header: str) -> bool:
    return any(word in header.lower() for word in SECRET_WORDS)


class Redactor:
    """Replaces `secrets` in a stream of bytes, also one that arrives in two pieces.

    Only the end of a piece that may be the beginning of a secret is held back until more comes.
    """

    __slots__ = ("_held", "_secrets")

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._held = b""

    def whole(self, data: bytes) -> bytes:
        """`data`, which is all there is."""
        return self.feed(data) + self.close()

    def feed(self, data: bytes) -> bytes:
        """What of the stream so far may be stored and has not been given before."""
        if not self._secrets:
            return data
        data = self._held + data
        for secret in self._secrets:
            data = data.replace(secret, MARK.encode())
        held = max(_overlap(data, secret) for secret in self._secrets)
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
    auth_header, auth_scheme = auth_of(prepared.target)
    headers = {
        name: MASK if name == auth_header or _is_secret(name) else value for name, value in prepared.request.headers
    }
    if key_source is not None:
        headers.setdefault(auth_header, f"{auth_scheme}{MASK}")
    return headers
