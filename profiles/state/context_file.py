"""YAML -> a context policy."""

from __future__ import annotations

from typing import cast, get_args

from ..sections.section import Section
from .context import ContextPolicy, KeepReasoning, WhenFull

_KEYS = ("max_input_tokens", "keep_reasoning", "when_full", "summary_profile")


def read_context(section: Section | None) -> ContextPolicy | None:
    """The policy that a profile states. Raises `ConfigError` with the place of what is none."""
    if section is None:
        return None
    section.only(_KEYS)
    keep = section.choice("keep_reasoning", get_args(KeepReasoning))
    full = section.choice("when_full", get_args(WhenFull))
    return ContextPolicy(
        section.whole("max_input_tokens", least=1),
        cast("KeepReasoning | None", keep),
        cast("WhenFull | None", full),
        section.text("summary_profile"),
    )
