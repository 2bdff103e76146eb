"""Dose curves as commands and programs ask for them: drawn from the history, measured where that has too little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ..profiles.config import Config
from ..providers.errors import BudgetError, ConfigError, UsageError
from .api import ready_run
from .call_options import ThinkValue, Usd, names_of, sweep_of
from .client import load_config
from .doses.curves import DoseCurve
from .doses.dose import dose_curves, only_thinks
from .doses.measure import Measurement, fill, rounds_of
from .doses.prompts import dose_prompts
from .planning.option_names import COMMAND_LINE, LIBRARY, OptionNames
from .planning.prepare import Prompt, checked_text
from .runs.forecasts import Note, unheard
from .runs.jobs import Options
from .runs.money import CostOptions, usd_of
from .runs.observer import Silent
from .targets.target import Selection, select

if TYPE_CHECKING:
    from ..providers.think import Think
    from .runs.run import Finished

MOST_WANTED = 200
"""Answers of one model and think value that may be asked for."""


def measure_doses(
    selections: Sequence[Selection],
    config: Config,
    wanted: int,
    cost: CostOptions,
    *,
    prompts: Sequence[Prompt] | None = None,
    system: str | None = None,
    thinks: Sequence[Think] = (),
    note: Note = unheard,
    heard: Callable[[int, int], None] = lambda ended, total: None,
    names: OptionNames = COMMAND_LINE,
) -> Measurement:
    """Ask until each profile and think value has `wanted` answers, within the hard limit of `cost`.

    Without `prompts` the shipped ones are asked, with `system`. Raises `ConfigError` where nothing would be kept.
    """
    if not config.history.enabled:
        raise ConfigError("the history is off, and what is measured would be kept nowhere", hint="set history: true")
    asked = prompts or [Prompt(text, system) for text in dose_prompts()]
    rounds = rounds_of(selections, config, asked, wanted, thinks=thinks, own=prompts is not None)

    def run(chosen: Sequence[Selection], prompt: Prompt, spent_usd: Decimal) -> Finished:
        limit = CostOptions(cost.max_cost_usd, cost.allow_unpriced, spent_usd=spent_usd)
        ready = ready_run(chosen, prompt, config, Options(), command="compare", cost=limit, note=note, names=names)
        if ready.question is not None:
            raise ready.question.refusal()
        return ready.run(Silent())

    return fill(rounds, run, heard)


def dose(
    profiles: str | Sequence[str] = (),
    *,
    prompt: str | None = None,
    system: str | None = None,
    think: ThinkValue | Sequence[ThinkValue] | None = None,
    measure: int | None = None,
    max_cost: Usd | None = None,
    allow_unpriced: bool = False,
    config: str | Path | Config | None = None,
    note: Note = unheard,
) -> tuple[DoseCurve, ...]:
    """What each think value of the profiles took, from the user's own history; of every model there without profiles.

    With a `prompt` only answers to it count; `think` leaves out other values. `measure` asks, before that, until each
    value has so many answers, for at most `max_cost` USD, which it needs: no event loop may be running then.

    Raises `UsageError`, `ConfigError` and `StoreError`, and `BudgetError` where the money ends before that.
    """
    names, thinks = names_of(profiles), sweep_of(think)
    settings = config if isinstance(config, Config) else load_config(config, profiles=names)
    selections = select(names, settings) if names else []
    own = None if prompt is None else [Prompt(checked_text(prompt, "the prompt"), system)]
    if measure is not None:
        _check(measure, names, max_cost)
        cost = CostOptions(None if max_cost is None else usd_of(max_cost, "max_cost"), allow_unpriced)
        made = measure_doses(
            selections, settings, measure, cost,
            prompts=own, system=system, thinks=thinks, note=note, names=LIBRARY,
        )  # fmt: skip
        if made.out_of_money:
            raise BudgetError(made.stopped or "the budget ends here", hint="the same call goes on with what is missing")
        if made.open:
            note(f"still open: {made.open} answers ({made.stopped})")
    return only_thinks(dose_curves(selections, settings, prompts=own), thinks)


def _check(measure: int, names: Sequence[str], max_cost: Usd | None) -> None:
    if not 1 <= measure <= MOST_WANTED:
        raise UsageError(f"measure is from 1 to {MOST_WANTED}, not {measure}")
    if not names:
        raise UsageError("measure needs to know whom to ask", hint="name the profiles")
    if max_cost is None:
        raise UsageError("measure spends money: say how much at most", hint="for instance max_cost=0.50")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError("thinkdial.dose(measure=...) cannot be called inside a running event loop")
