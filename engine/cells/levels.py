"""Levels that do nothing: neighbouring think values of a model whose reasoning is not shown to differ.

A one-sided test asks of each pair whether the higher value makes the model think more: by signed ranks of prompts that
both were asked, where there are enough of them, else by ranks of all samples. Holm's correction is over the pairs of a
model. "Not shown to differ" is what it says, and no proof that they are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import Literal

from msgspec import Struct

from ...providers.errors import UsageError
from ...providers.think import THINKING_LEVELS, Think, parse_think
from ..statistics.corrections import holm
from ..statistics.ranks import ALPHA, Comparison, greater, greater_paired

Judgement = Literal["differ", "not_shown", "too_few"]


class DosedSample(Struct, frozen=True):
    """One answer: of whom (a profile, say), at which think value, to which prompt, and its reasoning in tokens."""

    arm: str
    think: str
    prompt: str
    reasoning_tokens: int


class LevelStep(Struct, frozen=True):
    """Two neighbouring think values of one arm. `n` counts samples, or prompts where `paired`.

    `p` is corrected. `ratio` is that of the medians, None where the lower one is zero. `detectable` is the least ratio
    that so many samples would have shown 4 times in 5, None where that is not known. `too_few`: no difference whatever
    could have been shown.
    """

    arm: str
    lower: str
    upper: str
    n_lower: int
    n_upper: int
    paired: bool
    p: float | None
    ratio: float | None
    detectable: float | None
    judgement: Judgement

    @property
    def words(self) -> str:
        """`medium not shown to differ from low (n=12, a step of 30 % or more would have been seen)`."""
        if self.judgement == "too_few":
            return f"{self.upper} and {self.lower}: too few samples to say (n={self.count})"
        if self.judgement == "differ":
            step = "" if self.ratio is None else f", {self.ratio:.2g} x as much"
            return f"{self.upper} thinks more than {self.lower} (n={self.count}{step})"
        seen = ""
        if self.detectable is not None:
            seen = f", a step of {max(1, round((self.detectable - 1) * 100)):,} % or more would have been seen"
        return f"{self.upper} not shown to differ from {self.lower} (n={self.count}{seen})"

    @property
    def count(self) -> str:
        if self.paired or self.n_lower == self.n_upper:
            return f"{self.n_lower}{' prompts' if self.paired else ''}"
        return f"{self.n_lower} and {self.n_upper}"


def level_steps(samples: Iterable[DosedSample], *, alpha: float = ALPHA) -> tuple[LevelStep, ...]:
    """A judgement of each pair of neighbouring think values, arm by arm, from the lowest value up.

    `auto`, and values that are no amount of their own, are left out.
    """
    arms: dict[str, dict[str, list[DosedSample]]] = {}
    for sample in samples:
        if amount(sample.think) is not None:
            arms.setdefault(sample.arm, {}).setdefault(sample.think, []).append(sample)
    return tuple(step for arm, by_think in arms.items() for step in _steps(arm, by_think, alpha))


def steps_by_upper(samples: Iterable[DosedSample]) -> dict[tuple[str, str], LevelStep]:
    """The same by arm and higher think value: how that one stands to the next lower one."""
    return {(step.arm, step.upper): step for step in level_steps(samples)}


def _steps(arm: str, by_think: Mapping[str, Sequence[DosedSample]], alpha: float) -> Iterator[LevelStep]:
    pairs = [*pairwise(sorted(by_think, key=lambda think: amount(think) or 0.0))]
    # Whether a pair can be judged at all depends on numbers of samples alone, so leaving one out needs no correction.
    compared = [_compared(by_think[lower], by_think[upper], alpha / len(pairs)) for lower, upper in pairs]
    judged = [place for place, one in enumerate(compared) if one.least_p <= alpha / len(pairs)]
    corrected = dict(zip(judged, holm([compared[place].comparison.p for place in judged]), strict=True))
    for place, ((lower, upper), one) in enumerate(zip(pairs, compared, strict=True)):
        yield _step(arm, lower, upper, one, corrected.get(place), alpha)


def amount(think: str) -> float | None:
    """Where a think value stands among those of one model: words by their order, budgets by their tokens.

    None for `auto`, and for what is no value. Words stand below all budgets; a model has either.
    """
    try:
        value = parse_think(think)
    except UsageError:
        return None
    return _amount(value)


def _amount(value: Think) -> float | None:
    if value.budget_tokens is not None:
        return float(value.budget_tokens)
    if value.level is None:
        return None
    return 0.0 if value.is_off else (1 + THINKING_LEVELS.index(value.level)) / (1 + len(THINKING_LEVELS))


class _Compared(Struct, frozen=True):
    comparison: Comparison
    paired: bool
    ratio: float | None
    least_p: float


def _compared(lower: Sequence[DosedSample], upper: Sequence[DosedSample], alpha: float) -> _Compared:
    below, above = _tokens(lower), _tokens(upper)
    low, high = median(below), median(above)
    ratio = high / low if low else None
    by_prompt = _by_prompt(lower), _by_prompt(upper)
    shared = by_prompt[0].keys() & by_prompt[1].keys()
    least_p = 0.5 ** len(shared)
    if least_p <= alpha and 2 * len(shared) >= min(len(one) for one in by_prompt):
        pairs = [(by_prompt[1][prompt], by_prompt[0][prompt]) for prompt in sorted(shared)]
        return _Compared(greater_paired(pairs, alpha=alpha), True, ratio, least_p)
    return _Compared(greater(above, below, alpha=alpha), False, ratio, _least_p(len(above), len(below)))


def _least_p(n_a: int, n_b: int) -> float:
    """The p value of the clearest difference that samples of these sizes can have."""
    ways = 1.0
    for step in range(1, min(n_a, n_b) + 1):
        ways *= (max(n_a, n_b) + step) / step
    return 1 / ways


def _tokens(samples: Iterable[DosedSample]) -> list[int]:
    return [sample.reasoning_tokens for sample in samples]


def _by_prompt(samples: Iterable[DosedSample]) -> dict[str, float]:
    """The mean of each prompt's samples."""
    found: dict[str, list[int]] = {}
    for sample in samples:
        found.setdefault(sample.prompt, []).append(sample.reasoning_tokens)
    return {prompt: fmean(tokens) for prompt, tokens in found.items()}


def _step(arm: str, lower: str, upper: str, one: _Compared, corrected: float | None, alpha: float) -> LevelStep:
    n_upper, n_lower = one.comparison.n_a, one.comparison.n_b
    judgement: Judgement = "too_few" if corrected is None else "differ" if corrected <= alpha else "not_shown"
    return LevelStep(
        arm, lower, upper, n_lower, n_upper, one.paired, corrected, one.ratio, one.comparison.detectable, judgement
    )
