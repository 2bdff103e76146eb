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


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("opus", 350),
        ("gemini", 1500),
        *(pytest.param(name, 350, marks=pytest.mark.slow) for name in ("gpt", "deepseek")),
    ],
)
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


def test_the_limit_of_a_session_holds_for_all_its_turns_together(talk: Talk) -> None:
    talk.run("new", talk.name, "--max-cost", "5")
    first = dollars(talk.ask("word " * 50, "opus")["cost"]["usd"])
    shown = talk.run("limit", talk.name, str(first + Decimal("0.001"))).err
    assert "may cost" in shown and "is spent" in shown
    before = len(talk.requests)
    for command in ("ask", "compare"):
        refused = talk.cli(command, "word " * 900, "-p", "opus", "--session", talk.name, "--config", talk.config)
        assert refused.code == 4 and f"the limit of session {talk.name}" in refused.err, refused.everything
        assert f"thinkdial session limit {talk.name} USD" in refused.err
    chat = talk.cli("chat", talk.name, "--config", talk.config, stdin=b"word " * 900 + b"\n")
    assert f"the limit of session {talk.name}" in chat.err, chat.everything
    assert len(talk.requests) == before
    # Going back gives nothing back.
    talk.run("rewind", talk.name, "--to", "0")
    again = talk.cli("ask", "word " * 900, "-p", "opus", "--session", talk.name, "--config", talk.config)
    assert again.code == 4 and len(talk.requests) == before
    talk.run("limit", talk.name, "none")
    assert talk.ask("word " * 900, "opus")["session"]["turn"] == 1


def test_a_limit_that_is_no_amount_is_refused(talk: Talk) -> None:
    talk.run("new", talk.name)
    ended = talk.cli("session", "limit", talk.name, "much")
    assert ended.code == 2 and "no amount in USD" in ended.err
    assert talk.cli("session", "limit", "nobody", "1").code == 2


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "turns"), [("opus", 200), ("gpt", 100), ("gemini", 100)])
def test_two_hundred_turns_are_told_within_a_tenth(talk: Talk, profile: str, turns: int) -> None:
    """What goes in and what that costs, against the provider's counts and its bill with caches, up to 400 KB.

    Of 2 KB each, or half as many of 4 KB, which end at the same length.
    """
    dice, planned, billed, checked = random.Random(profile), Decimal(0), Decimal(0), 0
    for number in range(1, turns + 1):
        prompt = f"{number}. " + " ".join(dice.choice(WORDS) for _ in range(420 * 200 // turns))
        outlook = talk.plan(prompt, profile)["outlook"] if number % (turns // 20) == 0 else None
        told = talk.ask(prompt, profile, "--max-output", "400")
        if outlook is None:
            continue
        counted = told["usage"]["input_tokens"]
        assert abs(outlook["input_tokens"] / counted - 1) < 0.1, (number, outlook["input_tokens"], counted)
        planned += dollars(outlook["input_usd"])
        billed += dollars(told["cost"]["input_usd"])
        checked += 1
    assert checked == 20 and abs(planned / billed - 1) <= Decimal("0.1"), (planned, billed)
