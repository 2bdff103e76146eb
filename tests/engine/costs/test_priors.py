"""Forecasts of output: the weights of the layers, and by simulation how well the user's own runs foretell the next."""

from __future__ import annotations

import math
import random
from statistics import NormalDist

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.priors import (
    WEIGHTS,
    DialSetting,
    Prior,
    is_recorded,
    pool_law,
    prior,
    rows_of,
    together,
    weighed,
)
from thinkdial.engine.statistics.laws import Law, mixture_quantile
from thinkdial.profiles.cards.observed import ObservedAnswers, ObservedPool
from thinkdial.profiles.config import load_builtin

BUDGETS = load_builtin().reference.budgets
MODEL, DIAL = "gpt-6-sol", DialSetting("dial", 16384)


def made(*outputs: int, entered: int | None = 20, dial: DialSetting | None = DIAL) -> Prior:
    found = prior(MODEL, dial, BUDGETS, input_tokens=20, runs=[(entered, output) for output in outputs])
    assert found is not None
    return found


def row(model: str, asked: str, n: int, *output: int) -> ObservedAnswers:
    return ObservedAnswers(model, model, "openai-chat", asked, n, output, None, 0, 40)


def test_the_first_runs_count_at_once_and_more_of_them_have_the_last_word() -> None:
    nothing, one, ten, many = made(), made(9000), made(*[9000] * 10), made(*range(8000, 10_000, 10))
    assert nothing.median < one.median < ten.median == pytest.approx(9000, rel=0.01)
    assert many.median == pytest.approx(9000, rel=0.01)
    assert (many.low, many.high) == (pytest.approx(8200, rel=0.02), pytest.approx(9800, rel=0.02))
    assert (nothing.runs, one.runs, many.runs) == (0, 1, 200)
    assert many.parts[0] == "200 runs of yours with such a prompt"


def test_runs_with_other_prompts_say_less() -> None:
    alike, other, untold = made(*[9000] * 5), made(*[9000] * 5, entered=5000), made(*[9000] * 5, entered=None)
    assert made().median < other.median < alike.median == untold.median
    short = made(*[9000] * 5, entered=63)
    assert short.median == alike.median, "all that is short is alike"
    assert any("5 runs of yours with other prompts" in words for words in other.parts)


def test_of_whom_nothing_is_known_nothing_is_said() -> None:
    assert prior(MODEL, None, BUDGETS) is None
    alone = made(50, 60, 70, dial=None)
    assert alone.parts == ("3 runs of yours with such a prompt",) and alone.median == 60


def test_recorded_answers_of_the_model_go_before_its_vendors() -> None:
    rows = (
        row("gpt-9", "level:low", 12, 10, 20, 40, 80, 160),
        row("gpt-9", "budget:2500", 30, 10, 20, 40, 80, 160),
        row("gpt-9", "level:high", 12, 100, 200, 400, 800, 1600),
        row("gpt-8", "level:low", 5, 1, 2, 4, 8, 16),
        row("gpt-9", "none", 90, 1, 1, 1, 1, 1),
    )
    found = rows_of(rows, "gpt-9", DialSetting("dial", 2048), BUDGETS)
    assert [(one.n, scale) for one, scale in found] == [(12, 1.0), (30, pytest.approx(math.sqrt(2048 / 2500)))]
    assert 36 < mixture_quantile([(together(found), 1.0)], 0.5) < 40
    assert [one.n for one, _ in rows_of(rows, "gpt-9", DialSetting("silent"), BUDGETS)] == [90]
    known = prior("gpt-5", DIAL, BUDGETS)
    assert known is not None and known.answers == 11
    assert any("11 recorded answers of this model with this dial" in words for words in known.parts)
    assert not any("vendor" in words or "others" in words for words in (prior("x", DIAL, BUDGETS) or known).parts)


def test_each_layer_gets_its_part_of_what_those_above_have_left() -> None:
    law = Law.of_values([5])
    parts = weighed([("alike", law, 2), ("own", law, 10), ("model", law, 30), ("vendor", law, 60)], law)
    assert [weight for _, weight in parts] == pytest.approx([1 / 2, 1 / 4, 1 / 8, 1 / 12, 1 / 24])
    assert weighed([], law) == [(law, 1.0)]


def test_what_was_not_recorded_is_scaled_by_the_square_root_of_the_reference_tables_ratio() -> None:
    pool = ObservedPool("everybody", "dial", 9, 2, (10, 20, 40, 80, 160), 2048)
    assert pool_law(pool, DialSetting("dial", 32768)).at_most(4 * 41 - 1) == pytest.approx(0.5)
    assert pool_law(replace(pool, thinking_tokens=None), DialSetting("silent")).at_most(40) == pytest.approx(0.5)
    far, near = prior(MODEL, DialSetting("dial", 65536), BUDGETS), prior(MODEL, DialSetting("dial", 16384), BUDGETS)
    assert far is not None and near is not None and far.median == pytest.approx(2 * near.median, rel=0.02)
    assert is_recorded(MODEL, DIAL, BUDGETS) and not is_recorded(MODEL, DialSetting("dial", 65536), BUDGETS)
    assert is_recorded("nobody-s", DialSetting("dial", 2500), BUDGETS) and not is_recorded("nobody-s", DIAL, BUDGETS)


def test_the_weights_are_those_that_are_told() -> None:
    assert WEIGHTS == {"alike": 2, "own": 10, "model": 30, "vendor": 30}
    one, three = made(10**6), made(*[10**6] * 3)
    assert one.median < 10**6 == three.median, "1 of 3 is less than half, and 3 of 5 are more"


def simulated(n: int, spread: float, times: int, ratio: float | None = None) -> tuple[float, float]:
    """The mean coverage of the range, and the median error of the median, after n runs of each of `times` users.

    Their answers are lognormal. The median is `ratio` times what is forecast without runs, else it differs from that
    as recorded models differ from each other.
    """
    dice, start = random.Random(f"{n} {spread} {ratio}"), made().median
    covered: list[float] = []
    errors: list[float] = []
    for _ in range(times):
        middle = math.log(start * ratio) if ratio else math.log(start) + dice.gauss(0, 0.8)
        found = made(*(max(1, round(dice.lognormvariate(middle, spread))) for _ in range(n)))
        below, upto = (
            NormalDist().cdf((math.log(max(0.5, end)) - middle) / spread) for end in (found.low - 0.5, found.high + 0.5)
        )
        covered.append(upto - below)
        errors.append(found.median / math.exp(middle) - 1)
    return sum(covered) / times, sorted(errors)[times // 2]


@pytest.mark.parametrize("n", [0, 3, 5, 10, 30])
def test_the_range_covers_eight_in_ten_of_what_a_user_will_see(n: int) -> None:
    covered, error = simulated(n, 1.0, 120)
    assert 0.75 <= covered <= 0.92 and abs(error) < 0.3


@pytest.mark.parametrize("ratio", [1 / 10, 20])
def test_own_runs_soon_correct_what_was_far_off(ratio: float) -> None:
    covered, error = simulated(10, 1.0, 80, ratio)
    assert covered >= 0.78 and abs(error) < 0.45
    covered, error = simulated(40, 1.0, 40, ratio)
    assert 0.75 <= covered <= 0.9 and abs(error) < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.4, 1.0, 1.3])
@pytest.mark.parametrize("n", [1, 3, 5, 10, 20, 50, 100])
def test_the_range_covers_at_every_number_of_runs_and_every_spread(n: int, spread: float) -> None:
    covered, error = simulated(n, spread, 300)
    assert 0.72 <= covered <= 0.97 and abs(error) < 0.3
