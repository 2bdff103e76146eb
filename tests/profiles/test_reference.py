"""The order of the dial: from the reference table, which a configuration may change."""

from __future__ import annotations

from collections.abc import Callable

from thinkdial.profiles import facts
from thinkdial.profiles.config import Config
from thinkdial.profiles.profile import Reference


def test_the_shipped_table_places_every_think_value() -> None:
    shipped = facts.reference()
    places = {"off": 0, "minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768}
    assert {word: shipped.position(word) for word in places} == places
    assert [shipped.position(budget) for budget in ("0", "1", "8192", "999999999")] == [0, 1, 8192, 999_999_999]
    most, auto = shipped.position("max"), shipped.position("auto")
    assert most is not None and auto is not None and 999_999_999 < most < auto
    assert shipped.position(" HIGH\n") == 16384
    for strange in ("", "none", "8k", "-1", "²", "1" * 10, "1.5", "high\0"):
        assert shipped.position(strange) is None, strange


def test_a_configuration_moves_levels_among_budgets(written: Callable[[str], Config]) -> None:
    mine = written("reference: {budgets: {low: 3000, high: 50000, xhigh: 60000}}").reference
    asked = ["auto", "max", "20000", "high", "2500", "low", "off", "medium"]
    assert sorted(asked, key=lambda word: mine.position(word) or 0) == [
        "off", "2500", "low", "medium", "20000", "high", "max", "auto",
    ]  # fmt: skip
    assert sorted(asked, key=lambda word: facts.reference().position(word) or 0) == [
        "off", "low", "2500", "medium", "high", "20000", "max", "auto",
    ]  # fmt: skip


def test_levels_of_one_budget_stay_apart(written: Callable[[str], Config]) -> None:
    mine = written(
        "reference: {budgets: {minimal: 1, low: 8192, medium: 8192, high: 8192, xhigh: 1000000000}}"
    ).reference
    words = ["off", "minimal", "low", "medium", "high", "xhigh", "max", "auto"]
    places = [mine.position(word) for word in words]
    assert None not in places and places == sorted(places) and len(set(places)) == len(words)  # type: ignore[type-var]


def test_a_table_without_numbers_keeps_the_order_of_the_words() -> None:
    bare = Reference({}, 0)
    words = ["off", "minimal", "low", "medium", "high", "xhigh", "max", "auto"]
    assert sorted(sorted(words), key=lambda word: bare.position(word) or 0) == words
