"""All the schemas in a schema, for vendors that refuse some keywords."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from .fields import JsonObject, as_object


def schema_nodes(node: JsonObject) -> Iterator[JsonObject]:
    """`node` and every schema in it."""
    yield node
    for keyword in ("properties", "$defs", "definitions"):
        for part in (as_object(node.get(keyword)) or {}).values():
            if (inner := as_object(part)) is not None:
                yield from schema_nodes(inner)
    if (items := as_object(node.get("items"))) is not None:
        yield from schema_nodes(items)
    for keyword in ("anyOf", "allOf", "oneOf"):
        union = node.get(keyword)
        for part in cast("list[object]", union) if isinstance(union, list) else []:
            if (inner := as_object(part)) is not None:
                yield from schema_nodes(inner)
