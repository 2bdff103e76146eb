"""The files of OpenAI, with its own purposes and lifetime."""

from __future__ import annotations

from ...batches.backend import DAY_S, BatchBackend
from ...openai_family.files import MEGABYTE, FileEndpoints, FileRules
from ...openai_family.member import Member
from . import replies, rules
from .replies import OPENAI_RESPONSES

MEMBER = Member(OPENAI_RESPONSES, rules.check_key, replies.invalid, replies.request_headers)
RULES = FileRules(
    prefix="file-",
    most_bytes=200 * MEGABYTE,
    purposes=("assistants", "batch", "fine-tune", "vision", "user_data", "evals"),
    life_s=30 * DAY_S,
)


def files(backend: BatchBackend) -> FileEndpoints:
    """The file endpoints of OpenAI."""
    return FileEndpoints(backend, MEMBER, RULES)
