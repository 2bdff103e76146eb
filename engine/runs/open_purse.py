"""One purse for run after run, as long as its owner keeps it open."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ..planning.option_names import OptionNames
from .forecasts import Note
from .jobs import Job
from .money import NOTHING, CostOptions, Settle, found_limits, limiter_use, purse_for

if TYPE_CHECKING:
    from ...profiles.config import Config
    from ..costs.budget.purse import Purse

MOST_CALLS = 1 << 40
"""More calls than one run makes: each has a number of its own in the purse."""


class OpenPurse:
    """Keeps limits over several runs, also at once: for those of a single run, all of them together are one.

    Limits of a day or month are looked up when it is first used, and again on another day once nothing is under way.
    """

    def __init__(self, options: CostOptions, *, settle: Settle, note: Note, names: OptionNames) -> None:
        self._options, self._settle, self._note, self._names = options, settle, note, names
        self._purse: Purse | None = None
        self._day: date | None = None
        self._spent_earlier = NOTHING
        self._calls = self._under_way = 0

    @property
    def spent_usd(self) -> Decimal:
        """What all calls so far have cost."""
        return self._spent_earlier + (NOTHING if self._purse is None else self._purse.spent_usd)

    @asynccontextmanager
    async def part(self, config: Config, jobs: Sequence[Job]) -> AsyncGenerator[Purse | None]:
        """The part of one run, while it is made; None when nothing limits it. Raises `BudgetError`."""
        to_come = [job.profile for job in jobs if job.prepared is not None and job.refused is None]
        async with self._part(config, [job.profile for job in jobs], to_come, len(jobs)) as part:
            yield part

    @asynccontextmanager
    async def open_part(self, config: Config, profiles: Collection[str]) -> AsyncGenerator[Purse | None]:
        """The part of a run of `profiles` that does not know how many calls it will make. Raises `BudgetError`."""
        async with self._part(config, profiles, (), MOST_CALLS) as part:
            yield part

    @asynccontextmanager
    async def _part(
        self, config: Config, profiles: Collection[str], to_come: Sequence[str], most_calls: int
    ) -> AsyncGenerator[Purse | None]:
        outdated = self._renew(config, profiles)
        first, self._calls = self._calls, self._calls + most_calls
        part = None if self._purse is None else self._purse.share(first, to_come)
        self._under_way += 1
        try:
            if outdated is not None:
                await self._empty(outdated)
            yield part
        finally:
            self._under_way -= 1

    async def close(self) -> None:
        """Give back what is still reserved, and note which limits were passed that only warn."""
        if self._purse is not None:
            await self._empty(self._purse)

    def _renew(self, config: Config, used: Collection[str]) -> Purse | None:
        """Fill the purse where it is time to. Gives the one that it takes the place of."""
        from ..costs.budget.limits import today

        most, day, outdated = self._options.max_cost_usd, today(), self._purse
        is_limited = most is not None or config.budget.limits_anything or config.limiter is not None
        if not is_limited or self._day == day or (outdated is not None and self._under_way):
            return None
        # A later run may be of any profile, and its limits must be known by then.
        profiles = {*config.profiles, *config.budget.profiles, *used}
        spent = self.spent_usd
        found = found_limits(
            config, most, profiles, day, settle=self._settle, spent_usd=spent, names=self._names
        )  # fmt: skip
        lasts_s = max(config.defaults.total_timeout, *(one.total_timeout or 0.0 for one in config.profiles.values()))
        self._purse = purse_for(
            found.limits, (), lasts_s, allow_unpriced=self._options.allow_unpriced, limiter=limiter_use(config)
        )  # fmt: skip
        self._day, self._spent_earlier = day, spent
        return outdated

    async def _empty(self, purse: Purse) -> None:
        for words in await purse.close():
            self._note(words)
