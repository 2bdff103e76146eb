"""Options in groups: a parameter of a command that is a `Struct` stands for the options that its fields declare."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from msgspec import Struct


def with_groups(command: Callable[..., Any]) -> Callable[..., Any]:
    """`command` with the options of each group in the group's place, as Typer wants them.

    A group's default is one of its class: what it holds are the defaults of this command.
    """
    parameters = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {name: one.annotation for name, one in parameters.items() if _is_group(one.annotation)}
    if not groups:
        return command
    flat: list[inspect.Parameter] = []
    for name, one in parameters.items():
        flat += _options(groups[name], one.default) if name in groups else [one]

    @wraps(command)
    def called(**given: Any) -> Any:
        made = {
            name: kind(**{each: given.pop(each) for each in kind.__struct_fields__}) for name, kind in groups.items()
        }
        return command(**given, **made)

    del called.__wrapped__  # its parameters are others
    called.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in flat}
    return called


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Struct)


def _options(kind: Any, usual: Any) -> list[inspect.Parameter]:
    declared, place = inspect.get_annotations(kind, eval_str=True), inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(each, place, default=getattr(usual, each), annotation=declared[each])
        for each in kind.__struct_fields__
    ]
