"""Elimination over tables of truth: it finds the cheapest that passes within its budget, or says it cannot tell."""

from __future__ import annotations

import pytest

from thinkdial.engine.trials.elimination import next_round
from thinkdial.engine.trials.report import TrialEnd, TrialOutcome
from thinkdial.engine.trials.standings import ArmState, Rules

from .worlds import LADDER, Truth, tell, tried

ROWS = 400


@pytest.mark.slow
def test_cheapest_passing_of_twelve_arms_in_100_seeds():
    """Target 0.9, the nearest failing arm 0.1 below it, and a budget of half of the whole grid's cost."""
    budget = 0.5 * ROWS * sum(truth.cost or 0 for truth in LADDER.values()) / 1000
    right = within = 0
    calls: list[float] = []
    for seed in range(100):
        report, _, spent = tried(LADDER, ROWS, 0.9, seed, most_usd=budget)
        right += report.chosen == "p97@low"
        within += spent <= budget
        calls.append(report.calls / report.whole_grid)
    tell(
        f"right {right} of 100, within the budget {within}, calls {sum(calls):.1f} % of the grid, {max(calls):.0%} most"
    )
    assert right >= 95 and within == 100 and max(calls) <= 0.6


@pytest.mark.slow
@pytest.mark.parametrize("target", [None, 0.9])
def test_equal_arms_are_not_told_apart(target):
    for rate in (0.7, 0.9, 0.98):
        told = 0
        for seed in range(30):
            report, _, _ = tried(dict.fromkeys("abcd", Truth(rate, 3.0)), 200, target, seed)
            told += report.outcome is TrialOutcome.FOUND
        tell(f"equal arms of {rate}, target {target}: one chosen in {told} of 30")
        assert told <= 1


def test_without_a_target_the_cheapest_that_is_not_worse():
    truths = {"bad": Truth(0.5, 1.0), "good": Truth(0.9, 3.0), "dear": Truth(0.9, 12.0), "worst": Truth(0.2, 12.0)}
    right = 0
    for seed in range(20):
        report, _, _ = tried(truths, 200, None, seed)
        states = {arm.arm.profile: arm.state for arm in report.arms}
        right += report.outcome is TrialOutcome.FOUND and report.chosen == "good@low"
        assert states["worst"] is ArmState.WORSE
    assert right >= 19


def test_nothing_reaches_the_target():
    report, _, _ = tried({"a": Truth(0.5, 1.0), "b": Truth(0.6, 2.0)}, 200, 0.9, 0)
    assert report.outcome is TrialOutcome.NONE_PASSES and report.chosen is None and report.end is TrialEnd.DECIDED
    assert report.calls < 100


def test_too_few_rows_are_said_before_all_are_asked():
    report, _, _ = tried({"a": Truth(1.0, 1.0), "b": Truth(1.0, 2.0)}, 30, 0.9, 0)
    assert report.outcome is TrialOutcome.CANNOT_TELL and report.chosen is None
    assert report.calls == 20 and report.least_rows == 42
    assert report.arms[0].rows_to_decide == 42


def test_one_row():
    report, _, _ = tried({"a": Truth(1.0, 1.0)}, 1, 0.9, 0)
    assert report.outcome is TrialOutcome.CANNOT_TELL and report.arms[0].judged == 1
    assert report.arms[0].usd_mean_low is None


def test_an_unknown_price_never_wins():
    truths = {"free?": Truth(0.99, None), "known": Truth(0.97, 5.0)}
    report, records, _ = tried(truths, 300, 0.9, 1)
    assert report.chosen == "known@low" and report.outcome is TrialOutcome.CANNOT_TELL
    assert report.arms[-1].usd_mean is None and "free?@low" in report.left
    assert len(records["free?@low"].samples) == 10


