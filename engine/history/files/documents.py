"""Files as a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict

from ...planning.inputs.uploads import Uploaded
from .stored_files import StoredFileRow

FILES_SCHEMA = "thinkdial.files/1"


def files_document(uploads: Sequence[Uploaded], kept: Sequence[StoredFileRow]) -> dict[str, Any]:
    """`thinkdial.files/1`: what is at providers, and what the history keeps."""
    return {
        "schema": FILES_SCHEMA,
        "uploads": [
            {
                "number": one.number, "provider": one.provider, "host": one.host, "id": one.id, "name": one.name,
                "media_type": one.media_type, "bytes": one.bytes, "sha256": one.sha256, "profile": one.profile,
                "uploaded_at": one.uploaded_at.isoformat(), "expires_at": one.expires_at.isoformat(),
            }
            for one in uploads
        ],
        "kept": [asdict(one) for one in kept],
    }  # fmt: skip
