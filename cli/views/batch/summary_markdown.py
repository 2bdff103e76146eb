"""The summary of a batch as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..numbers import BEST
from ..quotation import inline
from .summary import SummaryRow, ending, has_judged, has_samples, notes, rows, star_words, totals

if TYPE_CHECKING:
    from ....engine.batch.end import Ended
    from ....engine.batch.output.summary import Tally


def summary_markdown(tally: Tally, ended: Ended, source: str) -> str:
    """Return the document: how it ended, the table, the notes. No name in it can break it."""
    made, judged = rows(tally), has_judged(tally)
    parts = [
        f"# Batch of {inline(source)}",
        f"{ending(ended).capitalize()}: {inline(' · '.join(totals(tally, ended)))}",
    ]
    if made:
        parts.append(_table(made, judged, has_samples(tally)))
        if words := star_words(tally):
            parts.append(words)
        parts += [f"- {inline(row.label)}: {inline(row.same_as)}" for row in made if row.same_as]
    if said := notes(tally, ended):
        parts.append("\n".join(f"- {inline(note)}" for note in said))
    return "\n\n".join(parts) + "\n"


def _table(made: list[SummaryRow], judged: bool, sampled: bool) -> str:
    has_empty = any(row.empty for row in made)
    heads = ["profile", "think", "model", "whole", *(["empty"] if has_empty else [])]
    rules = ["---", "---", "---", *["---:"] * (len(heads) - 3)]
    if judged:
        heads += ["passed", "pass rate", "95 % interval"]
        rules += ["---:"] * 3
    has_fit = any(row.fit for row in made)
    heads += ["fit"] if has_fit else []
    heads += ["cost", "each", *(["per passed"] if judged else []), "median", "95th", "reasoning tokens, mean"]
    heads += ["each, 95 %", "median, 95 %", "reasoning, 95 %", "agreement"] if sampled else []
    rules += ["---:"] * (len(heads) - len(rules))
    lines = [heads, rules]
    for row in made:
        cells = [inline(row.profile), inline(row.think), inline(row.model), row.whole]
        if has_empty:
            cells.append(row.empty)
        if judged:
            cells += [row.passed, _ranked(row, "pass_rate", row.pass_rate), row.interval]
        cells += [row.fit] if has_fit else []
        cells += [inline(row.cost), _ranked(row, "each", row.each)]
        if judged:
            cells.append(inline(row.per_passed))
        cells += [_ranked(row, "median", row.median), row.slow, row.reasoning]
        if sampled:
            cells += [*(inline(row.spans.get(name, "")) for name in ("each", "median", "reasoning")), row.agreement]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _ranked(row: SummaryRow, name: str, text: str) -> str:
    return f"**{inline(text)}** {BEST}" if name in row.best else inline(text)
