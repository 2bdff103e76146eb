"""Corrections of p values for the number of tests that were made at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p values, in the order given: below alpha, the chance of even one false alarm among all is below alpha.

    Source: Holm 1979.
    """
    adjusted = [0.0] * len(p_values)
    reached = 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = reached
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p values, in the order given: of those below alpha, a share of at most alpha is false on average.

    Source: Benjamini and Hochberg 1995.
    """
    adjusted = [1.0] * len(p_values)
    reached = 1.0
    falling = sorted(range(len(p_values)), key=p_values.__getitem__, reverse=True)
    for place, index in enumerate(falling):
        reached = min(reached, p_values[index] * len(p_values) / (len(p_values) - place))
        adjusted[index] = reached
    return tuple(adjusted)
