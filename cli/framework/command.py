"""Commands and groups: their exit codes, and words that help where a command line cannot be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import monotonic
from typing import Any

import click


class HintingCommand(click.Command):
    """A command whose options variables may set, and that says what was meant by what it does not know."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if any(name.startswith("THINKDIAL_") for name in os.environ):
            from .variables import with_variables

            with_variables(self.params)
        return super().get_params(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            from .typos import hinted

            raise hinted(error, self, ctx, given) from None

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        arguments = [one for one in self.get_params(ctx) if isinstance(one, click.Argument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([one.get_help_record(ctx) for one in arguments])


class CodedCommand(HintingCommand):
    """A command. The exit code that its function returns ends the program; None is 0.

    One with `--notify` gives a sign at its end, however it ends.
    """

    def invoke(self, ctx: click.Context) -> Any:
        began = monotonic()
        code: Any = 1
        try:
            code = super().invoke(ctx)
        finally:
            if ctx.params.get("notify"):
                from . import end_notice

                if (took_s := monotonic() - began) >= end_notice.LONG_S:
                    end_notice.notify(ctx.command_path, int(code or 0), took_s)
        if code:
            ctx.exit(int(code))
        return code

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        rest = super().parse_args(ctx, args)
        if any(one.name == "output" and not getattr(one, "multiple", False) for one in self.params):
            self._refuse_second_output(given, ctx)
        return rest

    def _refuse_second_output(self, given: Sequence[str], ctx: click.Context) -> None:
        """Say that a command writes one file, where two are named: the first would be forgotten without a word."""
        options = given[: given.index("--")] if "--" in given else given
        if sum(word == "-o" or word.partition("=")[0] == "--output" for word in options) > 1:
            ctx.fail("-o is given twice, and this command writes one file.")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        from .variables import variables_hint

        if hint := variables_hint(self.params):
            formatter.write(f"\n{hint}\n")


class HintingGroup(HintingCommand, click.Group):
    """A group of commands."""
