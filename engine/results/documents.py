"""Results, runs and plans as JSON documents. Amounts are decimal strings, never floats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, cast

from ...providers.errors import Failure
from ...providers.schema import Forecast, Result, Run
from ..planning.prepare import Prepared

RESULT_SCHEMA = "thinkdial.result/1"
RUN_SCHEMA = "thinkdial.run/1"
PLAN_SCHEMA = "thinkdial.plan/1"

LEAST_DECIMALS = 6
MASK = "***"
SECRET_WORDS = ("auth", "key", "token", "secret", "cookie", "pass", "credential", "session", "signature")


def dollars_text(amount: Decimal) -> str:
    """An exact amount without exponent, with at least six decimals: `0.007060`."""
    shown = f"{amount:f}"
    whole, _, decimals = shown.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(LEAST_DECIMALS, '0')}"


def result_document(result: Result) -> dict[str, Any]:
    """`thinkdial.result/1`."""
    return {"schema": RESULT_SCHEMA, **_plain(result)}


def run_document(run: Run) -> dict[str, Any]:
    """`thinkdial.run/1`."""
    return {
        "schema": RUN_SCHEMA,
        "run_id": run.run_id,
        "prompt": run.prompt,
        "system": run.system,
        "results": [result_document(result) for result in run.results],
        "summary": _plain(run.summary),
    }


def plan_document(plans: Iterable[tuple[Prepared, Forecast, str | None]]) -> dict[str, Any]:
    """`thinkdial.plan/1`, from prepared calls, their forecasts and where each key would come from."""
    from ..costs.forecast import totals

    entries = list(plans)
    return {
        "schema": PLAN_SCHEMA,
        "plans": [plan_entry(*entry) for entry in entries],
        "total": _plain(totals(forecast for _, forecast, _ in entries)),
    }


def masked_headers(prepared: Prepared, key_source: str | None) -> dict[str, str]:
    """The headers that would be sent, with every credential masked."""
    provider, use = prepared.target.provider, prepared.target.use
    auth_header = (use.auth_header or provider.auth_header).lower()
    auth_scheme = provider.auth_scheme if use.auth_scheme is None else use.auth_scheme
    headers = {
        name: MASK if name == auth_header or any(word in name.lower() for word in SECRET_WORDS) else value
        for name, value in prepared.request.headers
    }
    if key_source is not None:
        headers.setdefault(auth_header, f"{auth_scheme}{MASK}")
    return headers


def plan_entry(prepared: Prepared, forecast: Forecast | None, key_source: str | None) -> dict[str, Any]:
    """One call of a plan: what would be sent, with every credential masked, and what it may cost."""
    target, decided = prepared.target, prepared.plan
    return {
        "profile": target.profile.name,
        "provider": target.provider.name,
        "dialect": target.dialect,
        "model": target.profile.model,
        "think": {
            "requested": str(prepared.think),
            "native": _plain(decided.native),
            "fidelity": decided.fidelity,
            "note": decided.note,
        },
        "request": {
            "method": prepared.request.method,
            "url": prepared.request.url,
            "headers": masked_headers(prepared, key_source),
            "body": prepared.request.body.decode(),
        },
        "key": key_source,
        "forecast": None if forecast is None else _plain(forecast),
        "warnings": _plain(decided.notices),
    }


def _plain(value: Any) -> Any:
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
        return _plain_failure
    if issubclass(kind, float):
        return lambda value: round(value, 6)
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(inner) for key, inner in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [_plain(inner) for inner in value]
    if is_dataclass(kind):
        names = tuple(field.name for field in fields(kind))
        return lambda value: {
            name: inner if type(inner := getattr(value, name)) in _AS_IT_IS else _plain(inner) for name in names
        }
    return lambda value: value


def _plain_failure(value: Failure) -> dict[str, Any]:
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
