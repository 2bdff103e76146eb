"""The shape that an answer should have: any JSON, or JSON that fits a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct


class Shape(Struct, frozen=True):
    """`schema` is JSON Schema, None for JSON of any kind. `name` is what wires call it: letters, digits, `_-`."""

    schema: Mapping[str, Any] | None = None
    name: str = "answer"

    @property
    def word(self) -> str:
        """What was asked for: `schema`, or `json`."""
        return "json" if self.schema is None else "schema"


def shape_document(shape: Shape) -> dict[str, Any]:
    """The shape as JSON; `shape_from` reads it."""
    return {"schema": None if shape.schema is None else dict(shape.schema), "name": shape.name}


def shape_from(document: Any) -> Shape | None:
    """What `shape_document` wrote; None for anything else."""
    if not isinstance(document, dict):
        return None
    told = cast("dict[str, Any]", document)
    schema = told.get("schema")
    return Shape(
        cast("dict[str, Any]", schema) if isinstance(schema, dict) else None, str(told.get("name") or "answer")
    )
