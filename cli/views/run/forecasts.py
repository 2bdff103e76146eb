"""The table that is shown before money is spent."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.costs.forecast import ForecastTotals
from ....engine.results.result import Forecast
from ....engine.runs.jobs import Job
from ....providers.untrusted import one_line
from ..numbers import UNKNOWN
from .forecast_cells import amounts, method_words, short_source, total_amounts, unknown_words

_SOURCE_NEEDS = 100


def forecast_table(
    jobs: Sequence[Job], forecasts: Sequence[Forecast | None], total: ForecastTotals, width: int
) -> RenderableType:
    """One row for each call, the total, and how the figures came about."""
    table = Table(
        box=box.SIMPLE_HEAD, header_style="dim", border_style="dim", padding=(0, 1, 0, 0), pad_edge=False,
        show_edge=False,
    )  # fmt: skip
    table.add_column("profile", overflow="fold")
    table.add_column("think", no_wrap=True)
    for head in ("input tokens" if width >= _SOURCE_NEEDS else "input", "low", "expected", "high"):
        table.add_column(head, no_wrap=True, justify="right")
    table.add_column("source", overflow="fold")
    for job, forecast in zip(jobs, forecasts, strict=True):
        mark = "~" if forecast is not None and forecast.input_source == "estimated" else ""
        entered = UNKNOWN if forecast is None else f"{mark}{forecast.input_tokens:,}"
        source = "not sent" if job.refused is not None else short_source(forecast)
        table.add_row(Text(one_line(job.profile, 40)), str(job.think), entered, *amounts(forecast), source)
    if len(jobs) > 1:
        table.add_section()
        table.add_row(Text("total", "bold"), "", "", *total_amounts(total), "")
    lines = [unknown_words(total), f"Cost in USD before the call: {method_words(forecasts)}."]
    return Group(table, Text("\n" + "\n".join(line for line in lines if line), "dim"))