def test_only_unknown_prices():
    report, _, _ = tried({"a": Truth(0.99, None), "b": Truth(0.3, None)}, 300, 0.9, 1)
    assert report.chosen is None and report.outcome is TrialOutcome.CANNOT_TELL
    assert {arm.arm.profile: arm.state for arm in report.arms} == {"a": ArmState.PASSES, "b": ArmState.FAILS}


def test_an_arm_that_never_answers_is_out():
    report, records, _ = tried({"mute": Truth(1.0, 1.0, answers=0.0), "good": Truth(1.0, 5.0)}, 100, 0.9, 0)
    assert report.outcome is TrialOutcome.FOUND and report.chosen == "good@low"
    assert len(records["mute@low"].samples) == 10
    none, _, _ = tried({"mute": Truth(1.0, 1.0, answers=0.0)}, 100, 0.9, 0)
    assert none.outcome is TrialOutcome.NO_ANSWERS


def test_a_budget_that_ends_says_what_is_known():
    report, _, spent = tried(LADDER, ROWS, 0.9, 3, most_usd=2.2)
    assert report.end is TrialEnd.BUDGET and spent <= 2.2
    assert report.outcome is TrialOutcome.CANNOT_TELL and len(report.left) > 1
    assert any(arm.state is ArmState.FAILS for arm in report.arms)


def test_a_budget_that_ends_at_once_says_nothing_of_what_passes():
    report, _, _ = tried({"a": Truth(0.0, 1.0), "b": Truth(0.0, 1.0)}, ROWS, 0.9, 0, most_usd=0.003)
    assert (report.outcome, report.end) == (TrialOutcome.CANNOT_TELL, TrialEnd.BUDGET)


def test_the_same_samples_make_the_same_trial():
    assert tried(LADDER, 120, 0.9, 5)[0] == tried(LADDER, 120, 0.9, 5)[0]


def test_dear_arms_are_asked_little():
    _, records, _ = tried(LADDER, ROWS, 0.9, 0)
    assert max(len(records[f"dear{place}@low"].samples) for place in range(5)) < len(records["p97@low"].samples) / 2


def test_a_busy_arm_is_not_waited_for():
    _, records, _ = tried({"a": Truth(0.9, 1.0), "b": Truth(0.9, 2.0), "c": Truth(0.9, 3.0)}, 20, 0.9, 0)
    rules = Rules(400, 0.9)
    assert {call.arm for call in next_round(records, rules)} == {"a@low", "b@low"}
    assert {call.arm for call in next_round(records, rules, busy={"a@low"})} == {"b@low", "c@low"}
    assert next_round(records, rules, busy=set(records)) == ()


def test_frontier_and_groups():
    truths = {"a": Truth(0.6, 1.0), "b": Truth(0.95, 4.0), "c": Truth(0.95, 4.0), "d": Truth(0.6, 20.0)}
    report, _, _ = tried(truths, 200, None, 2)
    arms = {arm.arm.profile: arm for arm in report.arms}
    assert arms["a"].is_on_frontier and not arms["d"].is_on_frontier
    assert ("b@low", "c@low") in [tuple(sorted(group)) for group in report.groups]


def test_more_rows_narrow_the_bounds():
    report, _, _ = tried({"a": Truth(0.9, 1.0), "b": Truth(0.9, 1.0)}, 60, None, 0)
    for arm in report.arms:
        assert arm.pass_low < arm.next_low < arm.pass_rate < arm.next_high < arm.pass_high


def test_how_far_the_choice_may_be_behind():
    """The bound holds the true difference, and narrows with the rows."""
    truths = {"cheap": Truth(0.85, 1.0), "best": Truth(0.9, 12.0)}
    means: list[float] = []
    for rows in (60, 400):
        found = [arm.behind_best for seed in range(6) for arm in tried(truths, rows, None, seed)[0].arms]
        known = [each for each in found if each is not None]
        assert known and all(0.0 <= each < 0.8 for each in known)
        means.append(sum(known) / len(known))
    assert 0.05 < means[1] < means[0]
