"""YAML -> how each route is asked for JSON: what its dialect says, then its provider, then its model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, cast, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from ..facts import packaged
from ..sections.levels import route_levels, section_of
from ..sections.section import Section

FILE = "shapes.yaml"

Enforcement = Literal["yes", "no", "unknown"]
"""Whether the provider holds an answer to a schema."""

BesideThinking = Literal["fine", "unknown", "loses"]
"""What becomes of thinking beside a schema: nothing, nobody knows, or the model does not think then."""

_FLAGS = (
    "needs_word", "closed", "all_required", "root_object", "lone_refs", "plain_patterns", "recursion", "ordered",
    "needs_required", "counts_schema",
)  # fmt: skip
_COUNTS = ("most_min_items", "most_properties", "most_depth", "most_optional", "most_unions")
_BODIES = ("schema", "loose", "json", "tool", "beside")
_TEXTS = ("note", "thinking_note", "off_note")
_LISTS = ("refuses", "excludes", "unverified", "sources")
_KEYS = (*_FLAGS, *_COUNTS, *_BODIES, *_TEXTS, *_LISTS, "formats", "enforces", "thinking", "subset")


class ShapeRule(Struct, frozen=True):
    """How one route, or one model on it, is asked for JSON. Empty bodies cannot be said there.

    `schema` are the fields that ask for an answer to a schema, `loose` those that only hint at it, `tool` those of a
    tool that the model is made to call, `json` those for any JSON; `beside` goes with each of them. `needs_word`: the
    prompt must have the word "json" in it where any JSON is asked for. `enforces` says whether answers are held to it.

    What a schema has to be: `closed`: each object has `additionalProperties: false`; `all_required`: each key is
    required; `needs_required`: one is; `root_object`: the outermost value is an object; `lone_refs`: nothing stands
    beside a `$ref`; `recursion`: it may lead back to itself; `plain_patterns`: a pattern looks neither ahead nor back.
    `refuses` are keywords that are no use there, and `formats` the only ones that are taken, None for any.
    `most_min_items` is the highest `minItems`; the other `most_` bound properties, levels, optional keys and unions.
    `ordered`: keys come in the order of `propertyOrdering`.

    `excludes` are dotted paths of a body that it does not go together with. `thinking` is what becomes of thinking.
    `counts_schema`: the schema counts as input; None where nobody says whether it does.
    `note` is to be told of every schema, `thinking_note` where the model thinks, `off_note` where it must not.
    """

    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])
    loose: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tool: Mapping[str, Any] = field(default_factory=dict[str, Any])
    json: Mapping[str, Any] = field(default_factory=dict[str, Any])
    beside: Mapping[str, Any] = field(default_factory=dict[str, Any])
    needs_word: bool = False
    enforces: Enforcement = "unknown"
    closed: bool = False
    all_required: bool = False
    needs_required: bool = False
    root_object: bool = False
    lone_refs: bool = False
    recursion: bool = True
    plain_patterns: bool = False
    ordered: bool = False
    refuses: tuple[str, ...] = ()
    formats: tuple[str, ...] | None = None
    most_min_items: int | None = None
    most_properties: int | None = None
    most_depth: int | None = None
    most_optional: int | None = None
    most_unions: int | None = None
    excludes: tuple[str, ...] = ()
    thinking: BesideThinking = "unknown"
    counts_schema: bool | None = None
    note: str = ""
    thinking_note: str = ""
    off_note: str = ""
    unverified: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@cache
def shape_rule(provider: str, dialect: str, model: str) -> ShapeRule:
    """The rule of the route: later levels replace what earlier ones say, key by key. Any names have one."""
    rule = ShapeRule()
    for section in route_levels(_root(), provider, dialect, model, _KEYS):
        rule = replace(rule, **_read(section))
    return rule


@cache
def subset_rule(name: str) -> ShapeRule:
    """What schemas have to be by one of the `subsets`; any schema where there is none of that name."""
    section = section_of(_root().section("subsets"), name)
    return ShapeRule() if section is None else replace(ShapeRule(), **_read(section))


@cache
def _root() -> Section:
    root = packaged(FILE)
    root.only(("subsets", "dialects", "providers"))
    return root


def _named_subset(section: Section, name: str) -> Section:
    if (found := section_of(_root().section("subsets"), name)) is None:
        raise section.bad("subset", f"there is no {name!r}")
    found.only(_KEYS)
    return found


def _read(section: Section) -> dict[str, Any]:
    """The fields that `section` gives. Raises `ConfigError` with the place of what is none."""
    found: dict[str, Any] = {}
    if (subset := section.text("subset")) is not None:
        found = _read(_named_subset(section, subset))
    found |= {name: flag for name in _FLAGS if (flag := section.flag(name)) is not None}
    found |= {name: count for name in _COUNTS if (count := section.whole(name)) is not None}
    found |= {name: section.mapping(name) for name in _BODIES if name in section}
    found |= {name: section.text(name) or "" for name in _TEXTS if name in section}
    found |= {name: section.texts(name) for name in (*_LISTS, "formats") if name in section}
    if "enforces" in section:
        found["enforces"] = cast("Enforcement", section.choice("enforces", get_args(Enforcement)))
    if "thinking" in section:
        found["thinking"] = cast("BesideThinking", section.choice("thinking", get_args(BesideThinking)))
    return found
