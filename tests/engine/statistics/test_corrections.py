"""Corrections for many tests at once: known answers, and the rates that they promise."""

from __future__ import annotations

import random

import pytest

from thinkdial.engine.statistics.corrections import benjamini_hochberg, holm

from ...late import Late

stats = Late("scipy.stats")


def test_holms_answers_are_known() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0) and holm([0.2]) == (0.2,) and holm([]) == ()


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_benjamini_and_hochberg_are_as_scipy_has_them(n: int) -> None:
    dice = random.Random(n)
    p_values = [round(dice.random() ** 2, 2) for _ in range(n)]
    assert benjamini_hochberg(p_values) == pytest.approx(stats.false_discovery_control(p_values).tolist())
    assert benjamini_hochberg([]) == ()


def test_false_alarms_among_many_tests_are_held() -> None:
    dice = random.Random(7)
    any_alarm = shares = 0.0
    for _ in range(2000):
        nothing = [dice.random() for _ in range(15)]
        effects = [dice.random() / 1000 for _ in range(5)]
        any_alarm += min(holm([*nothing, *effects])[:15]) <= 0.05
        found = [place for place, p in enumerate(benjamini_hochberg([*nothing, *effects])) if p <= 0.1]
        shares += sum(place < 15 for place in found) / len(found)
    assert any_alarm / 2000 <= 0.06 and 0.05 <= shares / 2000 <= 0.09
