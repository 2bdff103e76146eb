"""Simulated judges: a verdict in the form that is asked for, and the same one in both orders."""

from __future__ import annotations

import json
from typing import Any

import pytest

from thinkdial.simulator.answers.texts import answer_for

ONE = "x\n=== f0 ANSWER begins ===\n{}\n=== f0 ANSWER ends ===\n"
TWO = ONE.replace("ANSWER", "FIRST ANSWER") + ONE.replace("ANSWER", "SECOND ANSWER")
YES_NO = 'Reply: "verdict" is one of "yes", "no", and so on: {"verdict": "yes", "reason": "...", "mark": "beef01"}'
SCALE = 'Reply: "verdict" is a whole number from 2 to 4, and so on: {"verdict": 4, "reason": "...", "mark": "beef01"}'
ORDER = 'Reply: "verdict" is one of "first", "second", "tie", and: {"verdict": "tie", "mark": "beef01"}'


def verdict(prompt: str) -> Any:
    found = json.loads(answer_for(prompt, 0))
    assert found["mark"] == "beef01" and "Simulated" in found["reason"]
    return found["verdict"]


@pytest.mark.parametrize(("form", "words"), [(YES_NO, {"yes", "no"}), (SCALE, {2, 3, 4})])
def test_one_answer(form: str, words: set[Any]) -> None:
    assert {verdict(ONE.format(number) + form) for number in range(40)} == words


def test_two_answers_mostly_in_one_order() -> None:
    same = 0
    for number in range(60):
        there = verdict(TWO.format(number, number + 100) + ORDER)
        back = verdict(TWO.format(number + 100, number) + ORDER)
        same += there != back
    assert 45 <= same < 60
    assert verdict(TWO.format("a", "a") + ORDER) == "tie"


def test_other_prompts_are_none() -> None:
    assert "Simulated answer" in answer_for('What is a "verdict"?', 0)
