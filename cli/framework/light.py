"""Commands whose plain options are converted without Typer's import of pydantic, a third of a cold start.

Typer 0.29 builds a pydantic adapter for every parameter of a command, given or not. Here a value that needs no
conversion is taken as it is; whatever does, and so every error message, still goes through Typer. In a Typer without
that hook the classes change nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from time import monotonic
from typing import Any, cast, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from ..output import emit, say

_UNDECIDED = object()
_ParseError: type[Exception] = typer.BadParameter.__mro__[1]
"""The error of a command line that cannot be read; Typer gives it no name of its own."""


class LightCommand(TyperCommand):
    """A command with light parameters. The exit code that its function returns ends the program; None is 0.

    One with `--notify` gives a sign at its end, however it ends.
    """

    def invoke(self, ctx: Any) -> Any:
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

    def get_help_option(self, ctx: Any) -> Any:
        return _told_by_us(super().get_help_option(ctx))

    def get_params(self, ctx: Any) -> list[Any]:
        return _lightened(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            rest = super().parse_args(ctx, args)
        except _ParseError as error:
            from .typos import hinted

            raise hinted(error, self, ctx, given) from None
        for name, times, counts in self._given_again(given, ctx):
            if name == "output":
                ctx.fail("-o is given twice, and this command writes one file.")
            if not ctx.params.get("quiet"):
                say(f"note: {counts} is given {times} times; the last one counts")
        return rest

    def _given_again(self, given: Sequence[str], ctx: Any) -> Iterator[tuple[str, int, str]]:
        """The options of one value that have more: name, how many, and as it is written. Aliases may want just that."""
        words = [word for word in given if word.startswith("-") and len(word) > 1]
        if len(words) < 2 or ctx.resilient_parsing:
            return
        order: list[Any] = self.make_parser(ctx).parse_args(args=list(given))[2]
        for one in dict.fromkeys(order):
            if order.count(one) > 1 and one.param_type_name == "option" and not (one.multiple or one.is_flag):
                yield one.name, order.count(one), max(one.opts, key=len)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        from .help_parts import in_parts
        from .help_words import in_words
        from .variables import variables_hint

        parameters = in_words(self.get_params(ctx))
        arguments = [one for one in parameters if one.param_type_name == "argument"]
        parts = {"Arguments": arguments, **in_parts(one for one in parameters if one.param_type_name == "option")}
        for heading, part in parts.items():
            if records := [record for one in part if (record := one.get_help_record(ctx)) is not None]:
                with formatter.section(heading):
                    formatter.write_dl(records)

        if hint := variables_hint(parameters):
            formatter.write(f"\n{hint}\n")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        from .help_words import plain_usage

        return plain_usage(super().collect_usage_pieces(ctx))


class LightGroup(TyperGroup):
    """A group with light parameters."""

    def get_help_option(self, ctx: Any) -> Any:
        return _told_by_us(super().get_help_option(ctx))

    def get_params(self, ctx: Any) -> list[Any]:
        return _lightened(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except _ParseError as error:
            from .typos import hinted

            raise hinted(error, self, ctx, given) from None


def _told_by_us(option: Any) -> Any:
    """The help goes out as all other data does: a full disk and a closed output are told in words."""
    if option is not None:
        option.callback = _show_help
    return option


def _show_help(ctx: Any, _: object, is_wanted: bool) -> None:
    if is_wanted and not ctx.resilient_parsing:
        emit(f"{ctx.get_help()}\n")
        ctx.exit()


class _PlainValue:
    """Stands in for Typer's adapter of one parameter until a value comes that it cannot take as it is.

    `adapter` makes Typer's.
    """

    def __init__(self, adapter: Callable[[], Any]) -> None:
        self._adapter = adapter

    def itself(self) -> _PlainValue:
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        converted = _as_it_is(value, param.type_descriptor.annotation)
        if converted is not _UNDECIDED:
            return converted
        return self._adapter().coerce(value, param=param, ctx=ctx)


def _lightened(parameters: Sequence[Any]) -> list[Any]:
    if any(name.startswith("THINKDIAL_") for name in os.environ):
        from .variables import with_variables

        with_variables(parameters)
    for parameter in parameters:
        adapter = getattr(parameter, "get_runtime_param", None)
        if adapter is not None and "get_runtime_param" not in vars(parameter):
            parameter.get_runtime_param = _PlainValue(adapter).itself
    return list(parameters)


def _as_it_is(value: Any, kind: Any) -> Any:
    """`value` as a `kind`, where that takes no thought: else `_UNDECIDED`."""
    if get_origin(kind) is list and isinstance(value, (list, tuple)):
        inner = [_as_it_is(item, get_args(kind)[0]) for item in cast("Sequence[Any]", value)]
        return _UNDECIDED if _UNDECIDED in inner else inner
    if not isinstance(kind, type):
        return _UNDECIDED
    if isinstance(value, kind):
        return value
    if issubclass(kind, Enum) and value in [member.value for member in kind]:
        return kind(value)
    if kind is Path and isinstance(value, str) and os.access(value, os.R_OK):
        return Path(value)
    return _UNDECIDED
