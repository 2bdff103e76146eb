"""YAML -> the upload endpoint of a provider."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from msgspec import Struct

from ..facts import packaged

FILE = "uploads.yaml"
_KEYS = ("path", "fields", "is_resumable", "lives_s", "most_bytes", "above", "delete", "forms", "sources")


class UploadRule(Struct, frozen=True):
    """How files are uploaded, and how the parts of messages refer to them.

    `path` is where, below the base URL; `fields` go with the form. `is_resumable`: in two steps, by Google's protocol.
    `lives_s` is how long a file stays, by its rule or as the fields ask, in seconds; `most_bytes` how large it may be;
    beyond `above` bytes of all files of a request they are uploaded unasked. `delete` is the path before the id.
    `forms` by dialect and kind: the fields of the usual part to `drop`, and those to `put`.
    """

    path: str
    delete: str
    lives_s: int
    most_bytes: int
    fields: Mapping[str, str] = {}
    is_resumable: bool = False
    above: int | None = None
    forms: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
    sources: tuple[str, ...] = ()


@cache
def upload_rule(provider: str) -> UploadRule | None:
    """The rule of the provider; None for one that has no upload endpoint, or none that is known."""
    section = packaged(FILE).section("providers")
    one = section.section(provider) if section is not None and provider in section else None
    if one is None:
        return None
    one.only(_KEYS)
    given: dict[str, Any] = {name: one.mapping(name) for name in ("fields", "forms") if name in one}
    given["fields"] = {name: str(value) for name, value in given.get("fields", {}).items()}
    return UploadRule(
        path=one.text("path") or "",
        delete=one.text("delete") or "",
        lives_s=cast("int", one.whole("lives_s")),
        most_bytes=cast("int", one.whole("most_bytes", most=10**13)),
        is_resumable=one.flag("is_resumable") or False,
        above=one.whole("above"),
        sources=one.texts("sources"),
        **given,
    )
