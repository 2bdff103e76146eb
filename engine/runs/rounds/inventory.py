"""The tools of the user's own: those of the configuration, and what servers offer when they are asked."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from ....profiles.tools.own_tools import McpServer, OwnTools
from ....providers.errors import ConfigError
from ...exchange.surroundings import run_loop
from ...tool_runs.allowed import command_tool, fingerprint, listed_tools
from ...tool_runs.environment import tool_environment
from ...tools.definitions import Tool

if TYPE_CHECKING:
    from ....profiles.config import Config


class ListedServer(Struct, frozen=True):
    """A server; `tools` are what it offers, None where it was not asked or did not answer."""

    server: McpServer
    tools: tuple[Tool, ...] | None = None

    @property
    def hash(self) -> str | None:
        """What stands for all its definitions."""
        return None if self.tools is None else fingerprint(self.tools)


class ToolInventory(Struct, frozen=True):
    """Programs with the hash of each definition, and servers. `missing` are programs that are not there."""

    commands: tuple[tuple[Tool, str], ...] = ()
    servers: tuple[ListedServer, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[ConfigError, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.commands and not self.servers


def own_tools(config: Config, *, asks_servers: bool, environment: Mapping[str, str] = os.environ) -> ToolInventory:
    """All of them. Servers are started, or called, only where they are to be asked."""
    own = config.own_tools or OwnTools()
    tools = tuple((tool, fingerprint([tool])) for tool in map(command_tool, own.commands.values()))
    bare = tool_environment(config, environment)
    path = bare.get("PATH")
    missing = tuple(one.name for one in own.commands.values() if shutil.which(one.argv[0], path=path) is None)
    if not asks_servers:
        return ToolInventory(tools, tuple(map(ListedServer, own.servers.values())), missing)

    async def ask() -> list[tuple[Tool, ...] | BaseException]:
        asked = (listed_tools(server, bare) for server in own.servers.values())
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run_loop(ask()) if own.servers else []
    listed: list[ListedServer] = []
    problems: list[ConfigError] = []
    for server, answer in zip(own.servers.values(), answers, strict=True):
        if isinstance(answer, ConfigError):
            problems.append(answer)
            listed.append(ListedServer(server))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            listed.append(ListedServer(server, answer))
    return ToolInventory(tools, tuple(listed), missing, tuple(problems))
