"""The files of Mistral, described in its own words."""

from __future__ import annotations

from ...batches.backend import BatchBackend
from ...batches.database import StoredFile
from ...calls.fields import JsonObject
from ...openai_family.files import MEGABYTE, FileEndpoints, FileRules
from ...openai_family.member import Member
from . import replies, rules
from .replies import MISTRAL

MEMBER = Member(MISTRAL, rules.check_key, replies.invalid, replies.request_headers)


def files(backend: BatchBackend) -> FileEndpoints:
    """The file endpoints of Mistral."""
    return FileEndpoints(backend, MEMBER, RULES)


def described(file: StoredFile) -> JsonObject:
    """A file in the words of this vendor."""
    produced = str(file.meta["filename"]).count("-") == 4
    kind: JsonObject = {"sample_type": "batch_result" if produced else "batch_request", "source": "upload"}
    return {name: file.meta[name] for name in ("id", "object", "bytes", "created_at", "filename", "purpose")} | kind


RULES = FileRules(prefix="", most_bytes=512 * MEGABYTE, purposes=("batch", "fine-tune", "ocr"), describe=described)
