"""Results and runs as JSON documents. Amounts are decimal strings, never floats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct

from ...providers.errors import Failure
from .result import Result, Run

RESULT_SCHEMA = "thinkdial.result/1"
RUN_SCHEMA = "thinkdial.run/1"

LEAST_DECIMALS = 6


def dollars_text(amount: Decimal) -> str:
    """An exact amount without exponent, with at least six decimals: `0.007060`."""
    shown = str(amount)
    if "E" in shown:  # else it is the same, in a quarter of the time
        shown = f"{amount:f}"
    whole, _, decimals = shown.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(LEAST_DECIMALS, '0')}"


def result_document(result: Result) -> dict[str, Any]:
    """`thinkdial.result/1`."""
    return {"schema": RESULT_SCHEMA, **plain(result)}


def run_document(run: Run) -> dict[str, Any]:
    """`thinkdial.run/1`."""
    return {
        "schema": RUN_SCHEMA,
        "run_id": run.run_id,
        "prompt": run.prompt,
        "system": run.system,
        "files": [plain(file) for file in run.files],
        "results": [result_document(result) for result in run.results],
        "summary": plain(run.summary),
    }


def plain(value: Any) -> Any:
    """`value` in the types of JSON. A batch writes thousands of results a second: each type is looked at once."""
    kind = cast("type[Any]", type(value))
    if kind in _AS_IT_IS:
        return value
    make = _MAKERS.get(kind)
    if make is None:
        make = _MAKERS[kind] = _maker(kind)
    return make(value)


def _maker(kind: type[Any]) -> Callable[[Any], Any]:
    """How values of this type are written."""
    if issubclass(kind, Decimal):
        return dollars_text
    if issubclass(kind, Failure):
        return _failure_document
    if issubclass(kind, float):
        return lambda value: round(value, 6)
    if issubclass(kind, Mapping):
        return lambda value: {str(key): plain(inner) for key, inner in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [plain(inner) for inner in value]
    if issubclass(kind, Struct):
        names = printed_fields(kind)
        return lambda value: {
            name: inner if type(inner := getattr(value, name)) in _AS_IT_IS else plain(inner) for name in names
        }
    return lambda value: value


def printed_fields(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a value that its document has."""
    internal: frozenset[str] = getattr(kind, "INTERNAL", frozenset())
    return tuple(name for name in kind.__struct_fields__ if name not in internal)


def _failure_document(value: Failure) -> dict[str, Any]:
    return {
        "kind": value.kind,
        "status": value.status,
        "message": value.message,
        "retryable": value.retryable,
        "hint": value.hint,
        "retry_after_s": value.retry_after_s,
    }


_AS_IT_IS = frozenset({str, int, bool, type(None)})
_MAKERS: dict[type, Callable[[Any], Any]] = {}
