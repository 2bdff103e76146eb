"""Addresses of object stores, told from paths. They come from the command line or the user's program. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
"""Two letters at least: `C:/` is a drive."""

_WITH_SECRET = re.compile(r"://[^/@\s]*@")


class Address(Struct, frozen=True):
    """An address that fsspec knows, such as `s3://bucket/folder`."""

    text: str

    def __str__(self) -> str:
        return without_secret(self.text)

    @property
    def scheme(self) -> str:
        return self.text.partition("://")[0].lower()

    @property
    def name(self) -> str:
        """What comes last in it, by whose end the form is told."""
        return self.text.rstrip("/").rpartition("/")[2]

    def below(self, name: str) -> Address:
        return Address(f"{self.text.rstrip('/')}/{name}")


def is_address(text: str) -> bool:
    """Whether it begins with a scheme, as no path does."""
    return _SCHEME.match(text) is not None


def place_of(text: str) -> Path | Address:
    """A path, or an address; `file:///tmp/x` is a path."""
    if not is_address(text):
        return Path(text)
    scheme, _, rest = text.partition("://")
    return Path(rest) if scheme.lower() in ("file", "local") else Address(text)


def without_secret(text: str) -> str:
    """The same without a name and a password in it."""
    return _WITH_SECRET.sub("://***@", text)
