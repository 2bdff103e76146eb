"""`thinkdial spend`: what was spent, on what, and what is left of the budgets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ...common_options import AsJson, ConfigFile
from ...exit_codes import ExitCode
from ..history.options import Since, Until


class By(StrEnum):
    """What the sums are of."""

    DAY = "day"
    MONTH = "month"
    PROFILE = "profile"
    PROVIDER = "provider"
    HOST = "host"
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
) -> ExitCode:
    """Show what was spent, reasoning's share of it, what caches saved, and what is left of the budgets.

    By day it shows the last 30 days, and otherwise everything, unless --since says when to begin. Days are UTC, and
    always whole ones. Results of unknown price are counted apart; forgotten runs still count, simulated ones never.
    What was under way when its process was killed counts at its estimate.

    Example:  thinkdial spend --by model --since month
    """
    from datetime import UTC, datetime

    from ....engine.history.sums.spend_tables import SpendSpan, disagreement_table, forecast_table, spend_table
    from ....profiles.config import load
    from ....providers.errors import UsageError
    from ...days import day_of, parse_span
    from ...output import emit, spread

    if forecast_error and disagreements:
        raise UsageError("--forecast-error and --disagreements are two tables: ask for one of them")
    if json and output_format not in (None, SpendFormat.JSON):
        raise UsageError(f"--json and --format {output_format} contradict each other")
    first, last = parse_span(since, until)
    span = SpendSpan(first and day_of(first), last and day_of(last))
    if forecast_error:
        table = forecast_table(span)
    elif disagreements:
        table = disagreement_table(span)
    else:
        table = spend_table(by.value, span, load(config).budget, datetime.now(UTC).date())
    match SpendFormat.JSON if json else output_format or SpendFormat.TABLE:
        case SpendFormat.JSON:
            from ....engine.history.documents import spend_document
            from ...formats import json_text

            emit(json_text(spend_document(table)))
        case SpendFormat.CSV:
            from ....engine.history.documents import spend_cells
            from ...views.money.csv_table import csv_table

            emit(csv_table(*spend_cells(table)))
        case SpendFormat.TABLE:
            from ...views.money.spend import spend_view

            emit(spread(lambda width: spend_view(table, width)))
    return ExitCode.OK
