"""What was spent, from the sums that are kept beside the runs: they grow with the days, not with the runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from ....profiles.budget_rules import Allowance, BudgetRules
from ..search.matches import moment_text
from ..store import Store, reading
from .aside import aside_in
from .unended import lost_calls, unknown_calls

By = Literal["day", "month", "profile", "provider", "host", "model", "think"]

_COLUMNS: Mapping[By, str] = {
    "day": "day",
    "month": "substr(day, 1, 7)",
    "profile": "profile",
    "provider": "provider",
    "host": "host",
    "model": "model",
    "think": "think",
}


_SUMS = (
    "(SELECT day, profile, provider, host, model, think, results, unpriced, usd, output_usd, reasoning_usd,"
    " reasoning_unknown, cache_saved_usd, input_tokens, output_tokens, reasoning_tokens, estimated, estimated_usd"
    " FROM spending UNION ALL SELECT day, profile, provider, host, model, think, 1, usd IS NULL, coalesce(usd, '0'),"
    " '0', '0', usd IS NOT NULL, '0', 0, 0, 0, usd IS NOT NULL, coalesce(usd, '0') FROM under_way"
    " WHERE result IS NULL OR (SELECT status FROM results WHERE results.number = under_way.result) = 'running')"
)
"""The kept sums, and the calls that have none yet, at their estimates: those under way, or whose process was killed."""


class Spent(Struct, frozen=True):
    """Sums over results that were charged for. The amounts are those that are known, exact.

    `unpriced` results are of unknown cost and in none of the amounts; `usd` is None when all are. A part of
    `estimated` results is one: they have not ended, never will as their process was killed, or attempts were lost.
    `estimated_usd`, a part of `usd`, is what that may cost.
    `reasoning_unknown` counts the priced results of which the reasoning's part is not
    known, so that `reasoning_usd` is the least it was.
    """

    key: str
    results: int
    unpriced: int
    usd: Decimal | None
    output_usd: Decimal
    reasoning_usd: Decimal
    reasoning_unknown: int
    cache_saved_usd: Decimal
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    estimated: int = 0
    estimated_usd: Decimal = Decimal(0)

    @property
    def reasoning_share(self) -> Decimal | None:
        """Reasoning's part of the bill, from 0 to 1; None where nothing of it is known."""
        known = self.results - self.unpriced > self.reasoning_unknown
        return self.reasoning_usd / self.usd if self.usd and known else None


class ForecastErrors(Struct, frozen=True):
    """How good the forecasts of one kind were. `within`: the cost lay between the low one and the worst case.

    Of the `ranged` results that had a range of output tokens, `covered` lay in it, and `above` were above its median.
    """

    provider: str
    model: str
    think: str
    source: str
    results: int
    within: int
    expected_usd: Decimal
    actual_usd: Decimal
    absolute_error_usd: Decimal
    ranged: int = 0
    covered: int = 0
    above: int = 0

    @property
    def coverage(self) -> Decimal | None:
        """The share of answers whose output lay in the range that is meant to hold 0.8 of them; None without any."""
        return Decimal(self.covered) / self.ranged if self.ranged else None

    @property
    def above_median(self) -> Decimal | None:
        """The share of answers with more output than the median of their forecast, 0.5 without bias; None without."""
        return Decimal(self.above) / self.ranged if self.ranged else None

    @property
    def bias(self) -> Decimal | None:
        """By how much of what was expected the cost was higher (positive) or lower; None when nothing was expected."""
        return (self.actual_usd - self.expected_usd) / self.expected_usd if self.expected_usd else None

    @property
    def error(self) -> Decimal | None:
        """The mean distance of forecast and cost, as a part of the mean cost; None when nothing was charged."""
        return self.absolute_error_usd / self.actual_usd if self.actual_usd else None


class Disagreement(Struct, frozen=True):
    """A provider's bill that differs from the price list by over 5 %. `run` may be gone, or unknown."""

    created_at: str
    run: int | None
    profile: str
    provider: str
    model: str
    billed_usd: Decimal
    listed_usd: Decimal


