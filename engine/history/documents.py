"""What the history says as JSON documents. Amounts are decimal strings; what is not known is null."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..results.documents import dollars_text, result_document
from .sums.spend_tables import AnyTable, DisagreementTable, ForecastTable, SpendSpan, SpendTable

if TYPE_CHECKING:
    from .read import StoredResult, StoredRun
    from .replay import Replayed
    from .search.run_rows import RunRow
    from .sums.spend import BudgetState, Disagreement, ForecastErrors, Spent

HISTORY_SCHEMA = "thinkdial.history/1"
REPLAY_SCHEMA = "thinkdial.replay/1"
SPEND_SCHEMA = "thinkdial.spend/1"

SPENT_COLUMNS = (
    "key", "results", "unpriced", "usd", "output_usd", "reasoning_usd", "reasoning_unknown", "reasoning_share",
    "cache_saved_usd", "input_tokens", "output_tokens", "reasoning_tokens", "estimated", "estimated_usd",
)  # fmt: skip
FORECAST_COLUMNS = (
    "provider", "model", "think", "source", "results", "within", "expected_usd", "actual_usd", "absolute_error_usd",
    "bias", "error", "ranged", "covered", "coverage", "above", "above_median",
)  # fmt: skip
DISAGREEMENT_COLUMNS = ("created_at", "run", "profile", "provider", "model", "billed_usd", "listed_usd")


def runs_document(rows: Sequence[RunRow]) -> dict[str, Any]:
    """`thinkdial.history/1`: the list of runs."""
    return {"schema": HISTORY_SCHEMA, "runs": [_run(row) for row in rows]}


def sent_document(stored: StoredRun) -> dict[str, Any]:
    """The plan and the request of each result; credentials were masked before they were stored."""
    sent = [{**_name(entry), **entry.sent} for entry in stored.entries]
    return {"schema": HISTORY_SCHEMA, "run": stored.number, "sent": sent}


def removed_document(removed: int, held: int) -> dict[str, Any]:
    """How many runs were forgotten, and how many were left because sessions hold them."""
    return {"schema": HISTORY_SCHEMA, "removed": removed, "held": held}


def place_document(path: Path, *, exists: bool) -> dict[str, Any]:
    """Where the history is kept, and whether it is there yet."""
    return {"schema": HISTORY_SCHEMA, "path": str(path), "exists": exists}


def replay_document(number: int, replayed: Sequence[tuple[StoredResult, Replayed]]) -> dict[str, Any]:
    """`thinkdial.replay/1`: what came out differently, and the results as they are now."""
    return {
        "schema": REPLAY_SCHEMA,
        "run": number,
        "results": [
            {
                **_name(stored),
                "repeat": stored.result.repeat,
                "unfinished": stored.unfinished,
                "changes": [{"field": change.path, "was": change.was, "is": change.is_} for change in again.changes],
                "notes": list(again.notes),
                "result": result_document(again.result),
            }
            for stored, again in replayed
        ],
    }


def spend_document(table: AnyTable) -> dict[str, Any]:
    """`thinkdial.spend/1`: the sums with their total and the budgets, the forecast errors, or the bills that differ."""
    rows = spend_cells(table)[1]
    match table:
        case ForecastTable():
            by_source = [_fields(row, FORECAST_COLUMNS[FORECAST_COLUMNS.index("source") :]) for row in table.sources]
            return {"schema": SPEND_SCHEMA, **_span(table.span), "by_source": by_source, "forecast_errors": rows}
        case DisagreementTable():
            return {"schema": SPEND_SCHEMA, **_span(table.span), "disagreements": rows}
        case SpendTable():
            return {
                "schema": SPEND_SCHEMA,
                "by": table.by,
                **_span(table.span),
                "rows": rows,
                "total": spent_fields(table.total),
                "budgets": [_budget(state) for state in table.budgets],
            }


def spend_cells(table: AnyTable) -> tuple[Sequence[str], list[dict[str, Any]]]:
    """The columns of a table and its rows, flat: the same in JSON and CSV."""
    match table:
        case ForecastTable():
            return FORECAST_COLUMNS, [_fields(row, FORECAST_COLUMNS) for row in table.rows]
        case DisagreementTable():
            return DISAGREEMENT_COLUMNS, [_fields(row, DISAGREEMENT_COLUMNS) for row in table.rows]
        case SpendTable():
            return SPENT_COLUMNS, [spent_fields(row) for row in table.rows]


def spent_fields(row: Spent) -> dict[str, Any]:
    """One row of sums; an amount of which nothing is known is null, not zero."""
    fields = _fields(row, SPENT_COLUMNS)
    if row.usd is None:
        fields["output_usd"] = None
    if row.reasoning_share is None:
        fields["reasoning_usd"] = None
    return fields


def _budget(state: BudgetState) -> dict[str, Any]:
    return {
        "name": state.name,
        "limit_usd": dollars_text(state.limit_usd),
        "spent_usd": dollars_text(state.spent_usd),
        "set_aside_usd": dollars_text(state.set_aside_usd),
        "left_usd": dollars_text(state.left_usd),
        "unpriced": state.unpriced,
    }


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
        "samples": row.samples,
        "statuses": dict(row.statuses),
        "usd": _amount(row.usd),
        "usd_unknown": row.usd_unknown,
        "total_s": row.total_s,
        "simulated": row.simulated,
    }


def _name(entry: StoredResult) -> dict[str, str]:
    return {"profile": entry.result.profile, "think": entry.result.think.requested}


def _span(span: SpendSpan) -> dict[str, str | None]:
    return {
        "since": span.since.isoformat() if span.since else None,
        "until": span.until.isoformat() if span.until else None,
    }


def _amount(usd: Decimal | None) -> str | None:
    return None if usd is None else dollars_text(usd)
