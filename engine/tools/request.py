"""Tools -> how a route is told of them, and what of the wish is left: decided before anything is sent. Pure."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ...profiles.shapes.rule import subset_rule
from ...profiles.tools.rule import ToolsRule, tools_rule
from ...providers.errors import ConfigError, first_of
from ...providers.merge import at_path, filled, leaf_paths, merged
from ...providers.schema import Json, Notice
from ..shapes.adaptation import Adaptation, adapt
from ..shapes.words import ShapeChange
from .choice import ToolChoice
from .definitions import Tool
from .toolset import Toolset
from .words import SentTool


class ToolsPlan(Struct, frozen=True):
    """What is sent of `toolset`. `choice` is what is really asked, `note` why it is another than was wished.

    `owns` are the paths of the body that it decides; `hidden_tokens` is what the provider adds to the prompt, None
    where that is not known.
    """

    toolset: Toolset
    choice: ToolChoice
    native: Json = field(default_factory=dict[str, Any])
    note: str | None = None
    sent: tuple[SentTool, ...] = ()
    owns: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    hidden_tokens: int | None = None


class ToolsRoute(Struct, frozen=True):
    """Who is asked, and how it will think, by its fields for that. `asked`: thinking was asked for."""

    provider: str
    dialect: str
    model: str
    thinking: Json
    thinks: bool | None
    asked: bool


class NoToolsError(ConfigError):
    """The route takes no functions, or not beside what else is wished."""


def plan_tools(toolset: Toolset, route: ToolsRoute) -> ToolsPlan:
    """Decide how the functions are declared on `route`. Raises `NoToolsError` where it takes none."""
    rule = tools_rule(route.provider, route.dialect, route.model)
    if not toolset.tools:
        return ToolsPlan(toolset, toolset.choice)
    if not rule.is_known:
        why = rule.refused_note or f"{route.model} is not known to take tools over {route.dialect}"
        raise NoToolsError(f"{route.provider}: {why}", hint="ask without --tool, or another model")
    if not rule.beside_thinking and route.thinks is not False:
        raise NoToolsError(f"{route.provider}: {rule.refused_note}", hint="ask with --think off, or over Responses")
    choice, note = _choice(toolset.choice, rule, route)
    notices = [] if note is None else [Notice("tool_choice", note)]
    if choice.is_forced and route.thinks and rule.forced_thinking in ("loses", "unknown"):
        unknown = "whether this model thinks where a call is demanded is not known"
        notices.append(Notice("tool_thinking", rule.thinking_note or unknown))
    if toolset.choice.mode == "none" and not rule.none:
        owns = tuple(leaf_paths(rule.body))
        return ToolsPlan(toolset, choice, note=note, owns=owns, notices=tuple(notices))
    declared, sent, told = _declared(toolset, rule, route)
    native = filled(rule.body, {"$tools": declared})
    if rule.strict_body and any(tool.strict for tool in toolset.tools):
        native = merged(native, rule.strict_body)
    chosen: Json = {"auto": dict[str, Any](), "none": rule.none, "any": rule.any, "named": rule.named}[choice.mode]
    native = merged(native, filled(chosen, {"$name": choice.name}))
    if rule.note:
        notices.append(Notice("tool_route", rule.note))
    hidden = rule.hidden_forced_tokens if choice.is_forced else rule.hidden_tokens
    owns = tuple(dict.fromkeys((*leaf_paths(rule.body), *leaf_paths(chosen))))
    return ToolsPlan(toolset, choice, native, note, sent, owns, (*notices, *told), hidden)


def _choice(wished: ToolChoice, rule: ToolsRule, route: ToolsRoute) -> tuple[ToolChoice, str | None]:
    """The choice that is sent, and why it is another."""
    if wished.mode == "none" and not rule.none:
        return wished, "this route has no word for calling nothing: no tool is declared"
    if not wished.is_forced:
        return wished, None
    left = "it may call one, and need not"
    beside = next((path for path in rule.forced_excludes if at_path(route.thinking, path) is not None), None)
    if route.thinks is not False and (rule.forced_thinking == "refused" or beside is not None):
        has_none = not rule.any and not rule.named
        why = rule.thinking_note or "a call cannot be demanded while the model thinks"
        if beside is not None:
            why = "a call cannot be demanded beside a thinking budget"
        goes = "" if has_none else " (thinking goes first; with --think off it is demanded)"
        return ToolChoice(), f"{wished.word} → auto: {why}{goes}; {left}"
    if rule.forced_thinking == "loses" and route.thinks and route.asked:
        why = rule.thinking_note or "this model does not think where a call is demanded"
        return ToolChoice(), f"{wished.word} → auto: {why}, and thinking was asked for: it goes first; {left}"
    if wished.mode == "named" and not rule.named and rule.any:
        return ToolChoice("any"), f"{wished.word} → required: this route cannot demand a call by its name"
    if not (rule.named if wished.mode == "named" else rule.any):
        return ToolChoice(), f"{wished.word} → auto: a call cannot be demanded on this route; {left}"
    return wished, None


def _declared(
    toolset: Toolset, rule: ToolsRule, route: ToolsRoute
) -> tuple[list[Json], tuple[SentTool, ...], tuple[Notice, ...]]:
    """The declarations as the route has them, what was sent of each, and what is to be told."""
    declared, sent, told, strict_ones = list[Json](), list[SentTool](), list[Notice](), 0
    for tool in toolset.tools:
        strict, adaptation, why = _adapted(tool, rule, strict_ones)
        strict_ones += strict is True
        if why is not None:
            told.append(Notice("tool_strict", f"{tool.name}: {why}"))
        if changes := adaptation.changes:
            told.append(Notice("tool_changed", _changes(tool.name, changes)))
        values = {"$name": tool.name, "$description": tool.description or None, "$schema": adaptation.schema}
        said = False if strict is None and rule.says_strict else strict
        declared.append(filled(rule.tool, {**values, "$strict": said}))
        sent.append(SentTool(tool.name, said, adaptation.changes))
    return declared, tuple(sent), tuple(told)


def _adapted(tool: Tool, rule: ToolsRule, strict_ones: int) -> tuple[bool | None, Adaptation, str | None]:
    """Whether the function is strict, its schema as the route takes it, and why it is not as strict as was said."""
    written, why = json.dumps(tool.parameters), None
    if tool.strict and not rule.has_strict:
        why = "this route has no word for strict: calls are only held against the schema here"
    elif tool.strict and not rule.always_strict and not rule.strict_body:
        strict = _of_subset(written, rule.strict_subset)
        if rule.most_strict is not None and strict_ones >= rule.most_strict:
            why = f"not strict: this route takes {rule.most_strict} strict functions"
        elif strict.lost:
            why = f"not strict: {strict.lost[0].path or 'the schema'}: {strict.lost[0].words}"
        else:
            return True, strict, None
    loose = _of_subset(written, rule.subset)
    if loose.lost:
        kept = tuple(change for change in loose.changes if change.kind != "lost")
        loose = Adaptation(loose.schema, kept)
        why = why or "the route may refuse its schema: " + _of_subset(written, rule.subset).lost[0].words
    return (False if tool.strict and why and rule.has_strict else tool.strict if not why else None), loose, why


@lru_cache(maxsize=512)
def _of_subset(written: str, subset: str) -> Adaptation:
    schema = json.loads(written)
    if not subset:
        return Adaptation(schema, ())
    # The arguments are an object already: nothing is to be wrapped, and keys need not be in an order.
    return adapt(schema, replace(subset_rule(subset), root_object=False, needs_required=False, ordered=False))


def _changes(name: str, changes: tuple[ShapeChange, ...]) -> str:
    places = [f"{change.keyword} at {change.path or '/'}" for change in changes]
    return f"{name}: the schema as sent is changed ({first_of(places)}); calls are held against the one that was meant"
