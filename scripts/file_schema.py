"""The JSON schema of what `thinkdial files list` prints."""

from __future__ import annotations

from typing import Any

from schema_objects import DIALECT, object_schema, of_type

from thinkdial.engine.history.files.documents import FILES_SCHEMA
from thinkdial.engine.history.files.stored_files import StoredFileRow
from thinkdial.engine.planning.inputs.uploads import Uploaded


def files_schema() -> dict[str, Any]:
    """The schema of `thinkdial files list`: what is at providers, and what the history keeps."""
    definitions: dict[str, Any] = {}
    text = {"type": "string"}
    upload = of_type(Uploaded, definitions)
    shown = [name for name in Uploaded.__struct_fields__ if name not in ("account", "reference")]
    held = definitions["Uploaded"]
    held["properties"] = {name: held["properties"][name] for name in shown}
    held["required"] = shown
    for name in ("uploaded_at", "expires_at"):
        held["properties"][name] = {**text, "format": "date-time"}
    kinds: dict[str, Any] = {
        "schema": {"const": FILES_SCHEMA},
        "uploads": {"type": "array", "items": upload},
        "kept": {"type": "array", "items": of_type(StoredFileRow, definitions)},
    }
    whole = object_schema(kinds, required=[*kinds])
    return {"$schema": DIALECT, "title": "Files at providers and in the history", **whole, "$defs": definitions}
