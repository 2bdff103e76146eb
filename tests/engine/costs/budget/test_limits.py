"""Which limits apply to a run, and what is said or refused before it begins."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

import pytest

from thinkdial.engine.costs.budget.limits import (
    Limit,
    agreed,
    check_before,
    confirmation,
    dollars,
    limits_for,
)
from thinkdial.profiles.budget_rules import Allowance, BudgetRules, OnExceed
from thinkdial.providers.errors import BudgetError, StoreError

from ....cases import each
from .conftest import MakeForecast

DAY = date(2026, 11, 21)
RULES = BudgetRules(
    daily_usd=Decimal(5),
    monthly_usd=Decimal(50),
    per_run_usd=Decimal(1),
    profiles={"claude": Allowance(daily_usd=Decimal(2)), "other": Allowance(daily_usd=Decimal(2))},
    groups={"team": Allowance(monthly_usd=Decimal(9)), "empty": Allowance(monthly_usd=Decimal(9))},
    members={"team": frozenset({"claude", "gpt"}), "empty": frozenset()},
)


def spent_in(since: date, profiles: Collection[str] | None) -> tuple[Decimal, int]:
    """As if each day of the month had cost 1, half of it for claude."""
    days = Decimal((DAY - since).days + 1)
    return (days if profiles is None else days / 2), 0


def test_the_limits_of_a_run_and_what_is_left_of_each() -> None:
    found = limits_for(RULES, Decimal("0.5"), ["claude", "gemini"], spent_in=spent_in, day=DAY)
    first = date(2026, 11, 1)
    team = frozenset({"claude", "gpt"})
    assert found.limits == (
        Limit("--max-cost", Decimal("0.5"), Decimal("0.5")),
        Limit("budget.per_run_usd", Decimal(1), Decimal(1)),
        Limit("budget.daily_usd", Decimal(5), Decimal(4), None, "refuse", DAY),
        Limit("budget.monthly_usd", Decimal(50), Decimal(29), None, "refuse", first),
        Limit("budget.profiles.claude.daily_usd", Decimal(2), Decimal("1.5"), frozenset({"claude"}), "refuse", DAY),
        Limit("budget.groups.team.monthly_usd", Decimal(9), Decimal("-1.5"), team, "refuse", first),
    )
    assert found.notes == ()


def test_what_open_batches_need_is_not_free(forecast: MakeForecast) -> None:
    asked: list[tuple[date, Collection[str] | None]] = []

    def aside_in(since: date, profiles: Collection[str] | None) -> Decimal:
        asked.append((since, profiles))
        return Decimal("0.75")

    rules = BudgetRules(daily_usd=Decimal(2), per_run_usd=Decimal(9), profiles={"gpt": Allowance(daily_usd=Decimal(1))})
    found = limits_for(rules, None, ["gpt"], spent_in=lambda *_: (Decimal("0.125"), 0), aside_in=aside_in, day=DAY)
    assert asked == [(DAY, None), (DAY, {"gpt"})]
    assert [(limit.left_usd, limit.free_usd) for limit in found.limits] == [
        (Decimal(9), Decimal(9)), (Decimal("1.875"), Decimal("1.125")), (Decimal("0.875"), Decimal("0.125")),
    ]  # fmt: skip
    assert check_before(found.limits, [forecast("0.125")], ["gpt"]).question is None
    with pytest.raises(BudgetError) as raised:
        check_before(found.limits, [forecast("0.13")], ["gpt"])
    assert raised.value.message == (
        "budget.profiles.gpt.daily_usd: 0.12 of 1.00 USD is left, as 0.75 USD is set aside for batches that are not "
        "collected yet, and this call costs at least 0.13 USD"
    )


def test_max_cost_is_enforced_whatever_the_configuration_does() -> None:
    found = limits_for(BudgetRules(on_exceed="warn", per_run_usd=Decimal(1)), Decimal(1), [], spent_in=None, day=DAY)
    assert [limit.is_enforced for limit in found.limits] == [True, False]


def test_results_of_unknown_cost_are_counted_in_words() -> None:
    found = limits_for(
        BudgetRules(daily_usd=Decimal(1)), None, ["gpt"], spent_in=lambda *_: (Decimal(0), 3), day=DAY
    )  # fmt: skip
    assert found.notes == ("budget.daily_usd does not count 3 results since 2026-11-21 whose cost is not known",)


def broken(since: date, profiles: Collection[str] | None) -> tuple[Decimal, int]:
    raise StoreError("history.sqlite3: is damaged")


@each("spent", [broken, None])
@each("on_exceed", ["refuse", "ask", "warn"])
def test_a_budget_that_cannot_be_checked_is_not_ignored(spent: object, on_exceed: OnExceed) -> None:
    rules = BudgetRules(monthly_usd=Decimal(1), on_exceed=on_exceed)
    words = "is damaged" if spent else "no history is kept"
    if on_exceed == "warn":
        found = limits_for(rules, None, ["gpt"], spent_in=spent, day=DAY)  # type: ignore[arg-type]
        assert found.limits == () and len(found.notes) == 1
        assert found.notes[0].startswith("budget.monthly_usd is not checked: ") and words in found.notes[0]
    else:
        with pytest.raises(BudgetError, match=rf"budget\.monthly_usd cannot be checked: .*{words}"):
            limits_for(rules, None, ["gpt"], spent_in=spent, day=DAY)  # type: ignore[arg-type]


def monthly(left: str, on_exceed: OnExceed = "refuse", profiles: Sequence[str] | None = None) -> Limit:
    covered = None if profiles is None else frozenset(profiles)
    return Limit("budget.monthly_usd", Decimal(50), Decimal(left), covered, on_exceed, date(2026, 11, 1))


def test_a_run_whose_least_cost_is_more_than_is_left_is_refused(forecast: MakeForecast) -> None:
    forecasts = [forecast("0.2"), forecast("0.201"), None]
    with pytest.raises(BudgetError) as raised:
        check_before([monthly("0.4009")], forecasts, ["a", "b", "c"])
    assert raised.value.message == (
        "budget.monthly_usd: 0.40 of 50.00 USD is left, and these 2 calls cost at least 0.41 USD"
    )
    assert raised.value.hint == (
        "call fewer or cheaper profiles, shorten the prompt, or raise budget.monthly_usd in your configuration"
    )
    assert check_before([monthly("0.401")], forecasts, ["a", "b", "c"]).notes == ()


def test_the_refusal_of_max_cost(forecast: MakeForecast) -> None:
    limit = Limit("--max-cost", Decimal("0.001"), Decimal("0.001"))
    with pytest.raises(BudgetError) as raised:
        check_before([limit], [forecast("0.00234")], ["a"])
    assert raised.value.message == "--max-cost is 0.0010 USD, and this call costs at least 0.0024 USD"
    assert raised.value.hint and raised.value.hint.endswith("or raise --max-cost")


def test_only_calls_that_a_limit_covers_count(forecast: MakeForecast) -> None:
    limit = monthly("0.1", profiles=["a"])
    assert check_before([limit], [forecast("0.1"), forecast("9"), forecast(None)], ["a", "b", "c"]).notes == ()
    with pytest.raises(BudgetError):
        check_before([limit], [forecast("0.11"), forecast("9")], ["a", "b"])


def test_what_is_free_may_be_called_when_nothing_is_left(forecast: MakeForecast) -> None:
    assert check_before([monthly("-3")], [forecast("0", "0", "0")], ["a"]).question is None


def test_warn_says_it_and_ask_asks(forecast: MakeForecast) -> None:
    checked = check_before([monthly("0", "warn")], [forecast("1")], ["a"])
    assert checked.question is None
    assert checked.notes == ("budget.monthly_usd: 0.00 of 50.00 USD is left, and this call costs at least 1.00 USD",)
    limits = [monthly("0", "ask"), Limit("budget.per_run_usd", Decimal(9), Decimal(9), on_exceed="ask")]
    checked = check_before(limits, [forecast("1")], ["a"])
    assert checked.notes == () and checked.question is not None
    assert checked.question.limits == {"budget.monthly_usd"} and not checked.question.unpriced
    assert str(checked.question.refusal()) == checked.question.words
    after = agreed(limits, checked.question)
    assert [limit.is_enforced for limit in after] == [False, True]


def test_an_unknown_price_is_refused_by_name_unless_allowed(forecast: MakeForecast) -> None:
    forecasts, profiles = [forecast(None), forecast("0.1"), forecast(None), forecast(None)], ["x", "a", "y", "x"]
    with pytest.raises(BudgetError) as raised:
        check_before([monthly("9")], forecasts, profiles)
    assert raised.value.message == "the price of x, y is not known, so budget.monthly_usd cannot be kept"
    assert raised.value.hint and "price: {" in raised.value.hint and "--allow-unpriced" in raised.value.hint
    allowed = check_before([monthly("9")], forecasts, profiles, allow_unpriced=True)
    assert len(allowed.notes) == 1 and "x, y" in allowed.notes[0]
    assert check_before([], forecasts, profiles).notes == ()
    assert len(check_before([monthly("9", "warn")], forecasts, profiles).notes) == 1
    asked = check_before([monthly("9", "ask")], forecasts, profiles).question
    assert asked is not None and asked.unpriced and not asked.limits
    with pytest.raises(BudgetError, match="--max-cost"):
        check_before([monthly("9", "ask"), Limit("--max-cost", Decimal(1), Decimal(1))], forecasts, profiles)


def test_the_question_before_a_dear_run(forecast: MakeForecast) -> None:
    assert confirmation(None, [forecast(None)]) is None
    assert confirmation(Decimal("0.2"), [forecast("0", "0.1"), forecast("0", "0.1"), None]) is None
    dear = confirmation(Decimal("0.2"), [forecast("0", "0.1"), forecast("0", "0.11")])
    assert dear and dear.words == "this is expected to cost 0.21 USD" and "(0.2)" in dear.hint
    unknown = confirmation(Decimal("0.2"), [forecast("0", "0.1"), forecast(None)])
    assert unknown and unknown.words.endswith("without 1 of 2 calls whose cost is not known")
    nothing = confirmation(Decimal("0.2"), [forecast(None)])
    assert nothing and nothing.words == "what this costs is not known"


@each(
    "amount, words",
    [
        ("0", "0.00"),
        ("12.345", "12.34"),
        ("0.1", "0.10"),
        ("0.05", "0.050"),
        ("0.000123", "0.00012"),
        ("-2.5", "-2.50"),
    ],
)
def test_amounts_for_people(amount: str, words: str) -> None:
    assert dollars(Decimal(amount)) == words