def spent(store: Store, by: By, since: date | None = None, until: date | None = None) -> tuple[list[Spent], Spent]:
    """The sums for each `by`, and over all. Days and months rise; everything else begins with the dearest."""
    condition, values = _days(since, until)
    with reading(store) as connection:
        rows = [
            _spent(*row)
            for row in connection.execute(
                f"SELECT {_COLUMNS[by]}, sum(results), sum(unpriced), {_all('usd')}, {_all('output_usd')},"  # noqa: S608
                f" {_all('reasoning_usd')}, sum(reasoning_unknown), {_all('cache_saved_usd')}, sum(input_tokens),"
                f" sum(output_tokens), sum(reasoning_tokens), sum(estimated), {_all('estimated_usd')}"
                f" FROM {_SUMS} WHERE {condition} GROUP BY 1",
                values,
            )
        ]
    if by in ("day", "month"):
        rows.sort(key=lambda row: row.key)
    else:
        rows.sort(key=lambda row: (-(row.usd if row.usd is not None else Decimal(-1)), row.key))
    return rows, _total(rows)


def spent_in(store: Store, since_day: date, profiles: Collection[str] | None = None) -> tuple[Decimal, int]:
    """What was spent since the beginning of a UTC day, and how many results are of unknown cost.

    Calls of processes that have died count at their estimates. Those under way do not: they are held back for.
    """
    since = since_day.isoformat()
    query, values = "SELECT usd, unpriced FROM spending WHERE day >= ?", [since]
    if profiles is not None:
        query += f" AND profile IN ({','.join('?' * len(profiles))})"
        values += list(profiles)
    usd, unpriced = Decimal(0), 0
    with reading(store) as connection:
        for known, unknown in connection.execute(query, values):
            usd += Decimal(known)
            unpriced += unknown
        lost, unknown_now = lost_calls(connection), unknown_calls(connection)
    for call in (*lost, *unknown_now):
        if call.day >= since and (profiles is None or call.profile in profiles):
            usd += call.usd or Decimal(0)
            unpriced += call.usd is None
    return usd, unpriced


def forecast_errors(store: Store, since: date | None = None, until: date | None = None) -> list[ForecastErrors]:
    """How far forecasts were off, for each provider, model, think value and source; the most results first."""
    condition, values = _days(since, until)
    with reading(store) as connection:
        rows = [
            ForecastErrors(
                provider,
                model,
                think,
                source,
                results,
                within,
                *map(_sum, amounts),
                ranged=ranged,
                covered=covered,
                above=above,
            )
            for provider, model, think, source, results, within, ranged, covered, above, *amounts in connection.execute(
                "SELECT provider, model, think, source, sum(results), sum(within), sum(ranged), sum(covered), "  # noqa: S608
                "sum(above), "
                f"{_all('expected_usd')}, {_all('actual_usd')}, {_all('absolute_error_usd')}"
                f" FROM forecast_errors WHERE {condition} GROUP BY provider, model, think, source",
                values,
            )
        ]
    return sorted(rows, key=lambda row: (-row.results, row.provider, row.model, row.think, row.source))


def errors_by_source(rows: Iterable[ForecastErrors]) -> list[ForecastErrors]:
    """The same over all models and think values, for each source; the most results first."""
    found: dict[str, ForecastErrors] = {}
    for row in rows:
        known = found.get(row.source, ForecastErrors("", "", "", row.source, 0, 0, Decimal(0), Decimal(0), Decimal(0)))
        found[row.source] = ForecastErrors(
            "", "", "", row.source,
            known.results + row.results,
            known.within + row.within,
            known.expected_usd + row.expected_usd,
            known.actual_usd + row.actual_usd,
            known.absolute_error_usd + row.absolute_error_usd,
            known.ranged + row.ranged,
            known.covered + row.covered,
            known.above + row.above,
        )  # fmt: skip
    return sorted(found.values(), key=lambda row: (-row.results, row.source))


class BudgetState(Struct, frozen=True):
    """One limit of the configuration: what has been spent of it in its day or month, and what is left.

    `unpriced` results of unknown cost are not in `spent_usd`. Batches that are open at providers are expected to cost
    `set_aside_usd`. `left_usd` is without both, and negative when they are more than the limit.
    """

    name: str
    limit_usd: Decimal
    spent_usd: Decimal
    unpriced: int
    set_aside_usd: Decimal = Decimal(0)

    @property
    def left_usd(self) -> Decimal:
        return self.limit_usd - self.spent_usd - self.set_aside_usd


