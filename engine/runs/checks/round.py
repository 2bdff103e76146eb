"""The checks of one run, made when all of its answers are there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ....providers.errors import UsageError
from ....providers.schema import Json
from ...checks.terms import Expected, ExpectTerms
from ...planning.prepare import Prompt
from ...results.result import Result
from ...targets.bare_environment import key_variables, without_keys
from ...targets.target import Selection
from ..beside.side_calls import SideCalls
from ..jobs import Options
from .examination import Examiner, expectation_for, judges_in

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ...costs.budget.purse import Purse
    from ...exchange.transport import Transport
    from ...results.result import Forecast
    from ..run import Circumstances
    from .judge_calls import JudgeCalls


@dataclass(frozen=True, slots=True)
class CheckRound:
    """What is expected of each profile's answers, and how judges are asked. `judges` are their profiles.

    Judges' calls are runs of their own in the history, and are paid for from the purse of the answers.
    """

    config: Config
    expects: Mapping[str, Json]
    judges: tuple[str, ...]
    options: Options
    environment: Mapping[str, str] = field(repr=False, default_factory=lambda: os.environ)

    def judge_calls(self, answers: Iterable[tuple[str, Forecast | None]], prompt: Prompt) -> tuple[JudgeCalls, ...]:
        """What judges are likely to be asked, of answers that are foretold, each by its profile."""
        if not self.judges:
            return ()
        from .judge_calls import judge_calls

        return judge_calls(self.expects, answers, prompt.text, self.config, self.options, datetime.now(UTC))

    async def examine(
        self,
        prompt: Prompt,
        results: Sequence[Result],
        circumstances: Circumstances,
        transport: Transport,
        purse: Purse | None,
    ) -> tuple[Result, ...]:
        """`results` with what their checks say."""

        calls = SideCalls("judge", self.config, self.options, self.environment)
        ask = calls.beside_run(circumstances, transport, purse)
        examiner = Examiner(self.config.checks, without_keys(self.environment, key_variables(self.config)), ask)
        made = (examiner.examine(self.expects.get(result.profile), result, prompt.text, results) for result in results)
        return tuple(await asyncio.gather(*made))


def check_round(
    selections: Sequence[Selection],
    config: Config,
    said: Expected | None,
    options: Options,
    environment: Mapping[str, str],
) -> CheckRound | None:
    """The checks of a run of `selections`; None where nothing is expected. `said` goes before what profiles expect.

    Raises `UsageError` and `ConfigError` for what cannot be judged, before anything is sent.
    """
    terms = ExpectTerms(config.checks, Path(), anywhere=True)
    option = None if said is None else terms.checked(said)
    expects: dict[str, Json] = {}
    for selection in selections:
        expect = expectation_for(selection.profile, option, terms)
        if expect is not None:
            if (
                "schema" in expect
                and expect["schema"] is None
                and options.shape is None
                and selection.profile.schema is None
            ):
                raise UsageError(
                    f"{selection.profile.name}: its answer is expected to fit a schema, and none is asked for",
                    hint="say one: --schema FILE, or --expect schema=FILE for one that is only checked",
                )
            expects[selection.profile.name] = expect
    if not expects:
        return None
    names = [selection.profile.name for selection in selections]
    judges = judges_in([*expects.values()], config, names)
    calls = Options(base_url=options.base_url, is_simulated=options.is_simulated)
    return CheckRound(config, expects, judges, calls, environment)
