"""Which of the configured profiles take the files of a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...providers.errors import first_of
from ..planning.inputs.attached import AttachmentError, as_parts, rule_for
from ..planning.prepare import Prompt, sent_prompt
from ..targets.alternatives import able_profiles
from ..targets.target import Target

if TYPE_CHECKING:
    from ...profiles.config import Config


def with_takers(error: AttachmentError, config: Config, prompt: Prompt) -> AttachmentError:
    """The same error with the profiles whose routes are known to take all files of `prompt`."""
    kinds = {piece.carrier for piece in prompt.asked if piece.kind == "file"}

    def takes_all(target: Target) -> bool:
        if not all(rule_for(target).takes.get(kind) for kind in kinds):
            return False
        as_parts(target, sent_prompt(target, prompt).asked)
        return True

    names = able_profiles(config, takes_all)
    if not names:
        return AttachmentError(error.message, hint="no configured profile is known to take it; nothing was sent")
    return AttachmentError(error.message, hint=f"these profiles take it: {first_of(names)}")
