"""What a trial may cost, on a terminal: its arms, what is asked in any case, and the most that it can come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from ....providers.untrusted import one_line
from ..grid import Column, needs, ruled
from ..line import QUIET, STRONG
from ..run.forecast_cells import HEADS, total_amounts, unknown_words
from ..wrap import wrap

if TYPE_CHECKING:
    from ....engine.results.result import ForecastTotals
    from ....engine.trials.likely_cost import TrialCost


def trial_cost_view(cost: TrialCost, width: int) -> RenderableType:
    """Return a row for each arm with all rows that it may be asked, the sums, and what they mean."""
    arms = [arm for arm in cost.arms if arm.trouble is None]
    sums = [("first rows of all", cost.first), ("all rows of all", cost.most)]
    entries: Sequence[tuple[str, ForecastTotals]] = [*((arm.name, arm.left) for arm in arms), *sums]
    styles = ["" for _ in arms] + [STRONG, STRONG]
    amounts = [total_amounts(total) for _, total in entries]
    names = [Text(one_line(name, 40), style) for (name, _), style in zip(entries, styles, strict=True)]
    columns = [
        Column("profile@think", "left", names),
        Column("calls", "right", [Text(f"{total.calls:,}") for _, total in entries]),
        *(Column(head, "right", [Text(cells[at]) for cells in amounts]) for at, head in enumerate(HEADS)),
    ]
    if needs(columns) > width:
        del columns[1]
    words = (
        f"{cost.rows:,} rows; every arm is asked its first rows, and then only as far as it takes: all rows of all arms"
        " are the most. What --max-cost says is hard."
    )
    said = [words, unknown_words(cost.most), "Budgets reserve the worst case, which is no forecast."]
    lines = [Text(line, QUIET) for one in said if one for line in wrap(one, width)]
    return Group(ruled(columns), Text(""), *lines)
