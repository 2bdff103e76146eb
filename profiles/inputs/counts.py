"""What a file counts as input, by the rule of its route and the measures of the file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, sqrt
from typing import Any

Measures = Mapping[str, float]
"""`width` and `height` in pixels, `pages`, `seconds`; what is not known is not there."""


def counted_tokens(rule: Mapping[str, Any] | None, known: Measures) -> int | None:
    """The tokens; None without a rule, or where it asks for what is not known."""
    return None if rule is None else _RULES[str(rule["rule"])](rule, known)


def _grid(rule: Mapping[str, Any], known: Measures) -> int | None:
    """Squares of `side`, of an image that is made smaller until neither its edge nor its squares are too many."""
    if "width" not in known:
        return None
    side, width, height = rule["side"], known["width"], known["height"]
    scale = min(1.0, rule["edge"] / max(width, height))
    width, height = width * scale, height * scale
    while ceil(width / side) * ceil(height / side) > rule["most"]:
        shrunk = min(0.995, sqrt(rule["most"] * side * side / (width * height)))
        width, height = width * shrunk, height * shrunk
    return ceil(width / side) * ceil(height / side)


def _patches(rule: Mapping[str, Any], known: Measures) -> int | None:
    found = _grid({**rule, "edge": 10**9}, known)
    return None if found is None else -(-found * int(rule["percent"]) // 100)


def _tiles(rule: Mapping[str, Any], known: Measures) -> int | None:
    """Squares of `side` of an image that is made to fit into one of `fit`, and then to `short` on its short side.

    `whole` is for the image as a whole beside its squares, where there are several.
    """
    if "width" not in known:
        return None
    width, height = known["width"], known["height"]
    for limit, measure in ((rule.get("fit"), max), (rule.get("short"), min)):
        if limit is not None and measure(width, height) > limit:
            scale = limit / measure(width, height)
            width, height = width * scale, height * scale
    squares = ceil(round(width, 6) / rule["side"]) * ceil(round(height, 6) / rule["side"])
    whole = rule.get("whole", 0) if squares > 1 else 0
    return int(rule.get("base", 0) + whole + rule["each"] * squares)


def _area(rule: Mapping[str, Any], known: Measures) -> int | None:
    if "width" not in known:
        return None
    width, height = known["width"], known["height"]
    scale = min(1.0, rule["edge"] / max(width, height))
    return min(int(rule["most"]), ceil(width * height * scale * scale / rule["pixels"]))


def _flat(rule: Mapping[str, Any], known: Measures) -> int | None:
    return int(rule["each"])


def _pages(rule: Mapping[str, Any], known: Measures) -> int | None:
    return int(rule["each"] * known["pages"]) if "pages" in known else None


def _seconds(rule: Mapping[str, Any], known: Measures) -> int | None:
    return ceil(rule["each"] * known["seconds"]) if "seconds" in known else None


def _windows(rule: Mapping[str, Any], known: Measures) -> int | None:
    return int(rule["each"] * max(1, ceil(known["seconds"] / rule["seconds"]))) if "seconds" in known else None


_RULES: Mapping[str, Callable[[Mapping[str, Any], Measures], int | None]] = {
    "grid": _grid, "patches": _patches, "tiles": _tiles, "area": _area, "flat": _flat, "pages": _pages,
    "seconds": _seconds, "windows": _windows,
}  # fmt: skip
