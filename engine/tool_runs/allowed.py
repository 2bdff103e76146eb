"""Which of the user's tools a model may have run: named one by one, found in the configuration, as they were listed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ...profiles.tools.own_tools import BETWEEN, CommandTool, McpServer, OwnTools
from ...providers.errors import UsageError, did_you_mean
from ..tools.definitions import Tool
from .servers import ServerLink

ALLOW = "allow:"
EVERY = "*"

NOTHING_ALLOWED = (
    "--run-tools allow:NAME,NAME names the tools that may run; thinkdial tools list shows those that you have"
)


class AllowedTools(Struct, frozen=True):
    """The tools that may run: as models get them (`tools`), and what they are.

    `listed` is the hash of the definitions of each server's tools, as they were when they were listed.
    """

    tools: tuple[Tool, ...]
    commands: Mapping[str, CommandTool]
    servers: Mapping[str, McpServer]
    listed: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(tool.name for tool in self.tools)


def names_allowed(said: str, place: str = "--run-tools") -> tuple[str, ...]:
    """The names of `allow:a,b`. Raises `UsageError` for anything else: what runs is said by name."""
    if not said.startswith(ALLOW):
        raise UsageError(f"{place}: {said[:60]!r} does not say what may run", hint=NOTHING_ALLOWED)
    names = tuple(dict.fromkeys(name.strip() for name in said.removeprefix(ALLOW).split(",") if name.strip()))
    if not names:
        raise UsageError(f"{place}: nothing is named", hint=NOTHING_ALLOWED)
    return names


async def allowed_tools(
    names: Sequence[str], own: OwnTools | None, environment: Mapping[str, str], place: str = "--run-tools"
) -> AllowedTools:
    """The tools of these names; `SERVER__*` are all that a server offers. The servers are asked what they offer.

    Raises `UsageError` for a name that nobody has, and `ConfigError` for a server that cannot be asked.
    """
    known = own or OwnTools()
    wanted = sorted({name.partition(BETWEEN)[0] for name in names if BETWEEN in name} & known.servers.keys())
    pages = await asyncio.gather(*(listed_tools(known.servers[name], environment) for name in wanted))
    offered = {tool.name: tool for page in pages for tool in page}
    found: dict[str, Tool] = {}
    for name in names:
        server, between, inner = name.partition(BETWEEN)
        if name in known.commands:
            found[name] = command_tool(known.commands[name])
        elif between and inner == EVERY and server in known.servers:
            found.update((one, tool) for one, tool in offered.items() if one.startswith(f"{server}{BETWEEN}"))
        elif name in offered:
            found[name] = offered[name]
        else:
            candidates = [*known.commands, *offered, *(f"{one}{BETWEEN}{EVERY}" for one in known.servers)]
            near = did_you_mean(name, candidates)
            raise UsageError(
                f"{place}: there is no tool {name[:80]!r} in your configuration{near}",
                hint="thinkdial tools list --mcp shows those that you have",
            )
    listed = {name: fingerprint(page) for name, page in zip(wanted, pages, strict=True)}
    servers = {name: known.servers[name] for name in wanted}
    commands = {name: known.commands[name] for name in found if name in known.commands}
    return AllowedTools(tuple(found.values()), commands, servers, listed)


async def listed_tools(server: McpServer, environment: Mapping[str, str]) -> tuple[Tool, ...]:
    """What a server offers. Raises `ConfigError` where it cannot be asked."""
    link = ServerLink(server, environment)
    await link.open()
    try:
        return await link.tools()
    finally:
        await link.close()


def command_tool(command: CommandTool) -> Tool:
    """A program of the user's as models get it."""
    return Tool(command.name, command.description, dict(command.parameters), None, command.place)


def fingerprint(tools: Iterable[Tool]) -> str:
    """16 hexadecimal digits that stand for names, descriptions and schemas, whatever their order."""
    told = sorted(json.dumps([one.name, one.description, one.parameters], sort_keys=True, default=str) for one in tools)
    return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()[:16]
