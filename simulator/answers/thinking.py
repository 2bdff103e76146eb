"""How much the simulated models think: one deterministic function of seed, vendor, model, prompt and dial."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from msgspec import Struct

LEVEL_FACTORS = {"none": 0.0, "minimal": 0.35, "low": 1.0, "medium": 2.5, "high": 6.0, "xhigh": 12.0, "max": 22.0}
LOW_TO_HIGH = ("low", "medium", "high")
LOW_TO_XHIGH = (*LOW_TO_HIGH, "xhigh")
LOW_TO_MAX = (*LOW_TO_XHIGH, "max")

_REMEMBERED_CHARACTERS = 10_000

_TOKEN = re.compile(r"\s?\w{1,6}|\s?[^\w\s]|\s")


class Dial(Struct, frozen=True):
    """What a request asked of a model's reasoning: a level, or a token budget that is never exceeded."""

    level: str = "none"
    budget_tokens: int | None = None


OFF = Dial()


def digest(*parts: object) -> str:
    """64 hexadecimal digits that depend on nothing but the parts."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "backslashreplace")).hexdigest()


def fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but the parts."""
    return int(digest(*parts)[:13], 16) / 16**13


def thinking_tokens(dial: Dial, *key: object) -> int:
    """Reasoning tokens spent, rising with the level and with the budget, at most the budget, 0 when off."""
    low_tokens = 120 + int(120 * fraction(*key))
    if dial.budget_tokens is None:
        return round(low_tokens * LEVEL_FACTORS[dial.level])
    return min(dial.budget_tokens, round(low_tokens * (dial.budget_tokens / 1024) ** 0.75))


def tokens(text: str) -> list[str]:
    """The text cut into simulated tokens; joined again they are the text."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """How many simulated tokens a text has."""
    return _count_again(text) if len(text) <= _REMEMBERED_CHARACTERS else len(tokens(text))


@lru_cache(maxsize=2048)
def _count_again(text: str) -> int:
    """The same of a message, which every later turn of its conversation brings along."""
    return len(tokens(text))
