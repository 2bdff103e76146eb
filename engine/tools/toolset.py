"""The tools of one call, and the choice among them: as they are wished, and as they hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from ...profiles.disk import read_bounded
from ...providers.errors import UsageError
from ...providers.json_values import obj, text
from .choice import ToolChoice, choice_of
from .definitions import MOST_TOOL_BYTES, Tool, joined, read_tools, tool_document, tools_from, tools_in


class ToolsWish(Struct, frozen=True):
    """What is said for a call. No tools leaves them to the profile, no choice is `auto`, or what the profile says."""

    tools: tuple[Tool, ...] = ()
    choice: str | None = None


class Toolset(Struct, frozen=True):
    """What the model may call, and whether it has to."""

    tools: tuple[Tool, ...]
    choice: ToolChoice = ToolChoice()

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order in which they are declared."""
        return tuple(tool.name for tool in self.tools)


def tools_said(value: object, choice: object, place: str) -> ToolsWish:
    """What is said at `place`, and of the choice: files, declarations or tools. Raises `UsageError`."""
    chosen_at = f"{place}-choice" if place.startswith("-") else "tool_choice"
    if not isinstance(choice, str | None):
        raise UsageError(f"{chosen_at} must be auto, none, required, or the name of a tool")
    listed: Sequence[Any] = [] if value is None else [value]
    if isinstance(value, list | tuple):
        listed = cast("Sequence[Any]", value)
    found: list[Tool] = []
    for at, one in enumerate(listed):
        match one:
            case Tool():
                found.append(one)
            case str() | Path():
                found += _of_file(one)
            case _:
                found += tools_in(one, place if len(listed) == 1 else f"{place}[{at}]")
    every = joined(found)
    if every:
        choice_of(choice, (tool.name for tool in every), chosen_at)
    return ToolsWish(every, choice)


def resolved_tools(tools: Iterable[Tool], choice: str | None, place: str) -> Toolset:
    """The tools and the choice that hold. Raises `UsageError` for two of one name, and for no such choice."""
    every = joined(tools)
    return Toolset(every, choice_of(choice, (tool.name for tool in every), place))


def wish_document(wish: ToolsWish) -> dict[str, Any]:
    """The wish as JSON; `wish_from` reads it."""
    return {"tools": [tool_document(tool) for tool in wish.tools], "choice": wish.choice}


def wish_from(document: Any) -> ToolsWish | None:
    """What `wish_document` wrote; None for anything else."""
    told = obj(document)
    if not isinstance(told.get("tools"), list):
        return None
    return ToolsWish(tools_from(told["tools"]), text(told.get("choice")))


def _of_file(path: str | Path) -> tuple[Tool, ...]:
    name = str(path)[:300]
    try:
        content = read_bounded(Path(path), MOST_TOOL_BYTES)
    except (OSError, ValueError) as error:
        raise UsageError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return read_tools(content.decode(), name)
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text") from None
