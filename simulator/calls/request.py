"""What the server has read of a request."""

from __future__ import annotations

from msgspec import Struct


class Request(Struct, frozen=True):
    """One request, its body read to the end. Header names are in lower case; repeated ones are joined by a comma."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
