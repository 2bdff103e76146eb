"""Names of tools and the rules of a route -> the fields that ask for them, or why they cannot be asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, field

from ...profiles.tools.server_tools import ServerToolRule, server_tool, tool_names, why_absent
from ...providers.errors import ConfigError, UsageError, did_you_mean
from ...providers.merge import at_path, joined, leaf_paths
from ...providers.schema import Json, Notice
from ..targets.target import Target

NO_TOOLS = "none"
"""What is said where a profile's tools are not wanted."""


class ServerToolError(UsageError):
    """A tool that a route does not have, or not beside the rest of the call."""


class ServerToolPlan(Struct, frozen=True):
    """What is sent for the tools of `rules`: `native` is joined into the body, `headers` go along."""

    rules: tuple[ServerToolRule, ...]
    native: Json = field(default_factory=dict[str, Any])
    headers: tuple[tuple[str, str], ...] = ()
    notices: tuple[Notice, ...] = ()


class GoesAlong(Struct, frozen=True):
    """What the tools go together with."""

    functions: bool = False
    schema: bool = False
    thinks: bool | None = None


def checked_names(said: Sequence[str], place: str) -> tuple[str, ...]:
    """The tools that `said` names, each once; none for `none` alone. Raises `UsageError` for what is no name of one."""
    known = tool_names()
    if [*said] == [NO_TOOLS]:
        return ()
    for name in said:
        if name not in known:
            listed = "; ".join(f"{one}: {words}" for one, words in known.items())
            words = f"{place}: {name[:60]!r} is no tool of a provider{did_you_mean(name, known)}"
            raise UsageError(words, hint=f"there are {listed}")
    return tuple(dict.fromkeys(said))


def plan_server_tools(target: Target, names: tuple[str, ...], params: Json, along: GoesAlong) -> ServerToolPlan:
    """How the route of `target` is asked for these tools.

    Raises `ServerToolError` where it has one of them not, or not beside the rest, and `ConfigError` where the
    profile's `params` set what the tools set.
    """
    rules = tuple(_rule(target, name) for name in names)
    body: dict[str, Any] = {}
    headers: list[tuple[str, str]] = []
    for rule in rules:
        for what in rule.excludes:
            if getattr(along, "thinks" if what == "thinking" else what):
                raise ServerToolError(
                    f"{target.profile.name}: {target.profile.model} does not take {rule.name} beside {_NAMED[what]}",
                    hint=f"leave one of them out, or ask another profile; {_SEEN}",
                )  # fmt: skip
        body = joined(body, rule.body)
        headers += ((header, str(value)) for header, value in rule.headers.items())
    if along.functions:
        for rule in rules:
            body = joined(body, {name: value for name, value in rule.beside_functions.items() if name not in body})
    for path in leaf_paths(body):
        if at_path(params, path) is not None:
            raise ConfigError(
                f"profile {target.profile.name}: params.{path} sets what --server-tool sets",
                hint="leave it out of params, or ask without --server-tool",
            )
    return ServerToolPlan(rules, body, tuple(headers), tuple(_notices(rules)))


def may_pause(target: Target, names: Sequence[str] | None) -> bool:
    """Whether answers with these tools, None for those of the profile, may stop in the middle of their uses."""
    provider, model = target.provider.name, (target.profile.known_as or target.profile.model).removeprefix("models/")
    listed = target.profile.server_tools if names is None else names
    rules = (server_tool(name, provider, target.dialect, model) for name in listed)
    return any(rule is not None and rule.pauses for rule in rules)


def _rule(target: Target, name: str) -> ServerToolRule:
    model = (target.profile.known_as or target.profile.model).removeprefix("models/")
    rule = server_tool(name, target.provider.name, target.dialect, model)
    if rule is None:
        why = why_absent(target.provider.name)
        words = f"{target.profile.name}: {target.provider.name} has no {name} of its own for {target.profile.model}"
        raise ServerToolError(f"{words} ({target.dialect})" + (f": {why}" if why else ""))
    return rule


def _notices(rules: Iterable[ServerToolRule]) -> Iterable[Notice]:
    for rule in rules:
        told = [words for words in (rule.note, rule.adds) if words]
        if rule.unverified:
            told.append(f"not verified: {'; '.join(rule.unverified)}")
        yield Notice("server_tool", f"{rule.name}: {'; '.join(told)}" if told else f"{rule.name}: asked for")


_NAMED = {"functions": "functions of your own", "schema": "a schema", "thinking": "thinking"}
_SEEN = "nothing was sent"
