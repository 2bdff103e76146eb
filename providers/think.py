"""The dial: what `--think` accepts, parsed in one place."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

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


class Aim(Struct, frozen=True):
    """A dose to come near to: so many reasoning tokens, or so many US dollars for the whole call; one of the two."""

    tokens: int | None = None
    usd: Decimal | None = None

    def __str__(self) -> str:
        return f"~{self.tokens}" if self.usd is None else f"~${self.usd:f}"


class Think(Struct, frozen=True):
    """A parsed think value: a level, or a budget in tokens, or (both None) `auto`, the provider's default.

    With an `aim` it is a dose: then level or budget is what was chosen for it, and both None before the choice.
    """

    level: Level | None = None
    budget_tokens: int | None = None
    aim: Aim | None = None

    @property
    def is_auto(self) -> bool:
        return self.level is None and self.budget_tokens is None and self.aim is None

    @property
    def is_open(self) -> bool:
        """Whether it is a dose for which nothing was chosen yet."""
        return self.aim is not None and self.level is None and self.budget_tokens is None

    @property
    def sent(self) -> str:
        """What it comes to: the value itself, of a dose the value that was chosen for it."""
        return str(self) if self.is_open else str(replace(self, aim=None))

    @property
    def is_off(self) -> bool:
        return self.level is Level.OFF

    def __str__(self) -> str:
        if self.aim is not None:
            return str(self.aim)
        if self.budget_tokens is not None:
            return str(self.budget_tokens)
        return self.level.value if self.level else "auto"


AUTO = Think()

MAX_BUDGET_TOKENS = 10_000_000
_BUDGET = r"(\d{1,9})(k?)"
_MOST_USD = 10_000
_DOSE = r"~(?:(\d{1,9})(k?)|\$(\d{1,6}(?:\.\d{1,9})?|\.\d{1,9}))"
_WORDS = ("auto", *(level.value for level in Level))
_HINT = (
    "use auto, off, minimal, low, medium, high, xhigh, max, a token budget such as 4000 or 8k, or a dose such as ~2000"
)


def parse_think(text: str) -> Think:
    """Return the think value that `text` names; `0` is `off`, and `k` is 1024 (`8k` is 8192 tokens).

    `~2000` is a dose of about so many reasoning tokens, `~$0.01` of about so much money for the call.
    Raises `UsageError` with the nearest legal word.
    """
    word = text.strip().lower()
    if word == "auto":
        return AUTO
    if word in _WORDS:
        return Think(level=Level(word))
    if match := re.fullmatch(_BUDGET, word, re.ASCII):
        tokens = int(match[1]) * (1024 if match[2] else 1)
        if tokens == 0:
            return Think(level=Level.OFF)
        if tokens > MAX_BUDGET_TOKENS:
            raise UsageError(f"a think budget of {tokens} tokens is more than any model takes", hint=_HINT)
        return Think(budget_tokens=tokens)
    if word.startswith("~"):
        return _dose(text, word)
    raise UsageError(f"{text!r} is not a think value{did_you_mean(word, _WORDS)}", hint=_HINT)


def _dose(text: str, word: str) -> Think:
    match = re.fullmatch(_DOSE, word, re.ASCII)
    hint = "a dose is ~2000 or ~2k reasoning tokens, or ~$0.01 for the call"
    if match is None:
        raise UsageError(f"{text!r} is not a dose", hint=hint)
    if match[3] is None:
        tokens = int(match[1]) * (1024 if match[2] else 1)
        if not 0 < tokens <= MAX_BUDGET_TOKENS:
            raise UsageError(f"a dose of {tokens} tokens is none that a model can be asked for", hint=hint)
        return Think(aim=Aim(tokens=tokens))
    usd = Decimal(match[3])
    if not 0 < usd <= _MOST_USD:
        raise UsageError(f"a dose of {usd:f} USD is none that a call can be asked for", hint=hint)
    return Think(aim=Aim(usd=usd.normalize()))
