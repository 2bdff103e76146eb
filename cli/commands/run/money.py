"""Before money is spent: what the calls may cost, what is left, and whether they may be made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import typer

from ....providers.errors import StoreError, UsageError
from ...exit_codes import ExitCode
from ...output import say

if TYPE_CHECKING:
    from ....engine.costs.budget.limits import Limit, Limits
    from ....engine.costs.budget.purse import Purse
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Job
    from ....profiles.config import Config


@dataclass(frozen=True, slots=True)
class CostWishes:
    """What the options say about cost."""

    max_cost: str | None = None
    allow_unpriced: bool = False
    confirm: bool = False
    yes: bool = False
    count: bool = False


@dataclass(frozen=True, slots=True)
class Afforded:
    """Calls that may be made, with their forecasts where there was a reason to make them, and the limits that hold."""

    jobs: tuple[Job, ...]
    limits: tuple[Limit, ...] = ()
    allow_unpriced: bool = False

    def purse(self) -> Purse | None:
        """What lets the calls in, one for one run; None when nothing limits them."""
        return purse_for(
            self.limits,
            [job.profile for job in self.jobs if job.prepared is not None and job.refused is None],
            max((job.patience.total_s for job in self.jobs), default=0.0),
            allow_unpriced=self.allow_unpriced,
        )


MOST_USD = Decimal(10) ** 9


def afford(jobs: Sequence[Job], asked: Prompt, config: Config, wishes: CostWishes, *, quiet: bool) -> Afforded:
    """Look at the cost before anything is sent, as far as somebody wants that: by an option or in the configuration.

    Raises `BudgetError` when the calls cannot be afforded; exits with 4 when somebody was asked and said no.
    """
    max_cost, rules = dollars_of(wishes.max_cost), config.budget
    limited = max_cost is not None or rules.limits_anything
    if not limited and not wishes.confirm and not wishes.count and rules.confirm_usd is None:
        return Afforded(tuple(jobs))
    from ....engine.costs.budget.limits import agreed, check_before, confirmation, today
    from ....engine.runs.forecasts import forecasts_for
    from ...confirmation import confirm_cost
    from .forecasts import count_jobs, own_runs

    profiles = [job.profile for job in jobs]
    found = found_limits(config, max_cost, profiles, today())
    counted = count_jobs(jobs, quiet=quiet) if wishes.count else {}
    with own_runs(quiet=quiet) as samples:
        forecasts = forecasts_for(jobs, asked, datetime.now(UTC), counted=counted, samples=samples)
    checked = check_before(found.limits, forecasts, profiles, allow_unpriced=wishes.allow_unpriced)
    if not quiet:
        for note in (*found.notes, *checked.notes):
            say(f"note: {note}")
    question = checked.question or confirmation(rules.confirm_usd, forecasts)
    if not confirm_cost(jobs, forecasts, question=question, asked=wishes.confirm, yes=wishes.yes):
        say("nothing was sent")
        raise typer.Exit(ExitCode.COST_LIMIT)
    limits, unpriced = found.limits, wishes.allow_unpriced
    if checked.question is not None:
        limits = agreed(limits, checked.question)
        unpriced = unpriced or checked.question.unpriced
    planned = tuple(replace(job, forecast=made) for job, made in zip(jobs, forecasts, strict=True))
    return Afforded(planned, limits, unpriced)


def found_limits(config: Config, max_cost: Decimal | None, profiles: Collection[str], day: date) -> Limits:
    """The limits for a run of `profiles`, with what is left of those that all runs share.

    Raises `BudgetError` when one of them cannot be checked.
    """
    from ....engine.costs.budget.limits import limits_for

    rules = config.budget
    if not rules.needs_history:
        return limits_for(rules, max_cost, profiles, spent_in=None, day=day)
    from ....engine.batch.provider.budgets import settle
    from ....engine.batch.provider.job_store import JobStore
    from ....engine.history.aside import aside_in
    from ....engine.history.spend import spent_in
    from ....engine.history.store import Store

    with suppress(StoreError):  # what follows will say it
        settle(JobStore(), for_budgets=True)

    def aside(since: date, covered: Collection[str] | None) -> Decimal:
        with Store.open() as store:
            return aside_in(store, since, covered)

    def spent(since: date, covered: Collection[str] | None) -> tuple[Decimal, int]:
        with Store.open() as store:
            return spent_in(store, since, covered)

    return limits_for(rules, max_cost, profiles, spent_in=spent, aside_in=aside, day=day)


def purse_for(
    limits: Sequence[Limit], profiles: Sequence[str], lasts_s: float, *, allow_unpriced: bool
) -> Purse | None:
    """A purse under `limits` for calls of `profiles` that take at most `lasts_s`; None when nothing limits them."""
    if not limits:
        return None
    from ....engine.costs.budget.ledger import Ledger
    from ....engine.costs.budget.purse import Purse

    shared = None
    if any(limit.is_enforced and limit.since is not None for limit in limits):
        from ....engine.history.reservations import Reservations

        shared = Reservations(limits, lasts_s=lasts_s)
    ledger = Ledger(limits, profiles, allow_unpriced=allow_unpriced, shared=shared)
    return Purse(ledger, lambda: datetime.now(UTC))


def dollars_of(text: str | None) -> Decimal | None:
    """The amount of `--max-cost`, exact. Raises `UsageError` for what is none."""
    if text is None:
        return None
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_USD:
        raise UsageError(f"--max-cost {text}: is no amount in USD", hint="for instance --max-cost 0.50")
    return amount
