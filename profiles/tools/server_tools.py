"""YAML -> how a route is asked for the tools that its provider runs itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from msgspec import Struct, field

from ...providers.errors import did_you_mean
from ..cards.id_pattern import fits
from ..facts import packaged
from ..sections.section import Section

FILE = "server_tools.yaml"

EXCLUDES = ("functions", "schema", "thinking")
"""What a tool may not go together with."""

_TOP_KEYS = ("checked_on", "names", "routes", "absent")
_ROUTE_KEYS = ("providers", "dialect", "models", "tools", "adds", "beside_functions", "pauses", "sources", "unverified")
_TOOL_KEYS = ("body", "headers", "counts", "fee", "excludes", "note", "adds", "built_in")


class ServerToolRule(Struct, frozen=True):
    """How one route is asked for one tool of its provider's.

    `body` are the fields that ask for it: they are joined into the request, lists added to lists. `beside_functions`
    are those that it needs as well where functions are offered. `is_built_in`: it runs unasked, and nothing is sent.
    `counts` are the names under which answers count its uses, those of `tool_fees.yaml`; empty where no count comes.
    `pauses`: an answer may stop in the middle of its uses, and goes on when it is sent back.
    `fee` is the one of them that is billed. `excludes` are of `EXCLUDES`. `adds` says what it adds to the input.
    """

    name: str
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    beside_functions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_built_in: bool = False
    counts: tuple[str, ...] = ()
    fee: str | None = None
    excludes: tuple[str, ...] = ()
    note: str | None = None
    adds: str | None = None
    unverified: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    pauses: bool = False


class _ToolRoute(Struct, frozen=True):
    providers: tuple[str, ...]
    dialect: str
    models: str
    tools: Mapping[str, ServerToolRule]

    def fits(self, provider: str, dialect: str, model: str) -> bool:
        if provider not in self.providers or dialect != self.dialect:
            return False
        return fits(self.models, model)


class _Tools(Struct, frozen=True):
    names: Mapping[str, str]
    routes: tuple[_ToolRoute, ...]
    absent: Mapping[str, str]


def tool_names() -> Mapping[str, str]:
    """What each tool does, by its name."""
    return _tools().names


def server_tool(name: str, provider: str, dialect: str, model: str) -> ServerToolRule | None:
    """The tool `name` of a route; None where it has none."""
    return server_tools(provider, dialect, model).get(name)


@cache
def server_tools(provider: str, dialect: str, model: str) -> Mapping[str, ServerToolRule]:
    """All tools of a route, by their names: of each the first entry that fits counts."""
    found: dict[str, ServerToolRule] = {}
    for route in _tools().routes:
        if route.fits(provider, dialect, model):
            found = {**route.tools, **found}
    return found


def why_absent(provider: str) -> str | None:
    """Why a provider has none of them, where that is known."""
    return _tools().absent.get(provider)


def read_names(section: Section) -> tuple[str, ...]:
    """The `server_tools` of a profile. Raises `ConfigError` for what is no name of one."""
    names = section.texts("server_tools")
    for name in names:
        if name not in tool_names():
            words = f"there is no {name!r}{did_you_mean(name, tool_names())}"
            raise section.bad("server_tools", words, f"there are {', '.join(tool_names())}")
    return tuple(dict.fromkeys(names))


@cache
def _tools() -> _Tools:
    root = packaged(FILE)
    root.only(_TOP_KEYS)
    known = root.section("names")
    names = {} if known is None else {name: known.text(name) or "" for name in known}
    routes = tuple(_route(section, names) for section in root.sections("routes"))
    absent = {
        provider: section.text("why") or "" for section in root.sections("absent")
        for provider in section.texts("providers")
    }  # fmt: skip
    return _Tools(names, routes, absent)


def _route(section: Section, names: Mapping[str, str]) -> _ToolRoute:
    section.only(_ROUTE_KEYS)
    listed = section.section("tools")
    if listed is None or not section.texts("sources"):
        raise section.bad("tools", "a route needs tools and sources")
    listed.only(names)
    tools = {name: _tool(name, one, section) for name in listed if (one := listed.section(name)) is not None}
    return _ToolRoute(
        section.texts("providers"), section.text("dialect") or "", section.text("models") or ".*", tools
    )  # fmt: skip


def _tool(name: str, section: Section, route: Section) -> ServerToolRule:
    section.only(_TOOL_KEYS)
    counts, excludes = section.texts("counts"), section.texts("excludes")
    if not set(excludes) <= set(EXCLUDES):
        raise section.bad("excludes", f"is of {', '.join(EXCLUDES)}")
    is_built_in = section.flag("built_in") or False
    if is_built_in == ("body" in section):
        raise section.bad("body", "a tool has a body, or is built in")
    said = (section.text("adds"), route.text("adds"))
    return ServerToolRule(
        name,
        section.mapping("body"),
        section.mapping("headers"),
        route.mapping("beside_functions"),
        is_built_in,
        counts,
        section.text("fee") or next(iter(counts), None),
        excludes,
        section.text("note"),
        "; ".join(words for words in said if words) or None,
        route.texts("unverified"),
        route.texts("sources"),
        route.flag("pauses") or False,
    )
