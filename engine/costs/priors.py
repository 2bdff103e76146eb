"""How much a model is likely to write: the user's own runs, then recorded answers, then the reference table.

The rule. Each layer is a law of output tokens; the forecast is the median and the 10th and 90th percentile of their
mixture. From the top, a layer of n answers gets the part n / (n + k) of the weight that those above have left, with
the k of `WEIGHTS`; what is left in the end is for all recorded models. Where a level or a budget was asked for, laws of
other levels and budgets are scaled by the square root of the ratio of their thinking tokens in the reference table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ...profiles.cards.observed import (
    OTHERS,
    SHARES,
    DialKind,
    ObservedAnswers,
    ObservedPool,
    line_of,
    observed_answers,
    observed_pools,
    vendor_of,
)
from ...providers.think import Level
from ..planning.plan import LEAST_MAX_TOKENS
from ..statistics.laws import Law, mixture_quantile

if TYPE_CHECKING:
    from ..planning.prepare import Prepared

LEVEL = 0.8
"""The part of answers that the range is meant to hold."""
_LOW, _HIGH = (1 - LEVEL) / 2, (1 + LEVEL) / 2

Layer = Literal["alike", "own", "model", "vendor"]
WEIGHTS: Mapping[Layer, int] = {"alike": 2, "own": 10, "model": 30, "vendor": 30}
"""The k of each layer: own runs with a prompt of about this size, own runs with other prompts, recorded answers of the
model with this dial, and of its vendor's models. In recorded answers the spread within a model and dial is about
1.3 times that between them, in logarithms, which is a k of 2; recorded prompts are others than the user's, and 30 gave
the least error where one recording foretells another."""

MOST_OF_ONE_ROW = 30
"""So many answers of a recording count at most, when several are taken together: its prompts are of one kind."""

ALIKE = 4
"""Prompts up to so many times as long or as short are about the same size, as are those of which nobody told it,"""
SHORT_TOKENS = 64
"""and all that are shorter than this."""

NEARLY = 2
"""Thinking tokens up to so many times as many or as few are the same dial."""

PastRun = tuple[int | None, int]
"""Input and output tokens of one of the user's own runs."""


class DialSetting(Struct, frozen=True):
    """What a request says of thinking; `tokens` is what its level or budget is worth by the reference table."""

    kind: DialKind
    tokens: int | None = None


class Prior(Struct, frozen=True):
    """Output tokens, thinking included: the median, and the range that is meant to hold LEVEL of all answers.

    `runs` of the user's own and `answers` of recorded ones of this very model and dial are in it. `parts` say in words
    what it was made of, from the layer with the most say.
    """

    low: int
    median: int
    high: int
    runs: int
    answers: int
    parts: tuple[str, ...]


def prior(
    model: str,
    dial: DialSetting | None,
    budgets: Mapping[str, int],
    *,
    input_tokens: int = 0,
    runs: Sequence[PastRun] = (),
) -> Prior | None:
    """The forecast for `model`; None without runs of the user's and with no `dial`: whether it thinks is not known."""
    alike, others = list[int](), list[int]()
    for entered, output in runs:
        (alike if _is_alike(entered, input_tokens) else others).append(output)
    layers: list[tuple[Layer, Law, int]] = []
    told: list[str] = []
    if alike:
        layers.append(("alike", Law.of_values(alike), len(alike)))
        told.append(f"{_counted(len(alike), 'run')} of yours with such a prompt")
    if others:
        layers.append(("own", Law.of_values(others), len(others)))
        told.append(f"{_counted(len(others), 'run')} of yours with other prompts")
    if dial is None:
        if not layers:
            return None
        parts = weighed(layers[:-1], layers[-1][1])
        return Prior(*quantiles(parts), len(runs), 0, tuple(told))
    known = _recorded(model, dial, tuple(budgets.items()))
    if not runs:
        return known.prior
    parts = weighed([*layers, *known.layers], known.everybody)
    told += known.words
    order = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    return Prior(*quantiles(parts), len(runs), known.prior.answers, tuple(told[place] for place in order))


class _Recorded(Struct, frozen=True):
    """What recorded answers say of a model and a dial: the same for every call, so that it is worked out once."""

    layers: tuple[tuple[Layer, Law, int], ...]
    everybody: Law
    words: tuple[str, ...]
    prior: Prior


@lru_cache(maxsize=512)
def _recorded(model: str, dial: DialSetting, levels: tuple[tuple[str, int], ...]) -> _Recorded:
    layers: list[tuple[Layer, Law, int]] = []
    told: list[str] = []
    vendor, pools = vendor_of(model), observed_pools()
    rows = rows_of(observed_answers(vendor), line_of(model), dial, dict(levels))
    answers = sum(row.n for row, _ in rows)
    if rows:
        layers.append(("model", together(rows), answers))
        told.append(f"{_counted(answers, 'recorded answer')} of this model with this dial")
    if vendor != OTHERS and (pool := pools.of(vendor, dial.kind)) is not None:
        layers.append(("vendor", pool_law(pool, dial), pool.n))
        told.append(f"{_counted(pool.n, 'recorded answer')} of {vendor}'s models")
    pool = pools.of_all(dial.kind)
    everybody, scaled = pool_law(pool, dial), ", scaled to this dial" if dial.tokens is not None else ""
    told.append(f"{_counted(pool.n, 'recorded answer')} of {pool.models} models (until {pools.as_of}{scaled})")
    parts = weighed(layers, everybody)
    order = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    made = Prior(*quantiles(parts), 0, answers, tuple(told[place] for place in order))
    return _Recorded(tuple(layers), everybody, tuple(told), made)


