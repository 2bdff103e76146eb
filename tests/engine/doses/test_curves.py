"""Curves say how many knew what, and never make a number of what nobody told."""

from __future__ import annotations

from decimal import Decimal

from thinkdial.engine.doses.curves import curves_of, figure_of
from thinkdial.engine.history.seen.dosed import AskedModel, DosedAnswer

HERE, THERE = AskedModel("openai", "a.example", "m"), AskedModel("openai", "b.example", "m")


def answer(asked=HERE, think="low", tokens: int | None = 100, usd: str | None = "0.01", prompt="p") -> DosedAnswer:
    return DosedAnswer(asked, think, prompt, tokens, tokens, 1.5, None if usd is None else Decimal(usd))


def test_unknown_is_none_and_not_zero():
    (curve,) = curves_of([answer(tokens=None, usd=None), answer(tokens=None, usd=None)])
    (dose,) = curve.doses
    assert dose.reasoning_tokens is None and dose.usd is None and dose.answers == 2
    assert dose.total_s is not None and dose.total_s.n == 2


def test_one_answer_has_no_interval_and_few_promise_less():
    one = figure_of([5])
    assert one is not None and (one.median, one.low, one.level) == (5, None, None)
    few, many = figure_of([3, 1, 2]), figure_of(range(40))
    assert few is not None and few.level is not None and few.level < 0.8
    assert many is not None and many.level == 0.95


def test_hosts_are_apart_and_order_is_by_answers_or_by_name():
    answers = [answer(), answer(THERE), answer(THERE, "high")]
    assert [curve.asked for curve in curves_of(answers)] == [THERE, HERE]
    named = curves_of(answers, {HERE: "mine", AskedModel("x", "", "y"): "none"})
    assert [(curve.name, curve.answers) for curve in named][:2] == [("mine", 1), ("none", 0)]


def test_doses_rise_and_auto_comes_last():
    answers = [answer(think=think) for think in ("auto", "high", "off", "8192", "low", "1024")]
    assert [dose.think for dose in curves_of(answers)[0].doses] == ["off", "low", "high", "1024", "8192", "auto"]
