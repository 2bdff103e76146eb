"""How the time of something grows with its size: a bound that holds on any machine, however busy."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

LINEAR = 3.0
"""More than twice the time for twice the size, by what caches and a busy machine add. Quadratic is four."""

_LEAST_S = 0.002


def growth(work: Callable[[int], object], n: int) -> float:
    """The CPU time of `work(2 * n)` in times of that of `work(n)`; 1 where both are next to nothing.

    What looks worse than linear is measured again, up to six times, and the best times are taken; then at twice and
    four times the size, where a busy machine counts for less, and what is quadratic for more.
    """
    ratio = 1.0
    for size in (n, 2 * n, 4 * n):
        first = second = float("inf")
        for _ in range(6):
            second = min(second, _measured(work, 2 * size))
            if second < _LEAST_S:
                return 1.0
            first = min(first, _measured(work, size))
            ratio = second / max(first, _LEAST_S / 2)
            if ratio < LINEAR or second > 5:
                return ratio
    return ratio


def _measured(work: Callable[[int], object], size: int) -> float:
    gc.disable()  # a search for garbage takes as long as all else that the process holds is large
    try:
        began = time.process_time()
        work(size)
        return time.process_time() - began
    finally:
        gc.enable()
