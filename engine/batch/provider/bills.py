"""What jobs cost, in the ledger of a limiter: set aside before they are submitted, billed when they are collected.

A job remembers its limiter, as it may be collected days later by a command that knows nothing of it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ....profiles.settings.limiter_settings import LimiterSettings
from ....providers.errors import BudgetError, ConfigError
from ....providers.json_values import dollars, obj
from ...costs.budget.limits import Limit, aside_words
from ...costs.budget.limits import dollars as in_dollars
from ...limiter.link import Link
from ...limiter.messages import BillTold, MoneyLimit, MoneyState
from ...limiter.pots import money_limits
from .estimate import NOT_CUT, Estimate, expected_usd
from .job_store import UNSUBMITTED, BatchJob, BatchPart

if TYPE_CHECKING:
    from ..listener import Listener

NOTHING = Decimal(0)


class PartBill(Struct, frozen=True):
    """What the results of one part have cost: all in all, and how much of that is a guess for `unknown` ones."""

    usd: Decimal
    estimated_usd: Decimal
    calls: int


class _Terms(Struct, frozen=True):
    """The limiter of a job, the limits it was submitted under, and what each profile is expected to cost."""

    settings: LimiterSettings
    limits: tuple[MoneyLimit, ...]
    usd: Mapping[str, str]


def remember(
    job: BatchJob,
    settings: LimiterSettings,
    limits: Sequence[Limit],
    estimates: Mapping[str, Estimate],
    simulated: Collection[str],
) -> None:
    """Have `job` know its limiter. To be called before it begins; of `simulated` profiles nothing is told."""
    real = {name: made for name, made in estimates.items() if name not in simulated}
    usd = {**dict.fromkeys(real, "0"), **expected_usd(real)}
    terms = msgspec.to_builtins(_Terms(settings, money_limits(limits), usd), enc_hook=str)
    job.options = {**job.options, "limiter": terms}


async def set_aside(job: BatchJob, listener: Listener) -> None:
    """Set aside what is not submitted yet. Raises `BudgetError` where too little is left, `ConfigError` without answer.

    Nothing is set aside then.
    """
    terms = _terms_of(job)
    if terms is None:
        return
    async with _link(terms.settings, terms.limits, listener) as link:
        done: list[BillTold] = []
        for part in job.parts:
            if part.stage not in UNSUBMITTED or part.profile not in terms.usd:
                continue
            bill = replace(_told(job, part, terms), is_sure=False)
            answer = await link.ask(bill)
            if link.failed is not None:
                raise link.failed
            if isinstance(answer, MoneyState) and answer.given is None:
                for one in done:
                    await link.ask(replace(one, expected_usd=NOTHING))
                raise _too_dear(bill, terms, answer)
            done.append(bill)


async def tell_bills(job: BatchJob, listener: Listener) -> None:
    """Tell how the parts of a job stand: what is still to come of each, and what was billed."""
    terms = _terms_of(job)
    if terms is None:
        return
    settings = replace(terms.settings, unreachable="refuse")  # what was collected is there all the same
    async with _link(settings, (), listener) as link:
        for part in job.parts:
            if part.profile in terms.usd:
                await link.ask(_told(job, part, terms))
        if link.failed is not None:
            listener.note(
                f"the limiter does not know yet what batch {job.id} has cost, which stays set aside there:"
                f" {link.failed.message}; thinkdial batch collect {job.id} tells it",
                important=True,
            )


def share_of(job: BatchJob, part: BatchPart, usd: Decimal) -> Decimal:
    """The part's share of what the rows of its profile are expected to cost in the whole job."""
    rows = sum(one.rows for one in job.parts if one.profile == part.profile)
    return usd * Decimal(part.rows) / Decimal(rows) if rows else NOTHING


def part_bill(job: BatchJob, part: BatchPart, known_usd: Decimal, calls: int, unknown: int) -> PartBill:
    """The bill of a part whose results say `known_usd`: for the `unknown` ones their share of what was expected."""
    terms = _terms_of(job)
    expected = NOTHING if terms is None else share_of(job, part, dollars(terms.usd.get(part.profile)) or NOTHING)
    guess = expected * unknown / part.rows if part.rows else NOTHING
    return PartBill(known_usd + guess, guess, calls)


def _told(job: BatchJob, part: BatchPart, terms: _Terms) -> BillTold:
    usd = dollars(terms.usd.get(part.profile)) or NOTHING
    bill = msgspec.convert(part.bill, PartBill, strict=False) if part.bill else PartBill(NOTHING, NOTHING, 0)
    return BillTold(
        f"{job.name_of(part)} {job.created_at}",  # other machines have jobs, too
        part.profile,
        share_of(job, part, usd) if part.is_open else NOTHING,
        bill.usd,
        bill.estimated_usd,
        bill.calls,
    )


def _terms_of(job: BatchJob) -> _Terms | None:
    """What the job remembers of its limiter; None where it has none."""
    known = obj(job.options.get("limiter"))
    if not known:
        return None
    try:
        return msgspec.convert(known, _Terms, strict=False, dec_hook=_path)
    except msgspec.ValidationError:
        raise ConfigError(f"batch {job.id}: what it remembers of its limiter cannot be read") from None


def _path(kind: type, value: Any) -> Any:
    return Path(value) if issubclass(kind, Path) else value


@asynccontextmanager
async def _link(settings: LimiterSettings, limits: tuple[MoneyLimit, ...], listener: Listener) -> AsyncGenerator[Link]:
    link = Link(settings, limits)
    link.hear = lambda words: listener.note(words, important=True)
    try:
        yield link
    finally:
        await link.close()


def _too_dear(bill: BillTold, terms: _Terms, state: MoneyState) -> BudgetError:
    """Which limit does not leave what `bill` takes."""
    wanted = f"these rows are expected to cost up to {in_dollars(bill.expected_usd)} USD at the batch price; {NOT_CUT}"
    for limit, stands in zip(terms.limits, state.limits, strict=False):
        left = limit.total_usd - stands.spent_usd - stands.others_usd - stands.aside_usd
        if limit.covers(bill.profile) and left < bill.expected_usd:
            span = {"day": "day", "month": "month", "job": f"job {terms.settings.job}"}[limit.span]
            aside = f", as {aside_words(stands.aside_usd)}" if stands.aside_usd else ""
            words = (
                f"of the {in_dollars(limit.total_usd)} USD of the {span} the limiter leaves {in_dollars(left)}{aside}"
            )
            return BudgetError(f"{words}, and {wanted}", hint="submit fewer rows, or raise the limit")
    return BudgetError(f"the limiter leaves too little, and {wanted}", hint="submit fewer rows, or raise the limit")
