"""click's parameters of a command, made of what the annotations of its function declare.

A parameter that is a `Struct` stands for the options that its fields declare, and its default holds theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, StrEnum
from inspect import Parameter, get_annotations, signature
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args, get_origin

import click
from msgspec import Struct

from .declared import Declared
from .value_types import FileType, FlagType, NumberType, WordType


class WordedOption(click.Option):
    """An option whose help has words where click has inequalities and names of Python's."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        if "default" in extra and isinstance(self.default, Enum):
            extra["default"] = str(self.default.value)
        if isinstance(self.type, NumberType) and (bounds := self.type.range) is not None:
            extra["range"] = bounds
        return extra


class WordedArgument(click.Argument):
    """An argument whose help says as much as that of an option."""

    def make_metavar(self, ctx: click.Context) -> str:
        name = self.human_readable_name
        several = "..." if self.nargs != 1 and not name.endswith("...") else ""
        return f"{name if self.required or name.startswith('[') else f'[{name}]'}{several}"

    def get_error_hint(self, ctx: click.Context | None) -> str:
        return f"'{self.human_readable_name}'"

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        default = None if self.required else self.get_default(ctx, call=False)
        bounds = self.type.range if isinstance(self.type, NumberType) else None
        extra = (default and f"default: {default}", bounds, self.required and "required")
        told = "; ".join(one for one in extra if one)
        return self.human_readable_name, f"{self.help}  [{told}]" if told else f"{self.help}"


class CommandParts(NamedTuple):
    """What click makes a command of."""

    params: list[click.Parameter]
    callback: Callable[..., Any]


def parts(function: Callable[..., Any]) -> CommandParts:
    """The parameters that `function` declares, and what calls it with their values."""
    kinds, defaults = get_annotations(function, eval_str=True), signature(function).parameters
    groups: dict[str, type[Struct]] = {}
    context: str | None = None
    params: list[click.Parameter] = []
    for name, one in defaults.items():
        kind = kinds[name]
        if kind is click.Context:
            context = name
        elif isinstance(kind, type) and issubclass(kind, Struct):
            groups[name] = kind
            params += _options_of(kind, one.default)
        else:
            params.append(_parameter(name, kind, one.default))

    def called(**given: Any) -> Any:
        values = {name: _listed(value) for name, value in given.items()}
        for name, kind in groups.items():
            values[name] = kind(**{each: values.pop(each) for each in kind.__struct_fields__})
        if context is not None:
            values[context] = click.get_current_context()
        return function(**values)

    return CommandParts(params, called)


def _listed(value: Any) -> Any:
    """A list of what was given several times; None where it was not given at all."""
    return list(cast("tuple[Any, ...]", value)) or None if isinstance(value, tuple) else value


def _options_of(group: type[Struct], usual: Any) -> list[click.Parameter]:
    kinds: Mapping[str, Any] = get_annotations(group, eval_str=True)
    return [_parameter(name, kinds[name], getattr(usual, name)) for name in group.__struct_fields__]


def _parameter(name: str, annotation: Any, default: Any) -> click.Parameter:
    kind, *said = get_args(annotation)
    declared = next(one for one in said if isinstance(one, Declared))
    kind = next((one for one in get_args(kind) if one is not type(None)), kind) if _is_union(kind) else kind
    several = get_origin(kind) is list
    if several:
        (kind,) = get_args(kind)
    rest: dict[str, Any] = {"type": _type(kind, declared), "metavar": declared.metavar, "help": declared.help}
    if default is not Parameter.empty:
        rest["default"] = default
    if not declared.names:
        return WordedArgument([name], nargs=-1 if several else 1, required="default" not in rest, **rest)
    if declared.metavar is None and isinstance(rest["type"], WordType) and rest["type"].is_wide:
        rest["help"] = f"{declared.help} One of: {', '.join(rest['type'].words)}."
    return WordedOption(
        [name, *declared.names], multiple=several, is_flag=kind is bool, show_default=True,
        required="default" not in rest, **rest,
    )  # fmt: skip


def _is_union(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _type(kind: Any, declared: Declared) -> Any:
    if kind in (int, float):
        return NumberType(kind, declared.low, declared.high)
    if kind is bool:
        return FlagType()
    if kind is Path:
        return FileType()
    return WordType(kind) if issubclass(kind, StrEnum) else kind
