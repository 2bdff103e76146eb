"""YAML -> how a route compacts a conversation itself, where it can: when it is told to, or within a turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from msgspec import Struct, field

from ..cards.id_pattern import fits
from ..facts import packaged
from ..sections.section import Section

FILE = "compactions.yaml"

TOKENS = "{tokens}"
"""Stands in a body of the table where the number of tokens goes, from which on a turn is compacted."""

_KEYS = ("body", "headers", "path", "in_turn", "sources")
_TURN_KEYS = ("least_tokens", "body", "headers", "sources")


class CompactionMeans(Struct, frozen=True):
    """What a request for a compaction carries besides the conversation.

    `body` and `headers` are added to a usual request. With a `path` it goes there instead, with the model, the
    conversation and the system text alone: that endpoint takes nothing else.
    """

    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    path: str | None = None
    sources: tuple[str, ...] = ()


class TurnCompaction(Struct, frozen=True):
    """What a turn carries so that the provider compacts what stands before it once that is too much, and then answers.

    `least_tokens` is the least that may be named as too much.
    """

    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    least_tokens: int = 0
    sources: tuple[str, ...] = ()

    def body_from(self, tokens: int) -> dict[str, Any]:
        """The fields that ask for it from `tokens` of input on."""
        return {name: _with_tokens(value, tokens) for name, value in self.body.items()}


@cache
def compaction_means(provider: str, dialect: str, model: str) -> CompactionMeans | None:
    """The provider's own means for `model` on `dialect`; None where nobody knows of any."""
    section = _section(provider, dialect, model)
    if section is None:
        return None
    headers = {name: str(value) for name, value in section.mapping("headers").items()}
    return CompactionMeans(section.mapping("body"), headers, section.text("path"), section.texts("sources"))


@cache
def turn_compaction(provider: str, dialect: str, model: str) -> TurnCompaction | None:
    """How a turn of `model` on `dialect` asks for a compaction on the way; None where nobody knows how."""
    section = _section(provider, dialect, model)
    asked = None if section is None else section.section("in_turn")
    if asked is None:
        return None
    asked.only(_TURN_KEYS)
    headers = {name: str(value) for name, value in asked.mapping("headers").items()}
    least = asked.whole("least_tokens") or 0
    return TurnCompaction(asked.mapping("body"), headers, least, asked.texts("sources"))


def _section(provider: str, dialect: str, model: str) -> Section | None:
    """The entry of the table for `model`."""
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
        return section
    for one in listed:
        one.only((*_KEYS, "match"))
        if fits(one.text("match") or "", model):
            return one
    return None


def _with_tokens(value: Any, tokens: int) -> Any:
    if value == TOKENS:
        return tokens
    if isinstance(value, Mapping):
        return {name: _with_tokens(one, tokens) for name, one in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_with_tokens(one, tokens) for one in cast("Sequence[Any]", value)]
    return value
