"""The tables of `spend`, from the history that is there: sums with budgets, forecast errors, bills that differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from ....profiles.budget_rules import BudgetRules
from ..store import Store
from .spend import (
    BudgetState,
    By,
    Disagreement,
    ForecastErrors,
    Spent,
    budget_states,
    disagreements,
    errors_by_source,
    forecast_errors,
    spent,
)

USUAL_DAYS = 30
"""How many days a table by day goes back where nobody says since when."""


class SpendSpan(Struct, frozen=True):
    """Whole UTC days, both ends included; None is an open end."""

    since: date | None = None
    until: date | None = None


class SpendTable(Struct, frozen=True):
    """What was spent in a span by day, model or the like, and how the budgets stand today."""

    by: By
    span: SpendSpan
    rows: Sequence[Spent]
    total: Spent
    budgets: Sequence[BudgetState]


class ForecastTable(Struct, frozen=True):
    """How good the forecasts of a span were."""

    span: SpendSpan
    rows: Sequence[ForecastErrors]

    @property
    def sources(self) -> list[ForecastErrors]:
        """The same by source alone."""
        return errors_by_source(self.rows)


class DisagreementTable(Struct, frozen=True):
    """The bills of a span that differ from the price list."""

    span: SpendSpan
    rows: Sequence[Disagreement]


AnyTable = SpendTable | ForecastTable | DisagreementTable


def spend_table(by: By, span: SpendSpan, rules: BudgetRules, today: date) -> SpendTable:
    """The sums of a span; by day those of the last days, unless it says since when."""
    if by == "day" and span.since is None:
        span = SpendSpan((span.until or today) - timedelta(days=USUAL_DAYS - 1), span.until)
    with Store.open() as store:
        rows, total = spent(store, by, span.since, span.until)
        return SpendTable(by, span, rows, total, budget_states(store, rules, today))


def forecast_table(span: SpendSpan) -> ForecastTable:
    with Store.open() as store:
        return ForecastTable(span, forecast_errors(store, span.since, span.until))


def disagreement_table(span: SpendSpan) -> DisagreementTable:
    with Store.open() as store:
        return DisagreementTable(span, disagreements(store, span.since, span.until))
