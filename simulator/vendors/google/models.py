"""What each Gemini accepts, as data. This table is the simulator's own and is shared with nobody.

State of the vendor's documentation in November 2026: https://ai.google.dev/gemini-api/docs/thinking,
https://ai.google.dev/gemini-api/docs/deprecations
"""

from __future__ import annotations

import re

from msgspec import Struct

from ...answers.thinking import LOW_TO_HIGH, LOW_TO_XHIGH


class Gemini(Struct, frozen=True):
    """A model of the Gemini API. `budget`: least and most thinking tokens, with 0 and -1 judged apart.

    `default` is a level, or "dynamic" or "off" on the models that are steered by a budget.
    """

    id: str
    levels: tuple[str, ...]
    default: str
    budget: tuple[int, int] | None = None
    can_be_off: bool = False
    served_by: str | None = None
    max_output_tokens: int = 65_536
    context_tokens: int = 1_048_576

    @property
    def generation(self) -> int:
        found = re.search(r"-(\d)", self.served_by or self.id)
        return int(found.group(1)) if found else 3

    @property
    def thinks(self) -> bool:
        return bool(self.levels) or self.budget is not None


_MINIMAL_TO_HIGH = ("minimal", *LOW_TO_HIGH)
_LEGACY_BUDGET = (1, 32_768)

GEMINIS = (
    Gemini("gemini-4-neon", LOW_TO_XHIGH, "high"),
    Gemini("gemini-4-hydrogen", LOW_TO_XHIGH, "high"),
    Gemini("gemini-4-carbon", LOW_TO_HIGH, "medium"),
    Gemini("gemini-4-argon", LOW_TO_HIGH, "medium", max_output_tokens=1_048_576),
    Gemini("gemini-3.8-flash", LOW_TO_HIGH, "medium", _LEGACY_BUDGET),
    Gemini("gemini-3.7-flash", LOW_TO_HIGH, "medium", _LEGACY_BUDGET),
    Gemini("gemini-3.6-flash", _MINIMAL_TO_HIGH, "medium", _LEGACY_BUDGET),
    Gemini("gemini-3.5-flash", _MINIMAL_TO_HIGH, "medium", _LEGACY_BUDGET, served_by="gemini-3.6-flash"),
    Gemini("gemini-3.5-flash-lite", _MINIMAL_TO_HIGH, "minimal", _LEGACY_BUDGET),
    Gemini("gemini-3.1-pro-preview", LOW_TO_HIGH, "high", _LEGACY_BUDGET),
    Gemini("gemini-3.1-flash-lite", _MINIMAL_TO_HIGH, "minimal", _LEGACY_BUDGET),
    Gemini("gemini-3-flash-preview", _MINIMAL_TO_HIGH, "high", _LEGACY_BUDGET),
    Gemini("gemini-2.5-pro", (), "dynamic", (128, 32_768)),
    Gemini("gemini-2.5-flash", (), "dynamic", (1, 24_576), can_be_off=True),
    Gemini("gemini-2.5-flash-lite", (), "off", (512, 24_576), can_be_off=True),
    Gemini("gemini-2.5-flash-image", (), "off", max_output_tokens=32_768, context_tokens=32_768),
    Gemini("gemini-pro-latest", LOW_TO_HIGH, "high", _LEGACY_BUDGET, served_by="gemini-3.1-pro-preview"),
    Gemini("gemini-flash-latest", LOW_TO_HIGH, "medium", _LEGACY_BUDGET, served_by="gemini-3.8-flash"),
    Gemini("gemini-flash-lite-latest", _MINIMAL_TO_HIGH, "minimal", _LEGACY_BUDGET, served_by="gemini-3.5-flash-lite"),
)

_GEMINI_NAMES = {item.id: item for item in GEMINIS}


def find_gemini(model: str) -> Gemini | None:
    """The Gemini with this id, or None if it is unknown or retired."""
    return _GEMINI_NAMES.get(model)
