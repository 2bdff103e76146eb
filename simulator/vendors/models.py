"""What each simulated model accepts, as data. This table is the simulator's own and is shared with nobody.

State of the vendors' documentation in November 2026:
https://platform.claude.com/docs/en/build-with-claude/thinking, https://platform.claude.com/docs/en/build-with-claude/effort,
https://developers.openai.com/api/docs/guides/reasoning, https://ai.google.dev/gemini-api/docs/thinking,
https://ai.google.dev/gemini-api/docs/deprecations
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

LOW_TO_HIGH = ("low", "medium", "high")
LOW_TO_XHIGH = (*LOW_TO_HIGH, "xhigh")
LOW_TO_MAX = (*LOW_TO_XHIGH, "max")


@dataclass(frozen=True, slots=True)
class Claude:
    """A model of the Messages API. `capped_off`: switching thinking off is refused at effort xhigh and max."""

    id: str
    name: str
    types: tuple[str, ...]
    efforts: tuple[str, ...]
    default_effort: str = "high"
    thinks_by_default: bool = True
    capped_off: bool = False
    shows_thinking: bool = False
    accepts_sampling: bool = False
    accepts_prefill: bool = False
    max_output_tokens: int = 128_000
    context_tokens: int = 1_000_000
    dated: str | None = None


@dataclass(frozen=True, slots=True)
class Gpt:
    """A model of the OpenAI API. No efforts: it never reasons. `generation` gates the newer fields."""

    id: str
    efforts: tuple[str, ...]
    default_effort: str | None
    generation: float
    max_output_tokens: int = 128_000
    chat: bool = True
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Gemini:
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


_ALWAYS = Claude("", "", ("adaptive",), LOW_TO_MAX)
_SWITCHED = replace(_ALWAYS, types=("adaptive", "disabled"), thinks_by_default=False)
_MANUAL = Claude(
    "",
    "",
    ("enabled", "disabled"),
    (),
    thinks_by_default=False,
    shows_thinking=True,
    accepts_sampling=True,
    accepts_prefill=True,
    max_output_tokens=64_000,
    context_tokens=200_000,
)
_BOTH = replace(
    _MANUAL,
    types=("adaptive", "enabled", "disabled"),
    efforts=(*LOW_TO_HIGH, "max"),
    accepts_prefill=False,
    max_output_tokens=128_000,
    context_tokens=1_000_000,
)

CLAUDES = (
    replace(_ALWAYS, id="claude-fable-5-2", name="Claude Fable 5.2"),
    replace(_ALWAYS, id="claude-mythos-5-2", name="Claude Mythos 5.2"),
    replace(_ALWAYS, id="claude-fable-5-1", name="Claude Fable 5.1"),
    replace(_ALWAYS, id="claude-mythos-5-1", name="Claude Mythos 5.1"),
    replace(_ALWAYS, id="claude-fable-5", name="Claude Fable 5"),
    replace(_ALWAYS, id="claude-mythos-5", name="Claude Mythos 5"),
    replace(_ALWAYS, id="claude-opus-5-5", name="Claude Opus 5.5", default_effort="medium"),
    replace(
        _ALWAYS, id="claude-sonnet-5-5", name="Claude Sonnet 5.5", types=("adaptive", "between_tools"), capped_off=True
    ),
    replace(
        _ALWAYS,
        id="claude-haiku-5-5",
        name="Claude Haiku 5.5",
        types=("adaptive", "disabled"),
        default_effort="medium",
        capped_off=True,
    ),
    replace(_ALWAYS, id="claude-opus-5", name="Claude Opus 5", types=("adaptive", "disabled"), capped_off=True),
    replace(_ALWAYS, id="claude-sonnet-5", name="Claude Sonnet 5", types=("adaptive", "disabled")),
    replace(_SWITCHED, id="claude-opus-4-8", name="Claude Opus 4.8"),
    replace(_SWITCHED, id="claude-opus-4-7", name="Claude Opus 4.7"),
    replace(_BOTH, id="claude-opus-4-6", name="Claude Opus 4.6"),
    replace(_BOTH, id="claude-sonnet-4-6", name="Claude Sonnet 4.6"),
    replace(
        _MANUAL, id="claude-opus-4-5", name="Claude Opus 4.5", efforts=LOW_TO_HIGH, dated="claude-opus-4-5-20251101"
    ),
    replace(_MANUAL, id="claude-sonnet-4-5", name="Claude Sonnet 4.5", dated="claude-sonnet-4-5-20250929"),
    replace(_MANUAL, id="claude-haiku-4-5", name="Claude Haiku 4.5", dated="claude-haiku-4-5-20251001"),
)

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


_CLAUDE_NAMES = {item.dated: item for item in CLAUDES if item.dated} | {item.id: item for item in CLAUDES}
_GPT_NAMES = {item.snapshot: item for item in GPTS if item.snapshot} | {item.id: item for item in GPTS}
_GEMINI_NAMES = {item.id: item for item in GEMINIS}


def find_claude(model: str) -> Claude | None:
    """The Claude with this id or dated id, or None if it is unknown or retired."""
    return _CLAUDE_NAMES.get(model)


def find_gpt(model: str) -> Gpt | None:
    """The OpenAI model with this id or snapshot id, or None if it is unknown or retired."""
    return _GPT_NAMES.get(model)


def find_gemini(model: str) -> Gemini | None:
    """The Gemini with this id, or None if it is unknown or retired."""
    return _GEMINI_NAMES.get(model)
