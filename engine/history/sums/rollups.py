"""Sums that outlive the runs they were made from: money by day and call, how good forecasts were, bills in dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING

from ...costs.prices.pricing import DISAGREEMENT
from ...results.charge import spending_is_unknown
from ...results.documents import dollars_text
from ...results.result import Forecast, Result

if TYPE_CHECKING:
    import sqlite3

MOST_TOKENS = 10**12
"""A reported count above this is a mistake of the provider's; it stays in the result and out of the sums."""


class _Table:
    """A table of sums: the columns of its key, and those that are added up. Its statements take them in this order."""

    def __init__(self, name: str, key: Sequence[str], numbers: Sequence[str], amounts: Sequence[str]) -> None:
        self.key, self.numbers, self.amounts = key, numbers, amounts
        summed, where = ", ".join((*numbers, *amounts)), " AND ".join(f"{column} = ?" for column in key)
        marks = ", ".join("?" * len((*key, *numbers, *amounts)))
        self.read = f"SELECT {summed} FROM {name} WHERE {where}"  # noqa: S608 - all names are from this module
        self.write = f"REPLACE INTO {name} ({', '.join(key)}, {summed}) VALUES ({marks})"  # noqa: S608 - the same


_SPENDING = _Table(
    "spending",
    ("day", "profile", "provider", "model", "think", "host"),
    ("results", "unpriced", "reasoning_unknown", "input_tokens", "output_tokens", "reasoning_tokens", "estimated"),
    ("usd", "output_usd", "reasoning_usd", "cache_saved_usd", "estimated_usd"),
)
_FORECASTS = _Table(
    "forecast_errors",
    ("day", "provider", "model", "think", "host", "source"),
    ("results", "within", "ranged", "covered", "above"),
    ("expected_usd", "actual_usd", "absolute_error_usd"),
)

_exact = Context(prec=200)
_NOTHING = Decimal(0)

_Key = tuple[str, ...]
_Added = tuple[tuple[int, ...], tuple[Decimal, ...]]
"""What is added to the numbers and to the amounts of a row, in the order of its table."""


class AddedSums:
    """What the results of one transaction add to the sums: a row that many of them add to is written once."""

    def __init__(self) -> None:
        self._spending: dict[_Key, list[_Added]] = {}
        self._forecasts: dict[_Key, list[_Added]] = {}

    def count(self, connection: sqlite3.Connection, run: int | None, result: Result) -> None:
        """Add a finished result, within the transaction that stores it.

        What was never sent adds nothing, and neither does what a simulator has said.
        """
        if result.attempts > 0 and not result.simulated:
            key, added = _spending_of(result)
            self._spending.setdefault(key, []).append(added)
            if (judged := _forecast_of(result)) is not None:
                self._forecasts.setdefault(judged[0], []).append(judged[1])
            _note_disagreement(connection, run, result)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put it all into the database, before the transaction ends."""
        for table, rows in ((_SPENDING, self._spending), (_FORECASTS, self._forecasts)):
            for key, added in rows.items():
                _add(connection, table, key, added)
            rows.clear()


def add_spent(
    connection: sqlite3.Connection, key: Mapping[str, str], numbers: Mapping[str, int], amounts: Mapping[str, Decimal]
) -> None:
    """Add to the row of `key` in the sums; what is not named stays as it is."""
    more = tuple(numbers.get(name, 0) for name in _SPENDING.numbers)
    usd = tuple(amounts.get(name, _NOTHING) for name in _SPENDING.amounts)
    _add(connection, _SPENDING, tuple(key[name] for name in _SPENDING.key), [(more, usd)])


def _spending_of(result: Result) -> tuple[_Key, _Added]:
    cost, usage = result.cost, result.usage
    usd, lost = cost.usd, cost.lost_usd
    key = (
        result.created_at[:10], result.profile, result.provider, result.model, result.think.requested,
        result.host or "",
    )  # fmt: skip
    numbers = (
        1,
        spending_is_unknown(result),
        lost is not None or (usd is not None and cost.reasoning_usd is None),
        known_count(usage.input_tokens) or 0,
        known_count(usage.output_tokens) or 0,
        known_count(usage.reasoning_tokens) or 0,
        lost is not None,
    )
    amounts = (
        (usd or _NOTHING) if lost is None else _exact.add(usd or _NOTHING, lost),
        cost.output_usd or _NOTHING,
        cost.reasoning_usd or _NOTHING,
        cost.cache_saved_usd or _NOTHING,
        lost or _NOTHING,
    )
    return key, (numbers, amounts)


def _forecast_of(result: Result) -> tuple[_Key, _Added] | None:
    """A forecast is judged by a whole answer whose cost is known from its usage or its bill."""
    forecast, cost = result.forecast, result.cost
    if forecast is None or forecast.expected_usd is None or forecast.output_source is None:
        return None
    if result.status != "ok" or cost.usd is None or cost.source == "estimated":
        return None
    above = forecast.low_usd is None or cost.usd >= forecast.low_usd
    below = forecast.high_usd is None or cost.usd <= forecast.high_usd
    key = (
        result.created_at[:10], result.provider, result.model, result.think.requested, result.host or "",
        forecast.output_source,
    )  # fmt: skip
    error = abs(_exact.subtract(cost.usd, forecast.expected_usd))
    numbers = (1, int(above and below), *_range_counts(forecast, result.usage.output_tokens))
    return key, (numbers, (forecast.expected_usd, cost.usd, error))


def _range_counts(forecast: Forecast, output: int | None) -> tuple[int, int, int]:
    """Whether there was a range, the output was in it, and above its median; nothing where one is not known."""
    low, median, high = forecast.low_output_tokens, forecast.expected_output_tokens, forecast.high_output_tokens
    if output is None or low is None or median is None or high is None:
        return 0, 0, 0
    return 1, int(low <= output <= high), int(output > median)


def _note_disagreement(connection: sqlite3.Connection, run: int | None, result: Result) -> None:
    billed, listed = result.cost.usd, result.cost.listed_usd
    if billed is None or listed is None or result.cost.source != "provider":
        return
    if abs(billed - listed) > DISAGREEMENT * max(billed, listed):
        connection.execute(
            "INSERT INTO disagreements (created_at, run, profile, provider, model, billed_usd, listed_usd)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                result.created_at, run, result.profile, result.provider, result.model, dollars_text(billed),
                dollars_text(listed),
            ),
        )  # fmt: skip


def known_count(tokens: int | None) -> int | None:
    """`tokens` where the database can hold and add up the number."""
    return tokens if tokens is not None and 0 <= tokens <= MOST_TOKENS else None


def _add(connection: sqlite3.Connection, table: _Table, key: _Key, added: list[_Added]) -> None:
    """Add to the row of `key`. The sums of amounts are made here: SQLite would make floats of them."""
    before = connection.execute(table.read, key).fetchone()
    if before is not None:
        split = len(table.numbers)
        added = [(before[:split], tuple(map(Decimal, before[split:]))), *added]
    numbers, amounts = zip(*added, strict=True)
    with localcontext(_exact):
        usd = [dollars_text(sum(column, _NOTHING)) for column in zip(*amounts, strict=True)]
    connection.execute(table.write, (*key, *map(sum, zip(*numbers, strict=True)), *usd))
