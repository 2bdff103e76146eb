"""Trials without a call: arms whose truth is a table, asked until the elimination is done."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Mapping

from msgspec import Struct

from thinkdial.engine.trials.arms import Arm, ArmRecord, Sample, records_of
from thinkdial.engine.trials.elimination import next_round
from thinkdial.engine.trials.report import TrialEnd, TrialReport, report_of
from thinkdial.engine.trials.standings import Rules

SPREAD = 0.45
"""The deviation of the logarithm of a cost from answer to answer."""


class Truth(Struct, frozen=True):
    """How often an arm is right, and what it costs at the median, in thousandths of a USD; None is an unknown price."""

    rate: float
    cost: float | None
    answers: float = 1.0


def tell(words: str) -> None:
    """A figure, for whoever runs this with -s."""
    sys.stdout.write(f"{words}\n")


def draw(name: str, row: int, truth: Truth, seed: int) -> Sample:
    dice = random.Random(f"{seed}/{name}/{row}")
    passed, factor, answered = dice.random() < truth.rate, math.exp(dice.gauss(0, SPREAD)), dice.random()
    usd = None if truth.cost is None else truth.cost * factor / 1000
    if answered >= truth.answers:
        return Sample(None, None, is_answered=False)
    return Sample(passed, usd)


def tried(
    truths: Mapping[str, Truth], rows: int, target: float | None, seed: int, *, most_usd: float = math.inf
) -> tuple[TrialReport, dict[str, ArmRecord], float]:
    """The report of a trial, its records, and what it cost; a round that the budget does not pay for is not begun."""
    records = records_of(Arm(name, "low") for name in truths)
    rules, spent, end = Rules(rows, target), 0.0, TrialEnd.ROWS
    while asks := next_round(records, rules):
        for ask in asks:
            record = records[ask.arm]
            sample = draw(ask.arm, ask.row, truths[record.arm.profile], seed)
            if spent + (sample.usd or 0) > most_usd:
                end = TrialEnd.BUDGET
                break
            spent += sample.usd or 0
            record.add(ask.row, sample)
        if end is TrialEnd.BUDGET:
            break
    return report_of(records, rules, end, seed=seed), records, spent


LADDER: Mapping[str, Truth] = {
    **{
        f"p{round(100 * rate)}": Truth(rate, 1 + place / 2)
        for place, rate in enumerate((0.4, 0.5, 0.6, 0.7, 0.75, 0.8))
    },
    "p97": Truth(0.97, 5.5),
    **{f"dear{place}": Truth(rate, 15.0 + 4 * place) for place, rate in enumerate((0.99, 1.0, 0.97, 0.97, 0.99))},
}
"""Twelve arms from cheap to dear; of a target of 0.9 p97 is the cheapest that passes, and p80 fails most narrowly."""
