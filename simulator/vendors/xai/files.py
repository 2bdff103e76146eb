"""The files of xAI: any purpose, but the file comes last in the form."""

from __future__ import annotations

from ...batches.backend import BatchBackend
from ...openai_family.files import MEGABYTE, FileEndpoints, FileRules
from ...openai_family.member import Member
from . import replies, rules
from .replies import XAI

MEMBER = Member(XAI, rules.check_key, replies.invalid, replies.request_headers)
RULES = FileRules(prefix="file_", most_bytes=50 * MEGABYTE, strict_order=True)


def files(backend: BatchBackend) -> FileEndpoints:
    """The file endpoints of xAI."""
    return FileEndpoints(backend, MEMBER, RULES)
