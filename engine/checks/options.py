"""`--expect KIND=VALUE`, as often as it is said -> one expectation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...providers.errors import UsageError, did_you_mean
from ...providers.json_values import parse_json
from ...providers.schema import Json
from .expectation import KINDS, MODIFIERS

SEVERAL = ("contains", "command", "judge")
"""Kinds that may be said more than once: all of them have to hold."""


def expectation_in(texts: Sequence[str]) -> Json | None:
    """What was expected, by kind; whether it can be judged is not looked at. Raises `UsageError`."""
    found: dict[str, Any] = {}
    for text in texts:
        kind, equals, value = text.partition("=")
        kind = kind.strip()
        if kind == "schema" and not equals and kind not in found:
            found[kind] = None  # the one that was asked for
            continue
        if not equals or not kind:
            raise UsageError(f"--expect {text[:80]}: is not KIND=VALUE", hint=f"kinds are {', '.join(KINDS)}")
        if kind not in (*KINDS, *MODIFIERS):
            near = did_you_mean(kind, (*KINDS, *MODIFIERS))
            raise UsageError(f"--expect {kind}: is not known{near}", hint=f"kinds are {', '.join(KINDS)}")
        given = _value(kind, value)
        if kind not in found:
            found[kind] = given
        elif kind in SEVERAL:
            found[kind] = [*(found[kind] if isinstance(found[kind], list) else [found[kind]]), given]
        else:
            raise UsageError(f"--expect {kind}: is said twice")
    return found or None


def _value(kind: str, value: str) -> Any:
    """The value as a row would hold it."""
    match kind:
        case "number" | "tolerance" | "relative_tolerance":
            return _number(kind, value)
        case "agree":
            return _number(kind, value) if value[:1].isdigit() or value[:1] == "." else value
        case "ignore_case":
            if value not in ("true", "false"):
                raise UsageError("--expect ignore_case: is true or false")
            return value == "true"
        case "schema" if value.lstrip().startswith(("{", "true", "false")):
            try:
                return parse_json(value)
            except ValueError as error:
                raise UsageError(f"--expect schema: is not JSON: {error}") from None
        case _:
            return value


def _number(kind: str, value: str) -> Any:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise UsageError(f"--expect {kind}={value[:40]}: is not a number")
    return found
