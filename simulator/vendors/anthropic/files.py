"""The files of Anthropic: any type, described in its own words; their bytes do not come back.

Source: https://platform.claude.com/docs/en/build-with-claude/files
"""

from __future__ import annotations

from ...batches.backend import BatchBackend
from ...batches.database import StoredFile
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, moment
from ...calls.reply import HttpReply, RejectedError
from ...openai_family.files import MEGABYTE, FileEndpoints, FileRules
from ...openai_family.member import Member
from . import replies, rules
from .replies import ANTHROPIC


def _refusal(
    call: ApiCall, message: str, param: str | None = None, code: str | None = None, *, status: int = 400
) -> RejectedError:
    kind = {404: "not_found_error", 413: "request_too_large"}.get(status, "invalid_request_error")
    where = f"{param}: {message}" if param is not None and status == 400 else message
    return RejectedError(replies.error(call, status, kind, where, (("x-should-retry", "false"),)))


def described(file: StoredFile) -> JsonObject:
    """A file in the words of this vendor."""
    meta, ends = file.meta, file.meta["expires_at"]
    return {
        "type": "file",
        "id": meta["id"],
        "filename": meta["filename"],
        "mime_type": "application/pdf" if str(meta["filename"]).endswith(".pdf") else "image/png",
        "size_bytes": meta["bytes"],
        "created_at": moment(float(str(meta["created_at"]))),
        "expires_at": None if ends is None else moment(float(str(ends))),
        "downloadable": False,
    }


RULES = FileRules(
    prefix="file_", most_bytes=500 * MEGABYTE, life_field="expires_in_seconds", most_life_s=7_776_000,
    describe=described,
)  # fmt: skip
MEMBER = Member(ANTHROPIC, rules.check_key, _refusal, replies.request_headers)


class AnthropicFileEndpoints(FileEndpoints):
    """The same endpoints, but for what deleting answers."""

    def delete(self, call: ApiCall) -> HttpReply:
        """The end of one file."""
        super().delete(call)
        return replies.ok(call, {"id": call.parameters["file"], "type": "file_deleted"})


def files(backend: BatchBackend) -> FileEndpoints:
    """The file endpoints of Anthropic."""
    return AnthropicFileEndpoints(backend, MEMBER, RULES)
