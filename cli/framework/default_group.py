"""A group of commands one of which may be left out."""

from __future__ import annotations

from typing import Any

from .light import LightGroup

DEFAULT = "run"


class DefaultGroup(LightGroup):
    """`thinkdial batch FILE ...` means `thinkdial batch run FILE ...`. A file called like a command is `./status`.

    The help of the group is that of this command, and the list of the others.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else None
        if first is not None and first not in self.commands and first not in ctx.help_option_names:
            self._refuse_typo(first, ctx)
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def _refuse_typo(self, first: str, ctx: Any) -> None:
        """Say which command was meant by a bare word that is no file."""
        from pathlib import Path

        from ...providers.errors import did_you_mean

        if first.isalpha() and (near := did_you_mean(first, self.commands)) and not Path(first).exists():
            ctx.fail(f"There is no file and no command {first!r}{near}.")

    def format_help(self, ctx: Any, formatter: Any) -> None:
        usual = self.commands[DEFAULT]
        usual.format_help(type(ctx)(usual, info_name=ctx.info_name, parent=ctx.parent), formatter)
        self.format_commands(ctx, formatter)
