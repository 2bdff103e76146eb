"""What a running trial may say at any moment: evidence on rates and means that holds however often one looks. Pure.

Half of `alpha`, the chance of an error, is for looks at any time. A rate is tested by a likelihood ratio that is
averaged over the rates on the other side: where the rate is what it is tested against, or beyond, the chance that this
average ever reaches 1/alpha is at most alpha, after however many looks and however it is decided when to stop (Ville's
inequality; Robbins 1970; Howard et al. 2021). So a trial may look after each round, stop early, be interrupted and go
on. The other half is for the one look at which all rows have been asked (`is_last`): there the exact binomial tail
(Clopper and Pearson 1934) finds more than a test that had to allow for all looks before. Several arms or pairs divide
alpha among themselves (Bonferroni).

Of means no exact bound exists without a largest value. The one used here is a confidence sequence that holds for
all sizes at once in the limit of large ones (Waudby-Smith et al. 2024, "Time-uniform central limit theory", theorem 2.8
in its one-sided form), and at the last look the normal law; costs are skewed, so that nothing is said of fewer than a
dozen. Where costs scatter over a factor of fifty, alpha is exceeded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, fmean, stdev

NEAR = 0.2
"""Half of the weight is on rates so near: a difference of a tenth is what people look for."""

LEAST_VALUES = 12
"""Values from which on something is said of their mean."""

_TUNED_FOR = 40
"""Values at which the bound of a mean is narrowest."""

_STEPS = 40


def evidence_below(passed: int, n: int, rate: float) -> float:
    """The logarithm of the evidence that `passed` of `n` come from a rate below `rate`; 0 says nothing."""
    if not 0 < rate < 1:
        return 0.0
    failed = n - passed
    to_rate = _share_below(rate, passed + 1, failed + 1)
    width = min(NEAR, rate)
    near = max(0.0, to_rate - (_share_below(rate - width, passed + 1, failed + 1) if width < rate else 0.0))
    weighed = 0.5 * to_rate / rate + 0.5 * near / width
    if weighed <= 0:
        return -math.inf
    whole = math.lgamma(passed + 1) + math.lgamma(failed + 1) - math.lgamma(n + 2)
    return math.log(weighed) + whole - passed * math.log(rate) - failed * math.log1p(-rate)


def is_below(passed: int, n: int, rate: float, alpha: float, *, is_last: bool = False) -> bool:
    """Whether the rate is shown to be below `rate`: wrong with a chance of at most `alpha`, at all looks together."""
    if n and evidence_below(passed, n, rate) >= -math.log(alpha / 2):
        return True
    return is_last and 0 < rate < 1 and _share_below(1 - rate, n - passed, passed + 1) <= alpha / 2


def is_above(passed: int, n: int, rate: float, alpha: float, *, is_last: bool = False) -> bool:
    """Whether the rate is shown to be above `rate`, with the same promise."""
    return is_below(n - passed, n, 1 - rate, alpha, is_last=is_last)


@lru_cache(maxsize=4096)
def rate_bounds(passed: int, n: int, alpha: float, *, is_last: bool = False) -> tuple[float, float]:
    """Between which rates the true one is shown to lie; each end is wrong with a chance of at most `alpha`."""
    return 1 - _highest(n - passed, n, alpha, is_last=is_last), _highest(passed, n, alpha, is_last=is_last)


def _highest(passed: int, n: int, alpha: float, *, is_last: bool) -> float:
    """The least rate that the true one is shown to be below."""
    if passed >= n:
        return 1.0
    low, high = passed / n, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if is_below(passed, n, middle, alpha, is_last=is_last):
            high = middle
        else:
            low = middle
    return high


def least_rows(rate: float, alpha: float) -> int:
    """How many rows it takes at least to show a rate above `rate`: so many of which all pass."""
    return max(1, math.ceil(math.log(alpha / 2) / math.log(rate)))


def is_positive(values: Sequence[float], alpha: float, *, is_last: bool = False) -> bool:
    """Whether the mean behind `values` is shown to be above zero."""
    margin = mean_margin(values, alpha, is_last=is_last)
    return margin is not None and fmean(values) - margin > 0


def mean_margin(values: Sequence[float], alpha: float, *, is_last: bool = False) -> float | None:
    """How far the mean behind `values` may be from theirs on one side; None where they are too few to say.

    Wrong with a chance of about `alpha`, at all looks together.
    """
    n = len(values)
    return None if n < LEAST_VALUES else stdev(values) * margin_in_deviations(n, alpha, is_last=is_last)


def margin_in_deviations(n: int, alpha: float, *, is_last: bool = False) -> float:
    """The margin of a mean of `n` values, in standard deviations of one."""
    heat = -2 * math.log(alpha)
    scale = (heat + math.log(heat) + 1) / _TUNED_FOR
    grown = n * scale + 1
    always = math.sqrt(2 * grown / (n * n * scale) * math.log(1 + math.sqrt(grown) / alpha))
    return min(always, NormalDist().inv_cdf(1 - alpha / 2) / math.sqrt(n)) if is_last else always


def _share_below(x: float, a: int, b: int) -> float:
    """The regularized incomplete beta function: the share of a beta law that lies below `x`.

    Source: its continued fraction, evaluated by the method of Lentz (DLMF 8.17.22).
    """
    if b <= 0 or x <= 0:
        return 0.0
    if a <= 0 or x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _share_below(1 - x, b, a)
    whole = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = whole + a * math.log(x) + b * math.log1p(-x) - math.log(a)
    tiny = 1e-300
    c, d = 1.0, 1.0 / max(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 10_000):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + part * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + part / c
            c = c if abs(c) > tiny else tiny
            value *= c * d
        if abs(c * d - 1) < 1e-13:
            break
    return min(1.0, math.exp(front) * value) if front > -700 else 0.0
