"""The Files API of Gemini: resumable upload in two steps, metadata, and download of what the service produced.

Source: https://ai.google.dev/gemini-api/docs/files, https://ai.google.dev/api/files
"""

from __future__ import annotations

import base64

from msgspec.structs import replace

from ...answers.thinking import digest
from ...batches.backend import BatchBackend
from ...batches.database import StoredFile
from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_object, as_text, decode_object, moment
from ...calls.reply import HttpReply, RejectedError, raw
from . import replies, rules
from .replies import GOOGLE

PENDING = "google-upload"
MOST_BYTES = 2 * 1024 * 1024 * 1024
LIFE_S = 48 * 3600


class GoogleFileEndpoints:
    """The file endpoints of Google."""

    def __init__(self, backend: BatchBackend) -> None:
        self._backend = backend

    def upload(self, call: ApiCall) -> HttpReply:
        """The start of an upload, or a piece of one, as the upload headers say."""
        commands = {part.strip() for part in call.request.headers.get("x-goog-upload-command", "").split(",")}
        if "start" in commands:
            return self._start(call)
        if commands & {"upload", "finalize"}:
            return self._piece(call, last="finalize" in commands)
        raise replies.invalid(call, "Invalid upload request: expected the header X-Goog-Upload-Command.")

    def show(self, call: ApiCall) -> HttpReply:
        """What is known about one file."""
        rules.check_key(call)
        return replies.ok(call, self.find(call, call.parameters["file"]).meta)

    def listed(self, call: ApiCall) -> HttpReply:
        """All files, newest first."""
        rules.check_key(call)
        return replies.ok(call, {"files": [file.meta for file in self._backend.database.list_files(GOOGLE.name)]})

    def delete(self, call: ApiCall) -> HttpReply:
        """The end of one file."""
        rules.check_key(call)
        self._backend.database.delete_file(self.find(call, call.parameters["file"]).id)
        return replies.ok(call, {})

    def download(self, call: ApiCall) -> HttpReply:
        """The bytes of a file that a batch produced. Uploaded ones cannot be downloaded."""
        rules.check_key(call)
        file = self.find(call, call.parameters["file"])
        if file.meta["source"] != "GENERATED":
            raise replies.invalid(call, f"File {file.meta['name']} is not downloadable.")
        content = self._backend.database.content_of(file)
        return raw(content, replies.request_headers(call), content_type="application/octet-stream")

    def find(self, call: ApiCall, name: str) -> StoredFile:
        """The file with this name, with or without `files/`. Raises `RejectedError` if there is none."""
        file = self._backend.database.find_file(GOOGLE.name, name.removeprefix("files/"))
        if file is None:
            text = f"You do not have permission to access the File {name.removeprefix('files/')} or it may not exist."
            raise RejectedError(replies.error(call, 403, "PERMISSION_DENIED", text))
        return file

    def content_of(self, file: StoredFile) -> bytes:
        """The bytes of any file."""
        return self._backend.database.content_of(file)

    def add(self, file_id: str, content: bytes, *, display_name: str | None, mime_type: str, source: str) -> StoredFile:
        """A new file, kept."""
        now_s = self._backend.now_s()
        meta: JsonObject = {
            "name": f"files/{file_id}",
            "mimeType": mime_type,
            "sizeBytes": str(len(content)),
            "createTime": moment(now_s),
            "updateTime": moment(now_s),
            "expirationTime": moment(now_s + LIFE_S),
            "sha256Hash": base64.b64encode(digest(file_id, len(content)).encode()).decode(),
            "uri": f"https://generativelanguage.googleapis.com/v1beta/files/{file_id}",
            "state": "ACTIVE",
            "source": source,
        }
        if display_name is not None:
            meta["displayName"] = display_name
        if source == "GENERATED":
            meta["downloadUri"] = f"{meta['uri']}:download?alt=media"
        file = StoredFile(file_id, GOOGLE.name, meta)
        self._backend.database.add_file(file, content)
        return file

    def _start(self, call: ApiCall) -> HttpReply:
        rules.check_key(call)
        headers = call.request.headers
        size = headers.get("x-goog-upload-header-content-length", "")
        limit = self._backend.options.bytes(MOST_BYTES)
        if size.isdecimal() and int(size) > limit:
            raise replies.invalid(call, f"File size {size} exceeds the limit of {limit} bytes.")
        described = as_object((decode_object(call.request.body) or {}).get("file")) or {}
        name = as_text(described.get("displayName", described.get("display_name")))
        upload_id = self._backend.new_id("", length=40)
        meta: JsonObject = {"size": size, "display_name": name or headers.get("x-goog-upload-file-name")}
        meta["mime_type"] = headers.get("x-goog-upload-header-content-type") or as_text(described.get("mimeType"))
        self._backend.database.add_file(StoredFile(upload_id, PENDING, meta), b"")
        query = f"upload_id={upload_id}&upload_protocol=resumable"
        url = f"http://{headers.get('host', '127.0.0.1')}{call.request.path}?{query}"
        extra = (("x-goog-upload-url", url), ("x-goog-upload-status", "active"))
        return replies.ok(call, {}, extra)

    def _piece(self, call: ApiCall, *, last: bool) -> HttpReply:
        database = self._backend.database
        pending = database.find_file(PENDING, call.request.query.get("upload_id", ""))
        if pending is None:
            text = "The upload was not found."
            raise RejectedError(replies.error(call, 404, "NOT_FOUND", text))
        content = database.content_of(pending)
        offset = call.request.headers.get("x-goog-upload-offset", "0")
        if offset != str(len(content)):
            raise replies.invalid(call, f"Upload offset {offset} does not match the {len(content)} bytes received.")
        content += call.request.body
        if not last:
            database.replace_file(replace(pending), content)
            return replies.ok(call, {}, (("x-goog-upload-status", "active"),))
        if pending.meta["size"] not in ("", str(len(content))):
            raise replies.invalid(call, f"Expected {pending.meta['size']} bytes, but received {len(content)}.")
        with database.change():
            database.delete_file(pending.id)
            file = self.add(
                self._backend.new_id("", length=12),
                content,
                display_name=as_text(pending.meta["display_name"]),
                mime_type=as_text(pending.meta["mime_type"]) or "application/octet-stream",
                source="UPLOADED",
            )
        return replies.ok(call, {"file": file.meta}, (("x-goog-upload-status", "final"),))
