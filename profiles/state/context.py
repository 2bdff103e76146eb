"""How much of a conversation may go along, and what is done when it is too much: `context` of profiles and sessions."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

KeepReasoning = Literal["provider", "all", "last", "none"]
WhenFull = Literal["refuse", "trim", "compact"]


class ContextPolicy(Struct, frozen=True):
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
        for name in self.__struct_fields__:
            value = getattr(self, name)
            values[name] = getattr(base, name) if value is None else value
        return ContextPolicy(**values)


NO_POLICY = ContextPolicy()
