"""Whether an id fits a regular expression of a data file. Hundreds are asked in one command, and few can fit: what a
match must begin with is read from the text of the expression, and only candidates are compiled, which takes far longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

_MEANING = frozenset(".^$*+?{}[]()|\\")
_MAY_BE_ABSENT = ("?", "*", "{")
"""What may follow a part that a match need not have."""


def fits(pattern: str, name: str, *, any_case: bool = False) -> bool:
    """Whether the whole of `name` matches. An expression that is none raises `re.error`, if its beginning fits."""
    if any_case and not (name.isascii() and pattern.isascii()):
        return re.fullmatch(pattern, name, re.IGNORECASE) is not None
    begins, literal, rest = _parts(pattern, any_case)
    start = name.lower() if any_case else name
    if not start.startswith(begins):
        return False
    if not rest:
        return start == literal
    if rest == ".*" and "\n" not in name:
        return True
    # Dozens of expressions end alike: their end is compiled once for all of them.
    return re.compile(rest, re.IGNORECASE if any_case else 0).fullmatch(name, len(literal)) is not None


def fits_glob(glob: str, name: str) -> bool:
    """Whether `name` is one that the pattern of a shell means; capitals count."""
    literal = before_wildcard(glob)
    if not name.startswith(literal):
        return False
    if len(literal) == len(glob):
        return name == literal
    return glob == f"{literal}*" or fnmatchcase(name, glob)


@lru_cache(maxsize=4096)
def before_wildcard(glob: str) -> str:
    """The characters that stand for themselves at its beginning."""
    return re.split(r"[*?\[]", glob, maxsplit=1)[0]


@lru_cache(maxsize=4096)
def _parts(pattern: str, any_case: bool) -> tuple[tuple[str, ...], str, str]:
    """What matches begin with; the text that all begin with, and what must follow. In `any_case` in small letters."""
    begins, literal, rest = beginnings(pattern), "", pattern
    if _is_plain(pattern) and len(_branches(pattern)) == 1:
        literal, rest = _literal(pattern)
    if rest.startswith("+"):  # which repeats the last letter of the literal
        literal, rest = "", pattern
    return (tuple(map(str.lower, begins)), literal.lower(), rest) if any_case else (begins, literal, rest)


def beginnings(pattern: str) -> tuple[str, ...]:
    """Texts of which each match begins with one; the empty text, which all begin with, where none can be told."""
    return tuple(dict.fromkeys(_beginnings(pattern))) if _is_plain(pattern) else ("",)


def _is_plain(pattern: str) -> bool:
    """Whether its letters mean themselves: flags may change what they mean, and a comment hides what follows it."""
    return (not pattern.startswith("(?") or pattern.startswith("(?:")) and "(?#" not in pattern


def _beginnings(pattern: str) -> Iterator[str]:
    for branch in _branches(pattern):
        literal, rest = _literal(branch)
        opened = 3 if rest.startswith("(?:") else 1
        if not rest.startswith("(") or (rest.startswith("(?") and opened == 1):
            yield literal
            continue
        end = next((at for at, depth in _outside(rest) if depth == 0), None)
        may_be_absent = end is not None and rest.startswith("?", end + 1)
        if end is None or (rest.startswith(_MAY_BE_ABSENT, end + 1) and not may_be_absent):
            yield literal
            continue
        yield from (literal + inner for inner in _beginnings(rest[opened:end]))
        if may_be_absent:
            yield from (literal + after for after in _beginnings(rest[end + 2 :].lstrip("?+")))


def _literal(branch: str) -> tuple[str, str]:
    """The characters that stand for themselves at its beginning, and what follows."""
    found: list[str] = []
    at = size = 0
    while at < len(branch):
        letter, size = branch[at], 1
        if letter == "\\":
            letter, size = branch[at + 1 : at + 2], 2
            if not letter or letter.isalnum():
                break
        elif letter in _MEANING:
            break
        if branch.startswith(_MAY_BE_ABSENT, at + size):
            break
        found.append(letter)
        at += size
    return "".join(found), branch[at:]


def _branches(pattern: str) -> list[str]:
    """What stands between the bars that are in no group."""
    if "|" not in pattern:
        return [pattern]
    bars = [at for at, depth in _outside(pattern) if depth == 0 and pattern[at] == "|"]
    return [pattern[start + 1 : end] for start, end in zip([-1, *bars], [*bars, len(pattern)], strict=True)]


def _outside(pattern: str) -> Iterator[tuple[int, int]]:
    """Where brackets and bars stand that are neither escaped nor in a set, and how many groups are open behind each."""
    depth = at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            at += 1
        elif letter == "[":
            at += 2 if pattern.startswith("^", at + 1) else 1
            at += pattern.startswith("]", at)  # one that comes first does not close the set
            while at < len(pattern) and pattern[at] != "]":
                at += 2 if pattern[at] == "\\" else 1
        elif letter in "()|":
            depth += {"(": 1, ")": -1, "|": 0}[letter]
            yield at, depth
        at += 1
