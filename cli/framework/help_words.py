"""The help of a command in words: `FILE` and `N`, `1 to 20` and `NAME`, where Typer has types and inequalities."""

from __future__ import annotations

from typing import Any

WIDEST_CHOICE = 36
"""Characters of choices that stand beside an option; more of them go into its text."""


def in_words(parameters: list[Any]) -> list[Any]:
    """The parameters, such that their help is for people. In a Typer without these hooks nothing changes."""
    for one in parameters:
        if getattr(one, "type_descriptor", None) is None:
            continue
        if one.param_type_name == "argument":
            one.display_type_rich = _nothing
        elif one.metavar is None:
            one.metavar = _word(one)
        low, high = getattr(one, "min", None), getattr(one, "max", None)
        one._get_number_range_help_str = _Said(_range(low, high))
    return parameters


def plain_usage(pieces: list[str]) -> list[str]:
    """What must be given stands by itself: `NAME`, not `{NAME}`."""
    return [piece.removeprefix("{").replace("}", "", 1) if piece.startswith("{") else piece for piece in pieces]


class _Said:
    """A method that has one answer."""

    def __init__(self, answer: str | None) -> None:
        self._answer = answer

    def __call__(self, *_: Any, **__: Any) -> str | None:
        return self._answer


_nothing = _Said(None)


def _word(one: Any) -> str | None:
    descriptor = one.type_descriptor
    if descriptor.is_choice:
        choices = "|".join(str(getattr(choice, "value", choice)) for choice in descriptor.choices or ())
        if len(choices) <= WIDEST_CHOICE:
            return choices
        one.help = f"{one.help or ''} One of: {choices.replace('|', ', ')}.".strip()
        return "WORD"
    if descriptor.is_path or descriptor.is_file:
        return "FILE"
    if getattr(one, "is_flag", False):
        return None
    kind = descriptor.annotation
    return "N" if kind in (int, float) or descriptor.is_ranged else "TEXT"


def _range(low: Any, high: Any) -> str | None:
    if low is None and high is None:
        return None
    if high is None:
        return f"{low} or more"
    return f"at most {high}" if low is None else f"{low} to {high}"
