"""How the time of something grows with its size: a bound that holds on any machine, however busy."""

from __future__ import annotations

import time
from collections.abc import Callable

LINEAR = 3.0
"""More than twice the time for twice the size, by what caches and a busy machine add. Quadratic is four."""

_LEAST_S = 0.002


def growth(work: Callable[[int], object], n: int) -> float:
    """The CPU time of `work(2 * n)` in times of that of `work(n)`, the best of some tries; 1 where both are next
    to nothing."""
    first, second = _best(work, n), _best(work, 2 * n)
    return 1.0 if second < _LEAST_S else second / max(first, _LEAST_S / 2)


def _best(work: Callable[[int], object], size: int) -> float:
    times: list[float] = []
    for _ in range(4):
        began = time.process_time()
        work(size)
        times.append(time.process_time() - began)
        if times[-1] > 5:
            break
    return min(times)
