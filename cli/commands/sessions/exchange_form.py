"""The forms of files that sessions go into and come from, as an option takes them."""

from __future__ import annotations

from enum import StrEnum


class ExchangeForm(StrEnum):
    """The forms of files that sessions go into and come from."""

    THINKDIAL = "thinkdial"
    MD = "md"
    OPENAI_CHAT = "openai-chat"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC_MESSAGES = "anthropic-messages"
    GEMINI_GENERATE = "gemini-generate"
