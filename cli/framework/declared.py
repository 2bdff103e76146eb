"""What the annotation of a command's parameter says of an option or an argument: `Annotated[int, option("-n", ...)]`.

`parameters.py` makes click's of those of the one command that runs.
"""

from __future__ import annotations

from msgspec import Struct


class Declared(Struct, frozen=True):
    """An option by its names, or without any an argument.

    `metavar` stands for its value in the help, `low` and `high` are the bounds of a number.
    """

    names: tuple[str, ...]
    help: str
    metavar: str | None
    low: float | None
    high: float | None


def option(
    *names: str,
    help: str,  # noqa: A002
    metavar: str | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Declared:
    """An option; a `bool` is a flag, a `list` may be given several times."""
    return Declared(names, help, metavar, low, high)


def argument(*, help: str, metavar: str, low: float | None = None) -> Declared:  # noqa: A002
    """An argument; a `list` takes all that are left."""
    return Declared((), help, metavar, low, None)
