"""What a value is expected to take: its own answers, else the table scaled by what is known, else the table alone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from thinkdial.engine.doses.estimates import estimates_of
from thinkdial.engine.history.seen.dosed import AskedModel, DosedAnswer
from thinkdial.profiles.cards.observed import ObservedAnswers
from thinkdial.providers.think import parse_think
from thinkdial.simulator import ARMS
from thinkdial.simulator.answers.thinking import Dial

from ...cases import each

WORTH = {"low": 2048, "medium": 8192, "high": 16384}
THINKS = [parse_think(word) for word in WORTH]
ASKED = AskedModel("openai", "h", "m")


def answers(think: str, *tokens: int) -> list[DosedAnswer]:
    return [DosedAnswer(ASKED, think, f"p{n}", count, count + 20, 1.0, None) for n, count in enumerate(tokens)]


def by_name(found):
    return {one.think.sent: one for one in found}


def test_nothing_known_is_the_table_and_has_no_range():
    found = by_name(estimates_of(THINKS, [], WORTH, 1000))
    assert {one.source for one in found.values()} == {"reference"}
    assert found["low"].reasoning.expected == 2048 and found["low"].reasoning.low is None
    assert found["low"].output.expected == 3048


def test_two_answers_are_too_few_and_three_do():
    assert by_name(estimates_of(THINKS, answers("low", 100, 110), WORTH, 9))["low"].source == "reference"
    low = by_name(estimates_of(THINKS, answers("low", 100, 110, 90), WORTH, 9))["low"]
    assert (low.source, low.n, low.reasoning.expected) == ("history", 3, 100)
    assert low.reasoning.low is not None and low.reasoning.low < 90 < 110 < (low.reasoning.high or 0)


def test_other_values_are_scaled_by_what_is_known():
    found = by_name(estimates_of(THINKS, answers("high", 1600, 1640, 1700), WORTH, 9))
    assert found["low"].source == "scaled" and found["low"].n == 0
    assert found["low"].reasoning.expected == pytest.approx(205, rel=0.01)
    assert found["low"].output.expected == pytest.approx(225, rel=0.01)


def test_none_is_not_zero_and_zero_is_known():
    unknown = [DosedAnswer(ASKED, "low", "p", None, 5, 1.0, None)] * 9
    assert by_name(estimates_of(THINKS, unknown, WORTH, 9))["low"].source == "reference"
    zero = by_name(estimates_of(THINKS, answers("low", 0, 0, 0), WORTH, 9))["low"].reasoning
    assert (zero.low, zero.expected, zero.high) == (0, 0, 0)


@each("n", [3, 6, 20])
@each(("arm", "least", "most"), [("arm-climb", 0.75, 0.97), ("arm-wide", 0.5, 0.9)])
def test_the_range_holds_about_8_of_10_answers(n: int, arm: str, least: float, most: float):
    held = total = 0
    for seed in range(150):
        drawn = [ARMS[arm].thought_tokens(f"p{k}", Dial("low"), seed=seed, nth=1) for k in range(n + 10)]
        found = by_name(estimates_of(THINKS, answers("low", *drawn[:n]), WORTH, 9))["low"].reasoning
        held += sum((found.low or 0) <= one <= (found.high or 0) for one in drawn[n:])
        total += 10
    assert least <= held / total <= most


def test_recorded_answers_stand_behind_ones_own_and_before_the_table():
    counts, said = (90, 100, 200, 300, 900), (10, 20, 150, 250, 800)
    row = ObservedAnswers("m", "m", "chat", "level:low", 40, counts, said, 30, 12)
    few, silent = replace(row, asked="level:medium", reasoning_n=2), replace(row, asked="level:high", reasoning=None)
    found = by_name(estimates_of(THINKS, [], WORTH, 9, [row, few, silent]))
    low = found["low"]
    assert (low.source, low.n) == ("observed", 30)
    assert (low.reasoning.low, low.reasoning.expected, low.reasoning.high) == (10, 150, 800)
    assert low.output.expected == 200
    assert found["medium"].source == found["high"].source == "scaled"
    own = by_name(estimates_of(THINKS, answers("low", 5, 6, 7), WORTH, 9, [row]))
    assert own["low"].source == "history"
