"""Results, runs and plans as JSON documents. Amounts are decimal strings, never floats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from ..providers.errors import Failure
from ..providers.schema import Result, Run
from .forecast import Forecast
from .prepare import Prepared

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
    return {"schema": PLAN_SCHEMA, "plans": [_plan(*entry) for entry in plans]}


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


def _plan(prepared: Prepared, forecast: Forecast, key_source: str | None) -> dict[str, Any]:
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
        "forecast": _plain(forecast),
        "warnings": _plain(decided.notices),
    }


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return dollars_text(value)
        case Failure():
            return {
                "kind": value.kind,
                "status": value.status,
                "message": value.message,
                "retryable": value.retryable,
                "hint": value.hint,
                "retry_after_s": value.retry_after_s,
            }
        case float():
            return round(value, 6)
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case tuple() | list():
            return [_plain(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value
