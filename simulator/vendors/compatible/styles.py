"""One style for each simulated model name."""

from __future__ import annotations

from ...openai_family.styles import ChatStyle

_OPENROUTER_COMMENT = b": OPENROUTER PROCESSING\n\n"

STYLES = {
    "sim-reasoning-content": ChatStyle(field_names=("reasoning_content",)),
    "sim-reasoning": ChatStyle(field_names=("reasoning",)),
    "sim-double": ChatStyle(
        field_names=("reasoning", "reasoning_content"),
        details=True,
        always_usage=True,
        comments=(_OPENROUTER_COMMENT, _OPENROUTER_COMMENT),
        extra_usage={"cost": 0.000123, "is_byok": False},
    ),
    "sim-inline-think": ChatStyle(opens=True, closes=True, counts_reasoning=False, comments=(b":\n\n",)),
    "sim-unclosed-think": ChatStyle(opens=True, counts_reasoning=False),
    "sim-no-opener": ChatStyle(closes=True, counts_reasoning=False),
    "sim-usage-in-choice": ChatStyle(field_names=("reasoning_content",), usage_in_choice=True),
    "sim-no-done": ChatStyle(field_names=("reasoning_content",), sends_done=False),
    "sim-error-200": ChatStyle(field_names=("reasoning",), fails=True, comments=(_OPENROUTER_COMMENT,)),
}
