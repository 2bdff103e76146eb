"""What each model of OpenAI accepts, as data. This table is the simulator's own and is shared with nobody.

State of the vendor's documentation in November 2026: https://developers.openai.com/api/docs/guides/reasoning
"""

from __future__ import annotations

from msgspec import Struct

from ...answers.thinking import LOW_TO_HIGH, LOW_TO_MAX, LOW_TO_XHIGH


class Gpt(Struct, frozen=True):
    """A model of the OpenAI API. No efforts: it never reasons. `generation` gates the newer fields."""

    id: str
    efforts: tuple[str, ...]
    default_effort: str | None
    generation: float
    max_output_tokens: int = 128_000
    chat: bool = True
    snapshot: str | None = None


_OFF_TO_MAX = ("none", *LOW_TO_MAX)
_OFF_TO_XHIGH = ("none", *LOW_TO_XHIGH)
_MINIMAL_TO_HIGH = ("minimal", *LOW_TO_HIGH)

GPTS = (
    Gpt("gpt-6-astra", LOW_TO_MAX, "medium", 6.0),
    Gpt("gpt-6.2-sol", LOW_TO_MAX, "medium", 6.2),
    Gpt("gpt-6.1-sol", LOW_TO_MAX, "medium", 6.1),
    Gpt("gpt-6.1-terra", _OFF_TO_MAX, "medium", 6.1),
    Gpt("gpt-6-sol", _OFF_TO_MAX, "medium", 6.0),
    Gpt("gpt-6-luna", _OFF_TO_MAX, "medium", 6.0),
    Gpt("gpt-5.6", _OFF_TO_MAX, "medium", 5.6, snapshot="gpt-5.6-sol"),
    Gpt("gpt-5.6-sol", _OFF_TO_MAX, "medium", 5.6),
    Gpt("gpt-5.6-terra", _OFF_TO_MAX, "medium", 5.6),
    Gpt("gpt-5.6-luna", _OFF_TO_MAX, "medium", 5.6),
    Gpt("gpt-5.5", _OFF_TO_XHIGH, "medium", 5.5),
    Gpt("gpt-5.5-pro", ("medium", "high", "xhigh"), "high", 5.5, chat=False),
    Gpt("gpt-5.4", _OFF_TO_XHIGH, "none", 5.4),
    Gpt("gpt-5.4-mini", _OFF_TO_XHIGH, "none", 5.4),
    Gpt("gpt-5.4-nano", _OFF_TO_XHIGH, "none", 5.4),
    Gpt("gpt-5.4-pro", ("medium", "high", "xhigh"), "high", 5.4, chat=False),
    Gpt("gpt-5.3-codex", _OFF_TO_XHIGH, "none", 5.3, chat=False),
    Gpt("gpt-5.2", _OFF_TO_XHIGH, "none", 5.2),
    Gpt("gpt-5.2-pro", ("medium", "high", "xhigh"), "high", 5.2, chat=False),
    Gpt("gpt-5.1", ("none", *LOW_TO_HIGH), "none", 5.1, snapshot="gpt-5.1-2025-11-13"),
    Gpt("gpt-5", _MINIMAL_TO_HIGH, "medium", 5.0, snapshot="gpt-5-2025-08-07"),
    Gpt("gpt-5-mini", _MINIMAL_TO_HIGH, "medium", 5.0, snapshot="gpt-5-mini-2025-08-07"),
    Gpt("gpt-5-nano", _MINIMAL_TO_HIGH, "medium", 5.0, snapshot="gpt-5-nano-2025-08-07"),
    Gpt("gpt-5-pro", ("high",), "high", 5.0, 272_000, chat=False),
    Gpt("o3", LOW_TO_HIGH, "medium", 3.0, 100_000, snapshot="o3-2025-04-16"),
    Gpt("o3-pro", LOW_TO_HIGH, "medium", 3.0, 100_000, chat=False),
    Gpt("gpt-4.1", (), None, 4.1, 32_768, snapshot="gpt-4.1-2025-04-14"),
    Gpt("gpt-4.1-mini", (), None, 4.1, 32_768, snapshot="gpt-4.1-mini-2025-04-14"),
    Gpt("gpt-4o", (), None, 4.0, 16_384, snapshot="gpt-4o-2024-08-06"),
    Gpt("gpt-4o-mini", (), None, 4.0, 16_384, snapshot="gpt-4o-mini-2024-07-18"),
)

_GPT_NAMES = {item.snapshot: item for item in GPTS if item.snapshot} | {item.id: item for item in GPTS}


def find_gpt(model: str) -> Gpt | None:
    """The OpenAI model with this id or snapshot id, or None if it is unknown or retired."""
    return _GPT_NAMES.get(model)
