"""Runs what a model calls: only what is allowed, with arguments that fit, each within its bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from ...profiles.tools.own_tools import BETWEEN
from ...providers.errors import ConfigError
from ...providers.untrusted import bounded
from ..results.tool_use import ToolRun
from ..tools.words import ToolCall
from .allowed import AllowedTools, fingerprint
from .output import LOGGED, ToolOutput
from .programs import run_program
from .servers import ServerLink

MOST_AT_ONCE = 4
"""Calls of one answer that run at the same time."""


class Toolbox:
    """The allowed tools of one run. Servers are started when they are first needed, and end with it.

    `environment` is what programs and servers get.
    """

    def __init__(self, allowed: AllowedTools, environment: Mapping[str, str]) -> None:
        self.allowed = allowed
        self._environment = environment
        self._links: dict[str, ServerLink] = {}
        self._refused: dict[str, str] = {}
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(link.close() for link in self._links.values()), return_exceptions=True)

    async def run(self, call: ToolCall, number: int) -> tuple[ToolRun, ToolOutput]:
        """What becomes of one call of round `number`: it is run, or the model is told why not."""
        async with self._places:
            output = await self._output(call)
        return logged(call, output, number), output

    async def _output(self, call: ToolCall) -> ToolOutput:
        name = call.name
        if name not in self.allowed.names:
            known = "not one of those that may be run" if not _is_unknown(call) else "no tool that there is"
            words = f"{bounded(name, 80)!r} is {known}"
            return ToolOutput(f"error: {words}", "unknown_tool" if _is_unknown(call) else "refused", note=words)
        if call.errors or call.arguments is None:
            words = "; ".join(call.errors) or "the arguments are no JSON object"
            return ToolOutput(f"error: it was not run: {words}", "bad_arguments", note=bounded(words, 300))
        command = self.allowed.commands.get(name)
        if command is not None:
            return await run_program(command, call.arguments, self._environment)
        server, _, inner = name.partition(BETWEEN)
        link = await self._link(server)
        if isinstance(link, str):
            return ToolOutput(f"error: {link}", "refused", source="mcp", note=link)
        return await link.call(inner, call.arguments)

    async def _link(self, name: str) -> ServerLink | str:
        """The connection to a server, or why it is not used."""
        async with self._opening:
            if name in self._refused:
                return self._refused[name]
            if name in self._links:
                return self._links[name]
            link = ServerLink(self.allowed.servers[name], self._environment)
            self._links[name] = link
            try:
                await link.open()
                now = fingerprint(await link.tools())
            except ConfigError as error:
                self._refused[name] = error.message
                return error.message
            if now != self.allowed.listed.get(name):
                words = f"the MCP server {name} describes its tools otherwise than when they were listed: none is run"
                self._refused[name] = words
                return words
            return link


def logged(call: ToolCall, output: ToolOutput, number: int) -> ToolRun:
    """The entry of the log."""
    return ToolRun(
        round=number,
        name=bounded(call.name, 80),
        call_id=call.id,
        arguments=call.arguments,
        end=output.end,
        output=output.text[:LOGGED],
        output_bytes=len(output.text.encode("utf-8", "replace")),
        truncated=output.truncated,
        duration_s=output.duration_s,
        exit=output.exit,
        source=output.source,
        note=output.note,
    )


def _is_unknown(call: ToolCall) -> bool:
    """Whether nobody gave such a tool to the model: it was not declared at all."""
    return any("was not given to the model" in error for error in call.errors) or not call.name
