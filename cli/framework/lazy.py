"""A group whose commands are imported when they are called: a run needs one of them, help none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer

from .light import LightCommand, LightGroup
from .option_groups import with_groups


class LazyGroup(LightGroup):
    """`summaries` says each command in a line, in the order of the help; `headings` names the commands at which the
    help begins a part, with its title.

    A command is the function of its name in the module of its name in `package` (with a `_` behind the function's name
    where Python has its own). `modules` names the module where it is another one. A module with an `app` in the
    function's place is a group of commands in its turn.
    """

    package: ClassVar[str | None] = None
    summaries: ClassVar[Mapping[str, str]] = {}
    headings: ClassVar[Mapping[str, str]] = {}
    modules: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = _Commands(self)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.summaries)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        widest = max(map(len, self.summaries))
        parts: dict[str, list[tuple[str, str]]] = {}
        heading = "Commands"
        for name, summary in self.summaries.items():
            heading = self.headings.get(name, heading)
            parts.setdefault(heading, []).append((name.ljust(widest), summary))
        for heading, lines in parts.items():
            with formatter.section(heading):
                formatter.write_dl(lines)

    def made(self, name: str) -> Any:
        """The command `name`, imported. Raises `KeyError` where there is none."""
        from typer.main import get_group

        summary = self.summaries[name]
        module = import_module(f".{self.modules.get(name, name)}", self.package)
        alone = typer.Typer(rich_markup_mode=None)
        if hasattr(module, "app"):
            alone.add_typer(module.app, name=name, short_help=summary)
        else:
            function = getattr(module, name, None) or getattr(module, f"{name}_")
            alone.command(name, cls=LightCommand, short_help=summary)(with_groups(function))
        return get_group(alone).commands[name]


class _Commands(Mapping[str, Any]):
    """The commands of a group by name, each made when it is first asked for."""

    def __init__(self, group: LazyGroup) -> None:
        self._group = group
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._group.made(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._group.summaries

    def __iter__(self) -> Iterator[str]:
        return iter(self._group.summaries)

    def __len__(self) -> int:
        return len(self._group.summaries)
