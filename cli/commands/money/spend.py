"""`thinkdial spend`: what was spent, on what, and what is left of the budgets."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...days import Since, Until
from ...options import AsJson, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    Span = tuple[date | None, date | None]

DEFAULT_DAYS = 30


class By(StrEnum):
    """What the sums are of."""

    DAY = "day"
    MONTH = "month"
    PROFILE = "profile"
    PROVIDER = "provider"
    MODEL = "model"
    THINK = "think"


class SpendFormat(StrEnum):
    """How the sums are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def spend(
    by: Annotated[By, typer.Option("--by", help="What to sum up by.")] = By.DAY,
    since: Since = None,
    until: Until = None,
    forecast_error: Annotated[
        bool, typer.Option("--forecast-error", help="How good the forecasts were, instead.")
    ] = False,
    disagreements: Annotated[
        bool, typer.Option("--disagreements", help="Bills that differ from the price list by over 5 %, instead.")
    ] = False,
    output_format: Annotated[SpendFormat | None, typer.Option("--format", help="How to print the sums.")] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show what was spent, reasoning's share of it, what caches saved, and what is left of the budgets.

    By day it shows the last 30 days, and otherwise everything, unless --since says when to begin. Days are UTC, and
    always whole ones. Results of unknown price are counted apart; forgotten runs still count, simulated ones never.

    Example:  thinkdial spend --by model --since month
    """
    from ....providers.errors import UsageError
    from ...days import day_of, parse_span

    if forecast_error and disagreements:
        raise UsageError("--forecast-error and --disagreements are two tables: ask for one of them")
    if json and output_format not in (None, SpendFormat.JSON):
        raise UsageError(f"--json and --format {output_format} contradict each other")
    form = SpendFormat.JSON if json else output_format or SpendFormat.TABLE
    first, last = parse_span(since, until)
    span = first and day_of(first), last and day_of(last)
    if forecast_error:
        _print_forecast_errors(span, form)
    elif disagreements:
        _print_disagreements(span, form)
    else:
        _print_sums(by, span, form, config)


def _print_sums(by: By, span: Span, form: SpendFormat, config: Path | None) -> None:
    from datetime import UTC, datetime, timedelta

    from ....engine.history.documents import SPENT_COLUMNS, spend_document, spent_fields
    from ....engine.history.spend import budget_states, spent
    from ....engine.history.store import Store
    from ....profiles.config import load
    from ...formats import json_text
    from ...output import console, emit, rendered

    today = datetime.now(UTC).date()
    since, until = span
    if by is By.DAY and since is None:
        since = (until or today) - timedelta(days=DEFAULT_DAYS - 1)
    settings = load(config)
    with Store.open() as store:
        rows, total = spent(store, by.value, since, until)
        budgets = budget_states(store, settings.budget, today)
    match form:
        case SpendFormat.JSON:
            emit(json_text(spend_document(by.value, since, until, rows, total, budgets)))
        case SpendFormat.CSV:
            emit(_csv(SPENT_COLUMNS, [spent_fields(row) for row in rows]))
        case SpendFormat.TABLE:
            from ...views.money.spend import span_words, spend_view

            width = console().width
            emit(rendered(spend_view(rows, total, budgets, by.value, span_words(since, until), width)))


def _print_forecast_errors(span: Span, form: SpendFormat) -> None:
    from ....engine.history.documents import FORECAST_COLUMNS, forecast_errors_document, forecast_fields
    from ....engine.history.spend import forecast_errors
    from ....engine.history.store import Store
    from ...formats import json_text
    from ...output import console, emit, rendered

    with Store.open() as store:
        rows = forecast_errors(store, *span)
    match form:
        case SpendFormat.JSON:
            emit(json_text(forecast_errors_document(*span, rows)))
        case SpendFormat.CSV:
            emit(_csv(FORECAST_COLUMNS, [forecast_fields(row) for row in rows]))
        case SpendFormat.TABLE:
            from ...views.money.spend import forecasts_view, span_words

            emit(rendered(forecasts_view(rows, span_words(*span), console().width)))


def _print_disagreements(span: Span, form: SpendFormat) -> None:
    from ....engine.history.documents import DISAGREEMENT_COLUMNS, disagreement_fields, disagreements_document
    from ....engine.history.spend import disagreements
    from ....engine.history.store import Store
    from ...formats import json_text
    from ...output import emit, rendered

    with Store.open() as store:
        rows = disagreements(store, *span)
    match form:
        case SpendFormat.JSON:
            emit(json_text(disagreements_document(*span, rows)))
        case SpendFormat.CSV:
            emit(_csv(DISAGREEMENT_COLUMNS, [disagreement_fields(row) for row in rows]))
        case SpendFormat.TABLE:
            from ...views.money.spend import disagreements_view, span_words

            emit(rendered(disagreements_view(rows, span_words(*span))))


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """One line a row; nothing in it is a formula to a spreadsheet, and what is not known is empty."""
    import csv
    from io import StringIO

    from ...views.untrusted import csv_cell

    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row[name] for name in columns]
        # Amounts are decimals that we wrote ourselves: a negative one is no formula.
        writer.writerow(
            csv_cell(cell) if isinstance(cell, str) and not name.endswith("usd") else cell
            for name, cell in zip(columns, cells, strict=True)
        )
    return out.getvalue()
