"""Options that a variable of the environment may set: `THINKDIAL_MAX_COST` stands for `--max-cost` in every command.

What is said on the command line goes first. Left out are options that say what a command is about, such as a profile or
a file, those that print something else, and those that would overwrite or delete unasked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

PREFIX = "THINKDIAL_"

SETTABLE = frozenset(
    {
        "config", "think", "spend", "max-output", "timeout", "retries", "no-stream", "strict-think", "emulate",
        "max-cost",
        "allow-unpriced", "concurrency", "repeat", "confirm", "yes", "count", "reasoning", "carry-reasoning",
        "on-mismatch", "context-tokens", "context-reasoning", "context-full", "context-summary", "no-history", "quiet",
        "notify", "json", "ordered", "window", "poll", "workers", "processes", "allow-files", "by", "port", "pace",
        "seed", "batch-polls", "batch-seconds", "rpm", "tpm", "measure", "probes", "false-alarms", "target", "online",
        "confidence", "limiter", "job",
    }
)  # fmt: skip
"""Long names of options, without their dashes. One with a default of its own is settable without standing here."""


def variable_of(option: Any) -> str | None:
    """The variable of an option; None for one that no variable sets."""
    long = next((name[2:] for name in option.opts if name.startswith("--")), None)
    if long is None or (long not in SETTABLE and option.default in (None, False)):
        return None
    return f"{PREFIX}{long.upper().replace('-', '_')}"


def with_variables(parameters: Iterable[Any]) -> None:
    """Have the options among `parameters` look at their variables."""
    for one in parameters:
        if one.param_type_name == "option" and one.envvar is None:
            one.envvar = variable_of(one)
            one.show_envvar = False


def variables_hint(parameters: Iterable[Any]) -> str | None:
    """What the help of a command says of them."""
    first = next((one for one in parameters if one.param_type_name == "option" and variable_of(one)), None)
    if first is None:
        return None
    option = next(word for word in first.opts if word.startswith("--"))
    return f"Variables stand for many options, as {variable_of(first)} for {option}: thinkdial help variables."


class Variable(Struct, frozen=True):
    """A variable, the option that it sets, the option's help, and the commands that have it."""

    name: str
    option: str
    help: str
    commands: tuple[str, ...]


def variables(program: Any) -> list[Variable]:
    """All of them, by name. Imports every command."""
    found: dict[str, Variable] = {}
    for path, command in _commands(program, ()):
        for one in command.params:
            if one.param_type_name == "option" and (name := variable_of(one)) is not None:
                option = next(word for word in one.opts if word.startswith("--"))
                known = found.get(name, Variable(name, option, one.help or "", ()))
                found[name] = Variable(name, option, known.help, (*known.commands, path))
    return [found[name] for name in sorted(found)]


def _commands(group: Any, above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        path = (*above, name)
        if hasattr(command, "commands"):
            yield from _commands(command, path)
        else:
            yield " ".join(path), command
