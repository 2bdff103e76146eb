"""Gaps in dose curves, filled by asking: nothing is kept but the runs in the history, so that it can always go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from ...providers.errors import BudgetError
from ...providers.think import THINKING_LEVELS, Level, Think
from ..history.seen.dosed import AskedModel, dosed_answers, prompt_mark
from ..history.store import Store
from ..planning.prepare import Prompt
from ..runs.run import Finished
from ..targets.target import Selection, Target, resolve
from .dose import asked_model

if TYPE_CHECKING:
    from ...profiles.config import Config

MOST_OF_A_CELL = 200
"""More answers of one model and think value are not looked at."""

_BUDGET_LEVELS = (Level.LOW, Level.MEDIUM, Level.HIGH)

MakeRun = Callable[[Sequence[Selection], Prompt, Decimal], Finished]
"""Asks one prompt of each selection; the amount is what the rounds before have taken of the limit.

Raises `BudgetError` when they cannot be afforded.
"""


class DoseRound(Struct, frozen=True):
    """One prompt, and the profiles and think values that are to answer it once."""

    prompt: Prompt
    selections: tuple[Selection, ...]


class Measurement(Struct, frozen=True):
    """How far the gaps were filled. `open` are answers that are still wanted; `stopped` says why there are any."""

    made: int
    failed: int
    open: int
    spent_usd: Decimal
    interrupted: bool = False
    stopped: str | None = None
    out_of_money: bool = False


def dial_values(target: Target) -> tuple[Think, ...]:
    """The think values of a model that can differ: its levels, of a budget model those that stand for budgets.

    A model without a dial has only `auto`.
    """
    card = target.card
    if card.control == "switch":
        return (Think(Level.OFF), Think(Level.MEDIUM))
    if target.spelling is None or card.control not in ("effort", "budget"):
        return (Think(),)
    taken = [*(card.levels or target.spelling.levels)]
    levels = [level for level in THINKING_LEVELS if level in taken and level.value not in target.use.refuses_levels]
    return tuple(Think(level) for level in levels or _BUDGET_LEVELS)


def rounds_of(
    selections: Sequence[Selection],
    config: Config,
    prompts: Sequence[Prompt],
    wanted: int,
    *,
    thinks: Sequence[Think] = (),
    own: bool,
) -> list[DoseRound]:
    """The rounds after which every profile and think value has `wanted` whole answers, whether they tell their
    reasoning or not.

    What the history has already counts: with `own` prompts only answers to them. The prompts that a cell has been asked
    least come first, so that neighbouring values can be compared prompt by prompt.
    """
    cells: dict[tuple[AskedModel, str], Selection] = {}
    for selection in selections:
        target = resolve(selection.profile, config)
        given = [selection.think] if selection.think is not None else [*thinks] or [*dial_values(target)]
        for think in given:
            asked = asked_model(selection, config)
            cells.setdefault((asked, str(think)), Selection(selection.profile, think))
    asked = {key[0] for key in cells}
    pairs = [(prompt.text, prompt.system) for prompt in prompts] if own else None
    with Store.open() as store:
        answers = dosed_answers(store, asked, prompts=pairs, newest=MOST_OF_A_CELL)
    known = Counter((one.asked, one.think) for one in answers)
    by_prompt = Counter((one.asked, one.think, one.prompt) for one in answers)
    rounds: dict[tuple[int, int], list[Selection]] = {}
    for cell, selection in cells.items():
        counts = [by_prompt[*cell, prompt_mark(prompt.text, prompt.system)] for prompt in prompts]
        for _ in range(wanted - known[cell]):
            place = counts.index(min(counts))
            rounds.setdefault((counts[place], place), []).append(selection)
            counts[place] += 1
    return [DoseRound(prompts[place], tuple(rounds[turn, place])) for turn, place in sorted(rounds)]


def fill(rounds: Sequence[DoseRound], run: MakeRun, heard: Callable[[int, int], None]) -> Measurement:
    """Make the rounds, one after the other. `heard` gets how many calls have ended, of how many.

    It stops where the money ends, and where nothing comes back.
    """
    total = sum(len(one.selections) for one in rounds)
    made = failed = 0
    spent = Decimal(0)
    for one in rounds:
        heard(made + failed, total)
        try:
            finished = run(one.selections, one.prompt, spent)
        except BudgetError as error:
            return Measurement(made, failed, total - made, spent, stopped=error.message, out_of_money=True)
        results = finished.run.results
        spent += finished.spent_usd
        made += sum(result.status == "ok" for result in results)
        failed += sum(result.status != "ok" for result in results)
        if finished.interrupted:
            return Measurement(made, failed, total - made, spent, interrupted=True, stopped="interrupted")
        refused = next((result.error for result in results if result.error and result.error.kind == "budget"), None)
        if refused is not None:
            return Measurement(made, failed, total - made, spent, stopped=refused.message, out_of_money=True)
        if results and all(result.status != "ok" for result in results):
            why = next((result.error.message for result in results if result.error is not None), "nothing came back")
            return Measurement(made, failed, total - made, spent, stopped=why)
    return Measurement(made, failed, total - made, spent, stopped="some calls failed" if failed else None)
