"""Stars: only where a difference is more than noise, and hardly ever where there is none."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tests.cli.views.conftest import make_result
from thinkdial.engine.cells.cell import cells_of
from thinkdial.engine.cells.stars import least_of, samples_needed

RUNS = 600


def share_of_stars(law: Callable[[Random, int], float], cells: int, samples: int) -> tuple[float, float]:
    """In how many runs a cell gets a star, and in how many it is the first one."""
    dice = Random(14)
    found = [least_of([[law(dice, at) for _ in range(samples)] for at in range(cells)]) for _ in range(RUNS)]
    return sum(place is not None for place in found) / RUNS, sum(place == 0 for place in found) / RUNS


@pytest.mark.parametrize(
    ("cells", "samples"),
    [
        (2, 4),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in ((3, 5), (6, 6), (2, 8))),
    ],
)
def test_where_all_are_alike_at_most_one_run_in_twenty_has_a_star(cells: int, samples: int) -> None:
    starred, _ = share_of_stars(lambda dice, _: dice.lognormvariate(0, 0.5), cells, samples)
    assert starred <= 0.05 + 0.02  # 2 % is three standard errors of 600 runs


@pytest.mark.slow
def test_a_cell_that_is_clearly_less_gets_it() -> None:
    def law(dice: Random, at: int) -> float:
        return dice.lognormvariate(0.0 if at == 0 else 1.2, 0.4)

    starred, right = share_of_stars(law, 4, 6)
    assert right > 0.9 and right == starred


def test_two_that_are_equally_good_share_no_star() -> None:
    low, lower, high = (
        [1.0, 1.1, 1.2, 1.3, 1.4, 1.5],
        [1.05, 1.15, 1.25, 1.0, 1.35, 1.45],
        [9.0, 8.0, 7.0, 9.5, 8.5, 7.5],
    )
    assert least_of([low, lower, high]) is None
    assert least_of([low, high, [value + 1 for value in high]]) == 0


def test_single_samples_and_single_cells_show_nothing() -> None:
    assert least_of([[1.0], [100.0], [1000.0]]) is None and least_of([[1.0, 2.0, 3.0]]) is None and least_of([]) is None


@pytest.mark.parametrize(("cells", "needed"), [(2, 4), (3, 4), (4, 5), (12, 5), (13, 6)])
def test_how_many_samples_could_show_anything(cells: int, needed: int) -> None:
    assert samples_needed(cells) == needed
    for samples in (needed - 1, needed):
        apart = [[float(1000 * at + number) for number in range(samples)] for at in range(cells)]
        assert (least_of(apart) == 0) is (samples == needed)


def test_a_cell_without_a_value_does_not_compete() -> None:
    fast = [make_result("fast", latency={"total_s": 1.0 + n / 10}, repeat=n) for n in range(6)]
    slow = [make_result("slow", latency={"total_s": 5.0 + n / 10}, repeat=n) for n in range(6)]
    mute = [make_result("mute", latency={"total_s": None, "first_answer_s": None}, repeat=n) for n in range(6)]
    cells = {cell.profile: cell.best for cell in cells_of([*fast, *slow, *mute])}
    assert cells == {"fast": ("total_s",), "slow": (), "mute": ()}
