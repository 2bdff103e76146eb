"""What a file of facts says of a route: its dialect, that dialect's model, the provider, and the provider's model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..cards.id_pattern import fits
from .section import Section


def route_levels(root: Section, provider: str, dialect: str, model: str, keys: Iterable[str]) -> Iterator[Section]:
    """The entries for the route, each of which replaces keys of those before it.

    Of the `models` of an entry the first pattern that matches counts. Raises `ConfigError` for a key that is not among
    `keys`.
    """
    known = tuple(keys)
    for section in (root.section("dialects"), section_of(root.section("providers"), provider)):
        found = section_of(section, dialect)
        if found is None:
            continue
        found.only((*known, "models"))
        yield found
        for one in found.sections("models"):
            one.only((*known, "match"))
            if fits(one.text("match") or "", model):
                yield one
                break


def section_of(section: Section | None, name: str) -> Section | None:
    """The entry of that name; None where there is none."""
    return section.section(name) if section is not None and name in section else None
