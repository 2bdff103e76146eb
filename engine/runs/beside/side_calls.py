"""Calls beside those of a run: of judges, and those that put an answer into its shape."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ...planning.prepare import Prompt
from ...results.result import Result
from ...targets.target import one_selection
from ..jobs import Options, make_jobs
from ..observer import Silent
from ..run import Circumstances, make_calls

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ...costs.budget.purse import Purse
    from ...exchange.transport import Transport

Ask = Callable[[str, Prompt], Awaitable[Result]]
"""Asks a profile, perhaps with `@think`, under the limits that hold for the answers as well."""

numbers_of_side_calls = itertools.count(1 << 50)
"""Their numbers in a purse: none that a run or a batch gives."""


class SideCalls(Struct, frozen=True):
    """How they are made: `command` is what the history calls them."""

    command: str
    config: Config
    options: Options
    environment: Mapping[str, str]

    def beside_run(self, circumstances: Circumstances, transport: Transport, purse: Purse | None) -> Ask:
        """Each is a run of its own in the history, and is paid for from the purse of the answers."""

        async def ask(profile: str, question: Prompt) -> Result:
            selection = one_selection([profile], self.config)
            # What is asked has a form of its own, whatever the profile's other answers have to be.
            selection = replace(selection, profile=replace(selection.profile, schema=None))
            jobs = make_jobs([selection], question, self.config, self.options, self.environment)
            part = None if purse is None else purse.share(next(numbers_of_side_calls), (selection.profile.name,))
            target = jobs[0].target
            asked = Circumstances(
                self.command, circumstances.kept, circumstances.retention, lambda: part, circumstances.extra,
                simulated=target is not None and target.is_simulated,
            )  # fmt: skip
            return (await make_calls(jobs, question, Silent(), asked, transport)).run.results[0]

        return ask
