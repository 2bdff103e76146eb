"""A JSON Schema -> what a route takes of it, and everything that was changed on the way. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct

from ...profiles.shapes.rule import ShapeRule
from ...providers.json_values import array
from .references import EXTERNAL, is_recursive, moved_below
from .words import SchemaChangeKind, ShapeChange

WRAPPED_AS = "value"
"""The key under which an answer stands that is no object, where a route takes only objects."""

MOST_SHOWN = 120
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]")
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_PARTS = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
          "unevaluatedProperties", "unevaluatedItems")  # fmt: skip
_NO_MEANING = ("$schema", "$id", "$comment", "$anchor")
_UNIONS = ("anyOf", "oneOf")
_SAYS_WHAT = ("type", "anyOf", "allOf", "$ref", "enum", "const")


class Adaptation(Struct, frozen=True):
    """The schema as the route takes it. `is_wrapped`: the answer will be in an object, under `WRAPPED_AS`."""

    schema: Mapping[str, Any]
    changes: tuple[ShapeChange, ...]
    is_wrapped: bool = False

    @property
    def lost(self) -> tuple[ShapeChange, ...]:
        """What the route cannot be told, so that the schema would be another one."""
        return tuple(change for change in self.changes if change.kind == "lost")


def adapt(schema: Mapping[str, Any], rule: ShapeRule) -> Adaptation:
    """`schema` as `rule` has it. Where something is lost, what is left must not be sent as if it were the schema."""
    if is_recursive(schema) and not rule.recursion:
        return _not_at_all(schema, "$ref", "it leads back to itself, which this route refuses")
    if EXTERNAL in (found := json.dumps(schema)) and _external(schema):
        return _not_at_all(schema, "$ref", "it leads out of the schema")
    work = _Adapter(rule)
    is_wrapped = rule.root_object and not _is_object_root(schema)
    given = _wrapped(schema) if is_wrapped else schema
    if is_wrapped:
        words = f"only an object can be the whole answer: it is in one, as {WRAPPED_AS!r}"
        work.tell("wrapped", "", "type", words)
    adapted = work.schema(given, "")
    if rule.needs_required and not array(adapted.get("required")):
        names = list(cast("Mapping[str, Any]", adapted.get("properties") or {}))
        if not names:
            work.tell("lost", "", "required", "this route wants one required key at least")
        else:
            adapted["required"] = names[:1]
            work.tell("required", "", "required", f"this route wants one required key: {names[0]!r} is")
    work.hold_limits(adapted, len(found))
    return Adaptation(adapted, tuple(dict.fromkeys(work.changes)), is_wrapped)


def _not_at_all(schema: Mapping[str, Any], keyword: str, words: str) -> Adaptation:
    return Adaptation(schema, (ShapeChange("lost", "", keyword, words),))


def _external(node: Any) -> bool:
    if isinstance(node, list):
        return any(map(_external, cast("list[Any]", node)))
    if not isinstance(node, dict):
        return False
    held = cast("dict[str, Any]", node)
    to = held.get("$ref", held.get("$dynamicRef"))
    return (isinstance(to, str) and not to.startswith("#")) or any(map(_external, held.values()))


def _is_object_root(schema: Mapping[str, Any]) -> bool:
    return _is_object(schema) and not any(name in schema for name in (*_UNIONS, "$ref", "not", "if", "enum", "const"))


def _is_object(node: Mapping[str, Any]) -> bool:
    kind = node.get("type")
    return kind in ("object", ["object"]) or (kind is None and "properties" in node)


def _wrapped(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object that holds the answer. Definitions stay where references find them."""
    held = {name: schema[name] for name in ("$defs", "definitions") if name in schema}
    inner = {name: value for name, value in schema.items() if name not in held}
    below = f"#/properties/{WRAPPED_AS}"
    return {
        "type": "object",
        "properties": {WRAPPED_AS: moved_below(inner, below)},
        "required": [WRAPPED_AS],
        "additionalProperties": False,
        **{name: moved_below(value, below) for name, value in held.items()},
    }


