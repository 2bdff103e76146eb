"""A think value for a dose: of each model the one whose measured median is nearest, or a budget that comes to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from statistics import median

from ...profiles.cards.observed import ObservedAnswers, line_of, observed_answers, vendor_of
from ...profiles.profile import Reference
from ...providers.errors import ConfigError, StoreError
from ...providers.schema import Usage
from ...providers.think import Aim, Level, Think, parse_think
from ..costs.forecast import cost_of_usage, estimated_input_tokens
from ..costs.priors import DialSetting, prior
from ..history.seen.dosed import AskedModel, DosedAnswer, dosed_answers
from ..history.store import Store
from ..planning.plan import LEAST_MAX_TOKENS
from ..planning.prepare import Prepared
from ..planning.think_plan import AimFit, AimReceipt, unit_and_target, unmeasured
from ..targets.target import Target
from .estimates import LEAST, DoseEstimate, DoseRange, estimates_of
from .measure import dial_values

WIDE = 5.0
"""A range whose ends are so many times apart spans a target: single answers may be far from it."""

CLOSE = 1.25
"""Up to such a ratio a value that is measured goes before a budget that is computed."""


def choose(
    target: Target, think: Think, reference: Reference, prepared_as: Callable[[Think], Prepared]
) -> tuple[Think, AimReceipt]:
    """The value to send for the dose of `think`, and what is known of it. A history that cannot be read is none.

    Raises `ConfigError` where an amount of money is aimed at and the price is not known.
    """
    if think.aim is None:
        raise ValueError("only a dose is chosen for")
    simulated = target.is_simulated or target.profile.simulated is not None
    answers: list[DosedAnswer] = []
    with suppress(StoreError), Store.open() as store:
        host = "" if simulated else target.host
        asked = AskedModel(target.provider.name, host, target.profile.model, simulated)
        answers = dosed_answers(store, [asked])
    model = target.profile.known_as or target.profile.model
    line, recorded = line_of(model), () if simulated else observed_answers(vendor_of(model))
    own = [row for row in recorded if row.line == line]
    pooled = None if simulated else _pooled(model, reference)
    return chosen_value(target, think.aim, reference, answers, prepared_as, recorded=own, pooled=pooled)


def chosen_value(
    target: Target,
    aim: Aim,
    reference: Reference,
    answers: Sequence[DosedAnswer],
    prepared_as: Callable[[Think], Prepared],
    *,
    recorded: Sequence[ObservedAnswers] = (),
    pooled: Callable[[Think], DoseEstimate] | None = None,
) -> tuple[Think, AimReceipt]:
    """The same from known answers, the user's and recorded ones of the model."""
    thinks = [think for think in dial_values(target) if not think.is_auto and not think.is_off]
    takes_budgets = target.card.control == "budget"
    if not thinks or target.card.control == "switch":
        return _without_a_dial(aim)
    if takes_budgets:
        thinks += _budgets_of(answers)
    worth = {think.sent: _worth(think, reference) for think in thinks}
    others = None if pooled is None else {think.sent: pooled(think) for think in thinks}
    estimates = estimates_of(thinks, answers, worth, reference.answer_tokens, recorded, others)
    if aim.usd is not None:
        priced = [(one, _priced(one, prepared_as(one.think))) for one in estimates]
    else:
        priced = [(one, one.reasoning) for one in estimates]
    _, goal = unit_and_target(aim)
    if takes_budgets and aim.tokens is not None:
        best, found = _budget(aim.tokens, priced, estimates, worth)
    else:
        best, found = min(priced, key=lambda one: _distance(one[1].expected, goal))
    think = Think(best.think.level, best.think.budget_tokens, aim)
    return think, _receipt(aim, think, best, found)


def _pooled(model: str, reference: Reference) -> Callable[[Think], DoseEstimate]:
    """What recorded answers of all models make of a value: output, and of that what a silent answer would not take."""
    silent = prior(model, DialSetting("silent"), reference.budgets)
    said = 0 if silent is None else silent.median

    def pooled(think: Think) -> DoseEstimate:
        found = prior(model, DialSetting("dial", _worth(think, reference)), reference.budgets)
        if found is None:
            raise ValueError("with a dial there always are recorded answers")
        output = DoseRange(float(found.median), float(found.low), float(found.high))
        low, middle, high = (float(max(1, count - said)) for count in (found.low, found.median, found.high))
        return DoseEstimate(think, "pooled", 0, DoseRange(middle, low, high), output)

    return pooled


