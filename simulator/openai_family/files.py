"""The Files API of OpenAI, and of the vendors that copied it: upload, describe, list, read, delete.

Source: https://developers.openai.com/api/docs/api-reference/files/create
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ..batches.backend import BatchBackend
from ..batches.database import StoredFile
from ..calls.call import ApiCall
from ..calls.fields import JsonObject
from ..calls.form import FormField, read_form
from ..calls.reply import HttpReply, raw
from .member import Member

MEGABYTE = 1024 * 1024
LEAST_LIFE_S, MOST_LIFE_S = 3600, 2_592_000


class FileRules(Struct, frozen=True):
    """What differs between the vendors: `purposes` empty means that the field is ignored.

    `strict_order`: text fields must come before the file.
    """

    prefix: str
    most_bytes: int
    purposes: tuple[str, ...] = ()
    life_s: int | None = None
    strict_order: bool = False
    life_field: str = "expires_after"
    most_life_s: int = MOST_LIFE_S
    describe: Callable[[StoredFile], JsonObject] = lambda file: file.meta


class FileEndpoints:
    """The file endpoints of one vendor."""

    def __init__(self, backend: BatchBackend, member: Member, rules: FileRules) -> None:
        self._backend = backend
        self._member = member
        self._rules = rules

    def upload(self, call: ApiCall) -> HttpReply:
        """A file from a form."""
        self._member.check_key(call)
        parts = read_form(call.request)
        file = next((part for part in parts or [] if part.name == "file"), None)
        if parts is None or file is None:
            raise self._member.refusal(call, "'file' is a required property", "file")
        if self._rules.strict_order and parts[-1] is not file:
            text = "Form fields must precede the file field."
            raise self._member.refusal(call, text, "file")
        purpose = self._purpose(call, parts)
        limit = self._backend.options.bytes(self._rules.most_bytes)
        if len(file.content) > limit:
            text = f"File exceeds the maximum size of {limit} bytes."
            raise self._member.refusal(call, text, "file", "file_too_large", status=413)
        stored = self.add(file.filename or "upload", purpose, file.content, life_s=self._life_s(call, parts))
        return self._member.ok(call, self._rules.describe(stored))

    def add(self, filename: str, purpose: str, content: bytes, life_s: int | None = None) -> StoredFile:
        """A new file, kept."""
        created_s = int(self._backend.now_s())
        meta: JsonObject = {
            "id": self._backend.new_id(self._rules.prefix),
            "object": "file",
            "bytes": len(content),
            "created_at": created_s,
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
            "expires_at": None if life_s is None else created_s + life_s,
        }
        file = StoredFile(str(meta["id"]), self._member.vendor.name, meta)
        self._backend.database.add_file(file, content)
        return file

    def find(self, call: ApiCall, file_id: str) -> StoredFile:
        """The file with this id. Raises `RejectedError` if there is none."""
        file = self._backend.database.find_file(self._member.vendor.name, file_id)
        if file is None:
            raise self._member.refusal(call, f"No such File object: {file_id}", "id", status=404)
        return file

    def show(self, call: ApiCall) -> HttpReply:
        """What is known about one file."""
        self._member.check_key(call)
        file = self.find(call, call.parameters["file"])
        return self._member.ok(call, self._rules.describe(file))

    def listed(self, call: ApiCall) -> HttpReply:
        """All files, newest first, or those of one purpose."""
        self._member.check_key(call)
        purpose = call.request.query.get("purpose")
        files = self._backend.database.list_files(self._member.vendor.name)
        data = [self._rules.describe(file) for file in files if purpose in (None, file.meta["purpose"])]
        return self._member.ok(call, {"object": "list", "data": data, "has_more": False})

    def content(self, call: ApiCall) -> HttpReply:
        """The bytes of one file."""
        self._member.check_key(call)
        file = self.find(call, call.parameters["file"])
        payload = self._backend.database.content_of(file)
        return raw(payload, self._member.headers(call), content_type="application/octet-stream")

    def delete(self, call: ApiCall) -> HttpReply:
        """The end of one file."""
        self._member.check_key(call)
        file = self.find(call, call.parameters["file"])
        self._backend.database.delete_file(file.id)
        return self._member.ok(call, {"id": file.id, "object": "file", "deleted": True})

    def _purpose(self, call: ApiCall, parts: list[FormField]) -> str:
        given = next((part.content.decode("utf-8", "replace") for part in parts if part.name == "purpose"), None)
        if not self._rules.purposes:
            return given or "batch"
        if given is None:
            raise self._member.refusal(call, "'purpose' is a required property", "purpose")
        if given not in self._rules.purposes:
            listed = ", ".join(f"'{name}'" for name in self._rules.purposes)
            text = f"'{given}' is not one of [{listed}] - 'purpose'"
            raise self._member.refusal(call, text, "purpose")
        return given

    def _life_s(self, call: ApiCall, parts: list[FormField]) -> int | None:
        fields = {part.name: part.content.decode("utf-8", "replace") for part in parts if part.filename is None}
        name = self._rules.life_field
        given = fields.get(f"{name}[seconds]", fields.get(name))
        if given is None:
            return self._rules.life_s
        most = self._rules.most_life_s
        if not given.isdecimal() or not LEAST_LIFE_S <= int(given) <= most:
            text = f"Invalid '{name}': expected {LEAST_LIFE_S} to {most} seconds, but got {given}."
            raise self._member.refusal(call, text, name)
        return int(given)
