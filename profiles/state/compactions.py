"""YAML -> how a route compacts a conversation itself, where it can."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..facts import packaged
from ..yaml_file import Section

FILE = "compactions.yaml"

_KEYS = ("body", "headers", "path", "sources")


@dataclass(frozen=True, slots=True)
class CompactionMeans:
    """What a request for a compaction carries besides the conversation.

    `body` and `headers` are added to a usual request. With a `path` it goes there instead, with the model, the
    conversation and the system text alone: that endpoint takes nothing else.
    """

    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    path: str | None = None
    sources: tuple[str, ...] = ()


@cache
def compaction_means(provider: str, dialect: str, model: str) -> CompactionMeans | None:
    """The provider's own means for `model` on `dialect`; None where nobody knows of any."""
    root = packaged(FILE)
    root.only(("providers",))
    section: Section | None = root
    for name in ("providers", provider, dialect):
        section = section.section(name) if section is not None and name in section else None
    if section is None:
        return None
    section.only((*_KEYS, "models"))
    listed = section.sections("models")
    if not listed:
        return _read(section)
    for one in listed:
        one.only((*_KEYS, "match"))
        if re.fullmatch(one.text("match") or "", model):
            return _read(one)
    return None


def _read(section: Section) -> CompactionMeans:
    headers = {name: str(value) for name, value in section.mapping("headers").items()}
    return CompactionMeans(section.mapping("body"), headers, section.text("path"), section.texts("sources"))
