"""What each Claude accepts, as data. This table is the simulator's own and is shared with nobody.

State of the vendor's documentation in November 2026:
https://platform.claude.com/docs/en/build-with-claude/thinking, https://platform.claude.com/docs/en/build-with-claude/effort,
https://platform.claude.com/docs/en/build-with-claude/prompt-caching (least sizes)
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...answers.thinking import LOW_TO_HIGH, LOW_TO_MAX


class Claude(Struct, frozen=True):
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
    caches_from: int = 1024

    @property
    def refuses_forced_calls(self) -> bool:
        """Whether a call cannot be demanded at all."""
        return self.id.startswith(("claude-fable-5-", "claude-mythos-5-", "claude-opus-5-5", "claude-sonnet-5-5"))


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
    replace(_BOTH, id="claude-opus-4-6", name="Claude Opus 4.6", caches_from=4096),
    replace(_BOTH, id="claude-sonnet-4-6", name="Claude Sonnet 4.6"),
    replace(
        _MANUAL,
        id="claude-opus-4-5",
        name="Claude Opus 4.5",
        efforts=LOW_TO_HIGH,
        dated="claude-opus-4-5-20251101",
        caches_from=4096,
    ),
    replace(_MANUAL, id="claude-sonnet-4-5", name="Claude Sonnet 4.5", dated="claude-sonnet-4-5-20250929"),
    replace(
        _MANUAL, id="claude-haiku-4-5", name="Claude Haiku 4.5", dated="claude-haiku-4-5-20251001", caches_from=4096
    ),
)

_CLAUDE_NAMES = {item.dated: item for item in CLAUDES if item.dated} | {item.id: item for item in CLAUDES}


def find_claude(model: str) -> Claude | None:
    """The Claude with this id or dated id, or None if it is unknown or retired."""
    return _CLAUDE_NAMES.get(model)
