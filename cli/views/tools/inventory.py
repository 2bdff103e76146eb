"""The user's own tools: as a table, as a document, and line by line whether they can be run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from ....engine.runs.rounds.inventory import ListedServer, ToolInventory
from ....engine.tools.definitions import Tool
from ....providers.untrusted import one_line


def inventory_table(found: ToolInventory, width: int) -> Table:
    """A row each: the name that --run-tools takes, what it is for, the hash of its definition."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("name", overflow="fold")
    table.add_column("what it is", overflow="fold", ratio=1)
    table.add_column("hash", no_wrap=True)
    for tool, digest in found.commands:
        table.add_row(Text(one_line(tool.name), "bold"), Text(one_line(tool.description, 200)), Text(digest, "dim"))
    for listed in found.servers:
        where = listed.server.url or " ".join(listed.server.argv)
        words = f"MCP server: {one_line(where, 100)}"
        if listed.tools is None:
            words += "" if found.problems else "; --mcp asks it what it offers"
        table.add_row(Text(one_line(f"{listed.server.name}__*"), "bold"), Text(words), Text(listed.hash or "", "dim"))
        for tool in listed.tools or ():
            table.add_row(Text(f"  {one_line(tool.name)}"), Text(one_line(tool.description, 200)), "")
    return table


def inventory_document(found: ToolInventory) -> dict[str, Any]:
    """The same for programs."""
    return {
        "schema": "thinkdial.tools/1",
        "tools": [{**_tool(tool), "hash": digest} for tool, digest in found.commands],
        "mcp_servers": [_server(listed) for listed in found.servers],
    }


def check_lines(found: ToolInventory) -> Iterator[str]:
    """Whether each of them can be run."""
    for tool, _ in found.commands:
        is_there = tool.name not in found.missing
        yield f"✓ {one_line(tool.name)}" if is_there else f"✗ {one_line(tool.name)}: its program is not there"
    for listed in found.servers:
        name = one_line(listed.server.name)
        if listed.tools is None:
            yield f"✗ {name}: does not answer"
        else:
            yield f"✓ {name}: {len(listed.tools)} tools, {listed.hash}"


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "place": tool.source,
    }


def _server(listed: ListedServer) -> dict[str, Any]:
    server = listed.server
    return {
        "name": server.name,
        "command": [*server.argv] or None,
        "url": server.url,
        "place": server.place,
        "hash": listed.hash,
        "tools": None if listed.tools is None else [_tool(tool) for tool in listed.tools],
    }
