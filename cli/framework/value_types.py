"""What values of options are: numbers within bounds, one of some words, files. Each says what is wrong in words."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from ...providers.errors import did_you_mean

WIDEST_CHOICE = 36
"""Characters of choices that stand beside an option; more of them go into its text."""


class NumberType(click.ParamType[int | float]):
    """An `int` or a `float` that is not below `low` and not above `high`."""

    name = "number"

    def __init__(self, kind: Callable[[Any], int | float], low: float | None, high: float | None) -> None:
        self._kind, self._low, self._high = kind, low, high

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "N"

    @property
    def range(self) -> str | None:
        """`1 to 20`, `1 or more`, `at most 0.5`; None where every number will do."""
        low, high = self._low, self._high
        if high is None:
            return None if low is None else f"{low} or more"
        return f"at most {high}" if low is None else f"{low} to {high}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        try:
            number = self._kind(value)
        except ValueError:
            self.fail(f"{value!r} is not a {'whole number' if self._kind is int else 'number'}.", param, ctx)
        is_high_enough = self._low is None or number >= self._low
        if not is_high_enough or not (self._high is None or number <= self._high):  # nan is neither
            self.fail(f"{value} is out of range: {self.range}.", param, ctx)
        return number


class WordType(click.ParamType[StrEnum]):
    """One of the words of an enumeration."""

    name = "word"

    def __init__(self, kind: type[StrEnum]) -> None:
        self._kind = kind
        self.words = [one.value for one in kind]

    @property
    def is_wide(self) -> bool:
        """Whether the words are too many to stand beside the option."""
        return len("|".join(self.words)) > WIDEST_CHOICE

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "WORD" if self.is_wide else "|".join(self.words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StrEnum:
        if value not in self.words:
            near = did_you_mean(value.lower(), self.words)
            self.fail(f"{value!r} is not one of {', '.join(self.words)}{near}.", param, ctx)
        return self._kind(value)


class FlagType(click.types.BoolParamType):
    """A flag, where a variable sets it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is neither 1 nor 0.", param, ctx)


class FileType(click.Path[Path]):
    """The path of a file, there or not."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "FILE"
