"""A question asked with more thinking only where its check fails: which attempt comes next, and what it should cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ....providers.errors import BudgetError, StoreError, UsageError
from ...checks.escalation import (
    NOTHING_EXPECTED,
    Expectation,
    checked_levels,
    ended_by,
    escalation_of,
    expected_saving,
)
from ...planning.option_names import COMMAND_LINE, OptionNames
from ...targets.target import resolve
from ..plans import plan_calls

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ....providers.think import Think
    from ...checks.terms import Expected
    from ...planning.prepare import Prompt
    from ...results.checked import EscalationEnd
    from ...results.result import Result
    from ...targets.target import Selection, Target
    from ..forecasts import Note
    from ..jobs import Options
    from ..run import Finished


@dataclass(slots=True)
class Climb:
    """The attempts of one question, from the lowest of `levels` on, until one of them ends it."""

    levels: Sequence[Think]
    expected: Expectation = NOTHING_EXPECTED
    forecasts: Mapping[str, Decimal | None] = field(default_factory=dict[str, Decimal | None])
    spent_usd: Decimal = Decimal(0)
    finished: Finished | None = None
    _attempts: list[Result] = field(default_factory=list["Result"])
    _ended: EscalationEnd | None = None

    def next_level(self) -> Think | None:
        """What is asked next; None where nothing follows."""
        return None if self._ended is not None else self.levels[len(self._attempts)]

    @property
    def ended(self) -> EscalationEnd | None:
        return self._ended

    def refuse(self) -> None:
        """The next level is not asked: it cannot be afforded, or somebody said no."""
        self._ended = "budget"

    def take(self, made: Finished) -> str | None:
        """Take in what an attempt came to. In words why it was none: it was never sent, and there is an answer."""
        result = made.run.results[0]
        self.spent_usd += made.spent_usd
        if self.finished is not None and not result.attempts and result.error is not None:
            self._ended = "budget" if result.error.kind == "budget" else "failed"
            return result.error.message
        self.finished = made
        self._attempts.append(result)
        at_top = len(self._attempts) == len(self.levels)
        self._ended = "interrupted" if made.interrupted else ended_by(result, at_top=at_top)
        return None

    def result(self) -> Result:
        """The last answer, with the bill of all attempts."""
        if self._ended is None:
            raise AssertionError("it is not over")
        whole = escalation_of(
            self.levels, self._attempts, self._ended, expected=self.expected, forecasts=self.forecasts
        )
        return replace(self._attempts[-1], escalation=whole)


async def climb_with(climb: Climb, make: Callable[[Think], Awaitable[Finished]], note: Note) -> Result:
    """The last answer of `climb`, whose attempts `make` makes. Raises `BudgetError` where there is not even one."""
    while (level := climb.next_level()) is not None:
        try:
            problem = climb.take(await make(level))
        except BudgetError as error:
            if climb.finished is None:
                raise
            climb.refuse()
            problem = error.message
        if problem is not None:
            note(f"{level} is not asked: {problem}")
    return climb.result()


def climb_of(
    selection: Selection,
    levels: Sequence[Think],
    prompt: Prompt,
    config: Config,
    options: Options,
    *,
    expect: Expected | None,
    names: OptionNames,
) -> Climb:
    """A climb with all that can be said before it begins. Raises `UsageError` and `ConfigError`."""
    ladder = ladder_for(selection, levels, expect, options.sweep, names)
    target = resolve(selection.profile, config)
    forecasts = forecasts_of(selection, prompt, config, options, ladder)
    return Climb(ladder, saving_of(target, ladder, config), forecasts)


def ladder_for(
    selection: Selection,
    levels: Sequence[Think],
    expect: Expected | None,
    sweep: Sequence[Think],
    names: OptionNames = COMMAND_LINE,
) -> tuple[Think, ...]:
    """The levels that `selection` is asked with. Raises `UsageError` where nothing checks, or something else says them.

    `names` are what the caller's options are called.
    """
    ladder = checked_levels(levels, names.escalate)
    if expect is None and selection.profile.expect is None:
        raise UsageError(
            f"{names.escalate} goes up where a check fails, and there is no check", hint=f"add {names.expect}"
        )
    if selection.think is not None or sweep:
        raise UsageError(f"{names.escalate} says the think values: leave out {names.think} and @VALUE")
    return ladder


def saving_of(target: Target | None, levels: Sequence[Think], config: Config) -> Expectation:
    """What the history makes of going up against the top at once."""
    if target is None or not config.history.enabled:
        return NOTHING_EXPECTED
    from ...history.store import Store, database_path
    from ...history.sums.levels import level_records

    if not database_path().exists():
        return NOTHING_EXPECTED
    with suppress(StoreError), Store.open() as store:
        names = [*map(str, levels)]
        records = level_records(store, target.host, target.profile.model, names, simulated=target.is_simulated)
        return expected_saving(records)
    return NOTHING_EXPECTED


def forecasts_of(
    selection: Selection, prompt: Prompt, config: Config, options: Options, levels: Sequence[Think]
) -> dict[str, Decimal | None]:
    """What the levels are likely to cost, as a plan would say."""
    calls = plan_calls([selection], prompt, config, replace(options, sweep=tuple(levels))).calls
    return {str(call.prepared.think): call.forecast.expected_usd for call in calls}
