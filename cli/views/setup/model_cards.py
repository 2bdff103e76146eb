"""Model cards as a table, and one card in full with every value of the dial translated."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ....engine.costs.prices.list_price import ListPrice
from ....engine.lookups.known_models import ModelRow, ModelSheet
from ....engine.planning.capability import DialTable
from ....profiles.card import ModelCard
from ....providers.untrusted import harmless

WIDE = 120


def model_table(rows: Sequence[ModelRow], width: int) -> RenderableType:
    """One row a model. Prices are USD per million tokens, input / output."""
    wide = width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("model", overflow="fold")
    table.add_column("takes", overflow="fold")
    table.add_column("off?", no_wrap=True)
    table.add_column("default", no_wrap=True)
    if wide:
        table.add_column("shows", no_wrap=True)
        table.add_column("context", justify="right", no_wrap=True)
        table.add_column("output", justify="right", no_wrap=True)
    table.add_column("$/M in / out", justify="right", no_wrap=True)
    previous = ""
    for row in rows:
        card = row.card
        if row.provider != previous:
            table.add_row(Text(row.provider, style="bold"))
            previous = row.provider
        cells: list[RenderableType] = [
            _name(row),
            takes(card),
            "yes" if card.can_be_off else "no",
            default_words(card),
        ]
        if wide:
            cells += [card.visibility, _size(card.context_tokens), _size(card.max_output_tokens)]
        table.add_row(*cells, _price(row.price))
    legend = "* something about it is unverified; thinkdial models NAME says what.  † stops or stopped answering."
    return Group(table, Text(""), Text(legend, style="dim"))


def model_view(sheet: ModelSheet) -> RenderableType:
    """Everything on one card, then what each value of the dial becomes, for each dialect of its provider."""
    card = sheet.card
    facts_table = Table.grid(padding=(0, 2, 0, 0))
    facts_table.add_column(style="dim", no_wrap=True)
    facts_table.add_column(overflow="fold")
    listed: list[tuple[str, str | None]] = [
        ("provider", sheet.provider),
        ("takes", takes(card)),
        ("can be off", "yes" if card.can_be_off else "no"),
        ("when nothing is sent", default_words(card)),
        ("reasoning is shown as", card.visibility),
        ("context", _size(card.context_tokens)),
        ("most output", _size(card.max_output_tokens)),
        ("price per million", f"{_price(sheet.price)} USD (input / output, base tier)"),
        ("ends", sheet.ending),
        ("notes", card.notes),
        ("unverified", ", ".join(card.unverified) or None),
        ("sources", "\n".join(card.sources)),
        ("checked on", card.checked_on),
    ]
    for label, value in listed:
        if value:
            facts_table.add_row(label, Text(harmless(value.strip())))
    parts: list[RenderableType] = [Text(harmless(sheet.model), style="bold"), facts_table]
    for dial in sheet.dials:
        parts += [Text(""), Text(dial.dialect, style="bold"), _dial_table(dial)]
    return Group(*parts)


def takes(card: ModelCard) -> str:
    """What the dial can be set to, in words."""
    words = " ".join(level.value for level in card.levels)
    if card.budget is not None:
        budget = f"{card.budget.min}–{card.budget.max} tokens"
        return f"{words}, {budget}" if words else budget
    return words or {"switch": "on", "fixed": "always thinks", "none": "does not think"}.get(card.control, "–")


def default_words(card: ModelCard) -> str:
    return card.absent or ("off" if card.control == "none" else "unknown")


def _dial_table(dial: DialTable) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("asked", "fidelity", "sent"):
        table.add_column(heading, no_wrap=heading != "sent", overflow="fold")
    for row in dial.rows:
        sent = Text(json.dumps(row.native) if row.native else "nothing")
        if row.note:
            sent.append(f"\n{row.note}", style="dim")
        table.add_row(str(row.think), row.fidelity, sent)
    return table


def _name(row: ModelRow) -> Text:
    card = row.card
    marks = ("*" if card.unverified else "") + ("†" if row.retirement else "")
    return Text.assemble(f"  {card.example}", (marks, "dim"))


def _size(tokens: int | None) -> str:
    return "–" if tokens is None else f"{tokens:,}"


def _price(price: ListPrice | None) -> str:
    return "–" if price is None else f"{price.input_usd:f} / {price.output_usd:f}"
