"""References inside a JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import unquote

from ...providers.errors import UsageError

EXTERNAL = '"$'
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_REFS = ("$ref", "$dynamicRef")
_NAMES = ('"$id"', '"$anchor"', '"$dynamicAnchor"', '"$recursiveAnchor"', "/draft-03/", "/draft-04/")
"""What a schema is written with whose parts have names, in the two oldest drafts `id`."""
_LITERAL = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose values are data, and no schemas."""


def refs_in(node: Any) -> Iterator[str]:
    """The targets of all references in a schema."""
    if isinstance(node, list):
        for one in cast("list[Any]", node):
            yield from refs_in(one)
    elif isinstance(node, dict):
        for name, value in cast("dict[str, Any]", node).items():
            if name in _REFS and isinstance(value, str):
                yield value
            elif name in _MAPS and isinstance(value, dict):  # a property may be called `default`
                yield from refs_in(list(cast("dict[str, Any]", value).values()))
            elif name not in _LITERAL:
                yield from refs_in(value)


def target_of(schema: Mapping[str, Any], ref: str) -> Any:
    """What `ref` (`#/$defs/node`) leads to; None where it leads nowhere in the schema."""
    if ref == "#":
        return schema
    found: Any = schema
    for step in ref.removeprefix("#/").split("/") if ref.startswith("#/") else ("",):
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdecimal() and int(key) < len(cast("list[Any]", found)):
            found = cast("list[Any]", found)[int(key)]
        elif isinstance(found, dict) and key in found:
            found = cast("dict[str, Any]", found)[key]
        else:
            return None
    return found


def check_references(schema: Any, written: str) -> None:
    """Raise `UsageError` for a reference by which no value can be judged. `written` is the schema as JSON.

    That is one that leads nowhere, out of the schema, or only back to itself. Schemas that name their parts in another
    way than by their place are left alone.
    """
    if not isinstance(schema, dict) or any(name in written for name in _NAMES):
        return
    whole = cast("Mapping[str, Any]", schema)
    leads: dict[str, set[str]] = {}
    for ref in refs_in(whole):
        if ref in leads:
            continue
        target = target_of(whole, ref)
        if target is None:
            where = "nowhere" if ref.startswith("#") else "out of the schema, and nothing is fetched"
            raise UsageError(f"the schema: the reference {ref[:80]!r} leads {where}")
        leads[ref] = set(_refs_of_same(target))
    for ref in leads:
        if ref in _reached(ref, leads):
            raise UsageError(f"the schema: the reference {ref[:80]!r} leads back to itself without an end")


def _refs_of_same(node: Any) -> Iterator[str]:
    """The references in a schema that are about the very value that it is about, and not about a part of it."""
    if not isinstance(node, dict):
        return
    parts = cast("dict[str, Any]", node)
    for name in _REFS:
        if isinstance(parts.get(name), str):
            yield parts[name]
    for name in ("allOf", "anyOf", "oneOf"):
        for one in cast("list[Any]", parts[name]) if isinstance(parts.get(name), list) else ():
            yield from _refs_of_same(one)
    for name in ("not", "if", "then", "else"):
        yield from _refs_of_same(parts.get(name))


def is_recursive(schema: Mapping[str, Any]) -> bool:
    """Whether a reference leads to a part that it stands in, by whatever way."""
    leads: dict[str, set[str]] = {}
    waiting = list(refs_in(schema))
    while waiting:
        ref = waiting.pop()
        if ref not in leads:
            leads[ref] = set(refs_in(target_of(schema, ref)))
            waiting += leads[ref]
    return any(ref in _reached(ref, leads) for ref in leads) or _stands_in_itself(schema, leads)


def _reached(start: str, leads: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(leads[start])
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += leads.get(ref, ())
    return reached


def _stands_in_itself(schema: Mapping[str, Any], leads: Mapping[str, set[str]]) -> bool:
    """Whether a target holds another target that leads to it."""
    return any(
        other != ref and other.startswith(f"{ref}/") and ref in _reached(other, leads)
        for ref in leads
        for other in leads
    )


def moved_below(node: Any, place: str) -> Any:
    """The same with references that lead to where the schema stands now, `place`; those to definitions stay."""
    if isinstance(node, list):
        return [moved_below(one, place) for one in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", node).items():
        if name == "$ref" and isinstance(value, str) and value.startswith("#"):
            stays = value.startswith(("#/$defs/", "#/definitions/"))
            made[name] = value if stays else f"{place}{value[1:]}"
        elif name in _MAPS and isinstance(value, dict):
            made[name] = {key: moved_below(one, place) for key, one in cast("dict[str, Any]", value).items()}
        else:
            made[name] = value if name in _LITERAL else moved_below(value, place)
    return made
