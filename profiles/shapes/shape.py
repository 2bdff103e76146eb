"""The shape that an answer should have: any JSON, or JSON that fits a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct


class Shape(Struct, frozen=True):
    """`schema` is JSON Schema, None for JSON of any kind. `name` is what wires call it: letters, digits, `_-`.

    `by` is the profile that puts a free answer into the shape, in a second call; None where the answer itself has it.
    """

    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    by: str | None = None

    @property
    def word(self) -> str:
        """What was asked for: `schema`, or `json`."""
        return "json" if self.schema is None else "schema"


def shape_document(shape: Shape) -> dict[str, Any]:
    """The shape as JSON; `shape_from` reads it."""
    told: dict[str, Any] = {"schema": None if shape.schema is None else dict(shape.schema), "name": shape.name}
    return told if shape.by is None else {**told, "by": shape.by}


def shape_from(document: Any) -> Shape | None:
    """What `shape_document` wrote; None for anything else."""
    if not isinstance(document, dict):
        return None
    told = cast("dict[str, Any]", document)
    schema, by = told.get("schema"), told.get("by")
    return Shape(
        cast("dict[str, Any]", schema) if isinstance(schema, dict) else None,
        str(told.get("name") or "answer"),
        by if isinstance(by, str) else None,
    )
