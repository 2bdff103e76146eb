"""Which of the configured profiles take the files of a prompt."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ...providers.errors import ConfigError
from ..planning.inputs.attached import AttachmentError, as_parts, rule_for
from ..planning.prepare import Prompt, sent_prompt
from ..targets.target import resolve

if TYPE_CHECKING:
    from ...profiles.config import Config

MOST_NAMED = 6


def takers(config: Config, prompt: Prompt) -> list[str]:
    """The names of profiles whose routes are known to take all files of `prompt`, in their order."""
    kinds = {piece.carrier for piece in prompt.asked if piece.kind == "file"}
    found: list[str] = []
    for name, profile in config.profiles.items():
        with suppress(ConfigError, AttachmentError):
            target = resolve(profile, config)
            if all(rule_for(target).takes.get(kind) for kind in kinds):
                as_parts(target, sent_prompt(target, prompt).asked)
                found.append(name)
    return found


def with_takers(error: AttachmentError, config: Config, prompt: Prompt) -> AttachmentError:
    """The same error with the profiles that could."""
    names = takers(config, prompt)
    if not names:
        return AttachmentError(error.message, hint="no configured profile is known to take it; nothing was sent")
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return AttachmentError(error.message, hint=f"these profiles take it: {', '.join(names[:MOST_NAMED])}{more}")
