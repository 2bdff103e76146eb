"""MCP servers of the user's: what they offer, and their tools called. The official client speaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Any, cast

from ...profiles.tools.own_tools import BETWEEN, NAME, McpServer
from ...providers.errors import ConfigError
from ..tools.definitions import Tool
from .output import ToolOutput, cut

if TYPE_CHECKING:
    from mcp import Client

MOST_PAGES = 20
MOST_SERVER_TOOLS = 256
CONNECT_S = 20.0


def check_mcp() -> None:
    """Raise `ConfigError` where the client for MCP is not installed."""
    try:
        import mcp  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise ConfigError(
            "MCP servers need the official client, which is not installed", hint='pip install "thinkdial[mcp]"'
        ) from None


class ServerLink:
    """The connection to one server, which a task of its own opens, holds and closes.

    Other tasks call its tools over it. Once it is broken it stays so.
    """

    def __init__(self, server: McpServer, environment: Mapping[str, str]) -> None:
        self.server = server
        self._environment = environment
        self._client: Client | None = None
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect. Raises `ConfigError` where that does not work."""
        check_mcp()
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(opened))
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.shield(opened)
        except TimeoutError:
            await self.close()
            raise self._unreachable(f"it did not answer within {CONNECT_S:g} s") from None
        except Exception as error:
            await self.close()
            raise self._unreachable(_words(error)) from None

    async def close(self) -> None:
        """End the connection, and the server where we have started it."""
        self._ended.set()
        if self._task is not None:
            with suppress(Exception):  # how it has ended was told to whoever called it
                await asyncio.wait_for(asyncio.shield(self._task), 5.0)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def tools(self) -> tuple[Tool, ...]:
        """The tools of the server under the names that models get: `SERVER__TOOL`. Raises `ConfigError`."""
        found: list[Tool] = []
        cursor: str | None = None
        try:
            for _ in range(MOST_PAGES):
                async with asyncio.timeout(self.server.timeout_s):
                    page = await self._connected().list_tools(cursor=cursor, cache_mode="refresh")
                found += (self._tool(one.name, one.description, one.input_schema) for one in page.tools)
                cursor = page.next_cursor
                if cursor is None or len(found) > MOST_SERVER_TOOLS:
                    break
        except TimeoutError:
            raise self._unreachable(f"it did not list its tools within {self.server.timeout_s:g} s") from None
        except Exception as error:
            raise self._unreachable(_words(error)) from None
        return tuple(tool for tool in found if NAME.fullmatch(tool.name))[:MOST_SERVER_TOOLS]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """What the tool `name`, as the server has it, says."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.server.timeout_s):
                said = await self._connected().call_tool(name, dict(arguments))
        except TimeoutError:
            words = f"{self.server.name} did not answer within {self.server.timeout_s:g} s"
            return ToolOutput(f"error: {words}", "timeout", duration_s=_since(began), source="mcp", note=words)
        except Exception as error:
            words = f"{self.server.name}: {_words(error)}"
            return ToolOutput(f"error: {words}", "failed", duration_s=_since(began), source="mcp", note=words)
        text, is_cut = cut(_text_of(said), self.server.most_output)
        failed = bool(said.is_error)
        return ToolOutput(
            text, "failed" if failed else "ok", is_cut, _since(began), source="mcp",
            note=f"{self.server.name} says that it failed" if failed else None,
        )  # fmt: skip

    async def _hold(self, opened: asyncio.Future[None]) -> None:
        from mcp import Client

        try:
            async with Client(self._transport()) as client:
                self._client = client
                if not opened.done():
                    opened.set_result(None)
                await self._ended.wait()
        except BaseException as error:
            if not opened.done():
                opened.set_exception(error if isinstance(error, Exception) else ConnectionError("it was broken off"))
            if not isinstance(error, Exception):
                raise
        finally:
            self._client = None

    def _transport(self) -> AbstractAsyncContextManager[Any]:
        from .transports import address_transport, program_transport

        server = self.server
        if server.url is not None:
            return address_transport(server.url)
        return program_transport(server.argv, {**self._environment, **server.env})

    def _connected(self) -> Client:
        if self._client is None:
            raise ConnectionError("the connection has ended")
        return self._client

    def _tool(self, name: str, description: str | None, schema: Mapping[str, Any]) -> Tool:
        parameters = {"type": "object", **schema}
        full = f"{self.server.name}{BETWEEN}{name}"
        return Tool(full, description or "", parameters, None, f"mcp {self.server.name}")

    def _unreachable(self, why: str) -> ConfigError:
        return ConfigError(
            f"the MCP server {self.server.name} cannot be used: {why}", hint=f"it is defined in {self.server.place}"
        )


def _text_of(said: Any) -> str:
    """The text of a result; parts of other kinds are named, and structured content stands for none at all."""
    parts: list[str] = []
    for part in said.content or ():
        text = getattr(part, "text", None)
        parts.append(text if isinstance(text, str) else f"[{getattr(part, 'type', 'something')}: not text]")
    if not parts and getattr(said, "structured_content", None) is not None:
        import json

        parts.append(json.dumps(said.structured_content, ensure_ascii=False, default=str))
    return "\n".join(parts)


def _words(error: BaseException) -> str:
    """What went wrong, the innermost of a group of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:300] or type(error).__name__


def _since(began: float) -> float:
    return round(time.monotonic() - began, 6)
