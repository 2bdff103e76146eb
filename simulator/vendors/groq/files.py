"""The files of Groq: only for batches, and kept for good."""

from __future__ import annotations

from ...batches.backend import BatchBackend
from ...openai_family.files import MEGABYTE, FileEndpoints, FileRules
from ...openai_family.member import Member
from . import replies, rules
from .replies import GROQ

MEMBER = Member(GROQ, rules.check_key, replies.invalid, replies.request_headers)
RULES = FileRules(prefix="file_", most_bytes=200 * MEGABYTE, purposes=("batch",))


def files(backend: BatchBackend) -> FileEndpoints:
    """The file endpoints of Groq."""
    return FileEndpoints(backend, MEMBER, RULES)
