"""The `tools:` and `mcp_servers:` of the user's own configuration."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from ..sections.section import Section
from ..trust import not_of_projects

TOOL_S = 30.0
"""Seconds that a tool may take, where the configuration does not say."""

TOOL_BYTES = 64 * 1024
"""Bytes of output that go back to the model, where the configuration does not say."""

MOST_TOOL_S = 3600.0
MOST_TOOL_OUTPUT = 4 * 2**20

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SERVER_NAME = re.compile(r"[a-zA-Z0-9_-]{1,32}")
BETWEEN = "__"
"""Stands between the name of a server and that of its tool: `files__read`."""

COMMAND_TOOL_KEYS = ("command", "description", "parameters", "timeout", "max_output", "env")
MCP_SERVER_KEYS = ("command", "env", "url", "timeout", "max_output")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class CommandTool(Struct, frozen=True):
    """A program and its arguments, without a shell. It gets a call's arguments as JSON on its standard input.

    What it prints is the tool's output, of which `most_output` bytes go back. `env` are variables that it gets beside
    the harmless ones. `place` is where it is defined.
    """

    name: str
    argv: tuple[str, ...]
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout_s: float = TOOL_S
    most_output: int = TOOL_BYTES
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    place: str = ""


class McpServer(Struct, frozen=True):
    """A server that speaks MCP: a program that is started (`argv`), or an address of this machine."""

    name: str
    argv: tuple[str, ...] = ()
    url: str | None = None
    timeout_s: float = TOOL_S
    most_output: int = TOOL_BYTES
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    place: str = ""


class OwnTools(Struct, frozen=True):
    """All of them, by their names."""

    commands: Mapping[str, CommandTool] = field(default_factory=dict[str, CommandTool])
    servers: Mapping[str, McpServer] = field(default_factory=dict[str, McpServer])


def read_own_tools(root: Section, base: OwnTools | None, *, is_users: bool) -> OwnTools:
    """`base` with the tools of one file. Raises `ConfigError` with the place of what is wrong.

    `is_users`: the file is the user's own, or was named by the user. A file of a project, trusted or not, and a plugin
    bring no programs for models to run.
    """
    if not is_users:
        raise not_of_projects(root, "tools" if "tools" in root else "mcp_servers")
    known = base or OwnTools()
    commands, servers = dict(known.commands), dict(known.servers)
    if (listed := root.section("tools")) is not None:
        for name in listed:
            if NAME.fullmatch(name) is None or BETWEEN in name:
                raise listed.bad(name, f"a name is up to 64 letters, digits, _ and -, without {BETWEEN}")
            commands[name] = _command(name, listed)
    if (listed := root.section("mcp_servers")) is not None:
        for name in listed:
            if SERVER_NAME.fullmatch(name) is None or BETWEEN in name:
                raise listed.bad(name, f"a name is up to 32 letters, digits, _ and -, without {BETWEEN}")
            servers[name] = _server(name, listed)
    return OwnTools(commands, servers)


def _command(name: str, parent: Section) -> CommandTool:
    section = parent.section(name)
    if section is None:
        raise parent.bad(name, "is empty; a tool needs a command")
    section.only(COMMAND_TOOL_KEYS)
    argv = section.texts("command")
    if not argv:
        raise section.bad("command", "names no program", "for instance command: [python3, weather.py]")
    parameters = section.mapping("parameters")
    if parameters and parameters.get("type", "object") != "object":
        raise section.bad("parameters", "is JSON Schema of an object")
    return CommandTool(
        name, argv, section.text("description") or "", {"type": "object", **parameters}, _seconds(section),
        _most(section), _env(section), str(parent.where(name)),
    )  # fmt: skip


def _server(name: str, parent: Section) -> McpServer:
    section = parent.section(name)
    if section is None:
        raise parent.bad(name, "is empty; a server needs a command or a url")
    section.only(MCP_SERVER_KEYS)
    argv, url = section.texts("command"), section.text("url")
    if bool(argv) == bool(url):
        raise parent.bad(name, "a server has a command, or a url")
    if url is not None:
        _check_loopback(section, url)
        if "env" in section:
            raise section.bad("env", "is for a command: who runs at an address has an environment already")
    return McpServer(name, argv, url, _seconds(section), _most(section), _env(section), str(parent.where(name)))


def _seconds(section: Section) -> float:
    seconds = section.seconds("timeout") or TOOL_S
    if seconds > MOST_TOOL_S:
        raise section.bad("timeout", f"is at most {MOST_TOOL_S:g} seconds")
    return seconds


def _most(section: Section) -> int:
    return section.whole("max_output", least=1, most=MOST_TOOL_OUTPUT) or TOOL_BYTES


def _env(section: Section) -> dict[str, str]:
    listed = section.section("env")
    if listed is None:
        return {}
    found: dict[str, str] = {}
    for name in listed:
        value = listed.text(name)
        if _VARIABLE.fullmatch(name) is None or value is None or "\0" in value:
            raise listed.bad(name, "a variable has a name of letters, digits and _, and a text")
        found[name] = value
    return found


def _check_loopback(section: Section, url: str) -> None:
    """Raise for an address of another machine: nobody else hears what a model says to a tool."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
        is_here = is_here and parts.scheme in ("http", "https") and parts.username is None
    except ValueError:
        is_here = False
    if not is_here:
        raise section.bad("url", "must be an http address of this machine, such as http://127.0.0.1:8000/mcp")