def weighed(layers: Sequence[tuple[Layer, Law, int]], everybody: Law) -> list[tuple[Law, float]]:
    """The laws of all layers from the top, with their numbers of answers, and of everybody, with their weights."""
    left = 1.0
    parts: list[tuple[Law, float]] = []
    for layer, law, n in layers:
        part = left * n / (n + WEIGHTS[layer])
        parts.append((law, part))
        left -= part
    return [*parts, (everybody, left)]


def rows_of(
    rows: Sequence[ObservedAnswers], line: str, dial: DialSetting, budgets: Mapping[str, int]
) -> list[tuple[ObservedAnswers, float]]:
    """The recorded answers of one line of models with about this dial, and what each is scaled by to stand for it."""
    found = [(row, scale_of(row, dial, budgets)) for row in rows if row.line == line]
    return [(row, scale) for row, scale in found if scale is not None and _is_near(scale)]


def pool_law(pool: ObservedPool, dial: DialSetting) -> Law:
    """The law of a pool, scaled to what `dial` is worth."""
    law = Law.of_quantiles(SHARES, pool.output)
    if dial.tokens is None or not pool.thinking_tokens:
        return law
    return law.scaled(math.sqrt(dial.tokens / pool.thinking_tokens))


def together(rows: Sequence[tuple[ObservedAnswers, float]]) -> Law:
    """One law of several rows, each scaled."""
    parts = [(Law.of_quantiles(SHARES, row.output).scaled(scale), min(row.n, MOST_OF_ONE_ROW)) for row, scale in rows]
    if len(parts) == 1:
        return parts[0][0]
    return Law.of_quantiles(SHARES, [mixture_quantile(parts, share) for share in SHARES])


def quantiles(parts: Sequence[tuple[Law, float]]) -> tuple[int, int, int]:
    """Low, median and high of a mixture, in whole tokens, none of them less than one."""
    low, median, high = (max(1, round(mixture_quantile(parts, share))) for share in (_LOW, 0.5, _HIGH))
    return low, median, high


def is_recorded(model: str, dial: DialSetting, budgets: Mapping[str, int]) -> bool:
    """Whether answers with about this dial have been recorded, so that not all is scaled by the reference table."""
    return _is_recorded(model, dial, tuple(budgets.items()))


@lru_cache(maxsize=512)
def _is_recorded(model: str, dial: DialSetting, levels: tuple[tuple[str, int], ...]) -> bool:
    worth = observed_pools().of_all(dial.kind).thinking_tokens
    if dial.tokens is None or (worth and _is_near(math.sqrt(dial.tokens / worth))):
        return True
    scales = [scale_of(row, dial, dict(levels)) for row in observed_answers(vendor_of(model))]
    return any(scale is not None and _is_near(scale) for scale in scales)


def scale_of(row: ObservedAnswers, dial: DialSetting, budgets: Mapping[str, int]) -> float | None:
    """What the output of `row` is multiplied with to stand for `dial`; None for another kind of dial."""
    if row.kind != dial.kind:
        return None
    if dial.tokens is None:
        return 1.0
    worth = budgets.get(row.level or "", row.budget_tokens)
    return None if not worth else math.sqrt(dial.tokens / worth)


def _is_near(scale: float) -> bool:
    return 1 / NEARLY <= scale**2 <= NEARLY


def _is_alike(entered: int | None, input_tokens: int) -> bool:
    if entered is None:
        return True
    one, other = max(entered, SHORT_TOKENS), max(input_tokens, SHORT_TOKENS)
    return one <= other * ALIKE and other <= one * ALIKE


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def dial_setting(prepared: Prepared, model: str) -> tuple[DialSetting | None, str]:
    """What the plan says of thinking, and in words; None where it is not known whether the model thinks."""
    decided, card, think = prepared.plan, prepared.target.card, prepared.think
    budgets = prepared.asked.reference.budgets
    if decided.thinks is False and not prepared.emulated:
        return DialSetting("silent"), "no thinking"
    tokens = decided.budget_tokens or (think.budget_tokens if prepared.emulated else None)
    if tokens:
        return DialSetting("dial", tokens), f"a budget of {tokens:,}"
    level = decided.level or (think.level if prepared.emulated else None)
    if level is not None and level != Level.OFF:
        worth = budgets.get(level.value) or max(LEAST_MAX_TOKENS, *budgets.values())
        return DialSetting("dial", worth), level.value
    if decided.thinks:
        return DialSetting("free"), f"{card.absent}, its default" if card.absent in tuple(
            Level
        ) else "as much as it likes"
    vendor = vendor_of(model)
    kinds: set[DialKind] = {
        row.kind for row in observed_answers(vendor) if row.asked == "none" and row.line == line_of(model)
    }
    if vendor != OTHERS and len(kinds) == 1:
        return DialSetting(kinds.pop()), "its default, as recorded"
    return None, "what the model does by default is not known"
