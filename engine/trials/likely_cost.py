"""What a trial may cost, before it begins: for each arm, for the first rows of all, and for all rows of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...providers.errors import ConfigError
from ..checks.expectation import named_part
from ..costs.forecast import forecast
from ..planning.prepare import Prompt
from ..results.documents import plain
from ..results.result import Forecast, ForecastTotals, totals
from ..runs.forecasts import Note, own_runs
from ..runs.jobs import Options
from .arms import Records
from .candidates import TrialArm
from .standings import PILOT

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ..batch.rows.rows import Row

TUNE_PLAN_SCHEMA = "thinkdial.tune.plan/1"

MOST_LOOKED_AT = 20
"""Rows that are foretold: they come in random order, so that they stand for the rest."""


class ArmCost(Struct, frozen=True):
    """What an arm may cost: its `first` rows, and all `left` that it was not asked. `trouble`: it cannot be asked."""

    name: str
    model: str
    first: ForecastTotals
    left: ForecastTotals
    trouble: str | None = None


class TrialCost(Struct, frozen=True):
    """What a trial of `rows` may cost. `first` is asked in any case; `most` where nothing is shown before the end.

    Judges are in it, as if each of them were asked.
    """

    rows: int
    arms: tuple[ArmCost, ...]

    @property
    def first(self) -> ForecastTotals:
        return _sum([arm.first for arm in self.arms])

    @property
    def most(self) -> ForecastTotals:
        return _sum([arm.left for arm in self.arms])

    def document(self) -> dict[str, Any]:
        """`thinkdial.tune.plan/1`."""
        return {
            "schema": TUNE_PLAN_SCHEMA,
            "rows": self.rows,
            "arms": [plain(arm) for arm in self.arms],
            "first_rows": plain(self.first),
            "all_rows": plain(self.most),
        }


def trial_cost(
    arms: Sequence[TrialArm],
    rows: Sequence[Row],
    records: Records,
    config: Config,
    at: datetime,
    note: Note,
) -> TrialCost:
    """The cost of `rows` with `arms`, by the user's own runs and what is recorded. `records` are asked already."""
    found: list[ArmCost] = []
    with own_runs(note) as samples:
        for one in arms:
            record = records[one.arm.name]
            left = len(rows) - len(record.samples)
            first = max(0, min(PILOT, len(rows)) - len(record.samples))
            trouble = one.trouble
            made: list[Forecast | None] = []
            calls = 0
            for row in rows[:MOST_LOOKED_AT]:
                if one.caller is None or trouble is not None:
                    break
                try:
                    prepared = one.caller.prepared(row, one.think)
                except ConfigError as error:
                    trouble = error.message
                    break
                prompt = Prompt(row.text, prepared.call.system, row.earlier)
                likely = forecast(prepared, prompt, at, samples=samples)
                made += [likely, *_judges(one.arm.profile, row, likely, config, at)]
                calls += 1
            each = totals(made)
            found.append(
                ArmCost(one.arm.name, one.arm.model, _scaled(each, first, calls), _scaled(each, left, calls), trouble)
            )
    return TrialCost(len(rows), tuple(found))


def _judges(profile: str, row: Row, answer: Forecast, config: Config, at: datetime) -> list[Forecast | None]:
    expect = row.expect
    if expect is None or not any(kind == "judge" for kind, _ in named_part(expect)):
        return []
    from ..runs.checks.judge_calls import judge_calls

    calls = judge_calls({profile: expect}, [(profile, answer)], row.text, config, Options(), at)
    return [made for judge in calls for made in judge.forecasts]


def _scaled(each: ForecastTotals, rows: int, looked_at: int) -> ForecastTotals:
    """What `rows` come to, of which `looked_at` came to `each`."""
    if not looked_at:
        return totals([])
    share = Decimal(rows) / looked_at

    def value(name: str, number: Decimal | int | None) -> Decimal | int | None:
        return number if number is None else round(number * share) if isinstance(number, int) else number * share

    scaled: Mapping[str, Any] = {name: value(name, getattr(each, name)) for name in each.__struct_fields__}
    return ForecastTotals(**scaled)


def _sum(parts: Sequence[ForecastTotals]) -> ForecastTotals:
    summed: dict[str, Any] = {}
    for name in ForecastTotals.__struct_fields__:
        known = [number for part in parts if (number := getattr(part, name)) is not None]
        summed[name] = sum(known) if known else 0 if name == "calls" or name.endswith("_unknown") else None
    return ForecastTotals(**summed)
