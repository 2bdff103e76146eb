"""YAML -> the rule of each route: what its dialect says, then its provider, then its model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, cast, get_args

from msgspec.structs import replace

from ...providers.errors import ConfigError
from ..cards.id_pattern import fits
from ..facts import packaged
from ..sections.levels import section_of
from ..sections.section import Section
from .rule import Binding, StateRefusal, StateRule, Taking

FILE = "continuity.yaml"

_FLAGS = (
    "unsigned", "summaries", "ends_in_reasoning", "hangs_together", "drops_blank", "with_ids", "details",
    "empty_on_calls", "alternates", "needs_call_ids", "is_known",
)  # fmt: skip
_KEYS = (
    *_FLAGS, "plain", "calls", "reasoning_field", "signed_formats", "binds", "reads", "dummy", "bridge", "call_ids",
    "place", "asks", "asks_to_keep", "keep_body", "keep_headers", "report_headers",
    "sources",
)  # fmt: skip


@cache
def state_rule(provider: str, dialect: str, model: str) -> StateRule:
    """The rule of the route: later levels replace what earlier ones say, key by key. Any names have one."""
    root = _root()
    rule = StateRule(is_known=False)
    for section in (root.section("dialects"), section_of(root.section("providers"), provider)):
        for found in _levels(section_of(section, dialect), model):
            rule = replace(rule, **{"is_known": True, **found})
    return rule


@cache
def state_refusals() -> tuple[StateRefusal, ...]:
    """How providers say that they refuse pieces of earlier turns."""
    found: list[StateRefusal] = []
    for section in _root().sections("refusals"):
        section.only(("says", "of_prefix", "sources"))
        says = _pattern(section, "says", f"(?i){section.text('says')}")
        found.append(StateRefusal(says, section.flag("of_prefix") or False))
    return tuple(found)


@cache
def _root() -> Section:
    root = packaged(FILE)
    root.only(("dialects", "providers", "refusals"))
    return root


def _levels(section: Section | None, model: str) -> Iterator[dict[str, Any]]:
    """What a section says of all its models, and then of this one: the first pattern that matches counts.

    Before that comes what it is `like`: all that another dialect says.
    """
    if section is None:
        return
    section.only((*_KEYS, "models", "like"))
    yield from _levels(section_of(_root().section("dialects"), section.text("like") or ""), model)
    yield _read(section)
    for one in section.sections("models"):
        one.only((*_KEYS, "match"))
        if fits(one.text("match") or "", model):
            yield _read(one)
            return


def _read(section: Section) -> dict[str, Any]:
    """The fields that `section` gives. Raises `ConfigError` with the place of what is none."""
    found: dict[str, Any] = {name: flag for name in _FLAGS if (flag := section.flag(name)) is not None}
    for name in ("plain", "calls"):
        if name in section:
            found[name] = cast("Taking", section.choice(name, get_args(Taking)))
    for name in ("reasoning_field", "dummy", "bridge"):
        if name in section:
            found[name] = section.text(name)
    for name in ("asks", "asks_to_keep", "keep_body", "keep_headers", "report_headers"):
        if name in section:
            found[name] = section.mapping(name)
    if "binds" in section:
        found["binds"] = frozenset(cast("tuple[Binding, ...]", section.texts("binds")))
        if not found["binds"] <= {*get_args(Binding)}:
            raise section.bad("binds", f"a piece is bound to {', '.join(get_args(Binding))}")
    if "reads" in section:
        found["reads"] = tuple(_pattern(section, "reads", one) for one in section.texts("reads"))
    for name in ("call_ids", "place"):
        if name in section:
            found[name] = _pattern(section, name, section.text(name) or "")
    for name in ("signed_formats", "sources"):
        if name in section:
            found[name] = section.texts(name)
    return found


def _pattern(section: Section, key: str, written: str) -> re.Pattern[str]:
    try:
        return re.compile(written)
    except re.error as error:
        raise _bad(section, key, error) from None


def _bad(section: Section, key: str, error: re.error) -> ConfigError:
    return section.bad(key, f"no pattern: {error}")
