"""YAML -> the prompt cache of each route: what its dialect says, then its provider, then its model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..cards.id_pattern import fits
from ..facts import packaged
from ..sections.levels import section_of
from ..sections.section import Section

FILE = "caches.yaml"

_FLAGS = ("mark_is_block", "marks_system", "is_automatic", "think_loses")
_COUNTS = ("least_tokens", "lasts_s")
_KEYS = (*_FLAGS, *_COUNTS, "mark", "key", "sources")


class CacheRule(Struct, frozen=True):
    """How one route, or one model on it, caches what is sent before the answer.

    `mark` is what a request puts on the last block that is to be cached (`mark_is_block`: as a block of its own), with
    `marks_system` also on the system text. `key` is a field that names the conversation. `is_automatic`: what was sent
    is cached whether it is asked for or not. Below `least_tokens` nothing is cached; `lasts_s` seconds after its last
    use it is gone. `think_loses`: another think value cannot read what was written under the one before it.
    A route that nobody described has neither mark nor key, and is not known to cache.
    """

    mark: Mapping[str, Any] | None = None
    mark_is_block: bool = False
    marks_system: bool = False
    key: str | None = None
    is_automatic: bool = False
    least_tokens: int = 0
    lasts_s: int | None = None
    think_loses: bool = False
    sources: tuple[str, ...] = ()

    @property
    def caches(self) -> bool:
        """Whether a session is read from the cache at all, once it is asked for where that is needed."""
        return self.mark is not None or self.is_automatic


@cache
def cache_rule(provider: str, dialect: str, model: str) -> CacheRule:
    """The rule of the route: later levels replace what earlier ones say, key by key. Any names have one."""
    root = packaged(FILE)
    root.only(("dialects", "providers"))
    rule = CacheRule()
    for section in (root.section("dialects"), section_of(root.section("providers"), provider)):
        for found in _levels(section, dialect, model):
            rule = replace(rule, **found)
    return rule


def _levels(beside: Section | None, dialect: str, model: str) -> Iterator[dict[str, Any]]:
    """What the entry of `dialect` says of all its models, and then of this one: the first pattern that matches counts.

    Before that comes what it is `like`, which stands `beside` it.
    """
    section = section_of(beside, dialect)
    if section is None:
        return
    section.only((*_KEYS, "models", "like"))
    if like := section.text("like"):
        yield from _levels(beside, like, model)
    yield _read(section)
    for one in section.sections("models"):
        one.only((*_KEYS, "match"))
        if fits(one.text("match") or "", model):
            yield _read(one)
            return


def _read(section: Section) -> dict[str, Any]:
    """The fields that `section` gives. Raises `ConfigError` with the place of what is none."""
    found: dict[str, Any] = {name: flag for name in _FLAGS if (flag := section.flag(name)) is not None}
    found |= {name: count for name in _COUNTS if (count := section.whole(name)) is not None}
    if "mark" in section:
        found["mark"] = section.mapping("mark")
    if "key" in section:
        found["key"] = section.text("key")
    if "sources" in section:
        found["sources"] = section.texts("sources")
    return found
