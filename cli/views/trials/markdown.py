"""A trial as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..quotation import inline
from .cells import cells_of
from .words import LEGEND, headline, outlook, reasons, totals

if TYPE_CHECKING:
    from ....engine.trials.report import TrialReport

_HEADS = (
    "profile@think", "model", "shown", "passed", "pass rate", "bounds", "per 1,000 rows", "per passed", "reasoning",
    "median",
)  # fmt: skip
_LEFT = 3


def trial_markdown(report: TrialReport, source: str) -> str:
    """Return the document: what was found, the arms, what one has to know. No name in it can break it."""
    lines = [_HEADS, ("---",) * _LEFT + ("---:",) * (len(_HEADS) - _LEFT)]
    for one in cells_of(report):
        name = f"{one.sign} {inline(one.name)}".strip()
        figures = (one.passed, one.pass_rate, one.bounds, one.per_1000.strip(), one.per_passed.strip())
        lines.append((name, inline(one.model), inline(one.state), *figures, one.reasoning, one.median))
    parts = [
        f"# Trial of {inline(source)}",
        f"**{inline(headline(report))}**",
        "\n".join(f"| {' | '.join(cells)} |" for cells in lines),
        inline(LEGEND),
    ]
    if told := [*reasons(report), *outlook(report)]:
        parts.append("\n".join(f"- {inline(words)}" for words in told))
    return "\n\n".join([*parts, inline(totals(report))]) + "\n"
