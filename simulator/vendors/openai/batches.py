"""The batches of OpenAI: which endpoints they may call, and how long they take."""

from __future__ import annotations

from ...batches.backend import DAY_S, BatchBackend
from ...openai_family.batches import BatchRules, OpenAIBatchEndpoints
from ...openai_family.files import FileEndpoints
from . import chat, responses
from .files import MEMBER
from .models import find_gpt


def batches(backend: BatchBackend, files: FileEndpoints) -> OpenAIBatchEndpoints:
    """The batch endpoints of OpenAI."""
    return OpenAIBatchEndpoints(backend, files, MEMBER, RULES)


def day_window(text: str) -> int | None:
    """The seconds of the only window that OpenAI has."""
    return DAY_S if text == "24h" else None


RULES = BatchRules(
    endpoints={"/v1/responses": responses.answer, "/v1/chat/completions": chat.answer},
    legal=(
        "/v1/responses",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/completions",
        "/v1/moderations",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/videos",
    ),
    window_s=day_window,
    windows="'24h'",
    knows=lambda model: find_gpt(model) is not None,
)
