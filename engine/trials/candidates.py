"""Who takes part: the rows in the order of the trial, and the arms, each asked by the caller of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import BudgetError, ConfigError, ThinkdialError, UsageError
from ..batch.caller import RowCaller, caller_maker
from ..batch.rows.digests import digest_of
from ..batch.rows.rows import BadRow, Row
from ..planning.twins import twins_among
from ..targets.target import select, think_values
from .arms import Arm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...profiles.config import Config
    from ...providers.think import Think
    from ..batch.output.works import Work
    from ..planning.prepare import Prepared
    from .options import TrialOptions

MOST_ROWS = 100_000
"""Rows that are kept in memory, the first of the file; no trial asks as many."""


@dataclass(slots=True)
class TrialRows:
    """The rows that are asked, in order; lines that are none; and how many rows expect nothing, or say whom to ask."""

    rows: list[Row] = field(default_factory=list[Row])
    bad: list[BadRow] = field(default_factory=list[BadRow])
    without_expect: int = 0
    with_settings: int = 0


class TrialArm(Struct, frozen=True):
    """An arm, and who asks it. `trouble` is why it cannot be asked at all."""

    arm: Arm
    think: Think
    caller: RowCaller | None = None
    trouble: str | None = None

    def work(self, row: Row) -> Work | None:
        """What a result of `row` is recognised by."""
        return None if self.caller is None else self.caller.work(row, self.think)


def trial_rows(read: Iterable[Row | BadRow], options: TrialOptions) -> TrialRows:
    """The rows that can be judged, shuffled by the seed. Raises `UsageError` when there is none.

    Where JSON is asked for, answers of rows that expect nothing have to fit its schema.
    A row's own profiles and think values are left aside: who is asked is what the trial is about.
    """
    found, seen = TrialRows(), 0
    for row in read:
        if isinstance(row, BadRow):
            found.bad.append(row)
            continue
        seen += 1
        asked = row.shape is not None or options.batch.calls.shape is not None
        expect = {"schema": None} if row.expect is None and asked else row.expect
        if expect is None:
            found.without_expect += 1
            continue
        found.with_settings += bool(row.profiles or row.escalate) or row.think is not None
        if len(found.rows) < MOST_ROWS:
            found.rows.append(replace(row, expect=expect, profiles=(), think=None, escalate=()))
    if not seen:
        told = f": {found.bad[0].problem}" if found.bad else ""
        raise UsageError(f"there are no rows in the input{told}")
    if not found.rows:
        raise UsageError(
            f"none of the {seen:,} rows has an expectation, so that no answer can pass",
            hint='give rows "expect": {"prompt": "17 + 25?", "expect": {"number": 42}}; or all --expect or --schema',
        )
    found.rows.sort(key=lambda row: digest_of(str(options.seed), row.id))
    found.rows = found.rows[: options.most_rows]
    return found


def candidates(options: TrialOptions, config: Config, row: Row) -> list[TrialArm]:
    """The arms, in the order of profiles and think values. Those whose requests for `row` are the very same are one.

    Raises `UsageError`, and `ConfigError` or `BudgetError` when there is none that can be asked.
    """
    batch, made = options.batch, list[TrialArm]()
    make = caller_maker(config, batch.calls, "", system=batch.system, concurrency=batch.concurrency)
    callers: dict[str, RowCaller | ConfigError] = {}
    requests: list[Prepared | None] = []
    problems: list[ThinkdialError] = []
    for selection in select(batch.profiles, config):
        name, model = selection.profile.name, selection.profile.model
        if name not in callers:
            try:
                callers[name] = make(name)
            except ConfigError as error:
                callers[name] = error
        caller = callers[name]
        for think in think_values(selection, batch.calls.sweep, config):
            if any(one.arm.name == f"{name}@{think}" for one in made):
                continue
            trouble, request = None, None
            try:
                if isinstance(caller, ConfigError):
                    raise caller
                request = caller.prepared(row, think)
                _check_price(request, options)
            except (ConfigError, BudgetError) as error:
                trouble = error.message
                problems.append(error)
            asks = caller if isinstance(caller, RowCaller) else None
            is_simulated = asks is not None and asks.target.is_simulated
            made.append(TrialArm(Arm(name, str(think), model, (), is_simulated), think, asks, trouble))
            requests.append(request)
    _check(made, problems)
    return _without_twins(made, requests)


def _without_twins(made: Sequence[TrialArm], requests: Sequence[Prepared | None]) -> list[TrialArm]:
    """The arms whose requests differ, each with the think values of those that do not differ from it."""
    stand_ins = twins_among(requests)
    found: list[TrialArm] = []
    for place, one in enumerate(made):
        if place in stand_ins:
            continue
        alike = tuple(made[other].arm.think for other, kept in stand_ins.items() if kept == place)
        found.append(replace(one, arm=replace(one.arm, same_as=alike)))
    return found


def _check_price(request: Prepared, options: TrialOptions) -> None:
    """Raise `BudgetError` for an arm that the budget would refuse: the others are to go on without it."""
    cost = options.batch.cost
    if cost.max_cost_usd is None or cost.allow_unpriced:
        return
    from ..costs.forecast import forecast

    if forecast(request, request.asked.prompt, datetime.now(UTC)).low_usd is None:
        names = options.batch.names
        raise BudgetError(f"its price is not known, and {names.max_cost} is to hold", hint=names.allow_unpriced)


def _check(made: Sequence[TrialArm], problems: Sequence[ThinkdialError]) -> None:
    """Raise when none of the arms can be asked."""
    if all(one.trouble is not None for one in made):
        words = dict.fromkeys(f"{one.arm.name}: {one.trouble}" for one in made)
        hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
        kind = type(problems[0])
        raise kind("\n       ".join(words), hint="\n    ".join(hints) or None)