def budget_states(store: Store, rules: BudgetRules, today: date) -> list[BudgetState]:
    """Every daily and monthly limit of `rules`, as it stands on the UTC day `today`."""
    everything = Allowance(rules.daily_usd, rules.monthly_usd)
    limited: list[tuple[str, Allowance, Collection[str] | None]] = [("", everything, None)]
    limited += [(name, allowance, (name,)) for name, allowance in rules.profiles.items()]
    limited += [
        (f"group {name}", allowance, rules.members.get(name, frozenset())) for name, allowance in rules.groups.items()
    ]
    states: list[BudgetState] = []
    for who, allowance, profiles in limited:
        for period, limit, since in (
            ("daily", allowance.daily_usd, today),
            ("monthly", allowance.monthly_usd, today.replace(day=1)),
        ):
            if limit is not None:
                usd, unpriced = spent_in(store, since, profiles)
                name, aside = f"{who}, {period}" if who else period, aside_in(store, since, profiles)
                states.append(BudgetState(name, limit, usd, unpriced, aside))
    return states


def disagreements(store: Store, since: date | None = None, until: date | None = None) -> list[Disagreement]:
    """The bills that differ from the price list, newest first."""
    condition, values = ["1"], list[str]()
    if since is not None:
        condition.append("created_at >= ?")
        values.append(moment_text(since))
    if until is not None:
        condition.append("created_at < ?")
        values.append(moment_text(until, end=True))
    with reading(store) as connection:
        return [
            Disagreement(created_at, run, profile, provider, model, Decimal(billed), Decimal(listed))
            for created_at, run, profile, provider, model, billed, listed in connection.execute(
                "SELECT created_at, run, profile, provider, model, billed_usd, listed_usd FROM disagreements"  # noqa: S608
                f" WHERE {' AND '.join(condition)} ORDER BY number DESC",
                values,
            )
        ]


def _days(since: date | None, until: date | None) -> tuple[str, list[str]]:
    """The condition on `day` for whole UTC days, both of them included."""
    conditions: list[str] = []
    values: list[str] = []
    for sign, moment in ((">=", since), ("<=", until)):
        if moment is not None:
            conditions.append(f"day {sign} ?")
            day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
            values.append(day.isoformat())
    return " AND ".join(conditions) or "1", values


def _all(column: str) -> str:
    """All amounts of a column in one text. SQLite would add them up as floats, so they are added here."""
    return f"group_concat({column}, ' ')"


def _sum(amounts: str) -> Decimal:
    return sum(map(Decimal, amounts.split()), Decimal(0))


def _spent(key: str, results: int, unpriced: int, usd: str, output: str, reasoning: str, *rest: Any) -> Spent:
    reasoning_unknown, saved, entered, output_tokens, reasoning_tokens, estimated, estimated_usd = rest
    return Spent(
        key, results, unpriced, _sum(usd) if results > unpriced or estimated else None, _sum(output), _sum(reasoning),
        reasoning_unknown, _sum(saved), entered, output_tokens, reasoning_tokens, estimated, _sum(estimated_usd),
    )  # fmt: skip


def _total(rows: Iterable[Spent]) -> Spent:
    every = list(rows)
    known = [row.usd for row in every if row.usd is not None]
    return Spent(
        key="total",
        results=sum(row.results for row in every),
        unpriced=sum(row.unpriced for row in every),
        usd=sum(known, Decimal(0)) if known else None,
        output_usd=sum((row.output_usd for row in every), Decimal(0)),
        reasoning_usd=sum((row.reasoning_usd for row in every), Decimal(0)),
        reasoning_unknown=sum(row.reasoning_unknown for row in every),
        cache_saved_usd=sum((row.cache_saved_usd for row in every), Decimal(0)),
        input_tokens=sum(row.input_tokens for row in every),
        output_tokens=sum(row.output_tokens for row in every),
        reasoning_tokens=sum(row.reasoning_tokens for row in every),
        estimated=sum(row.estimated for row in every),
        estimated_usd=sum((row.estimated_usd for row in every), Decimal(0)),
    )