class _Adapter:
    """Walks a schema once and notes what it changes."""

    def __init__(self, rule: ShapeRule) -> None:
        self.rule, self.refuses = rule, frozenset(rule.refuses)
        self.changes: list[ShapeChange] = []

    def tell(self, kind: SchemaChangeKind, path: str, keyword: str, words: str) -> None:
        self.changes.append(ShapeChange(kind, path, keyword, words))

    def schema(self, node: Any, path: str) -> dict[str, Any]:
        """One schema with all that is in it."""
        if node is True or node == {}:
            if self.rule.closed:
                self.tell("lost", path, "type", "anything may stand here, which this route has no word for")
            return {}
        if not isinstance(node, dict):
            self.tell("lost", path, "false", "nothing may stand here")
            return {}
        given = dict(cast("dict[str, Any]", node))
        given = {name: value for name, value in given.items() if name not in _NO_MEANING}
        if self.rule.lone_refs and "$ref" in given and len(given) > 1:
            self._beside_ref(given, path)
            return {"$ref": given["$ref"], **self._parts({n: v for n, v in given.items() if n in _MAPS[1:3]}, path)}
        given = self._unified(given, path)
        given, told = self._without_refused(given, path)
        made = self._parts(given, path)
        if _is_object(made):
            self._object(made, path)
        elif self.rule.closed and not any(name in made for name in _SAYS_WHAT):
            self.tell("lost", path, "type", "what stands here cannot be said")
        if told:
            words = "; ".join(told)
            described = made.get("description")
            made["description"] = f"{described} ({words})" if isinstance(described, str) and described else words
        return made

    def _beside_ref(self, node: Mapping[str, Any], path: str) -> None:
        for name in node:
            if name not in ("$ref", "description", "title", "default", "examples", *_MAPS[1:3]):
                self.tell("described", path, name, "nothing may stand beside a $ref: it is left out, and checked here")

    def _unified(self, node: dict[str, Any], path: str) -> dict[str, Any]:
        """`oneOf` as `anyOf`, and `allOf` as what its parts say together, where that is refused and can be done."""
        if "oneOf" in node and "oneOf" in self.refuses and "anyOf" not in node:
            self.tell("rewritten", path, "oneOf", "is anyOf here: more than one may fit, which is checked afterwards")
            node = {("anyOf" if name == "oneOf" else name): value for name, value in node.items()}
        if "const" in node and "const" in self.refuses and "enum" not in node:
            self.tell("rewritten", path, "const", "is an enum of one value here")
            node = {("enum" if name == "const" else name): ([v] if name == "const" else v) for name, v in node.items()}
        if "allOf" in node and "allOf" in self.refuses:
            joined = _joined({name: value for name, value in node.items() if name != "allOf"}, array(node["allOf"]))
            if joined is not None:
                self.tell("rewritten", path, "allOf", "its parts are written as one here")
                return joined
        return node

    def _without_refused(self, node: dict[str, Any], path: str) -> tuple[dict[str, Any], list[str]]:
        kept: dict[str, Any] = {}
        told: list[str] = []
        for name, value in node.items():
            if not self._is_refused(name, value):
                kept[name] = value
                continue
            shown = json.dumps(value, ensure_ascii=False)
            short = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"
            if name not in ("default", "examples"):
                told.append(f"{name}: {short}")
            self.tell("described", path, name, f"{name} {short} is told in words here, and checked afterwards")
        return kept, told

    def _is_refused(self, name: str, value: Any) -> bool:
        rule = self.rule
        if name in self.refuses:
            return True
        if name == "format":
            return rule.formats is not None and value not in rule.formats
        if name == "minItems":
            return rule.most_min_items is not None and isinstance(value, int) and value > rule.most_min_items
        return name == "pattern" and rule.plain_patterns and bool(_LOOKS_AROUND.search(str(value)))

    def _parts(self, node: Mapping[str, Any], path: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in node.items():
            here = f"{path}/{name}"
            if name in _MAPS and isinstance(value, dict):
                inner = cast("dict[str, Any]", value)
                made[name] = {key: self.schema(one, f"{here}/{key}") for key, one in inner.items()}
            elif name in _LISTS and isinstance(value, list):
                listed = cast("list[Any]", value)
                made[name] = [self.schema(one, f"{here}/{at}") for at, one in enumerate(listed)]
            elif name in _PARTS and isinstance(value, dict) and value:
                made[name] = self.schema(value, here)
            else:
                made[name] = value
        return made

    def _object(self, node: dict[str, Any], path: str) -> None:
        rule, names = self.rule, list(cast("Mapping[str, Any]", node.get("properties") or {}))
        if rule.ordered and len(names) > 1:
            node.setdefault("propertyOrdering", names)
        if not rule.closed:
            return
        node.setdefault("type", "object")
        more = node.get("additionalProperties")
        if isinstance(more, dict) and more:
            self.tell(
                "lost", path, "additionalProperties", "keys of any name cannot be said: it would be an empty object"
            )
        elif more is not False and not names:
            self.tell("lost", path, "properties", "an object of any keys cannot be said: it would be an empty one")
        elif more is not False:
            self.tell("closed", path, "additionalProperties", "no other keys than those that are named")
        node["additionalProperties"] = False
        required = [name for name in array(node.get("required")) if isinstance(name, str)]
        if unnamed := [name for name in required if name not in names]:
            words = f"{', '.join(map(repr, unnamed))} is required and not described, which cannot be said"
            self.tell("lost", path, "required", words)
        if rule.all_required and (optional := [name for name in names if name not in required]):
            properties = dict(cast("Mapping[str, Any]", node["properties"]))
            for name in optional:
                properties[name] = _nullable(properties[name])
                self.tell("required", f"{path}/properties/{name}", "required", "may be left out: it is null instead")
            node["properties"] = properties
            node["required"] = names
        elif rule.all_required:
            node["required"] = names

    def hold_limits(self, schema: Mapping[str, Any], size: int) -> None:
        """Say what is more than the route takes."""
        rule, counted = self.rule, _Count()
        counted.add(schema, 0)
        for name, most, found in (
            ("properties", rule.most_properties, counted.properties), ("levels", rule.most_depth, counted.depth),
            ("optional keys", rule.most_optional, counted.optional), ("unions", rule.most_unions, counted.unions),
        ):  # fmt: skip
            if most is not None and found > most:
                self.tell("lost", "", name, f"it has {found:,} {name}, and this route takes {most:,}")


class _Count:
    """What the limits of routes are about."""

    def __init__(self) -> None:
        self.properties = self.depth = self.optional = self.unions = 0

    def add(self, node: Any, level: int) -> None:
        if not isinstance(node, dict):
            return
        held = cast("dict[str, Any]", node)
        names = cast("Mapping[str, Any]", held.get("properties") or {})
        level += bool(names)
        self.properties += len(names)
        self.depth = max(self.depth, level)
        self.optional += sum(name not in array(held.get("required")) for name in names)
        self.unions += "anyOf" in held or isinstance(held.get("type"), list)
        for name, value in held.items():
            if name in _MAPS and isinstance(value, dict):
                for inner in cast("dict[str, Any]", value).values():
                    self.add(inner, level if name == "properties" else 0)
            elif name in _LISTS and isinstance(value, list):
                for inner in cast("list[Any]", value):
                    self.add(inner, level)
            elif name in _PARTS:
                self.add(value, level)


def _joined(base: dict[str, Any], parts: list[Any]) -> dict[str, Any] | None:
    """What `base` and all `parts` say together, where no two say different things of the same; else None."""
    joined = dict(base)
    for part in (base, *parts):
        if not isinstance(part, dict):
            return None
        said = cast("dict[str, Any]", part)
        if "$ref" in said or said.get("additionalProperties", True) is not True:
            return None
    for part in parts:
        for name, value in cast("dict[str, Any]", part).items():
            if name not in joined or joined[name] == value:
                joined[name] = value
            elif name == "properties" and not set(joined[name]) & set(value):
                joined[name] = {**joined[name], **value}
            elif name == "required":
                joined[name] = [*joined[name], *(one for one in value if one not in joined[name])]
            else:
                return None
    return joined


def _nullable(node: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the same value or null."""
    kind, made = node.get("type"), dict(node)
    if kind == "null" or (isinstance(kind, list) and "null" in kind):
        return made
    if isinstance(kind, str | list) and not any(name in node for name in ("enum", "const", "anyOf", "$ref")):
        return {**made, "type": [*(cast("list[str]", kind) if isinstance(kind, list) else [kind]), "null"]}
    if isinstance(node.get("anyOf"), list) and {"type": "null"} in node["anyOf"]:
        return made
    return {"anyOf": [made, {"type": "null"}]}
