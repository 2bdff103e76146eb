"""Answers as JSON: what a simulated model says where the request asks for it, in whichever field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from ..answers.texts import subject_of
from ..answers.thinking import digest
from .fields import JsonObject, as_object, as_text

MARK = "JSON Schema:"
PLAIN_WISH = "JSON alone"
DEEPEST = 6
_BOTTOM = 4 * DEEPEST
"""Where a schema that demands itself, which nothing fits, is left."""
_LONGEST = 1000
_WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath")


def shaped_answer(body: JsonObject, prompt: str, *key: object) -> str | None:
    """The JSON that `body` asks for, in a field or in words; None where it asks for none.

    Bounds that only stand in a description are not kept, and what is asked for in words may come in a fence.
    """
    asked, schema = _asked_in_fields(body)
    in_words = None if schema is not None else _asked_in_words(prompt)
    if not asked and in_words is None and PLAIN_WISH not in prompt:
        return None
    root = schema if schema is not None else in_words
    if root is None:
        return json.dumps({"subject": subject_of(prompt), "simulated": True})
    text = json.dumps(_value(root, root, digest("shape", prompt, *key), "", 0), ensure_ascii=False)
    fenced = not asked and int(digest("fence", prompt, *key)[:4], 16) % 2 == 0
    return f"```json\n{text}\n```" if fenced else text


def value_of(schema: JsonObject, seed: str) -> object:
    """A value that fits `schema`, the same for the same seed."""
    return _value(schema, schema, seed, "", 0)


def _asked_in_fields(body: JsonObject) -> tuple[bool, JsonObject | None]:
    """Whether a field asks for JSON, and for which schema."""
    config = as_object(body.get("generationConfig")) or {}
    if config.get("responseMimeType") == "application/json":
        return True, as_object(config.get("responseJsonSchema")) or as_object(config.get("responseSchema"))
    local = body.get("format")
    if local == "json" or as_object(local):
        return True, as_object(local)
    places = (
        (as_object(body.get("text")) or {}).get("format"),
        (as_object(body.get("output_config")) or {}).get("format"),
        body.get("response_format"),
    )
    for place in filter(None, map(as_object, places)):
        if place.get("type") in ("json_schema", "json_object") or place.get("mime_type") == "application/json":
            inner = as_object(place.get("json_schema")) or {}
            return True, as_object(inner.get("schema")) or as_object(place.get("schema")) or (inner or None)
    return False, None


def _asked_in_words(prompt: str) -> JsonObject | None:
    _, found, after = prompt.partition(MARK)
    if not found:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(after.lstrip())
    except ValueError:
        return None
    return as_object(value)


def _value(schema: object, root: JsonObject, seed: str, name: str, depth: int) -> object:
    """A value that fits, of a few words and small numbers; nothing optional where it is deep."""
    node = (as_object(schema) or {}) if depth < _BOTTOM else {}
    number = int(digest("value", seed, name, depth)[:6], 16)
    if (ref := as_text(node.get("$ref"))) is not None:
        return _value(_target(root, ref), root, seed, name, depth + 1)
    if "const" in node:
        return node["const"]
    for choices in (node.get("enum"),):
        if isinstance(choices, list) and choices:
            return cast("list[object]", choices)[number % len(cast("list[object]", choices))]
    for union in ("anyOf", "oneOf", "allOf"):
        parts = node.get(union)
        if isinstance(parts, list) and parts:
            listed = cast("list[object]", parts)
            return _value(listed[-1 if depth > DEEPEST else number % len(listed)], root, seed, name, depth + 1)
    said = node.get("type")
    kinds = cast("list[object]", said) if isinstance(said, list) else [said]
    kind = kinds[-1 if depth > DEEPEST else 0] if kinds else None
    if kind == "object" or (kind is None and "properties" in node):
        required = node.get("required")
        needed = cast("list[object]", required) if isinstance(required, list) else []
        parts = cast("Mapping[str, object]", as_object(node.get("properties")) or {})
        return {
            key: _value(part, root, seed, f"{name}.{key}", depth + 1)
            for key, part in parts.items()
            if key in needed or depth <= DEEPEST
        }
    if kind == "array":
        least = node.get("minItems")
        size = max(min(least, _LONGEST) if isinstance(least, int) else 0, 0 if depth > DEEPEST else 2)
        return [_value(node.get("items") or {}, root, seed, f"{name}[{at}]", depth + 1) for at in range(size)]
    if kind in ("integer", "number"):
        low, high = node.get("minimum"), node.get("maximum")
        base = low if isinstance(low, int) else 0
        span = high - base + 1 if isinstance(high, int) else 90
        return base + number % max(span, 1)
    return {"boolean": number % 2 == 0, "null": None}.get(as_text(kind) or "", _WORDS[number % len(_WORDS)])


def _target(root: JsonObject, ref: str) -> object:
    found: object = root
    for step in filter(None, ref.removeprefix("#").split("/")):
        found = (as_object(found) or {}).get(step)
    return found