def _without_a_dial(aim: Aim) -> tuple[Think, AimReceipt]:
    return unmeasured(Think(aim=aim), aim)


def _budgets_of(answers: Sequence[DosedAnswer]) -> list[Think]:
    """The budgets that the user has tried often enough."""
    names = dict.fromkeys(one.think for one in answers if one.think.isdecimal())
    tried = [name for name in names if sum(one.think == name for one in answers) >= LEAST]
    return [parse_think(name) for name in tried]


def _worth(think: Think, reference: Reference) -> int:
    """What the reference table makes of a value, in reasoning tokens."""
    if think.budget_tokens is not None:
        return think.budget_tokens
    level = think.level or Level.MEDIUM
    return reference.budgets.get(level.value) or max(LEAST_MAX_TOKENS, *reference.budgets.values())


def _distance(expected: float, goal: float) -> float:
    return abs(math.log((expected or goal * 1e-6) / goal))


def _budget(
    tokens: int,
    priced: Sequence[tuple[DoseEstimate, DoseRange]],
    estimates: Sequence[DoseEstimate],
    worth: Mapping[str, int],
) -> tuple[DoseEstimate, DoseRange]:
    """Of a model that takes budgets: a measured value that is close, else a budget of which as much is likely used.

    A budget is a cap and no dose: where it is known how much of theirs such models leave, more is asked for.
    """
    known = [(one, found) for one, found in priced if one.is_known]
    near = min(known, key=lambda one: _distance(one[1].expected, tokens), default=None)
    if near is not None and _distance(near[1].expected, tokens) <= math.log(CLOSE):
        return near
    used = [one.reasoning.expected / worth[one.think.sent] for one in estimates if one.is_known]
    share = median(used) if used else 0.0
    if share <= 0:
        alone = DoseRange(float(tokens))
        return DoseEstimate(Think(budget_tokens=tokens), "reference", 0, alone, alone), alone
    reach = math.sqrt(WIDE) * 0.9
    spread = DoseRange(float(tokens), tokens / reach, tokens * reach)
    budget = Think(budget_tokens=max(1, round(tokens / share)))
    return DoseEstimate(budget, "scaled", 0, spread, spread), spread


def _priced(estimate: DoseEstimate, prepared: Prepared) -> DoseRange:
    """What the call costs in USD with such an output. Raises `ConfigError` where the price is not known."""
    now, entered = datetime.now(UTC), estimated_input_tokens(prepared, prepared.asked.prompt)

    def cost(output: float, reasoning: float) -> float:
        usage = Usage(input_tokens=entered, output_tokens=round(output), reasoning_tokens=round(min(reasoning, output)))
        usd = cost_of_usage(prepared, usage, now)
        if usd is None:
            name = prepared.target.profile.name
            raise ConfigError(
                f"profile {name}: a dose in dollars cannot be chosen, because its price is not known",
                hint="give the profile a price: {input: ..., output: ...}, or aim at tokens, as --think '~2000'",
            )
        return float(usd)

    ends = [
        None if output is None or reasoning is None else cost(output, reasoning)
        for output, reasoning in (
            (estimate.output.low, estimate.reasoning.low),
            (estimate.output.high, estimate.reasoning.high),
        )
    ]
    return DoseRange(cost(estimate.output.expected, estimate.reasoning.expected), *ends)


def _receipt(aim: Aim, think: Think, estimate: DoseEstimate, found: DoseRange) -> AimReceipt:
    unit, goal = unit_and_target(aim)
    expected = None if estimate.source == "reference" else found.expected
    return AimReceipt(
        unit, goal, think.sent, estimate.source, estimate.n, found.low, expected, found.high, _fit(found, goal)
    )


def _fit(found: DoseRange, goal: float) -> AimFit:
    if found.low is None or found.high is None:
        return "unknown"
    if not found.low <= goal <= found.high:
        return "beyond"
    return "spans" if found.high > WIDE * found.low else "near"
