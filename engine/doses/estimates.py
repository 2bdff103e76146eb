"""What each think value of a model is expected to take, from answers and the reference table. Pure.

The rule. A value with LEAST answers of one's own is known by them: the median, and a range for 8 of 10 answers from the
spread of their logarithms, to which a usual spread is added as if it were USUAL_WEIGHT more answers. Else it is known
by LEAST recorded answers of the model with this value (`profiles/data/observed`). What is not known is taken from
recorded answers of other models, or without them from the reference table, which measures nothing and has no range. It
is scaled by what the known values of the model took of theirs on (geometric) average, of one's own if there are any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, median, variance

from msgspec import Struct

from ...profiles.cards.observed import SHARES, ObservedAnswers
from ...providers.think import Think
from ..history.seen.dosed import DosedAnswer
from ..planning.think_plan import AimSource

LEAST = 3
"""Fewer answers of a value do not tell what it takes."""

USUAL_SPREAD, USUAL_WEIGHT = 0.6, 4
"""The standard deviation of the logarithm of one model's reasoning tokens at one value, from prompt to prompt."""

SCALED_SPREAD = 1.0
"""The same where only other values of the model are known."""

EIGHT_OF_TEN = 1.2816
"""Standard deviations to each side of the middle, of a normal law, that hold 80 %."""


class DoseRange(Struct, frozen=True):
    """The median, and what is meant to hold 8 of 10 answers, where anything is measured."""

    expected: float
    low: float | None = None
    high: float | None = None

    def times(self, factor: float) -> DoseRange:
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return DoseRange(self.expected * factor, low, high)

    def plus(self, amount: float) -> DoseRange:
        low, high = (None if end is None else end + amount for end in (self.low, self.high))
        return DoseRange(self.expected + amount, low, high)


class DoseEstimate(Struct, frozen=True):
    """What a think value takes of reasoning and of output, reasoning included, in tokens. `n` answers say so."""

    think: Think
    source: AimSource
    n: int
    reasoning: DoseRange
    output: DoseRange

    @property
    def is_known(self) -> bool:
        return self.source in ("history", "observed")


def estimates_of(
    thinks: Sequence[Think],
    answers: Sequence[DosedAnswer],
    worth: Mapping[str, int],
    answer_tokens: int,
    recorded: Sequence[ObservedAnswers] = (),
    pooled: Mapping[str, DoseEstimate] | None = None,
) -> list[DoseEstimate]:
    """An estimate for each of `thinks`. `worth` is what the reference table makes of a value, in reasoning tokens.

    `answer_tokens` are those of an answer, where none is known. `recorded` are answers of this very model, `pooled`
    what is recorded of other models.
    """
    known: dict[str, DoseEstimate] = {}
    for think in thinks:
        own = [one for one in answers if one.think == think.sent and one.reasoning_tokens is not None]
        if len(own) >= LEAST:
            known[think.sent] = _from_answers(think, own)
        elif (found := _from_recorded(think, recorded)) is not None:
            known[think.sent] = found
    usual = {name: one.reasoning.expected for name, one in (pooled or {}).items()} or worth
    factor = usual_factor(known, usual)
    said = [
        estimate.output.expected - estimate.reasoning.expected
        for estimate in known.values()
        if estimate.output.expected >= estimate.reasoning.expected
    ]
    besides = median(said) if said else answer_tokens

    def unknown(think: Think) -> DoseEstimate:
        if factor is None and pooled:
            return pooled[think.sent]
        return _from_others(think, usual[think.sent], factor, besides)

    return [known.get(think.sent) or unknown(think) for think in thinks]


def usual_factor(known: Mapping[str, DoseEstimate], usual: Mapping[str, float]) -> float | None:
    """What the known values took, of what is usual; None where none is known. One's own go before recorded ones."""
    own = {name: one for name, one in known.items() if one.source == "history"} or known
    logs = [math.log(one.reasoning.expected / usual[name]) for name, one in own.items() if one.reasoning.expected > 0]
    return math.exp(fmean(logs)) if logs else None


def _from_answers(think: Think, answers: Sequence[DosedAnswer]) -> DoseEstimate:
    reasoning = [one.reasoning_tokens for one in answers if one.reasoning_tokens is not None]
    output = [one.output_tokens for one in answers if one.output_tokens is not None]
    found = _range(reasoning)
    return DoseEstimate(think, "history", len(reasoning), found, _range(output) if output else found)


def _from_recorded(think: Think, recorded: Sequence[ObservedAnswers]) -> DoseEstimate | None:
    """From the recording with the most answers that asked for this value and told their reasoning."""
    asked = f"level:{think.level}" if think.budget_tokens is None else f"budget:{think.budget_tokens}"
    fitting = [row for row in recorded if row.asked == asked and row.reasoning is not None]
    best = max(fitting, key=lambda row: row.reasoning_n, default=None)
    if best is None or best.reasoning is None or best.reasoning_n < LEAST:
        return None
    return DoseEstimate(think, "observed", best.reasoning_n, _recorded(best.reasoning), _recorded(best.output))


def _recorded(counts: Sequence[int]) -> DoseRange:
    low, expected, high = (float(counts[SHARES.index(share)]) for share in (0.1, 0.5, 0.9))
    return DoseRange(expected, low, high)


def _range(values: Sequence[int]) -> DoseRange:
    """The median, and the range from the spread of the logarithms of one more than the values."""
    logs, middle, n = [math.log1p(value) for value in values], median(values), len(values)
    pooled = ((n - 1) * variance(logs) + USUAL_WEIGHT * USUAL_SPREAD**2) / (n - 1 + USUAL_WEIGHT)
    if max(values) == 0:
        return DoseRange(0.0, 0.0, 0.0)
    reach = math.exp(EIGHT_OF_TEN * math.sqrt(pooled * (1 + 1 / n)))
    return DoseRange(middle, middle / reach, middle * reach)


def _from_others(think: Think, worth: float, factor: float | None, besides: float) -> DoseEstimate:
    if factor is None:
        found = DoseRange(float(worth))
        return DoseEstimate(think, "reference", 0, found, found.plus(besides))
    reach, middle = math.exp(EIGHT_OF_TEN * SCALED_SPREAD), worth * factor
    found = DoseRange(middle, middle / reach, middle * reach)
    return DoseEstimate(think, "scaled", 0, found, found.plus(besides))
