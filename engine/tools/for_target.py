"""What a call to one target declares, by what is said for the call, else by its profile. Pure."""

from __future__ import annotations

from ...providers.errors import ConfigError, UsageError
from ...providers.merge import leaf_paths, paths_overlap
from ...providers.schema import Json
from ..targets.target import Target
from .request import ToolsPlan, ToolsRoute, plan_tools
from .toolset import Toolset, ToolsWish, resolved_tools, tools_said

NOBODY = ToolsWish()


def planned_tools(
    target: Target, said: ToolsWish | None, params: Json, thinking: Json, *, thinks: bool | None, asked: bool
) -> ToolsPlan | None:
    """How the tools that are `said`, else those of the profile, are declared; None where there are none.

    `thinking` are the thinking fields, `asked`: a think value was asked for. Raises `ConfigError` where the profile's
    tools are none, where its params set what they set, and where the route takes none.
    """
    profile = target.profile
    toolset = _toolset(target, said or NOBODY)
    if toolset is None:
        return None
    route = ToolsRoute(target.provider.name, target.dialect, profile.known_as or profile.model, thinking, thinks, asked)
    planned = plan_tools(toolset, route)
    for path in leaf_paths(params):
        if any(paths_overlap(path, own) for own in planned.owns):
            raise ConfigError(
                f"profile {profile.name}: params.{path} sets what its tools set",
                hint="leave it out of params, or ask without --tool",
            )
    return planned


def _toolset(target: Target, said: ToolsWish) -> Toolset | None:
    profile = target.profile
    place = profile.place or profile.name
    tools, choice = said.tools, said.choice
    if tools:
        return resolved_tools(tools, choice, "--tool-choice")
    if profile.tools is None:
        if choice is not None:
            raise UsageError(
                f"profile {profile.name} has no tools that {choice!r} could be a choice among",
                hint="declare some: --tool FILE",
            )
        return None
    try:
        own = tools_said(profile.tools, profile.tool_choice, "tools")
        return resolved_tools(own.tools, choice or own.choice, "--tool-choice" if choice else "tool_choice")
    except UsageError as error:
        raise ConfigError(f"{place}: {error.message}", hint=error.hint) from None
