"""What simulated models think and say: more is more, budgets hold, limits starve the answer, sums are worked out."""

from __future__ import annotations

from itertools import pairwise

import pytest

from thinkdial.simulator.answers.texts import answer_for, raw_thought, result_of_sum, summary_for
from thinkdial.simulator.answers.thinking import LEVEL_FACTORS, OFF, Dial, count_tokens, thinking_tokens, tokens
from thinkdial.simulator.answers.turns import Speed, deltas, take_turn

SPEED = Speed(1.0, 100.0, 50.0)
PROMPTS = ("", "Hello", "Prove that there are infinitely many primes.", "ünïcödé 🍓 \u2028 text", "\ud800 alone")


def turn(prompt: str = "Hello", dial: Dial = OFF, limit: int | None = None):
    return take_turn(prompt, dial, key=(0, "vendor", "model"), speed=SPEED, output_limit=limit)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_thinking_rises_with_the_level(prompt):
    spent = [thinking_tokens(Dial(level), 0, "v", "m", prompt) for level in LEVEL_FACTORS]
    assert spent[0] == 0
    assert all(less < more for less, more in pairwise(spent))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_thinking_rises_with_the_budget_and_stays_within(prompt):
    budgets = [0, 1, 20, 128, 512, 1024, 4096, 24_576, 127_999]
    spent = [thinking_tokens(Dial(budget_tokens=budget), prompt) for budget in budgets]
    assert all(used <= budget for used, budget in zip(spent, budgets, strict=True))
    assert all(less <= more for less, more in pairwise(spent))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_texts_are_what_their_tokens_say(prompt):
    answer = answer_for(prompt, 0)
    assert "".join(tokens(answer)) == "".join(deltas(answer)) == answer
    assert count_tokens(raw_thought(prompt, 333, 0)) == 333
    assert summary_for(prompt, 0, 0) == ()
    assert 1 <= len(summary_for(prompt, 100, 0)) < len(summary_for(prompt, 3000, 0))


def test_some_text_needs_more_than_one_byte_a_character():
    assert len(answer_for("strawberry, how many r?").encode()) > len(answer_for("strawberry, how many r?"))


def test_the_output_limit_starves_the_answer_first():
    free = turn(dial=Dial("high"))
    assert not free.cut and free.output_tokens == free.thinking_tokens + free.answer_tokens
    cut = turn(dial=Dial("high"), limit=free.thinking_tokens + 5)
    assert cut.cut and cut.thinking_tokens == free.thinking_tokens and cut.answer_tokens == 5
    starved = turn(dial=Dial("high"), limit=50)
    assert starved.cut and (starved.thinking_tokens, starved.answer_tokens, starved.answer) == (50, 0, "")


def test_time_follows_the_tokens():
    quick, slow = turn(dial=Dial("low")), turn(dial=Dial("max"))
    assert quick.total_s == pytest.approx(1.0 + quick.thinking_tokens / 100 + quick.answer_tokens / 50)
    assert slow.total_s > quick.total_s


@pytest.mark.parametrize(
    ("prompt", "made"),
    [
        ("What is 7 + 1?", 8),
        ("7 − 9 =", -2),
        ("Is 12 * 12 a square?", 144),
        ("on 2026-11-21", None),
        ("v1.5 + 2", None),
    ],
)
def test_sums_are_worked_out(prompt, made):
    assert result_of_sum(prompt, 0) in ((made,) if made is None else (made, made + 1))


def test_a_few_sums_are_wrong_and_always_the_same_ones():
    wrong = [number for number in range(500) if result_of_sum(f"What is {number} + 1?", 0) != number + 1]
    assert wrong == [number for number in range(500) if result_of_sum(f"What is {number} + 1?", 0) != number + 1]
    assert 20 <= len(wrong) <= 60
    assert "**43**" in answer_for("What is 42 + 1?", 0) or "**44**" in answer_for("What is 42 + 1?", 0)
