"""Which cell is shown to be the best, where the difference is more than noise. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import comb

from ..results.result import Result
from ..statistics.corrections import holm
from ..statistics.ranks import ALPHA, greater
from .measure import Amount

_Value = Callable[[Result], Amount | None]

COMPETING: Mapping[str, _Value] = {
    "time_to_answer_s": lambda result: result.latency.first_answer_s,
    "total_s": lambda result: result.latency.total_s,
    "usd": lambda result: result.cost.usd,
}
"""The measures in which less is better. Tokens are not among them: less thought is no merit."""

MOST_NEEDED = 100


def shown_best(samples: Sequence[Sequence[Result]]) -> dict[str, int]:
    """For each measure the place of the cell that is shown to be the best of all; nothing where none is.

    `samples` are the whole answers of each cell. One that says nothing of a measure does not compete in it.
    """
    found: dict[str, int] = {}
    for name, value in COMPETING.items():
        values = {
            place: [float(amount) for result in cell if (amount := value(result)) is not None]
            for place, cell in enumerate(samples)
        }
        known = {place: amounts for place, amounts in values.items() if amounts}
        if (place := least_of(list(known.values()))) is not None:
            found[name] = list(known)[place]
    return found


def least_of(cells: Sequence[Sequence[float]], alpha: float = ALPHA) -> int | None:
    """The place of the cell whose values are shown to be less than those of every other; None where none is.

    A cell is the least only if it is less than each of the others, so that its p value is the greatest of its rank
    tests. As any of the cells might be it, these are corrected for their number (Holm): where all are alike, there is
    a false star in at most the share `alpha` of cases.
    """
    if len(cells) < 2 or max(map(len, cells)) < 2:
        return None
    worst = [
        max(greater(other, own, alpha=alpha).p for at, other in enumerate(cells) if at != place)
        for place, own in enumerate(cells)
    ]
    adjusted = holm(worst)
    place = min(range(len(cells)), key=adjusted.__getitem__)
    return place if adjusted[place] <= alpha else None


def samples_needed(cells: int, alpha: float = ALPHA) -> int:
    """With how many samples each a cell can be shown to be the best of so many, were it so in every pair of samples."""
    return next((n for n in range(2, MOST_NEEDED) if cells / comb(2 * n, n) <= alpha), MOST_NEEDED)
