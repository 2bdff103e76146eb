"""Sums that outlive the runs they were made from: money by day and call, how good forecasts were, bills in dispute."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from ...costs.prices.pricing import DISAGREEMENT
from ...results.charge import spending_is_unknown
from ...results.documents import dollars_text
from ...results.result import Forecast, Result

if TYPE_CHECKING:
    import sqlite3

MOST_TOKENS = 10**12
"""A reported count above this is a mistake of the provider's; it stays in the result and out of the sums."""

_NUMBERS = (
    "results", "unpriced", "reasoning_unknown", "input_tokens", "output_tokens", "reasoning_tokens", "estimated",
)  # fmt: skip
_AMOUNTS = ("usd", "output_usd", "reasoning_usd", "cache_saved_usd", "estimated_usd")

_exact = Context(prec=200)

_Amounts = dict[str, Decimal | None]
_Addition = tuple[dict[str, str], dict[str, int], _Amounts]
"""The key of a row, and what is added to its numbers and amounts. All of one table have the same names."""


class AddedSums:
    """What the results of one transaction add to the sums: a row that many of them add to is written once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, tuple[str, ...]], _Addition] = {}

    def count(self, connection: sqlite3.Connection, run: int | None, result: Result) -> None:
        """Add a finished result, within the transaction that stores it.

        What was never sent adds nothing, and neither does what a simulator has said.
        """
        if result.attempts > 0 and not result.simulated:
            self._add("spending", *_spending_of(result))
            if (judged := _forecast_of(result)) is not None:
                self._add("forecast_errors", *judged)
            _note_disagreement(connection, run, result)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put it all into the database, before the transaction ends."""
        for (table, _), (key, numbers, amounts) in self._rows.items():
            _add(connection, table, key, numbers, amounts)
        self._rows.clear()

    def _add(self, table: str, key: dict[str, str], numbers: dict[str, int], amounts: _Amounts) -> None:
        place = table, tuple(key.values())
        known = self._rows.get(place)
        if known is None:
            self._rows[place] = key, numbers, amounts
            return
        _, counted, summed = known
        for name, more in numbers.items():
            counted[name] += more
        for name, usd in amounts.items():
            if usd is not None:
                summed[name] = _exact.add(summed[name] or Decimal(0), usd)


def add_spent(
    connection: sqlite3.Connection, key: dict[str, str], numbers: Mapping[str, int], amounts: Mapping[str, Decimal]
) -> None:
    """Add to the row of `key` in the sums; what is not named stays as it is."""
    known = {**dict.fromkeys(_NUMBERS, 0), **numbers}
    _add(connection, "spending", key, known, {**dict.fromkeys(_AMOUNTS), **amounts})


def _spending_of(result: Result) -> _Addition:
    cost, usage = result.cost, result.usage
    key = {"day": result.created_at[:10], "profile": result.profile, **_call(result)}
    numbers = {
        "results": 1,
        "unpriced": int(spending_is_unknown(result)),
        "reasoning_unknown": int(cost.lost_usd is not None or (cost.usd is not None and cost.reasoning_usd is None)),
        "input_tokens": known_count(usage.input_tokens) or 0,
        "output_tokens": known_count(usage.output_tokens) or 0,
        "reasoning_tokens": known_count(usage.reasoning_tokens) or 0,
        "estimated": int(cost.lost_usd is not None),
    }
    amounts: _Amounts = {
        "usd": cost.usd if cost.lost_usd is None else _exact.add(cost.usd or Decimal(0), cost.lost_usd),
        "estimated_usd": cost.lost_usd,
        "output_usd": cost.output_usd,
        "reasoning_usd": cost.reasoning_usd,
        "cache_saved_usd": cost.cache_saved_usd,
    }
    return key, numbers, amounts


def _forecast_of(result: Result) -> _Addition | None:
    """A forecast is judged by a whole answer whose cost is known from its usage or its bill."""
    forecast, cost = result.forecast, result.cost
    if forecast is None or forecast.expected_usd is None or forecast.output_source is None:
        return None
    if result.status != "ok" or cost.usd is None or cost.source == "estimated":
        return None
    above = forecast.low_usd is None or cost.usd >= forecast.low_usd
    below = forecast.high_usd is None or cost.usd <= forecast.high_usd
    key = {"day": result.created_at[:10], **_call(result), "source": forecast.output_source}
    amounts: _Amounts = {
        "expected_usd": forecast.expected_usd,
        "actual_usd": cost.usd,
        "absolute_error_usd": abs(_exact.subtract(cost.usd, forecast.expected_usd)),
    }
    numbers = {"results": 1, "within": int(above and below), **_range_counts(forecast, result.usage.output_tokens)}
    return key, numbers, amounts


def _range_counts(forecast: Forecast, output: int | None) -> dict[str, int]:
    """Whether the output was in its likely range, and above its median; nothing where one of them is not known."""
    low, median, high = forecast.low_output_tokens, forecast.expected_output_tokens, forecast.high_output_tokens
    if output is None or low is None or median is None or high is None:
        return dict.fromkeys(("ranged", "covered", "above"), 0)
    return {"ranged": 1, "covered": int(low <= output <= high), "above": int(output > median)}


def _note_disagreement(connection: sqlite3.Connection, run: int | None, result: Result) -> None:
    billed, listed = result.cost.usd, result.cost.listed_usd
    if billed is None or listed is None or result.cost.source != "provider":
        return
    if abs(billed - listed) > DISAGREEMENT * max(billed, listed):
        _insert(
            connection,
            "INSERT",
            "disagreements",
            {
                "created_at": result.created_at,
                "run": run,
                "profile": result.profile,
                "provider": result.provider,
                "model": result.model,
                "billed_usd": dollars_text(billed),
                "listed_usd": dollars_text(listed),
            },
        )


def known_count(tokens: int | None) -> int | None:
    """`tokens` where the database can hold and add up the number."""
    return tokens if tokens is not None and 0 <= tokens <= MOST_TOKENS else None


def _call(result: Result) -> dict[str, str]:
    call = {"provider": result.provider, "model": result.model, "think": result.think.requested}
    return {**call, "host": result.host or ""}


def _add(
    connection: sqlite3.Connection,
    table: str,
    key: dict[str, str],
    numbers: dict[str, int],
    amounts: Mapping[str, Decimal | None],
) -> None:
    """Add to the row of `key`. The sums of amounts are made here: SQLite would make floats of them."""
    condition = " AND ".join(f"{name} = ?" for name in key)
    wanted = ", ".join((*numbers, *amounts))
    before = connection.execute(
        f"SELECT {wanted} FROM {table} WHERE {condition}",  # noqa: S608 - names of columns, all from this module
        tuple(key.values()),
    ).fetchone() or (0,) * len((*numbers, *amounts))
    sums = [had + more for had, more in zip(before, numbers.values(), strict=False)]
    texts = [
        dollars_text(_exact.add(Decimal(had), more or Decimal(0)))
        for had, more in zip(before[len(numbers) :], amounts.values(), strict=True)
    ]
    _insert(connection, "REPLACE", table, {**key, **dict(zip((*numbers, *amounts), (*sums, *texts), strict=True))})


def _insert(connection: sqlite3.Connection, verb: str, table: str, row: dict[str, Any]) -> None:
    connection.execute(
        f"{verb} INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
    )
