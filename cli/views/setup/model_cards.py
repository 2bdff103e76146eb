"""Model cards as a table, and one card in full with every value of the dial translated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....engine.costs.prices.list_price import ListPrice
from ....engine.lookups.known_models import ModelRow, ModelSheet
from ....engine.planning.capability import DialTable
from ....profiles.card import ModelCard
from ....providers.untrusted import harmless
from ..grid import Column, cells
from ..line import Line
from ..name_list import NameList, OnScreen, Stack

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_SPARE = ("shows", "context", "output")


def model_table(rows: Sequence[ModelRow]) -> Stack:
    """One row a model. Prices are USD per million tokens, input / output."""
    cards = [row.card for row in rows]
    shows, context, output = _SPARE
    table = NameList(
        (
            Column("model", "left", cells([card.example for card in cards])),
            Column("takes", "left", cells(list(map(takes, cards)))),
            Column("off?", "left", cells(["yes" if card.can_be_off else "no" for card in cards])),
            Column("default", "left", cells(list(map(default_words, cards)))),
            Column(shows, "left", cells([card.visibility for card in cards])),
            Column(context, "right", cells([_size(card.context_tokens) for card in cards])),
            Column(output, "right", cells([_size(card.max_output_tokens) for card in cards])),
            Column("$/M in / out", "right", cells([_price(row.price) for row in rows])),
        ),
        marks=list(map(_marks, rows)),
        spare=frozenset(_SPARE),
        folds="takes",
        groups=[harmless(row.provider) for row in rows],
        group_head="provider",
        labelled=frozenset({"off?", "default", "$/M in / out"}),
    )
    legend = "* something about it is unverified; thinkdial models NAME says what.  † stops or stopped answering."
    return Stack([table, OnScreen(Line((f"\n{legend}", "dim")))])


def model_view(sheet: ModelSheet) -> RenderableType:
    """Everything on one card, then what each value of the dial becomes, for each dialect of its provider."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

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
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("asked", "fidelity", "sent"):
        table.add_column(heading, no_wrap=heading != "sent", overflow="fold")
    for row in dial.rows:
        sent = Text(json.dumps(row.native) if row.native else "nothing")
        if row.note:
            sent.append(f"\n{row.note}", style="dim")
        table.add_row(str(row.think), row.fidelity, sent)
    return table


def _marks(row: ModelRow) -> str:
    return ("*" if row.card.unverified else "") + ("†" if row.retirement else "")


def _size(tokens: int | None) -> str:
    return "–" if tokens is None else f"{tokens:,}"


def _price(price: ListPrice | None) -> str:
    return "–" if price is None else f"{price.input_usd:f} / {price.output_usd:f}"
