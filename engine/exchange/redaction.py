r"""Replaces credentials in bytes that come in pieces, however JSON may have spelled them. Pure.

A server may write any character as `\u0073`, and a `/` as `\/`; in JSON that stands within JSON the backslashes double.
Source: https://www.rfc-editor.org/rfc/rfc8259#section-7
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

MARK = "[key]"

MOST_BACKSLASHES = 8
"""Before one character: JSON within JSON within JSON within JSON."""

LONGEST_PIECE = 2**20
"""Characters that are looked at at once."""

_LONGEST_SPELLING = 2 * (MOST_BACKSLASHES + len("u0000"))
_HINT = re.compile(rb"\\(?:u(?:0(?:0(?:[2-7]|\Z)|\Z)|\Z)|\Z)")
"""What every spelling of a printable ASCII character by its number has, also where the end cuts it."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~+=:@ -]+")
"""Characters that JSON spells in one other way only: by their number."""


def is_plain(value: str) -> bool:
    """Whether JSON has but one other way to spell `value`, with the number of a character."""
    return _PLAIN.fullmatch(value) is not None


class _Secret:
    """One credential, and what finds it."""

    __slots__ = ("characters", "is_plain", "pattern", "plain", "reach", "start", "two")

    def __init__(self, value: str) -> None:
        self.characters, self.plain, self.two = value, value.encode(), value[:2]
        self.is_plain = is_plain(value)
        self.pattern = re.compile("".join(map(_spelled, value)).encode())
        self.start = re.compile(f"[\\\\]|{re.escape(value[0])}".encode())
        self.reach = _LONGEST_SPELLING * len(value)

    def may_be_escaped(self, data: bytes) -> bool:
        return b"\\" in data and (not self.is_plain or _HINT.search(data) is not None)

    def out_of(self, data: bytes) -> bytes:
        data = data.replace(self.plain, MARK.encode())
        return self.pattern.sub(MARK.encode(), data) if self.may_be_escaped(data) else data

    def may_begin(self, text: str) -> bool:
        """Whether the last characters of `text` may be the first ones of the secret."""
        if text.endswith(self.characters[0]):
            return True
        at = text.find(self.two, max(0, len(text) - len(self.characters) + 1))  # two are far rarer in prose than one
        while at >= 0:
            if self.characters.startswith(text[at:]):
                return True
            at = text.find(self.two, at + 1)
        return False

    def overlap(self, data: bytes) -> int:
        """How many bytes at the end of `data` are the beginning of the secret."""
        if self.may_be_escaped(data):
            return self._escaped_overlap(data)
        at = data.find(self.plain[:1], max(0, len(data) - len(self.plain) + 1))
        while at >= 0:
            if self.plain.startswith(data[at:]):
                return len(data) - at
            at = data.find(self.plain[:1], at + 1)
        return 0

    def _escaped_overlap(self, data: bytes) -> int:
        for found in self.start.finditer(data, max(0, len(data) - self.reach)):
            if self._begins(data[found.start() :]):
                return len(data) - found.start()
        return 0

    def _begins(self, tail: bytes) -> bool:
        """Whether `tail` is the beginning of the secret, in whatever spelling."""
        at = 0
        for character in self.characters:
            if len(tail) - at < _LONGEST_SPELLING and _is_cut(tail[at:], character):
                return True
            found = _matcher(character).match(tail, at)
            if found is None:
                return False
            at = found.end()
        return False


class Redactor:
    """Replaces `secrets` in a stream of bytes, also one that arrives in two pieces.

    Only the end of a piece that may be the beginning of a secret is held back until more comes. `found`: one was there.
    """

    __slots__ = ("_are_lines", "_escape", "_held", "_secrets", "found")

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._secrets, self._escape, self._are_lines = _sought(tuple(secrets))
        self._held: bytes = b""
        self.found = False

    def whole(self, data: bytes) -> bytes:
        """`data`, which is all there is."""
        return self.feed(data) + self.close()

    def feed(self, data: bytes) -> bytes:
        """What of the stream so far may be stored and has not been given before."""
        if not self._secrets:
            return data
        if self._held:
            data = self._held + data
        is_escaped, held = b"\\" in data, 0
        for secret in self._secrets:
            if is_escaped or secret.plain in data:
                kept = secret.out_of(data)
                if kept != data:
                    data, self.found = kept, True
        if self._are_lines and data.endswith(b"\n"):  # as nearly every piece of a stream does
            self._held = b""
            return data
        for secret in self._secrets:
            held = max(held, secret.overlap(data))
        self._held = data[len(data) - held :]
        return data[: len(data) - held]

    def text(self, text: str, errors: str = "replace") -> str:
        """The same for a text; itself where all of it may be had. A long one is looked at piece by piece."""
        if not self._held and self._passes(text):
            return text
        kept: list[str] = []
        is_same = not self._held
        for at in range(0, len(text), LONGEST_PIECE):
            data = text[at : at + LONGEST_PIECE].encode("utf-8", errors)
            given = self.feed(data)
            if is_same and given != data:
                is_same = False
                kept.append(text[:at])
            if not is_same:
                kept.append(given.decode("utf-8", errors))
        return text if is_same else "".join(kept)

    def _passes(self, text: str) -> bool:
        """Whether it is plain at a glance that no secret is in `text`, nor the beginning of one at its end."""
        if self._escape in text or text.endswith("\\"):
            return False
        for one in self._secrets:  # a generator would cost as much again
            if one.characters in text:
                return False
        return not any(one.may_begin(text) for one in self._secrets)

    def close(self) -> bytes:
        """What was held back: the stream ended before it became a secret."""
        held, self._held = self._held, b""
        return held


@lru_cache(maxsize=256)
def _secret(value: str) -> _Secret:
    return _Secret(value)


@lru_cache(maxsize=64)
def _sought(secrets: tuple[bytes, ...]) -> tuple[Sequence[_Secret], str, bool]:
    """What finds them, the longest first; how every other spelling of one begins; and whether none has a line break.

    They are the same for all calls of a profile.
    """
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    found = [_secret(secret.decode("utf-8", "surrogatepass")) for secret in longest_first]
    escape = "\\u" if all(one.is_plain for one in found) else "\\"
    return found, escape, not any(b"\n" in one.plain for one in found)


def _codes(character: str) -> list[str]:
    """The numbers of `character` in an escape: two for one beyond the basic plane."""
    pairs = character.encode("utf-16-be", "surrogatepass")
    return [pairs[at : at + 2].hex() for at in range(0, len(pairs), 2)]


@lru_cache(maxsize=512)
def _spelled(character: str) -> str:
    """A pattern of every way in which JSON spells `character`."""
    escaped = "".join(rf"\\{{1,{MOST_BACKSLASHES}}}u(?i:{code})" for code in _codes(character))
    return rf"(?:{escaped}|\\{{0,{MOST_BACKSLASHES}}}{re.escape(character)})"


@lru_cache(maxsize=512)
def _matcher(character: str) -> re.Pattern[bytes]:
    return re.compile(_spelled(character).encode())


def _is_cut(rest: bytes, character: str) -> bool:
    """Whether `rest` is the beginning of a spelling of `character`."""
    escaped = "".join(f"\\u{code}" for code in _codes(character)).encode()
    if character.encode().startswith(rest):
        return True
    return escaped.startswith(re.sub(rb"\\+", rb"\\", rest).lower())
