"""What the Messages API refuses of the schema of an answer, and with which words.

Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from __future__ import annotations

from typing import cast

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_object, as_text
from ...calls.schema_nodes import schema_nodes
from .replies import invalid

REFUSED = {
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems", "contains", "minContains", "maxContains"),
    "object": ("minProperties", "maxProperties", "patternProperties", "propertyNames"),
}
MOST_OPTIONAL, MOST_UNIONS = 24, 16
PLACE = "output_config.format.schema"


def check_format(call: ApiCall) -> None:
    """Refuse a schema that no grammar is made of."""
    format_ = as_object((as_object(call.body.get("output_config")) or {}).get("format"))
    if format_ is None:
        return
    if format_.get("type") != "json_schema":
        raise invalid(call, "output_config.format.type: Input should be 'json_schema'")
    schema = as_object(format_.get("schema"))
    if schema is None:
        raise invalid(call, f"{PLACE}: Field required")
    _check_circles(call, schema)
    nodes = list(schema_nodes(schema))
    for node in nodes:
        kind = as_text(node.get("type")) or ""
        for keyword in ("oneOf", "not", "if"):
            if keyword in node:
                raise invalid(call, f"{PLACE}: Schema type '{keyword}' is not supported")
        for keyword in REFUSED.get(kind, ()):
            if keyword in node:
                raise invalid(call, f"{PLACE}: For '{kind}' type, property '{keyword}' is not supported")
        least = node.get("minItems")
        if isinstance(least, int) and least > 1:
            raise invalid(call, f"{PLACE}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
        if kind == "object" and node.get("additionalProperties") is not False:
            text = "For 'object' type, 'additionalProperties' must be explicitly set to false"
            raise invalid(call, f"{PLACE}: {text}")
    optional = sum(_optional(node) for node in nodes)
    if optional > MOST_OPTIONAL:
        text = f"Schemas contains too many optional parameters ({optional})"
        raise invalid(call, f"{text}, which would make grammar compilation inefficient (limit: {MOST_OPTIONAL})")
    unions = sum("anyOf" in node or isinstance(node.get("type"), list) for node in nodes)
    if unions > MOST_UNIONS:
        raise invalid(call, f"Schemas contains too many parameters with union types ({unions}) (limit: {MOST_UNIONS})")


def _optional(node: JsonObject) -> int:
    required = node.get("required")
    listed = cast("list[object]", required) if isinstance(required, list) else []
    return sum(name not in listed for name in as_object(node.get("properties")) or {})


def _check_circles(call: ApiCall, schema: JsonObject) -> None:
    """Refuse definitions that lead back to themselves."""
    known = as_object(schema.get("$defs")) or {}
    leads = {name: _led_to(as_object(part) or {}) for name, part in known.items()}
    for start, first in leads.items():
        seen: list[str] = []
        waiting = list(first)
        while waiting:
            name = waiting.pop()
            if name == start:
                way = " -> ".join((start, *seen, start)) if seen else f"{start} -> {start}"
                raise invalid(call, f"{PLACE}: Circular reference detected in schema definitions: {way}")
            if name not in seen:
                seen.append(name)
                waiting += leads.get(name, ())


def _led_to(node: JsonObject) -> list[str]:
    refs = (as_text(one.get("$ref")) for one in schema_nodes(node))
    return [ref.removeprefix("#/$defs/") for ref in refs if ref is not None]
