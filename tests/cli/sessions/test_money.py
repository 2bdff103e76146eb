"""What a turn is said to take before it is sent, against what the simulator bills, which has rules of its own."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from .conftest import Talk, dollars

TURNS = 8
WORDS = (
    "sky",
    "why",
    "blue",
    "answer",
    "reason",
    "prime",
    "number",
    "of",
    "the",
    "is",
    "that",
    "17",
    "(x),",
    "proof:\n",
)


@pytest.mark.parametrize(("profile", "words"), [("opus", 350), ("gpt", 350), ("gemini", 1500), ("deepseek", 350)])
def test_what_goes_in_is_told_within_a_tenth_of_what_is_billed(talk: Talk, profile: str, words: int) -> None:
    dice, planned, billed, cached = random.Random(profile), Decimal(0), Decimal(0), 0
    for number in range(1, TURNS + 1):
        prompt = f"{number}. " + " ".join(dice.choice(WORDS) for _ in range(dice.randrange(words - 50, words + 50)))
        outlook = talk.plan(prompt, profile)["outlook"]
        told = talk.ask(prompt, profile)
        assert outlook["turn"] == told["session"]["turn"] == number
        cached += told["usage"]["cached_input_tokens"] or 0
        if number > 2:  # from here on the provider's counts of earlier turns are known
            assert outlook["input_low"] <= told["usage"]["input_tokens"] <= outlook["input_high"], number
            assert abs(outlook["input_tokens"] / told["usage"]["input_tokens"] - 1) < 0.1
            planned += dollars(outlook["input_usd"])
            billed += dollars(told["cost"]["input_usd"])
    assert cached > 0 and abs(planned / billed - 1) <= Decimal("0.1"), (planned, billed)
    spent = sum((dollars(node["usd"]) for node in talk.way()), Decimal(0))
    assert dollars(talk.tree()["outlook"]["spent_usd"]) == spent


def test_where_the_provider_sends_the_bill_the_size_is_told_as_well(talk: Talk) -> None:
    talk.ask("word " * 500, "grok")
    outlook = talk.plan("word " * 500, "grok")["outlook"]
    told = talk.ask("word " * 500, "grok")
    assert told["cost"]["source"] == "provider"
    assert outlook["input_low"] <= told["usage"]["input_tokens"] <= outlook["input_high"]
