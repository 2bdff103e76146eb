"""The table that is shown before money is spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.results.result import Forecast, ForecastTotals, totals
from ....engine.runs.jobs import Job
from ....providers.untrusted import one_line
from ..numbers import LONGEST_NAME, UNKNOWN, think_words
from .forecast_cells import HEADS, amounts, method_words, short_source, total_amounts, unknown_words

if TYPE_CHECKING:
    from ....engine.runs.checks.judge_calls import JudgeCalls

_SOURCE_NEEDS = 100


def forecast_table(
    jobs: Sequence[Job],
    forecasts: Sequence[Forecast | None],
    total: ForecastTotals,
    width: int,
    judges: Sequence[JudgeCalls] = (),
) -> RenderableType:
    """One row for each call, samples of the same together, the total, and how the figures came about."""
    table = Table(
        box=box.SIMPLE_HEAD, header_style="dim", border_style="dim", padding=(0, 1, 0, 0), pad_edge=False,
        show_edge=False,
    )  # fmt: skip
    table.add_column("profile", overflow="fold")
    table.add_column("think", no_wrap=True)
    for head in ("input tokens" if width >= _SOURCE_NEEDS else "input", *HEADS):
        table.add_column(head, no_wrap=True, justify="right")
    table.add_column("source", overflow="fold")
    for job, forecast, times in _cells(jobs, forecasts):
        mark = "~" if forecast is not None and forecast.input_source == "estimated" else ""
        entered = UNKNOWN if forecast is None else f"{mark}{forecast.input_tokens:,}"
        source = "not sent" if job.refused is not None else short_source(forecast)
        wish = "=".join(think_words(one.think) for one in (job, *job.twins))
        think = f"{wish} ×{times}" if times > 1 else wish
        table.add_row(Text(one_line(job.profile, LONGEST_NAME)), think, entered, *amounts(forecast), source)
    for judge in judges:
        table.add_row(*judge_cells(judge))
    if len(jobs) > 1 or judges:
        table.add_section()
        table.add_row(Text("total", "bold"), "", "", *total_amounts(total), "")
    lines = [unknown_words(total), f"Cost in USD before the call: {method_words(forecasts)}."]
    return Group(table, Text("\n" + "\n".join(line for line in lines if line), "dim"))


def judge_cells(judge: JudgeCalls) -> list[RenderableType]:
    """The calls of a judge, all in one row."""
    name, times = Text(one_line(f"{judge.label}, {judge.profile}", 60)), f"up to ×{len(judge.forecasts)}"
    return [name, times, "", *total_amounts(totals(judge.forecasts)), ""]


def _cells(jobs: Sequence[Job], forecasts: Sequence[Forecast | None]) -> Iterator[tuple[Job, Forecast | None, int]]:
    """Each call once, and how many samples of it are taken."""
    pairs = list(zip(jobs, forecasts, strict=True))
    for at, (job, forecast) in enumerate(pairs):
        if (job.repeat or 1) == 1:
            rest = (later.repeat for later, _ in pairs[at + 1 :])
            yield job, forecast, 1 + sum(1 for _ in takewhile(lambda number: (number or 1) > 1, rest))
