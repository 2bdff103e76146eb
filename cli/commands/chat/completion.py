"""What the line of a chat may go on with: commands, profiles, think values, answers and files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ....providers.think import Level

THINK_VALUES = ("auto", *(level.value for level in Level))
MOST_FILES = 200


class Proposal(Struct, frozen=True):
    """One way to go on: `text` takes the place of the last `replaced` characters; `about` is said beside it."""

    text: str
    replaced: int
    about: str = ""


class Vocabulary(Struct, frozen=True):
    """The words that there are. `commands` are the slash commands with what they do."""

    commands: Mapping[str, str]
    profiles: Sequence[str] = ()
    groups: Sequence[str] = ()
    answers: Sequence[str] = ()
    formats: Sequence[str] = ()


def proposals(before: str, words: Vocabulary) -> list[Proposal]:
    """What may follow `before`, the text up to the cursor."""
    if before.startswith("/") and "\n" not in before:
        command, blank, rest = before.partition(" ")
        if not blank:
            return [
                Proposal(name, len(before), about) for name, about in words.commands.items() if name.startswith(before)
            ]
        return _argument(command, rest, words)
    word = before[max(before.rfind(blank) for blank in " \n\t") + 1 :]
    return _files(word[1:]) if word.startswith("@") else []


def _argument(command: str, rest: str, words: Vocabulary) -> list[Proposal]:
    match command:
        case "/think":
            return _beginning(rest, THINK_VALUES)
        case "/profile" | "/compact":
            return _profiles(rest, words.profiles)
        case "/compare" if " " not in rest:
            return _profiles(rest.rpartition(",")[2], [*words.groups, *words.profiles])
        case "/pick":
            return _beginning(rest, words.answers)
        case "/export":
            return _beginning(rest, words.formats)
        case _:
            return []


def _profiles(word: str, names: Sequence[str]) -> list[Proposal]:
    name, at, value = word.rpartition("@")
    return _beginning(value, THINK_VALUES) if at and name else _beginning(word, names)


def _beginning(word: str, options: Sequence[str]) -> list[Proposal]:
    return [Proposal(option, len(word)) for option in options if option.startswith(word)]


def _files(written: str) -> list[Proposal]:
    """Files and directories whose path begins so."""
    directory, _, stem = written.rpartition("/")
    where = Path(f"{directory}/" if written.startswith("/") else directory or ".")
    try:
        with os.scandir(where.expanduser()) as entries:
            found = sorted(
                f"{entry.name}/" if entry.is_dir() else entry.name
                for entry in entries
                if entry.name.startswith(stem) and (stem or not entry.name.startswith("."))
            )
    except (OSError, RuntimeError, ValueError):
        return []
    return [Proposal(name, len(stem)) for name in found[:MOST_FILES] if " " not in name]
