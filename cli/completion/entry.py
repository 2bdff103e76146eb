"""`thinkdial --complete SHELL ...`: the answer to a shell, as quickly as Python starts."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHOWN = 500
SAFE = frozenset("@%+=:,./-_~#")
"""Beside letters and digits what a word may have that a shell puts in as it is: names come from files of others, too,
and one such as `$(...)` would run at the next Enter."""


def answer(given: Sequence[str]) -> str:
    """The lines for a shell. `given` is its name, and for bash the line up to the cursor and the breaking characters,
    for the others the words up to the cursor, the program's name first.

    A line is a value and, behind a tab, a few words about it. A line that begins with a tab says that files or
    directories may stand there.
    """
    from .answer import candidates, typed_words
    from .memory import Memory

    shell, *rest = given
    breaks = ""
    if shell == "bash":
        line, breaks = rest[0], rest[1] if len(rest) > 1 else ""
        words = typed_words(line)[1:]
    else:
        words = list(rest[1:])
        if shell == "powershell" and words and words[-1] == '""':
            words[-1] = ""  # how an empty word survives the way here from any PowerShell
    memory = Memory(words)
    found, files = candidates(words, memory.table(), memory.names)
    current = words[-1] if words else ""
    cut = _kept_by_bash(current, breaks)
    shown = [(value, help_) for value, help_ in found if is_safe(value)]
    lines = [_line(shell, value[cut:], help_) for value, help_ in shown[:MOST_SHOWN]]
    if files is not None:
        lines.append(f"\t{files}")
    return "".join(f"{line}\n" for line in lines)


def is_safe(value: str) -> bool:
    """Whether a shell reads the word as itself."""
    return all(letter.isalnum() or letter in SAFE for letter in value) and not value.startswith("#")


def _kept_by_bash(word: str, breaks: str) -> int:
    """How much of a word bash leaves as it is, because one of its breaking characters stands there.

    Of them `@` belongs to what is replaced: readline knows it as a special prefix.
    """
    behind = [word.rfind(letter) + 1 for letter in ":=" if letter in breaks]
    return max([0, *behind, word.rfind("@") if "@" in breaks else 0])


def _line(shell: str, value: str, help_: str) -> str:
    if shell == "bash":
        return value
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in help_).split())
    if shell == "zsh":
        value = value.replace("\\", "\\\\").replace(":", "\\:")
        return f"{value}:{clean}" if clean else value
    return f"{value}\t{clean}" if clean else value


def complete(given: Sequence[str]) -> None:
    """Print the answer; a shell wants no error in the middle of somebody's line."""
    try:
        text = answer(given)
    except Exception:
        text = ""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
