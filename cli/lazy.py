"""A group whose commands are imported when they are called: a run needs one of them, help none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer

from .light import LightCommand, LightGroup


class LazyGroup(LightGroup):
    """`summaries` says each command in a line, in the order of the help; `rooms` says in which room its module is.

    The module `commands/ROOM/NAME.py` has the function of that name, or an `app`: a group of commands in its turn.
    """

    summaries: ClassVar[Mapping[str, str]] = {}
    rooms: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Commands(self.summaries, self.rooms)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.summaries)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


class _Commands(Mapping[str, Any]):
    """The commands by name, each made when it is first asked for."""

    def __init__(self, summaries: Mapping[str, str], rooms: Mapping[str, str]) -> None:
        self._summaries, self._rooms = summaries, rooms
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _made(name, self._rooms[name], self._summaries[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._summaries

    def __iter__(self) -> Iterator[str]:
        return iter(self._summaries)

    def __len__(self) -> int:
        return len(self._summaries)


def _made(name: str, room: str, summary: str) -> Any:
    from typer.main import get_group

    module = import_module(f".commands.{room}.{name}", __package__)
    alone = typer.Typer(rich_markup_mode=None)
    if hasattr(module, "app"):
        alone.add_typer(module.app, name=name, short_help=summary)
    else:
        alone.command(name, cls=LightCommand, short_help=summary)(getattr(module, name))
    return get_group(alone).commands[name]
