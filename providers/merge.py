"""Native request fields: nested objects merge, everything else is replaced; templates are filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast


def merged(base: Mapping[str, Any], *overlays: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the overlays laid over it, later ones winning. No argument is changed."""
    result = dict(base)
    for overlay in overlays:
        if not overlay:
            continue
        for key, value in overlay.items():
            current = result.get(key)
            if isinstance(current, Mapping) and isinstance(value, Mapping):
                result[key] = merged(cast("Mapping[str, Any]", current), cast("Mapping[str, Any]", value))
            else:
                result[key] = value
    return result


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """`template` with `values` where their names stand.

    Keys whose value is None are left out, and so are those of objects in which nothing is left.
    """
    if isinstance(template, str):
        return values.get(template, template)
    if isinstance(template, Mapping):
        found: dict[str, Any] = {}
        for key, part in cast("Mapping[str, Any]", template).items():
            value = filled(part, values)
            is_emptied = bool(part) and isinstance(part, Mapping) and not value
            if not is_emptied and (value is not None or part is None):
                found[key] = value
        return found
    if isinstance(template, (list, tuple)):
        return [filled(part, values) for part in cast("Sequence[Any]", template)]
    return template


def leaf_paths(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of every value in `document` that is not itself a non-empty object."""
    for key, value in document.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from leaf_paths(cast("Mapping[str, Any]", value), f"{path}.")
        else:
            yield path


def without(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return `document` without the value at the dotted `path`; objects that become empty go with it."""
    head, _, rest = path.partition(".")
    result = dict(document)
    if head not in result:
        return result
    inner = result[head]
    if rest and isinstance(inner, Mapping):
        pruned = without(cast("Mapping[str, Any]", inner), rest)
        if pruned:
            result[head] = pruned
        else:
            del result[head]
    elif not rest:
        del result[head]
    return result


def at_path(document: Mapping[str, Any], path: str) -> Any:
    """The value at the dotted `path`, or None."""
    return at_keys(document, path.split("."))


def at_keys(document: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """The same where the path is taken apart already."""
    value: Any = document
    for key in keys:
        if not isinstance(value, dict) and not isinstance(value, Mapping):  # the registry of the latter is slow
            return None
        value = value.get(key)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def joined(base: Mapping[str, Any], *overlays: Mapping[str, Any]) -> dict[str, Any]:
    """`merged`, but of two lists in the same place the later one is added to the earlier."""
    result = dict(base)
    for overlay in overlays:
        for key, value in overlay.items():
            current = result.get(key)
            if isinstance(current, Mapping) and isinstance(value, Mapping):
                result[key] = joined(cast("Mapping[str, Any]", current), cast("Mapping[str, Any]", value))
            elif isinstance(current, (list, tuple)) and isinstance(value, (list, tuple)):
                result[key] = [*cast("Sequence[Any]", current), *cast("Sequence[Any]", value)]
            else:
                result[key] = value
    return result


def paths_overlap(one: str, other: str) -> bool:
    """Whether one dotted path is the other or lies in it. Underscores and case do not count."""
    left, right = (f"{path.replace('_', '').lower()}." for path in (one, other))
    return left.startswith(right) or right.startswith(left)
