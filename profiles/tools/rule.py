"""YAML -> how each route is told of tools, and whether they have to be called: its dialect, its provider, its model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, cast, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from ..facts import packaged
from ..sections.levels import route_levels
from ..sections.section import Section

FILE = "tools.yaml"

BesideForcedCall = Literal["fine", "loses", "refused", "unknown"]
"""What becomes of thinking where a call is demanded: nothing; the model does not think; a 400; nobody knows."""

_BODIES = ("tool", "body", "none", "any", "named", "strict_body", "failed")
_FLAGS = ("takes", "always_strict", "says_strict", "beside_thinking")
_TEXTS = ("strict_subset", "subset", "note", "refused_note", "thinking_note")
_COUNTS = ("most_strict", "hidden_tokens", "hidden_forced_tokens")
_LISTS = ("forced_excludes", "unverified", "sources")
_KEYS = (*_BODIES, *_FLAGS, *_TEXTS, *_COUNTS, *_LISTS, "forced_thinking")


class ToolsRule(Struct, frozen=True):
    """How one route, or one model on it, is told of tools. Empty bodies cannot be said there.

    `tool` is one declaration, with `$name`, `$description`, `$schema` and `$strict` in their places, `body` the fields
    with `$tools` where the list goes. `none`, `any` and `named` are the fields that forbid a call, demand one,
    or demand that of `$name`. `takes`: functions are taken at all; `refused_note` says why not.
    `beside_thinking`: also while the model thinks.

    `strict_subset` names what a schema has to be for a strict function, `subset` for any other, of `shapes.yaml`;
    empty is any. `always_strict`: calls are held to schemas, whatever is said. `says_strict`: where nothing is asked,
    `false` has to be said. `most_strict` bounds the strict functions of a request. `strict_body` are the fields that
    make all functions strict. `failed` are the fields of a result that say that the tool has failed.

    `forced_thinking` is what becomes of thinking where a call is demanded; `forced_excludes` are dotted paths of the
    thinking fields beside which it is refused in any case, and `thinking_note` says so in words. `hidden_tokens` are
    what the provider adds to the prompt where there are tools, `hidden_forced_tokens` where one has to be called.
    """

    tool: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    none: Mapping[str, Any] = field(default_factory=dict[str, Any])
    any: Mapping[str, Any] = field(default_factory=dict[str, Any])
    named: Mapping[str, Any] = field(default_factory=dict[str, Any])
    strict_body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    failed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    takes: bool = True
    always_strict: bool = False
    says_strict: bool = False
    beside_thinking: bool = True
    strict_subset: str = ""
    subset: str = ""
    note: str = ""
    refused_note: str = ""
    thinking_note: str = ""
    most_strict: int | None = None
    hidden_tokens: int | None = None
    hidden_forced_tokens: int | None = None
    forced_thinking: BesideForcedCall = "unknown"
    forced_excludes: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is a way to declare a function."""
        return self.takes and bool(self.tool)

    @property
    def has_strict(self) -> bool:
        """Whether a function can be strict."""
        return self.always_strict or bool(self.strict_body) or "$strict" in str(self.tool)


@cache
def tools_rule(provider: str, dialect: str, model: str) -> ToolsRule:
    """The rule of the route: later levels replace what earlier ones say, key by key. Any names have one."""
    rule = ToolsRule()
    for section in route_levels(_root(), provider, dialect, model, _KEYS):
        rule = replace(rule, **_read(section))
    return rule


@cache
def _root() -> Section:
    root = packaged(FILE)
    root.only(("dialects", "providers"))
    return root


def _read(section: Section) -> dict[str, Any]:
    """The fields that `section` gives. Raises `ConfigError` with the place of what is none."""
    found: dict[str, Any] = {name: flag for name in _FLAGS if (flag := section.flag(name)) is not None}
    found |= {name: count for name in _COUNTS if (count := section.whole(name)) is not None}
    found |= {name: section.mapping(name) for name in _BODIES if name in section}
    found |= {name: section.text(name) or "" for name in _TEXTS if name in section}
    found |= {name: section.texts(name) for name in _LISTS if name in section}
    if "forced_thinking" in section:
        said = section.choice("forced_thinking", get_args(BesideForcedCall))
        found["forced_thinking"] = cast("BesideForcedCall", said)
    return found
