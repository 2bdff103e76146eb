"""From the names of tools to what runs them: found in the configuration, listed once, declared to models."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ....providers.errors import UsageError
from ...planning.option_names import names_said
from ...tool_runs.allowed import ALLOW, AllowedTools, allowed_tools, names_allowed
from ...tool_runs.environment import tool_environment
from ...tool_runs.toolbox import Toolbox
from ...tools.toolset import ToolsWish
from ..jobs import Options
from .limits import MOST_ROUNDS, RoundLimits
from .loop import ToolKit

if TYPE_CHECKING:
    from ....profiles.config import Config

HIGHEST_ROUNDS = 100


class RunnableTools(Struct, frozen=True):
    """The tools that the answers of a run may have run (`ToolSupply`)."""

    allowed: AllowedTools
    environment: Mapping[str, str]
    limits: RoundLimits = RoundLimits()

    @property
    def names(self) -> tuple[str, ...]:
        return self.allowed.names

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[ToolKit]:
        """What runs them; servers that it starts end with it."""
        async with Toolbox(self.allowed, self.environment) as toolbox:
            yield ToolKit(toolbox, self.limits)

    def declared(self, wish: ToolsWish | None) -> ToolsWish:
        """`wish` with these tools; where it declares one itself, its own words hold."""
        said = wish or ToolsWish()
        known = {tool.name for tool in said.tools}
        return replace(said, tools=(*said.tools, *(tool for tool in self.allowed.tools if tool.name not in known)))


async def with_tools(
    options: Options, said: str | Sequence[str] | None, rounds: int | None, config: Config,
    environment: Mapping[str, str] = os.environ,
) -> Options:  # fmt: skip
    """The options of a program with the tools that models may have run: `allow:NAME,NAME`, or names in a list."""
    if options.run_tools is not None:
        return options
    if not said:
        if rounds is not None:
            raise UsageError("max_rounds is about tools that are run", hint='add run_tools=["NAME"]')
        return options
    named = said if isinstance(said, str) else f"{ALLOW}{','.join(names_said('run_tools', said) or ())}"
    return replace(options, run_tools=await runnable_tools(named, rounds, config, environment, "run_tools"))


async def runnable_tools(
    said: str, rounds: int | None, config: Config, environment: Mapping[str, str], place: str = "--run-tools"
) -> RunnableTools:
    """What `allow:NAME,NAME` names, in at most so many rounds.

    Raises `UsageError` for names that the configuration has not, and `ConfigError` for servers that cannot be asked.
    """
    names = names_allowed(said, place)
    if rounds is not None and not 1 <= rounds <= HIGHEST_ROUNDS:
        raise UsageError(f"max_rounds is from 1 to {HIGHEST_ROUNDS}, not {rounds}")
    bare = tool_environment(config, environment)
    allowed = await allowed_tools(names, config.own_tools, bare, place)
    return RunnableTools(allowed, bare, RoundLimits(rounds=rounds or MOST_ROUNDS))
