"""YAML -> what each route takes of files: what its dialect says, then its provider, then its model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from msgspec.structs import replace

from ..cards.id_pattern import fits
from ..facts import packaged
from ..sections.levels import section_of
from ..sections.section import Section
from .rule import InputRule

FILE = "inputs.yaml"

_MAPPINGS = ("takes", "types", "why", "forms", "remote", "asks", "most", "doubtful", "tokens", "tokens_low", "details")
_KEYS = (*_MAPPINGS, "sources")
_LIMITS = frozenset(
    ("images", "documents", "image_bytes", "image_base64_bytes", "image_side", "pdf_bytes", "pdf_pages",
     "document_bytes", "total_bytes", "body_bytes")
)  # fmt: skip
_KINDS = frozenset(("image", "pdf", "audio", "document", "video"))
_ALLOWED = {"most": _LIMITS, "doubtful": _LIMITS, "details": frozenset(("low", "high", "auto"))}


@cache
def input_rule(provider: str, dialect: str, model: str) -> InputRule:
    """The rule of the route: later levels replace what earlier ones say, kind by kind. Any names have one."""
    root = packaged(FILE)
    root.only(("dialects", "providers"))
    rule = InputRule()
    for section in (root.section("dialects"), section_of(root.section("providers"), provider)):
        for found in _levels(section_of(section, dialect), model):
            rule = replace(rule, **{name: _over(getattr(rule, name), value) for name, value in found.items()})
    return rule


def _over(before: Any, later: Any) -> Any:
    if isinstance(later, Mapping):
        merged = {**before, **cast("Mapping[str, Any]", later)}
        return {name: value for name, value in merged.items() if value is not None}
    return (*before, *later)


def _levels(section: Section | None, model: str) -> Iterator[dict[str, Any]]:
    """What a section says of all its models, and then of this one: the first pattern that matches counts."""
    if section is None:
        return
    section.only((*_KEYS, "models"))
    yield _read(section)
    for one in section.sections("models"):
        one.only((*_KEYS, "match"))
        if fits(one.text("match") or "", model):
            yield _read(one)
            return


def _read(section: Section) -> dict[str, Any]:
    """The fields that `section` gives. Raises `ConfigError` with the place of what is none."""
    found: dict[str, Any] = {name: section.mapping(name) for name in _MAPPINGS if name in section}
    for name, value in found.items():
        allowed = _ALLOWED.get(name, _KINDS)
        if not value.keys() <= allowed:
            raise section.bad(name, f"its keys are {', '.join(sorted(allowed))}")
    if "types" in found:
        found["types"] = {kind: tuple(listed) for kind, listed in found["types"].items()}
    if "sources" in section:
        found["sources"] = section.texts("sources")
    return found
