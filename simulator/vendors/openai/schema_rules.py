"""What both OpenAI endpoints refuse of a schema that is to be strict, and with which words.

Source: https://developers.openai.com/api/docs/guides/structured-outputs
"""

from __future__ import annotations

import json
from typing import cast

from ...calls.call import ApiCall
from ...calls.fields import JsonObject, as_object, as_text
from .replies import invalid

REFUSED = (
    "oneOf", "allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
    "propertyNames", "uniqueItems", "contains", "minContains", "maxContains", "minProperties", "maxProperties",
    "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
DEEPEST = 10


def check_format(call: ApiCall, given: object, param: str, said: str) -> None:
    """Refuse a format of the answer that is none, and a schema that cannot be strict. `said` is all of the prompt."""
    found = as_object(given)
    if found is None:
        return
    kind = found.get("type")
    if kind == "json_object":
        if "json" not in said.lower():
            where = "'messages'" if param == "response_format" else "'input'"
            text = f"{where} must contain the word 'json' in some form, to use '{param}' of type 'json_object'."
            raise invalid(call, text, param.partition(".")[0], None)
        return
    if kind != "json_schema":
        return
    inner = as_object(found.get("json_schema")) if param == "response_format" else found
    inner, place = inner or {}, f"{param}.json_schema" if param == "response_format" else param
    name = as_text(inner.get("name"))
    if not name:
        raise invalid(
            call, f"Missing required parameter: '{place}.name'.", f"{place}.name", "missing_required_parameter"
        )
    schema = as_object(inner.get("schema"))
    if schema is None:
        text = f"Missing required parameter: '{place}.schema'."
        raise invalid(call, text, f"{place}.schema", "missing_required_parameter")
    if schema.get("type") != "object":
        shown = schema.get("type") if "type" in schema else "None"
        raise _bad(
            call, name, place, "()", f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{shown}\"'."
        )
    if inner.get("strict") is True:
        _check(call, name, place, schema, (), 0)


def _bad(call: ApiCall, name: str, place: str, context: str, words: str) -> Exception:
    text = f"Invalid schema for response_format '{name}': In context={context}, {words}"
    return invalid(call, text, place, "invalid_json_schema")


def _check(call: ApiCall, name: str, place: str, node: JsonObject, path: tuple[str, ...], depth: int) -> None:
    context = json.dumps(path).replace("[", "(").replace("]", ")").replace('"', "'")
    for keyword in REFUSED:
        if keyword in node:
            raise _bad(call, name, place, context, f"'{keyword}' is not permitted.")
    if "$ref" in node and len(node) > 1 and path:
        others = ", ".join(repr(key) for key in node if key != "$ref")
        raise _bad(call, name, place, context, f"$ref cannot have keywords {{{others}}}.")
    if node.get("type") == "object":
        depth += 1
        if depth > DEEPEST:
            raise _bad(call, name, place, context, f"{DEEPEST} levels of nesting is the limit.")
        if node.get("additionalProperties") is not False:
            raise _bad(call, name, place, context, "'additionalProperties' is required to be supplied and to be false.")
        parts = as_object(node.get("properties")) or {}
        required = node.get("required")
        missing = [key for key in parts if not isinstance(required, list) or key not in required]
        if missing:
            words = "'required' is required to be supplied and to be an array including every key in properties."
            raise _bad(call, name, place, context, f"{words} Missing '{missing[0]}'.")
    for keyword in ("properties", "$defs", "definitions"):
        for key, part in (as_object(node.get(keyword)) or {}).items():
            if (inner := as_object(part)) is not None:
                _check(call, name, place, inner, (*path, keyword, key), depth if keyword == "properties" else 0)
    if (items := as_object(node.get("items"))) is not None:
        _check(call, name, place, items, (*path, "items"), depth)
    union = node.get("anyOf")
    for at, part in enumerate(cast("list[object]", union) if isinstance(union, list) else []):
        if (inner := as_object(part)) is not None:
            _check(call, name, place, inner, (*path, "anyOf", str(at)), depth)
