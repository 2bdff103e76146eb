"""What was spent, as tables: sums with bars, budgets, how good forecasts were, and bills that differ from the list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ....engine.history.sums.spend import BudgetState, Spent
from ....engine.history.sums.spend_tables import AnyTable, DisagreementTable, ForecastTable, SpendTable
from ....providers.untrusted import one_line
from ..grid import Cells, Column, FigureColumn, FigureTable, cells, needs, plain_cells
from ..line import BAD, CAUTION, GOOD, QUIET, STRONG, Line
from ..numbers import LONGEST_NAME, dollars, tokens
from ..sheet import Sheet
from .spend_words import WIDE, bar, percent, span_words

if TYPE_CHECKING:
    from rich.console import RenderableType

BAR = 24
NARROW_BAR = 14
LEAST_BAR = 6
LEAST_KEY = 10
COLUMNS_NEED = 72
_NEARLY = Decimal("0.8")
"""From this part on a budget is shown as nearly used up."""


def spend_view(table: AnyTable, width: int) -> RenderableType:
    """Any table of `spend`, for `width` columns."""
    match table:
        case SpendTable():
            return _spend(table, width)
        case ForecastTable():
            from .spend_errors import forecast_view

            return forecast_view(table, width)
        case DisagreementTable():
            from .spend_errors import disagreement_view

            return disagreement_view(table)


def _spend(table: SpendTable, width: int) -> Sheet:
    """The sums of each `by`, their total, what is of unknown price, and the budgets."""
    rows, total, budgets, by, span = table.rows, table.total, table.budgets, table.by, span_words(table.span)
    parts: list[Line | FigureTable] = [
        Line(("Spent", STRONG), (f" {span}, by {by}" if span else f" by {by}", "")),
        Line(),
    ]
    if not rows:
        parts.append(Line(("Nothing was charged in that time." if span else "Nothing has been charged yet.", "")))
    else:
        parts += [_sums(rows, total, by, width), *_unknown(total)]
    if budgets:
        parts += [Line(), Line(("Budgets", STRONG)), *_budgets(budgets, width)]
    return Sheet(parts)


def _sums(rows: Sequence[Spent], total: Spent, by: str, width: int) -> FigureTable:
    """The columns as wide as they must be; the bars take what is left, and a long name gives way to them."""
    wide, told = width >= WIDE, (*rows, total)
    key = Column(by, "left", cells([*(one_line(row.key, 60) for row in rows), "total"]))
    bars = Column("", "left", cells([]))
    columns = [
        key,
        _figures("results", [f"{row.results:,}" for row in told]),
        _figures("unpriced", [f"{row.unpriced:,}" if row.unpriced else "" for row in told]),
        _figures("cost", [dollars(row.usd) for row in told]),
        bars,
        _figures("reasoning", [percent(row.reasoning_share, at_least=row.reasoning_unknown > 0) for row in told]),
        _figures("output", [tokens(row.output_tokens) for row in told]),
        _figures("reasoning tokens", [_reasoning_tokens(row) for row in told]),
        _figures("cache saved", [dollars(row.cache_saved_usd) if row.cache_saved_usd else "" for row in told]),
    ]
    if not wide:
        del columns[6:8]
    if not any(plain_cells(columns[-1].cells)):
        del columns[-1]
    if not total.unpriced:
        del columns[2]
    for head in ("cache saved", "", "unpriced", "reasoning"):  # where even that is too much; amounts are never cut
        if needs(columns) - key.width + LEAST_KEY + LEAST_BAR <= width:
            break
        columns = [column for column in columns if column.head != head]
    spare = width - needs(columns)
    size = max(LEAST_BAR, min(BAR if wide else NARROW_BAR, spare)) if bars in columns else 0
    most = max((row.usd for row in rows if row.usd is not None), default=Decimal(0))
    drawn = Column("", "left", cells([*(bar(row.usd or Decimal(0), most, size) for row in rows), ""]))
    made = [
        FigureColumn(drawn, "cyan", size)
        if column is bars
        else FigureColumn(
            column,
            CAUTION if column.head == "unpriced" else "",
            max(LEAST_KEY, key.width + min(0, spare - size)) if column is key else None,
        )
        for column in columns
    ]
    return FigureTable(made, has_total=True)


def _figures(head: str, texts: Sequence[str]) -> Column:
    return Column(head, "right", cells(texts))


def _reasoning_tokens(row: Spent) -> str:
    return tokens(row.reasoning_tokens if row.reasoning_tokens or not row.reasoning_unknown else None)


def _unknown(total: Spent) -> list[Line]:
    lines: list[Line] = []
    if total.unpriced:
        words = (
            f"{total.unpriced:,} result{'s' if total.unpriced != 1 else ''} of unknown price"
            f" {'are' if total.unpriced != 1 else 'is'} in none of these amounts."
        )
        lines.append(Line((words, CAUTION)))
    if total.estimated:
        words = (
            f"{total.estimated:,} of these results {'are' if total.estimated != 1 else 'is'} under way, killed or made"
            " again after an attempt was lost:"
            f" {dollars(total.estimated_usd)} of the sum is estimated."
        )
        lines.append(Line((words, CAUTION)))
    if total.reasoning_unknown:
        words = f"≥: of {total.reasoning_unknown:,} priced result{'s' if total.reasoning_unknown != 1 else ''}"
        lines.append(Line((f"{words} the reasoning's part is not known.", QUIET)))
    return [Line(), *lines] if lines else []


def _budgets(budgets: Sequence[BudgetState], width: int) -> Sequence[Line | FigureTable]:
    """A row a limit with what is left of it; lines without bars where there is no room for columns."""
    rows: list[tuple[str, str, str, str]] = []
    styles: list[str] = []
    for state in budgets:
        used = state.spent_usd / state.limit_usd if state.limit_usd else Decimal(1)
        styles.append(BAD if used >= 1 else CAUTION if used >= _NEARLY else GOOD)
        drawn = bar(min(used, Decimal(1)), Decimal(1), NARROW_BAR).ljust(NARROW_BAR, "░")
        left = f"{dollars(state.left_usd)} left" if state.left_usd >= 0 else f"{dollars(-state.left_usd)} too much"
        if state.set_aside_usd:
            left += f" ({dollars(state.set_aside_usd)} set aside)"
        if state.unpriced:
            left += f" ({state.unpriced:,} unpriced)"
        of = f"{dollars(state.spent_usd)} of {dollars(state.limit_usd)}"
        rows.append((one_line(state.name, LONGEST_NAME), drawn, of, left))
    if width < COLUMNS_NEED:
        return [
            Line((f"{name}: {of}, ", ""), (left, style))
            for (name, _, of, left), style in zip(rows, styles, strict=True)
        ]
    names, bars, amounts, rest = (list(texts) for texts in zip(*rows, strict=True))
    columns = [
        FigureColumn(Column("", "left", cells(names)), folds=True),
        FigureColumn(Column("", "left", Cells(bars, styles)), width=NARROW_BAR),
        FigureColumn(Column("", "right", cells(amounts))),
        FigureColumn(Column("", "left", Cells(rest, styles)), folds=True),
    ]
    return [FigureTable(columns, has_head=False)]
