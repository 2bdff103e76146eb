"""Regular expressions of a row: Python's own, matched by a library that can bound the time of a match."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any
from warnings import catch_warnings, simplefilter

from ...providers.errors import UsageError

MOST_WRITTEN_OUT = 100_000
"""Characters that the counts of a regular expression may ask for."""


class UnfinishedError(TimeoutError):
    """The time was over before it was known whether an answer passes."""


LONGEST_PATTERN = 20_000
"""Characters of a regular expression: the time to compile one grows with them."""


def check_pattern(pattern: str, name: str = "expect.regex") -> None:
    """Raise `UsageError` for what is no regular expression of Python's `re`, or is read in two ways.

    `name` is what has it.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise UsageError(f"{name} has more than {LONGEST_PATTERN:,} characters")
    try:
        with catch_warnings():
            simplefilter("error", FutureWarning)  # sets within sets, which Python's own may yet learn to read
            re.compile(pattern)
        if _has_posix_class(pattern):
            raise ValueError(
                r"a class like [:alpha:] is none of Python's; write what it stands for, or \[: for the text"
            )
        if _written_out(pattern) > MOST_WRITTEN_OUT:
            raise ValueError(f"its counts ask for more than {MOST_WRITTEN_OUT:,} characters")
        _compiled(pattern, ignore_case=False)
    except Exception as error:  # each library has a kind of its own, and too large a number is another one
        raise UsageError(f"{name} is no regular expression: {error}") from None


def occurs(pattern: str, text: str, *, ignore_case: bool, within_s: float) -> bool:
    """Whether something in `text` matches. Raises `UnfinishedError`, with words, where that takes longer.

    Other threads go on meanwhile. Raises what the library raises for a pattern that it cannot read.
    """
    try:
        found = _compiled(pattern, ignore_case=ignore_case).search(text, timeout=within_s, concurrent=True)
    except TimeoutError:
        words = f"no end of matching {pattern[:80]!r} within the time; write it without nested repetitions"
        raise UnfinishedError(words) from None
    return found is not None


_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|\{(\d+)(?:,\d*)?\}|.", re.DOTALL)


def _written_out(pattern: str) -> int:
    """How many characters its least counts ask for: compiling writes all of them out."""
    sizes, last = [0], 0
    for token in _TOKEN.finditer(pattern):
        if token[0] == "(":
            sizes.append(0)
            last = 0
        elif token[0] == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif token[1]:
            times = max(1, int(token[1]))
            sizes[-1] += last * (times - 1)
            last *= times
        else:
            last = 1
            sizes[-1] += 1
    return sizes[0]


_ESCAPE = re.compile(r"\\.", re.DOTALL)


def _has_posix_class(pattern: str) -> bool:
    """Whether there is something like `[x[:alpha:]]`: single characters to Python, which does not always warn of it,
    and letters to the other library."""
    sets = (token[0] for token in _TOKEN.finditer(pattern) if len(token[0]) > 1 and token[0][0] == "[")
    return any(one.endswith(":]") and "[:" in one[1:-2] for one in (_ESCAPE.sub("", one) for one in sets))


_BRACES = re.compile(r"(\\N\{[^}]*\}|\\.)|\{(?!\d*(?:,\d*)?\})", re.DOTALL)
"""Braces that are no count: text to Python, where the other library reads `{e<=1}` as "with one error"."""


@lru_cache(maxsize=256)
def _compiled(pattern: str, *, ignore_case: bool) -> Any:
    """The pattern, by a library that can bound the time of a match; Python's own has refused what is not its own."""
    regex: Any = import_module("regex")
    pattern = _BRACES.sub(lambda found: found[1] or r"\{", pattern)
    return regex.compile(pattern, regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0))
