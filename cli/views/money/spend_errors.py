"""How good forecasts were, and bills that differ from the price list, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.history.sums.spend import ForecastErrors
from ....engine.history.sums.spend_tables import DisagreementTable, ForecastTable
from ....providers.untrusted import one_line
from ..line import QUIET, STRONG
from ..numbers import LONGEST_NAME, UNKNOWN, dollars
from .spend_words import WIDE, percent, signed_percent, span_words


def forecast_view(errors: ForecastTable, width: int) -> RenderableType:
    """How far forecasts were off, for each model, think value and source."""
    rows, span = errors.rows, span_words(errors.span)
    title = Text.assemble(("Forecast against actual cost", STRONG), f" {span}" if span else "")
    if not rows:
        return Group(title, Text(""), Text("No forecast has been compared with a bill yet."))
    sources = _error_table(errors.sources, width, of_models=False)
    legend = (
        "in range: the output lay in the range that is meant to hold 80 % of answers. above: it was more than the"
        " median, as 50 % are without bias. bias: how much more (+) or less (-) it cost than expected, in sum."
        " error: the mean distance, as a part of the cost."
        " History: 5 or more of your own runs. Observed: recorded answers. Reference: those scaled by the reference"
        " table."
    )
    parts = [title, Text(""), sources, Text(""), _error_table(rows, width, of_models=True), Text("")]
    return Group(*parts, Text(legend, QUIET))


def _error_table(rows: Sequence[ForecastErrors], width: int, *, of_models: bool) -> Table:
    """How good forecasts were, for each source, or for each model, think value and source."""
    wide = width >= WIDE
    table = _plain_table()
    if of_models:
        table.add_column("model", overflow="fold")
        table.add_column("think", no_wrap=True)
    table.add_column("from", no_wrap=True)
    for head in ("results", "in range", "above", *(("expected", "actual") if wide else ()), "bias", "error"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        whose = (one_line(f"{row.provider}/{row.model}" if wide else row.model, 60), one_line(row.think, 12))
        table.add_row(
            *(whose if of_models else ()),
            one_line(row.source, 12),
            f"{row.results:,}",
            percent(row.coverage),
            percent(row.above_median),
            *((dollars(row.expected_usd), dollars(row.actual_usd)) if wide else ()),
            signed_percent(row.bias),
            percent(row.error),
        )
    return table


def disagreement_view(bills: DisagreementTable) -> RenderableType:
    """Bills that differ from the price list by more than 5 %, newest first."""
    rows, span = bills.rows, span_words(bills.span)
    title = Text.assemble(
        ("Bills that differ from the price list by more than 5 %", STRONG), f" {span}" if span else ""
    )
    if not rows:
        return Group(title, Text(""), Text("There are none."))
    table = _plain_table()
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("run", justify="right", no_wrap=True)
    table.add_column("profile", overflow="fold")
    table.add_column("model", overflow="fold")
    for head in ("billed", "by the list", "differs"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        differs = (row.billed_usd - row.listed_usd) / row.listed_usd if row.listed_usd else None
        table.add_row(
            one_line(row.created_at).replace("T", " ")[:16],
            UNKNOWN if row.run is None else str(row.run),
            one_line(row.profile, LONGEST_NAME),
            one_line(row.model, 60),
            dollars(row.billed_usd),
            dollars(row.listed_usd),
            signed_percent(differs),
        )
    return Group(title, Text(""), table)


def _plain_table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
