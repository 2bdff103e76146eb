"""A price list as a table: a row for each tier and condition, a column for each kind of token that has a price."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.costs.prices.known_prices import KnownPrices
from ....engine.costs.prices.price_card import PriceCard, PriceRow
from ....providers.untrusted import harmless

RATES = (
    ("input", "input"),
    ("cached_input", "cached\ninput"),
    ("cache_write", "cache\nwrite"),
    ("cache_write_1h", "kept\nlonger"),
    ("output", "output"),
    ("reasoning", "reason-\ning"),
    ("request_usd", "each\nrequest"),
)
UNIT = "USD per million tokens."
NO_PRICE = "–: no price of its own; it costs as much as input, or output."
KEPT_LONGER = "Kept longer: cache writes for an hour, with OpenAI for twelve."


def price_view(known: KnownPrices) -> RenderableType:
    """The user's own price first, then the table's, then where both come from."""
    view = known.first
    parts: list[RenderableType] = [
        Text.assemble((harmless(view.model), "bold"), f"  {harmless(view.provider)}"),
        Text(""),
    ]
    if view.own:
        parts += [Text(f"your own price, which goes before the table: {harmless(view.own_source)}", style="green")]
        parts += [Text(""), _table(view.own), Text("")]
    if view.listed:
        before = "not used for this model" if view.own else "which goes before the table"
        parts += [Text(f"{harmless(view.provider)}'s own list of {view.listed_on}, {before}"), Text("")]
        parts += [_table(view.listed), Text("")]
    if view.card is not None:
        if view.own or view.listed:
            parts += [Text("the price table, not used for this model", style="dim"), Text("")]
        parts += [_table(view.card.rows), Text("")]
    parts += [Text(_legend((*view.own, *view.listed, *(view.card.rows if view.card else ()))), style="dim"), Text("")]
    if view.card is not None:
        parts.append(_sources(view.card, known.data.words, known.checked_on))
    return Group(*parts)


def _sources(card: PriceCard, data: str, checked_on: str) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    table = Text(f"{harmless(data)}; listed as {harmless(card.listed_as)}")
    if card.sources:
        table.append(f"\nmade from {harmless(' '.join(card.sources))}", style="dim")
    grid.add_row("table", table)
    for correction in card.corrected:
        words = Text(harmless(correction.why.strip()))
        words.append(f"\nchecked on {correction.checked_on}: {' '.join(correction.sources)}", style="dim")
        grid.add_row("corrected", words)
    for other in card.elsewhere:
        words = f"{harmless(other.source)}: input {other.input:f}, output {other.output:f}"
        grid.add_row("other list", Text(words))
    for uplift in card.uplifts:
        words = Text(
            f"{harmless(uplift.why.strip())}: x {uplift.uplift:f} for {', '.join(uplift.hosts + uplift.regions)}"
        )
        words.append(f"\nchecked on {uplift.checked_on}: {' '.join(uplift.sources)}", style="dim")
        grid.add_row("elsewhere", words)
    if not card.corrected:
        grid.add_row("corrected", f"nothing; checked against the published lists on {checked_on}")
    return grid


def _legend(rows: Sequence[PriceRow]) -> str:
    named = {name for row in rows for name in row.published}
    words = [UNIT]
    if any(named - row.published for row in rows):
        words.append(NO_PRICE)
    if "cache_write_1h" in named:
        words.append(KEPT_LONGER)
    return " ".join(words)


def _table(rows: Sequence[PriceRow]) -> Table:
    shown = [(name, head) for name, head in RATES if any(name in row.published for row in rows)]
    dated, timed = any(row.since for row in rows), any(row.hours for row in rows)
    sized = any(row.above_tokens is not None or row.up_to_tokens is not None for row in rows)
    table = Table(
        box=box.SIMPLE_HEAD, header_style="dim", border_style="dim", padding=(0, 1, 0, 0), pad_edge=False,
        show_edge=False,
    )  # fmt: skip
    table.add_column("tier", overflow="fold", vertical="top")
    if dated:
        table.add_column("from", no_wrap=True)
    if timed:
        table.add_column("hours (UTC)", overflow="fold", ratio=1, min_width=13)
    if sized:
        table.add_column("prompt", no_wrap=True, justify="right")
    for _, head in shown:
        table.add_column(head, justify="right", no_wrap=True)
    previous: PriceRow | None = None
    for row in rows:
        if previous is not None and previous.since != row.since:
            table.add_section()
        repeated = previous is not None and (previous.tier, previous.since) == (row.tier, row.since)
        cells = ["" if repeated else row.tier]
        previous = row
        if dated:
            cells.append(row.since or "today")
        if timed:
            cells.append(row.hours or "all")
        if sized:
            cells.append(_size(row))
        table.add_row(*cells, *(_amount(row, name) for name, _ in shown))
    return table


def _size(row: PriceRow) -> str:
    if row.above_tokens is not None:
        return f"> {row.above_tokens:,}"
    return f"≤ {row.up_to_tokens:,}" if row.up_to_tokens is not None else "any"


def _amount(row: PriceRow, name: str) -> str:
    if name not in row.published:
        return "–"
    amount: Decimal = getattr(row.rates, name)
    whole = amount.normalize()
    return f"{whole:f}"
