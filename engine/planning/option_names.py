"""What a caller calls the options that errors name."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from pathlib import Path
from typing import TypeVar, cast

from msgspec import Struct

from ...providers.errors import UsageError

_Number = TypeVar("_Number", int | None, float | None)


class OptionNames(Struct, frozen=True):
    """Names of options, as one way of calling thinkdial has them. `yes` is None where nobody can agree to anything."""

    strict_think: str
    max_cost: str
    allow_unpriced: str
    yes: str | None
    concurrency: str
    repeat: str
    escalate: str
    expect: str
    think: str


COMMAND_LINE = OptionNames(
    strict_think="--strict-think",
    max_cost="--max-cost",
    allow_unpriced="--allow-unpriced",
    yes="--yes",
    concurrency="--concurrency",
    repeat="--repeat",
    escalate="--escalate",
    expect="--expect KIND=VALUE",
    think="--think",
)
LIBRARY = OptionNames(
    strict_think="strict_think",
    max_cost="max_cost",
    allow_unpriced="allow_unpriced=True",
    yes=None,
    concurrency="concurrency",
    repeat="repeat",
    escalate="escalate",
    expect="expect=",
    think="think",
)


def check_number(name: str, value: object, *, whole: bool) -> None:
    """Raise `UsageError` for what is neither a number nor None, and for a fraction where it has to be `whole`."""
    if value is None or type(value) is int or (type(value) is float and not whole):
        return
    raise UsageError(f"{name} is a {'whole ' if whole else ''}number, not {value!r}")


def within(name: str, value: _Number, least: float, most: float = inf) -> _Number:
    """`value`. Raises `UsageError` where it is no number, or out of range."""
    check_number(name, value, whole=isinstance(least, int))
    if value is not None and not least <= value <= most:
        bounds = f"at least {least:g}" if most == inf else f"from {least:g} to {most:g}"
        raise UsageError(f"{name} is {bounds}, not {value}")
    return value


def names_said(name: str, value: object) -> list[str] | None:
    """The names that an option has: one text or path, or several. Raises `UsageError` for anything else."""
    if value is None:
        return None
    if isinstance(value, str | Path):  # a text is a sequence too, of its letters
        return [str(value)]
    several = list(cast("Iterable[object]", value)) if isinstance(value, Iterable) else [value]
    if not all(isinstance(one, str | Path) for one in several):
        raise UsageError(f"{name} has names, each as text")
    return [str(one) for one in several]


def text_said(name: str, value: object) -> str | None:
    """`value`. Raises `UsageError` where it is no text."""
    if not isinstance(value, str | None):
        raise UsageError(f"{name} is text, not {value!r}")
    return value
