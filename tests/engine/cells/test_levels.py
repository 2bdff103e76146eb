"""Levels that do nothing are found, those that do something are not called so, and too little says nothing."""

from __future__ import annotations

import pytest

from thinkdial.engine.cells.levels import DosedSample, amount, level_steps
from thinkdial.simulator import ARMS
from thinkdial.simulator.answers.thinking import Dial

LEVELS = ("low", "medium", "high")


def samples(arm: str, *, prompts: int, repeats: int = 1, seed: int = 0, levels=LEVELS) -> list[DosedSample]:
    return [
        DosedSample(arm, level, f"p{place}", ARMS[arm].thought_tokens(f"p{place}", Dial(level), seed=seed, nth=nth))
        for level in levels
        for place in range(prompts)
        for nth in range(repeats)
    ]


def judged(*steps) -> dict[tuple[str, str], str]:
    return {(step.lower, step.upper): step.judgement for step in steps}


def test_a_level_that_does_nothing_is_marked_and_one_that_does_is_not():
    steps = level_steps(samples("arm-noop", prompts=12))
    assert judged(*steps) == {("low", "medium"): "not_shown", ("medium", "high"): "differ"}
    assert all(step.paired and step.n_lower == 12 for step in steps)
    first, second = steps
    assert first.detectable is not None and 1.2 < first.detectable < 3
    assert "not shown to differ from low (n=12 prompts, a step of" in first.words
    assert second.ratio is not None and "thinks more than medium" in second.words


def test_repeats_of_one_prompt_are_judged_unpaired():
    steps = level_steps(samples("arm-noop", prompts=1, repeats=10, seed=1))
    assert judged(*steps) == {("low", "medium"): "not_shown", ("medium", "high"): "differ"}
    assert not any(step.paired for step in steps)


def test_single_samples_say_nothing():
    steps = level_steps(samples("arm-noop", prompts=1))
    assert set(judged(*steps).values()) == {"too_few"}
    assert all(step.p is None and step.detectable is None for step in steps)
    assert "too few samples to say (n=1)" in steps[0].words


def test_less_thinking_at_a_higher_level_is_not_more():
    falling = [
        DosedSample("a", think, f"p{n}", 1000 // (1 + place)) for place, think in enumerate(LEVELS) for n in range(9)
    ]
    assert set(judged(*level_steps(falling)).values()) == {"not_shown"}


def test_false_alarms_stay_below_alpha_over_all_pairs():
    alarms = 0
    for seed in range(300):
        flat = samples("arm-flat", prompts=8, seed=seed, levels=(*LEVELS, "xhigh"))
        alarms += any(step.judgement == "differ" for step in level_steps(flat))
    assert alarms / 300 <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5


def test_a_step_of_the_detectable_size_is_mostly_seen():
    seen = sum(
        judged(*level_steps(samples("arm-climb", prompts=8, seed=seed, levels=("low", "medium"))))["low", "medium"]
        == "differ"
        for seed in range(100)
    )
    assert seen >= 90


def test_order_of_values():
    assert sorted(("high", "off", "max", "minimal", "low"), key=lambda one: amount(one) or 0) == [
        "off", "minimal", "low", "high", "max",
    ]  # fmt: skip
    assert [amount(one) for one in ("auto", "nonsense", "2k")] == [None, None, 2048.0]
    assert level_steps([DosedSample("a", "auto", "p", 4), DosedSample("a", "low", "p", 4)]) == ()


@pytest.mark.parametrize("tokens", [0, 7])
def test_equal_counts_throughout(tokens):
    same = [DosedSample("a", think, f"p{n}", tokens) for think in LEVELS for n in range(6)]
    steps = level_steps(same)
    assert {step.judgement for step in steps} == {"not_shown"}
    assert all((step.ratio is None) is (tokens == 0) for step in steps)
