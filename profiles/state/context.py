"""How much of a conversation may go along, and what is done when it is too much: `context` of profiles and sessions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

KeepReasoning = Literal["provider", "all", "last", "none"]
WhenFull = Literal["refuse", "trim", "compact"]


@dataclass(frozen=True, slots=True)
class ContextPolicy:
    """The context of a session; a field that is None is as somebody else has it.

    `max_input_tokens`: the most input of a call, where that is less than the window leaves. `keep_reasoning`: of which
    turns reasoning stays. `when_full`: refuse the call, leave the oldest turns out (`trim`), or have them compacted,
    by the provider's own means where it has some, else by a summary of `summary_profile`.
    """

    max_input_tokens: int | None = None
    keep_reasoning: KeepReasoning | None = None
    when_full: WhenFull | None = None
    summary_profile: str | None = None

    def over(self, base: ContextPolicy) -> ContextPolicy:
        """This policy, and what it leaves open by `base`."""
        values: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            values[field.name] = getattr(base, field.name) if value is None else value
        return ContextPolicy(**values)


NO_POLICY = ContextPolicy()
