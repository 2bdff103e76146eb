"""Before money is spent: what the calls may cost, what is left of the limits, and what somebody has to agree to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...providers.errors import StoreError, UsageError
from ..planning.option_names import COMMAND_LINE, OptionNames
from .forecasts import Note
from .jobs import Job

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ...profiles.settings.limiter_settings import LimiterSettings
    from ..costs.budget.limits import Limit, Limits, Question
    from ..costs.budget.purse import Purse
    from ..planning.fates import SessionCap
    from ..planning.prepare import Prompt
    from ..results.result import Forecast
    from .checks.judge_calls import JudgeCalls

MOST_USD = Decimal(10) ** 9
NOTHING = Decimal(0)

Judged = Callable[[Sequence[tuple[str, "Forecast | None"]]], "tuple[JudgeCalls, ...]"]
"""What judges are likely to be asked, of answers by their profile and what is foretold of them."""

Settle = Callable[[], None]
"""Brings what open batches at providers set aside up to date, before a budget is looked at."""


class CostOptions(Struct, frozen=True):
    """What a caller says about cost. `wants_forecasts` makes them although nothing limits the calls.

    `spent_usd` is what the run, if it has begun already, has taken of the limits that are its own.
    """

    max_cost_usd: Decimal | None = None
    allow_unpriced: bool = False
    wants_forecasts: bool = False
    spent_usd: Decimal = NOTHING


class LimiterUse(Struct, frozen=True):
    """The limiter that a run asks, and the profiles that cost nothing there either, as they are simulated."""

    settings: LimiterSettings
    simulated: frozenset[str] = frozenset()


def limiter_use(config: Config) -> LimiterUse | None:
    """How a run under `config` uses a limiter; None where none is configured."""
    if config.limiter is None:
        return None
    from ..targets.simulated import simulated_profiles

    return LimiterUse(config.limiter, simulated_profiles(config))


class Affordable(Struct, frozen=True):
    """Calls that may be made, the limits that hold, and the `question` that must be agreed to first, if there is one.

    The jobs have forecasts where there was a reason to make them, and `judges` are the calls that judge their answers.
    With a `limiter` each call asks there as well.
    """

    jobs: tuple[Job, ...]
    limits: tuple[Limit, ...] = ()
    allow_unpriced: bool = False
    question: Question | None = None
    judges: tuple[JudgeCalls, ...] = ()
    limiter: LimiterUse | None = None

    @property
    def forecasts(self) -> list[Forecast | None]:
        """The forecast of each job; None for one that will not be made, or where nobody wanted to know."""
        return [job.forecast for job in self.jobs]

    def agreed(self) -> Affordable:
        """The same after a yes: limits in question are no longer enforced in this run."""
        if self.question is None:
            return self
        from ..costs.budget.limits import agreed

        unpriced = self.allow_unpriced or self.question.unpriced
        return replace(self, limits=agreed(self.limits, self.question), allow_unpriced=unpriced, question=None)

    def purse(self) -> Purse | None:
        """What lets the calls in, one for one run; None when nothing limits them."""
        return purse_for(
            self.limits,
            [job.profile for job in self.jobs if job.prepared is not None and job.refused is None],
            max((job.patience.total_s for job in self.jobs), default=0.0),
            allow_unpriced=self.allow_unpriced,
            limiter=self.limiter,
        )


def usd_of(amount: Decimal | float | str, name: str) -> Decimal:
    """An exact amount in USD. Raises `UsageError`, which calls it by `name`, for what is none."""
    try:
        usd = Decimal(str(amount).strip().removeprefix("$"))
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or not 0 <= usd <= MOST_USD:
        raise UsageError(f"{name} {amount}: is no amount in USD", hint=f"for instance {name} 0.50")
    return usd


def needs_a_look(config: Config, options: CostOptions, cap: SessionCap | None = None) -> bool:
    """Whether anybody wants the cost to be looked at before the calls: by an option or in the configuration."""
    rules = config.budget
    limited = options.max_cost_usd is not None or rules.limits_anything
    return limited or cap is not None or options.wants_forecasts or rules.confirm_usd is not None


def afford(
    jobs: Sequence[Job],
    prompt: Prompt,
    config: Config,
    options: CostOptions,
    *,
    settle: Settle,
    note: Note,
    count: Callable[[], Mapping[int, int]] = dict[int, int],
    names: OptionNames = COMMAND_LINE,
    also: Collection[str] = (),
    judged: Judged | None = None,
) -> Affordable:
    """Look at the cost before anything is sent. `count` gives input tokens by index, as providers count them.

    `also` are profiles that may be called beside the jobs: their limits hold too. `judged` says what judges of the
    answers will be asked.

    Raises `BudgetError` when the calls cannot be afforded.
    """
    cap = None if prompt.past is None else prompt.past.cap
    is_simulated = all(job.target is not None and job.target.is_simulated for job in jobs)
    limiter = None if config.limiter is None or is_simulated else limiter_use(config)
    if not needs_a_look(config, options, cap):
        return Affordable(tuple(jobs), limiter=limiter)
    from ..costs.budget.limits import check_before, confirmation, limit_of_session, today
    from .forecasts import forecasts_for, own_runs

    profiles = [job.profile for job in jobs]
    found = found_limits(
        config,
        options.max_cost_usd,
        [*profiles, *also],
        today(),
        settle=settle,
        spent_usd=options.spent_usd,
        names=names,
    )
    limits = found.limits if cap is None else (*found.limits, limit_of_session(cap))
    counted = count()
    with own_runs(note) as samples:
        forecasts = forecasts_for(jobs, prompt, datetime.now(UTC), counted=counted, samples=samples)
    checked = check_before(limits, forecasts, profiles, allow_unpriced=options.allow_unpriced, names=names)
    for words in (*found.notes, *checked.notes):
        note(words)
    judges = () if judged is None else judged([*zip(profiles, forecasts, strict=True)])
    every = [*forecasts, *(made for calls in judges for made in calls.forecasts)]
    question = checked.question or confirmation(config.budget.confirm_usd, every, names)
    planned = tuple(replace(job, forecast=made) for job, made in zip(jobs, forecasts, strict=True))
    return Affordable(planned, limits, options.allow_unpriced, question, judges, limiter)


def found_limits(
    config: Config,
    max_cost_usd: Decimal | None,
    profiles: Collection[str],
    day: date,
    *,
    settle: Settle,
    spent_usd: Decimal = NOTHING,
    names: OptionNames = COMMAND_LINE,
) -> Limits:
    """The limits for a run of `profiles`, with what is left of those that all runs share.

    `spent_usd` is what the run has taken already of those that are its own.

    Raises `BudgetError` when one of them cannot be checked.
    """
    from ..costs.budget.limits import limits_for
    from ..targets.simulated import simulated_profiles

    rules, simulated = config.budget, simulated_profiles(config)
    job = None if config.limiter is None else config.limiter.job
    if not rules.needs_history:
        return limits_for(
            rules, max_cost_usd, profiles, spent_in=None, day=day, spent_usd=spent_usd, names=names, job=job
        )  # fmt: skip
    from ..history.store import Store
    from ..history.sums.aside import aside_in
    from ..history.sums.spend import spent_in

    with suppress(StoreError):  # what follows will say it
        settle()

    def aside(since: date, covered: Collection[str] | None) -> Decimal:
        with Store.open() as store:
            return aside_in(store, since, covered)

    def spent(since: date, covered: Collection[str] | None) -> tuple[Decimal, int]:
        with Store.open() as store:
            return spent_in(store, since, covered)

    return limits_for(
        rules, max_cost_usd, profiles, spent_in=spent, aside_in=aside, day=day, spent_usd=spent_usd,
        simulated=simulated, names=names, job=job,
    )  # fmt: skip


def purse_for(
    limits: Sequence[Limit],
    profiles: Sequence[str],
    lasts_s: float,
    *,
    allow_unpriced: bool,
    limiter: LimiterUse | None = None,
) -> Purse | None:
    """A purse under `limits` for calls of `profiles` that take at most `lasts_s`; None when nothing limits them.

    With a `limiter` there is always one: the others hear of what is spent. Raises `ConfigError` for an address of a
    limiter that is none.
    """
    if not limits and limiter is None:
        return None
    from ..costs.budget.ledger import Ledger
    from ..costs.budget.purse import Purse

    shared, doors = None, None
    if any(limit.is_enforced and limit.since is not None for limit in limits):
        from ..history.sums.reservations import Reservations

        shared = Reservations(limits, lasts_s=lasts_s)
    if limiter is not None:
        from ..limiter.doors import LimiterDoors
        from ..limiter.link import Link
        from ..limiter.pots import SharedPots, money_limits

        link = Link(limiter.settings, money_limits(limits))
        shared, doors = SharedPots(link, limits, limiter.simulated, shared), LimiterDoors(link)
    ledger = Ledger(limits, profiles, allow_unpriced=allow_unpriced, shared=shared)
    return Purse(ledger, lambda: datetime.now(UTC), doors)
