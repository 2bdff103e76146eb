"""The batches of Groq: chat completions, in a day to a week.

Source: https://console.groq.com/docs/batch
"""

from __future__ import annotations

from ...batches.backend import DAY_S, BatchBackend
from ...openai_family.batches import BatchRules, OpenAIBatchEndpoints
from ...openai_family.files import FileEndpoints
from . import api
from .files import MEMBER
from .models import find_groq


def batches(backend: BatchBackend, files: FileEndpoints) -> OpenAIBatchEndpoints:
    """The batch endpoints of Groq."""
    return OpenAIBatchEndpoints(backend, files, MEMBER, RULES)


def window_s(text: str) -> int | None:
    """The seconds of a completion window: from a day to a week."""
    number = text[:-1]
    if not number.isdecimal() or text[-1:] not in ("h", "d"):
        return None
    seconds = int(number) * (3600 if text.endswith("h") else DAY_S)
    return seconds if DAY_S <= seconds <= 7 * DAY_S else None


RULES = BatchRules(
    endpoints={"/v1/chat/completions": api.answer},
    legal=("/v1/chat/completions", "/v1/audio/transcriptions", "/v1/audio/translations"),
    window_s=window_s,
    windows="'24h' to '7d'",
    knows=lambda model: find_groq(model) is not None,
)
