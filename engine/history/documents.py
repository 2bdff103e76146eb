"""What the history says as JSON documents. Amounts are decimal strings; what is not known is null."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ..results.documents import dollars_text
from .read import RunRow
from .spend import BudgetState, Disagreement, ForecastErrors, Spent

HISTORY_SCHEMA = "thinkdial.history/1"
SPEND_SCHEMA = "thinkdial.spend/1"

SPENT_COLUMNS = (
    "key", "results", "unpriced", "usd", "output_usd", "reasoning_usd", "reasoning_unknown", "reasoning_share",
    "cache_saved_usd", "input_tokens", "output_tokens", "reasoning_tokens",
)  # fmt: skip
FORECAST_COLUMNS = (
    "provider", "model", "think", "source", "results", "within", "expected_usd", "actual_usd", "absolute_error_usd",
    "bias", "error",
)  # fmt: skip
DISAGREEMENT_COLUMNS = ("created_at", "run", "profile", "provider", "model", "billed_usd", "listed_usd")


def runs_document(rows: Sequence[RunRow]) -> dict[str, Any]:
    """`thinkdial.history/1`: the list of runs."""
    return {"schema": HISTORY_SCHEMA, "runs": [_run(row) for row in rows]}


def spend_document(
    by: str,
    since: date | None,
    until: date | None,
    rows: Sequence[Spent],
    total: Spent,
    budgets: Sequence[BudgetState],
) -> dict[str, Any]:
    """`thinkdial.spend/1`: sums by `by`, the total, and the budgets."""
    return {
        "schema": SPEND_SCHEMA,
        "by": by,
        **_span(since, until),
        "rows": [spent_fields(row) for row in rows],
        "total": spent_fields(total),
        "budgets": [
            {
                "name": state.name,
                "limit_usd": dollars_text(state.limit_usd),
                "spent_usd": dollars_text(state.spent_usd),
                "set_aside_usd": dollars_text(state.set_aside_usd),
                "left_usd": dollars_text(state.left_usd),
                "unpriced": state.unpriced,
            }
            for state in budgets
        ],
    }


def forecast_errors_document(since: date | None, until: date | None, rows: Sequence[ForecastErrors]) -> dict[str, Any]:
    return {"schema": SPEND_SCHEMA, **_span(since, until), "forecast_errors": [forecast_fields(row) for row in rows]}


def disagreements_document(since: date | None, until: date | None, rows: Sequence[Disagreement]) -> dict[str, Any]:
    return {"schema": SPEND_SCHEMA, **_span(since, until), "disagreements": [disagreement_fields(row) for row in rows]}


def spent_fields(row: Spent) -> dict[str, Any]:
    """One row of sums, flat: the same in JSON and CSV."""
    fields = _fields(row, SPENT_COLUMNS)
    if row.usd is None:
        fields["output_usd"] = None
    if row.reasoning_share is None:
        fields["reasoning_usd"] = None
    return fields


def forecast_fields(row: ForecastErrors) -> dict[str, Any]:
    return _fields(row, FORECAST_COLUMNS)


def disagreement_fields(row: Disagreement) -> dict[str, Any]:
    return _fields(row, DISAGREEMENT_COLUMNS)


def _fields(row: Spent | ForecastErrors | Disagreement, columns: Sequence[str]) -> dict[str, Any]:
    """The columns of a row by name: amounts as text, ratios as numbers with the four decimals that say enough."""
    values = {name: getattr(row, name) for name in columns}
    return {
        name: (dollars_text(value) if name.endswith("usd") else round(float(value), 4))
        if isinstance(value, Decimal)
        else value
        for name, value in values.items()
    }


def _run(row: RunRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "id": row.id,
        "created_at": row.created_at,
        "command": row.command,
        "prompt": row.prompt,
        "profiles": list(row.profiles),
        "thinks": list(row.thinks),
        "statuses": dict(row.statuses),
        "usd": _amount(row.usd),
        "usd_unknown": row.usd_unknown,
        "total_s": row.total_s,
        "simulated": row.simulated,
    }


def _span(since: date | None, until: date | None) -> dict[str, str | None]:
    return {"since": since.isoformat() if since else None, "until": until.isoformat() if until else None}


def _amount(usd: Decimal | None) -> str | None:
    return None if usd is None else dollars_text(usd)
