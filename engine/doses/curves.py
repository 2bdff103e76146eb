"""Dose curves: what each think value of a model took, of the answers that there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from statistics import median

from msgspec import Struct

from ..cells.levels import DosedSample, LevelStep, amount, level_steps
from ..history.seen.dosed import AskedModel, DosedAnswer
from ..statistics.intervals import median_interval

LEVEL = 0.95
"""The coverage that intervals are meant to have."""

_LAST = float("inf")


class DoseFigure(Struct, frozen=True):
    """The median of `n` known values with its interval. `level` is what the interval covers: less where n is small.

    Without two values there is no interval.
    """

    n: int
    median: float
    low: float | None
    high: float | None
    level: float | None


class Dose(Struct, frozen=True):
    """What one think value took: tokens, seconds and US dollars. A figure is None where no answer tells it.

    `not_above` is the next lower value, where this one's reasoning is not shown to be more.
    """

    think: str
    answers: int
    prompts: int
    reasoning_tokens: DoseFigure | None
    output_tokens: DoseFigure | None
    total_s: DoseFigure | None
    usd: DoseFigure | None
    not_above: str | None = None

    @property
    def position(self) -> float:
        """Where its think value stands among those of one model, `auto` behind all others."""
        return _position(self.think)


class DoseCurve(Struct, frozen=True):
    """One model's doses, rising; `steps` are the judgements of neighbours. `name` is that of its profile, if any."""

    name: str
    asked: AskedModel
    doses: tuple[Dose, ...]
    steps: tuple[LevelStep, ...]

    @property
    def answers(self) -> int:
        return sum(dose.answers for dose in self.doses)


def curves_of(answers: Iterable[DosedAnswer], names: Mapping[AskedModel, str] | None = None) -> tuple[DoseCurve, ...]:
    """A curve for each model, in the order of `names`, else by how many answers there are; one without any is empty."""
    found: dict[AskedModel, list[DosedAnswer]] = {asked: [] for asked in names or {}}
    for answer in answers:
        found.setdefault(answer.asked, []).append(answer)
    if names is None:
        found = dict(sorted(found.items(), key=lambda entry: -len(entry[1])))
    keys = {asked: str(place) for place, asked in enumerate(found)}
    steps = level_steps(
        DosedSample(keys[answer.asked], answer.think, answer.prompt, answer.reasoning_tokens)
        for answer in chain.from_iterable(found.values())
        if answer.reasoning_tokens is not None
    )
    return tuple(
        _curve((names or {}).get(asked, asked.model), asked, own, [step for step in steps if step.arm == keys[asked]])
        for asked, own in found.items()
    )


def _curve(name: str, asked: AskedModel, answers: Sequence[DosedAnswer], steps: Sequence[LevelStep]) -> DoseCurve:
    by_think: dict[str, list[DosedAnswer]] = {}
    for answer in answers:
        by_think.setdefault(answer.think, []).append(answer)
    lower = {step.upper: step.lower for step in steps if step.judgement == "not_shown"}
    rising = sorted(by_think, key=_position)
    doses = tuple(_dose(think, by_think[think], lower.get(think)) for think in rising)
    return DoseCurve(name, asked, doses, tuple(steps))


def _position(think: str) -> float:
    return _LAST if (stands := amount(think)) is None else stands


def _dose(think: str, answers: Sequence[DosedAnswer], not_above: str | None) -> Dose:
    return Dose(
        think,
        len(answers),
        len({answer.prompt for answer in answers}),
        figure_of(answer.reasoning_tokens for answer in answers),
        figure_of(answer.output_tokens for answer in answers),
        figure_of(answer.total_s for answer in answers),
        figure_of(None if answer.usd is None else float(answer.usd) for answer in answers),
        not_above,
    )


def figure_of(values: Iterable[float | None]) -> DoseFigure | None:
    """The median of those that are known, with its interval; None where none is."""
    known = [float(value) for value in values if value is not None]
    if not known:
        return None
    interval = median_interval(known, LEVEL)
    if interval is None:
        return DoseFigure(len(known), known[0], None, None, None)
    return DoseFigure(len(known), median(known), interval.low, interval.high, interval.level)
