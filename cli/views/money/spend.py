"""What was spent, as tables: sums with bars, budgets, how good forecasts were, and bills that differ from the list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.history.sums.spend import BudgetState, ForecastErrors, Spent
from ....engine.history.sums.spend_tables import AnyTable, DisagreementTable, ForecastTable, SpendSpan, SpendTable
from ....providers.untrusted import one_line
from ..grid import Column, needs
from ..line import BAD, CAUTION, GOOD, QUIET, STRONG
from ..numbers import LONGEST_NAME, UNKNOWN, dollars, tokens

WIDE = 110
BAR = 24
NARROW_BAR = 14
LEAST_BAR = 6
LEAST_KEY = 10
COLUMNS_NEED = 72
_BLOCKS = " ▏▎▍▌▋▊▉█"
_NEARLY = Decimal("0.8")
"""From this part on a budget is shown as nearly used up."""


def spend_view(table: AnyTable, width: int) -> RenderableType:
    """Any table of `spend`, for `width` columns."""
    match table:
        case SpendTable():
            return _spend(table, width)
        case ForecastTable():
            return _forecasts(table, width)
        case DisagreementTable():
            return _disagreements(table)


def _spend(table: SpendTable, width: int) -> RenderableType:
    """The sums of each `by`, their total, what is of unknown price, and the budgets."""
    rows, total, budgets, by, span = table.rows, table.total, table.budgets, table.by, span_words(table.span)
    title = Text.assemble(("Spent", STRONG), f" {span}, by {by}" if span else f" by {by}")
    parts: list[RenderableType] = [title, Text("")]
    if not rows:
        parts.append(Text("Nothing was charged in that time." if span else "Nothing has been charged yet."))
    else:
        parts += [_sums(rows, total, by, width), *_unknown(total)]
    if budgets:
        parts += [Text(""), Text("Budgets", STRONG), *_budgets(budgets, width)]
    return Group(*parts)


def span_words(span: SpendSpan) -> str:
    """`since 2026-11-01`, `from 2026-11-01 to 2026-11-07`, and nothing for all time."""
    since, until = span.since, span.until
    if since is not None and until is not None:
        return f"on {since}" if since == until else f"from {since} to {until}"
    if since is not None:
        return f"since {since}"
    return f"until {until}" if until is not None else ""


def bar(part: Decimal, most: Decimal, width: int) -> str:
    """A bar of up to `width` cells, in eighths; what is more than nothing is never shown as nothing."""
    if part <= 0 or most <= 0:
        return ""
    eighths = max(1, round(part / most * width * 8))
    whole, rest = divmod(eighths, 8)
    return _BLOCKS[8] * whole + (_BLOCKS[rest] if rest else "")


def percent(share: Decimal | None, *, at_least: bool = False) -> str:
    """`62 %`, `<1 %`, `≥62 %`, or a dash for what is not known."""
    if share is None:
        return UNKNOWN
    points = share * 100
    text = "<1 %" if 0 < points < 1 else f"{points:.0f} %"
    return f"≥{text}" if at_least and not text.startswith("<") else text


def signed_percent(share: Decimal | None) -> str:
    """`+12 %`, `-3 %`."""
    return UNKNOWN if share is None else f"{share * 100:+.0f} %"


def _forecasts(errors: ForecastTable, width: int) -> RenderableType:
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


def _disagreements(bills: DisagreementTable) -> RenderableType:
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


def _sums(rows: Sequence[Spent], total: Spent, by: str, width: int) -> Table:
    """The columns as wide as they must be; the bars take what is left, and a long name gives way to them."""
    wide, told = width >= WIDE, (*rows, total)
    key = Column(by, "left", [Text(name) for name in (*(one_line(row.key, 60) for row in rows), "total")])
    bars = Column("", "left", [])
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
    if not any(columns[-1].cells):
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
    drawn = [Text(bar(row.usd or Decimal(0), most, size)) for row in rows]
    table = _plain_table()
    for column in columns:
        fixed = max(LEAST_KEY, key.width + min(0, spare - size)) if column is key else size if column is bars else None
        style = "cyan" if column is bars else CAUTION if column.head == "unpriced" else ""
        table.add_column(
            column.head, justify=column.justify, style=style, no_wrap=True, overflow="ellipsis", width=fixed
        )
    made = [[*drawn, Text()] if column is bars else column.cells for column in columns]
    for index, cells in enumerate(zip(*made, strict=True)):
        table.add_row(*cells, style=STRONG if index == len(rows) else None)
    return table


def _figures(head: str, cells: Sequence[str]) -> Column:
    return Column(head, "right", [Text(cell) for cell in cells])


def _reasoning_tokens(row: Spent) -> str:
    return tokens(row.reasoning_tokens if row.reasoning_tokens or not row.reasoning_unknown else None)


def _unknown(total: Spent) -> list[Text]:
    lines: list[Text] = []
    if total.unpriced:
        words = (
            f"{total.unpriced:,} result{'s' if total.unpriced != 1 else ''} of unknown price"
            f" {'are' if total.unpriced != 1 else 'is'} in none of these amounts."
        )
        lines.append(Text(words, CAUTION))
    if total.estimated:
        words = (
            f"{total.estimated:,} of these results {'are' if total.estimated != 1 else 'is'} under way, killed or made"
            " again after an attempt was lost:"
            f" {dollars(total.estimated_usd)} of the sum is estimated."
        )
        lines.append(Text(words, CAUTION))
    if total.reasoning_unknown:
        words = f"≥: of {total.reasoning_unknown:,} priced result{'s' if total.reasoning_unknown != 1 else ''}"
        lines.append(Text(f"{words} the reasoning's part is not known.", QUIET))
    return [Text(""), *lines] if lines else []


def _budgets(budgets: Sequence[BudgetState], width: int) -> list[RenderableType]:
    """A row a limit with what is left of it; lines without bars where there is no room for columns."""
    table = _plain_table(header=False)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, width=NARROW_BAR)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    lines: list[RenderableType] = []
    for state in budgets:
        used = state.spent_usd / state.limit_usd if state.limit_usd else Decimal(1)
        style = BAD if used >= 1 else CAUTION if used >= _NEARLY else GOOD
        drawn = bar(min(used, Decimal(1)), Decimal(1), NARROW_BAR).ljust(NARROW_BAR, "░")
        name, of = one_line(state.name, LONGEST_NAME), f"{dollars(state.spent_usd)} of {dollars(state.limit_usd)}"
        left = f"{dollars(state.left_usd)} left" if state.left_usd >= 0 else f"{dollars(-state.left_usd)} too much"
        if state.set_aside_usd:
            left += f" ({dollars(state.set_aside_usd)} set aside)"
        if state.unpriced:
            left += f" ({state.unpriced:,} unpriced)"
        table.add_row(name, Text(drawn, style), of, Text(left, style))
        lines.append(Text.assemble(f"{name}: {of}, ", (left, style)))
    return [table] if width >= COLUMNS_NEED else lines


def _plain_table(*, header: bool = True) -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=header)
