"""Laws known by their quantiles, and mixtures of them."""

from __future__ import annotations

import math
import random

import pytest

from thinkdial.engine.statistics.laws import MOST_POINTS, Law, mixture_quantile

from ...late import Late

stats = Late("scipy.stats")

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


def lognormal(middle: float, spread: float) -> Law:
    truth = stats.lognorm(spread, scale=middle + 1)
    return Law.of_quantiles(SHARES, [float(truth.ppf(share)) - 1 for share in SHARES])


def test_a_law_has_the_quantiles_it_was_made_of_and_goes_on_as_a_lognormal() -> None:
    law, truth = lognormal(500, 0.9), stats.lognorm(0.9, scale=501)
    for count in (20, 100, 300, 499, 900, 5000, 30_000):
        assert law.at_most(count) == pytest.approx(float(truth.cdf(count + 1)), abs=1e-6)
    assert mixture_quantile([(law, 0.3)], 0.5) == pytest.approx(500, rel=1e-3)
    assert law.at_most(0) < 1e-4 and law.at_most(1e12) == pytest.approx(1)


def test_a_law_scaled_is_that_of_so_many_times_as_much() -> None:
    law = lognormal(500, 0.9)
    for share in SHARES:
        twice = mixture_quantile([(law.scaled(2), 1.0)], share)
        assert twice + 1 == pytest.approx(2 * (mixture_quantile([(law, 1.0)], share) + 1), rel=1e-3)
    assert law.scaled(0.0001).at_most(0) == pytest.approx(1, abs=0.05)


def test_steps_and_constants_are_laws_too() -> None:
    always = Law.of_quantiles(SHARES, [40] * 5)
    assert (always.at_most(39), always.at_most(40), always.at_most(41)) == (0.0, 1.0, 1.0)
    assert mixture_quantile([(always, 1.0)], 0.1) == pytest.approx(40) == mixture_quantile([(always, 1.0)], 0.9)
    half = Law.of_quantiles(SHARES, [0, 0, 0, 200, 900])
    assert half.at_most(0) == pytest.approx(0.5) and half.at_most(200) == pytest.approx(0.75)
    assert Law.of_values([7]).at_most(6) == 0.0 and Law.of_values([7, 7, 7]).at_most(7) == 1.0


@pytest.mark.parametrize("n", [9, *(pytest.param(n, marks=pytest.mark.slow) for n in (4, 19, 200))])
def test_a_sample_gives_a_law_that_is_right_on_average(n: int) -> None:
    """Of n values the i-th smallest has the share i / (n + 1) below it, whatever the law they come from."""
    dice = random.Random(n)
    found: list[float] = []
    for _ in range(300):
        law = Law.of_values([dice.lognormvariate(6, 1.2) for _ in range(n)])
        assert len(law.points) <= MOST_POINTS
        top = mixture_quantile([(law, 1.0)], n / (n + 1) if n < 19 else 0.9)
        found.append(float(stats.lognorm(1.2, scale=math.exp(6)).cdf(top)))
    assert sum(found) / 300 == pytest.approx(n / (n + 1) if n < 19 else 0.9, abs=0.02)


def test_a_mixture_has_the_weighted_share_of_each_law() -> None:
    short, long = lognormal(50, 0.5), lognormal(5000, 0.5)
    place = mixture_quantile([(short, 3.0), (long, 1.0)], 0.6)
    assert 0.75 * short.at_most(place) + 0.25 * long.at_most(place) == pytest.approx(0.6, abs=1e-6)
    assert mixture_quantile([(short, 3.0), (long, 1.0)], 0.9) > 4000
