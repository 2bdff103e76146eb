"""A price list as a table: a row for each tier and condition, a column for each kind of token that has a price."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ....engine.costs.prices.known_prices import KnownPrices
from ....engine.costs.prices.price_card import PriceCard, PriceRow
from ....providers.untrusted import harmless
from ..grid import Column, FigureColumn, FigureTable, LineCells, cells
from ..line import Line, line_of
from ..sheet import Sheet

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


def price_view(known: KnownPrices) -> Sheet:
    """The user's own price first, then the table's, then where both come from."""
    view = known.first
    parts: list[Line | FigureTable] = [
        Line((harmless(view.model), "bold"), (f"  {harmless(view.provider)}", "")),
        Line(),
    ]
    if view.own:
        words = f"your own price, which goes before the table: {harmless(view.own_source)}"
        parts += [line_of(words, "green"), Line(), _table(view.own), Line()]
    if view.listed:
        before = "not used for this model" if view.own else "which goes before the table"
        parts += [line_of(f"{harmless(view.provider)}'s own list of {view.listed_on}, {before}"), Line()]
        parts += [_table(view.listed), Line()]
    if view.card is not None:
        if view.own or view.listed:
            parts += [line_of("the price table, not used for this model", "dim"), Line()]
        parts += [_table(view.card.rows), Line()]
    legend = _legend((*view.own, *view.listed, *(view.card.rows if view.card else ())))
    parts += [line_of(legend, "dim"), Line()]
    if view.card is not None:
        parts.append(_sources(view.card, known.data.words, known.checked_on))
    return Sheet(parts)


def _sources(card: PriceCard, data: str, checked_on: str) -> FigureTable:
    made = f"\nmade from {harmless(' '.join(card.sources))}" if card.sources else ""
    rows = [("table", Line((f"{harmless(data)}; listed as {harmless(card.listed_as)}", ""), (made, "dim")))]
    for correction in card.corrected:
        checked = f"\nchecked on {correction.checked_on}: {' '.join(correction.sources)}"
        rows.append(("corrected", Line((harmless(correction.why.strip()), ""), (checked, "dim"))))
    for other in card.elsewhere:
        words = f"{harmless(other.source)}: input {other.input:f}, output {other.output:f}"
        rows.append(("other list", line_of(words)))
    for uplift in card.uplifts:
        words = f"{harmless(uplift.why.strip())}: x {uplift.uplift:f} for {', '.join(uplift.hosts + uplift.regions)}"
        checked = f"\nchecked on {uplift.checked_on}: {' '.join(uplift.sources)}"
        rows.append(("elsewhere", Line((words, ""), (checked, "dim"))))
    if not card.corrected:
        rows.append(("corrected", line_of(f"nothing; checked against the published lists on {checked_on}")))
    columns = [
        FigureColumn(Column("", "left", cells([name for name, _ in rows])), "dim"),
        FigureColumn(Column("", "left", LineCells([words for _, words in rows])), folds=True),
    ]
    return FigureTable(columns, has_head=False)


def _legend(rows: Sequence[PriceRow]) -> str:
    named = {name for row in rows for name in row.published}
    words = [UNIT]
    if any(named - row.published for row in rows):
        words.append(NO_PRICE)
    if "cache_write_1h" in named:
        words.append(KEPT_LONGER)
    return " ".join(words)


def _table(rows: Sequence[PriceRow]) -> FigureTable:
    shown = [(name, head) for name, head in RATES if any(name in row.published for row in rows)]
    pairs = list(zip(rows, [None, *rows[:-1]], strict=True))
    tiers = [
        "" if before is not None and (before.tier, before.since) == (row.tier, row.since) else row.tier
        for row, before in pairs
    ]
    columns = [FigureColumn(Column("tier", "left", cells(tiers)), folds=True)]
    if any(row.since for row in rows):
        columns.append(FigureColumn(Column("from", "left", cells([row.since or "today" for row in rows]))))
    if any(row.hours for row in rows):
        hours = Column("hours (UTC)", "left", cells([row.hours or "all" for row in rows]))
        columns.append(FigureColumn(hours, folds=True, least=13))
    if any(row.above_tokens is not None or row.up_to_tokens is not None for row in rows):
        columns.append(FigureColumn(Column("prompt", "right", cells([_size(row) for row in rows]))))
    for name, head in shown:
        columns.append(FigureColumn(Column(head, "right", cells([_amount(row, name) for row in rows]))))
    sections = frozenset(at - 1 for at, (row, before) in enumerate(pairs) if before and before.since != row.since)
    return FigureTable(columns, is_ruled=True, sections=sections)


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
