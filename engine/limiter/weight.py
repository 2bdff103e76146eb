"""What a call weighs against a limit on tokens per minute: before it is made, and when it has ended. Pure."""

from __future__ import annotations

from ..planning.prepare import Prepared, sent_prompt
from ..results.result import Result

CHARACTERS_PER_TOKEN = 4
SOME_ANSWER = 1024
"""Tokens. Both weigh a call before it is made; what it really took is counted after it."""


def likely_tokens(prepared: Prepared) -> int:
    """What the call may weigh: its prompt with what is attached, and some answer."""
    characters, files = len(prepared.call.prompt) + len(prepared.call.system or ""), 0
    if prepared.asked.prompt.asked:
        from ..costs.file_tokens import file_tokens  # which few calls need

        sent = sent_prompt(prepared.target, prepared.asked.prompt)
        characters, files = len(sent.words) + len(prepared.call.system or ""), file_tokens(prepared).tokens
    return files + characters // CHARACTERS_PER_TOKEN + min(prepared.plan.max_output_tokens or SOME_ANSWER, SOME_ANSWER)


def used_tokens(result: Result) -> int | None:
    """What it took; None where that is not known."""
    entered, output = result.usage.input_tokens, result.usage.output_tokens
    return None if entered is None or output is None else entered + output
