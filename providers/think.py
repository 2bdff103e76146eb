"""The dial: what `--think` accepts, parsed in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from .errors import UsageError, did_you_mean


class Level(StrEnum):
    """The words of the dial, from no thinking to the most. `auto` is not a level: it is the absence of a wish."""

    OFF = "off"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"
    MAX = "max"


THINKING_LEVELS = tuple(level for level in Level if level is not Level.OFF)
"""Every level that asks for thinking, rising."""


@dataclass(frozen=True, slots=True)
class Think:
    """A parsed think value: a level, or a budget in tokens, or (both None) `auto`, the provider's default."""

    level: Level | None = None
    budget_tokens: int | None = None

    @property
    def is_auto(self) -> bool:
        return self.level is None and self.budget_tokens is None

    @property
    def is_off(self) -> bool:
        return self.level is Level.OFF

    def __str__(self) -> str:
        if self.budget_tokens is not None:
            return str(self.budget_tokens)
        return self.level.value if self.level else "auto"


AUTO = Think()

MAX_BUDGET_TOKENS = 10_000_000
_BUDGET = re.compile(r"(\d{1,9})(k?)", re.ASCII)
_WORDS = ("auto", *(level.value for level in Level))
_HINT = "use auto, off, minimal, low, medium, high, xhigh, max, or a token budget such as 4000 or 8k"


def parse_think(text: str) -> Think:
    """Return the think value that `text` names; `0` is `off`, and `k` is 1024 (`8k` is 8192 tokens).

    Raises `UsageError` with the nearest legal word.
    """
    word = text.strip().lower()
    if word == "auto":
        return AUTO
    if word in _WORDS:
        return Think(level=Level(word))
    if match := _BUDGET.fullmatch(word):
        tokens = int(match[1]) * (1024 if match[2] else 1)
        if tokens == 0:
            return Think(level=Level.OFF)
        if tokens > MAX_BUDGET_TOKENS:
            raise UsageError(f"a think budget of {tokens} tokens is more than any model takes", hint=_HINT)
        return Think(budget_tokens=tokens)
    raise UsageError(f"{text!r} is not a think value{did_you_mean(word, _WORDS)}", hint=_HINT)
