"""Remarks: once for all whom they concern, by name."""

from __future__ import annotations

from collections.abc import Callable

from thinkdial.cli.views.run.receipt import names_of, notes
from thinkdial.cli.views.run.think_notes import think_notes
from thinkdial.engine.results.result import Result, ThinkReceipt

Make = Callable[..., Result]


def many(result: Make, count: int) -> list[Result]:
    return [
        result(
            f"p{at}",
            model=f"model-{at}",
            think=ThinkReceipt("8192", {"effort": "low"}, "mapped", f"8192 tokens → low: model-{at} takes levels"),
        )
        for at in range(count)
    ]


def test_the_same_of_twenty_one_models_is_said_once_with_all_names(result: Make) -> None:
    (note,) = think_notes(many(result, 21))
    assert note == f"* {', '.join(f'p{at}' for at in range(21))}: 8k tokens → low: each takes levels"


def test_of_one_model_its_name_stays(result: Make) -> None:
    (note,) = think_notes(many(result, 1))
    assert note == "* p0: 8k tokens → low: model-0 takes levels"
    longer = result("q", model="model-0", think=ThinkReceipt("low", {}, "mapped", "as of model-0-mini"))
    assert list(think_notes([longer])) == ["* q: as of model-0-mini"]


def test_an_off_that_cannot_be_is_not_told_twice(result: Make) -> None:
    think = ThinkReceipt("off", {"effort": "low"}, "clamped", "off → low: m cannot be turned off", "unwanted")
    assert [line.plain for line in notes([result(think=think)])] == ["claude: off → low: m cannot be turned off"]
    assert notes([result(think=think)], after_comparison=True) == []
    exact = ThinkReceipt("off", {"effort": "none"}, "exact", None, "unwanted")
    assert "--think off was asked" in notes([result(think=exact)], after_comparison=True)[0].plain


def test_names_are_as_short_as_they_can_be(result: Make) -> None:
    low, high = ThinkReceipt("low", {}, "exact"), ThinkReceipt("high", {}, "exact")
    samples = [result(think=low, repeat=1), result(think=low, repeat=2), result(think=high, repeat=1)]
    assert names_of(samples, samples) == ["claude"]
    assert names_of(samples[:2], samples) == ["claude@low"]
    assert names_of(samples[:1], samples) == ["claude@low #1"]


def test_of_very_many_only_the_first_are_named(result: Make) -> None:
    many = [result("claude", think=ThinkReceipt("low", {}, "exact"), repeat=number + 1) for number in range(2000)]
    named = names_of(many[::2], many)
    assert named[:2] == ["claude #1", "claude #3"] and len(named) == 25 and named[-1] == "976 more"
