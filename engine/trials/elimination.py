"""Successive elimination: which rows to ask which arms next. Pure, and the same for the same samples.

All arms get a few rows first, for their costs. With a target the cheapest of those that are open then get the next
rows, so that dear ones are only asked when no cheaper one passes; once one passes, the others are asked as far as it
takes to show that they are dearer. Without a target all that are not shown to be worse go on. What the rows that are
left will most likely not decide is not asked on: to say that the rows are too few costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from itertools import islice
from statistics import fmean, stdev

from msgspec import Struct

from .arms import ArmRecord, Records, cost_differences, only_in_first
from .evidence import LEAST_VALUES, is_above, is_below, margin_in_deviations
from .standings import PILOT, ArmState, Rules, Standings, standings_of

GROWTH = 0.35
"""Of the rows that an arm has, the share that the next round adds."""

FRONT = 2
"""Open arms that are asked at once: more of them take less time, and more calls that turn out not to be needed."""

_HOPE = 1.645
"""Standard errors by which a figure may turn out otherwise, when it is asked whether the rows that are left help."""


class NextCall(Struct, frozen=True):
    """A row, by its place, that an arm is to be asked."""

    arm: str
    row: int


def next_round(
    records: Records, rules: Rules, found: Standings | None = None, busy: Collection[str] = ()
) -> tuple[NextCall, ...]:
    """The rows to ask next, in order; none when nothing is to be gained by more. `found` is what the samples show.

    Arms that are `busy` have not answered yet what they were asked, and are asked nothing.
    """
    pilot = [
        (name, min(PILOT, rules.rows) - len(record.samples))
        for name, record in records.items()
        if record.trouble is None and len(record.samples) < min(PILOT, rules.rows) and name not in busy
    ]
    if pilot:
        return _calls(records, rules, pilot)
    found = standings_of(records, rules) if found is None else found
    front = _by_target(records, rules, found, busy) if rules.target is not None else _by_rank(records, rules, found)
    return _calls(records, rules, [(name, _more(records[name])) for name in dict.fromkeys(front) if name not in busy])


def is_hopeless(record: ArmRecord, rules: Rules, arms: int) -> bool:
    """Whether the rows that are left will most likely not show on which side of the target an arm is."""
    n, left, alpha = record.n, rules.rows - len(record.samples), rules.target_alpha(arms)
    if rules.target is None or not n:
        return False
    low, high = _range_of(record.passed, n)
    most, least = record.passed + round(left * high), record.passed + round(left * low)
    if is_above(most, n + left, rules.target, alpha, is_last=True):
        return False
    return not is_below(least, n + left, rules.target, alpha, is_last=True)


def _by_target(records: Records, rules: Rules, found: Standings, busy: Collection[str]) -> list[str]:
    """The arms to ask where a rate is to be reached."""
    leader, front = found.leader, list[str]()
    opened: list[tuple[float, str]] = []
    unpriced: list[str] = []
    for name in found.left:
        record, usd = records[name], records[name].mean_usd
        if name == leader or name in busy:
            continue
        if usd is None:
            unpriced += [name] if _is_worth_asking(record, rules, len(records)) else []
        elif leader is not None and usd >= (records[leader].mean_usd or 0):
            front += _to_part(record, records[leader], rules, len(records))
        elif found.states[name] is ArmState.OPEN and _is_worth_asking(record, rules, len(records)):
            opened.append((usd, name))
    cheapest = [name for _, name in sorted(opened)[:FRONT]]
    return cheapest or front or (unpriced if leader is None else [])


def _by_rank(records: Records, rules: Rules, found: Standings) -> list[str]:
    """The arms to ask where none is to be worse than the best."""
    able = [name for name in found.states if found.may_pass(name)]
    front: list[str] = []
    for place, name in enumerate(able):
        for other in able[place + 1 :]:
            if _may_rank(records[name], records[other], rules, len(records)):
                front += [one for one in (name, other) if _has_rows(records[one], rules)]
    leader = found.leader
    if not front and leader is not None:
        for name in found.left:
            if name != leader and records[name].mean_usd is not None:
                front += _to_part(records[name], records[leader], rules, len(records))
    return front


def _is_worth_asking(record: ArmRecord, rules: Rules, arms: int) -> bool:
    return _has_rows(record, rules) and not is_hopeless(record, rules, arms)


def _has_rows(record: ArmRecord, rules: Rules) -> bool:
    return record.trouble is None and len(record.samples) < rules.rows


def _to_part(record: ArmRecord, leader: ArmRecord, rules: Rules, arms: int) -> list[str]:
    """Which of two to ask, to show that the first is dearer; none where the rows will most likely not do."""
    apart = cost_differences(record, leader)
    if len(apart) >= LEAST_VALUES:
        deviation = stdev(apart)
        hoped = fmean(apart) + _HOPE * deviation / math.sqrt(len(apart))
        if hoped <= deviation * margin_in_deviations(rules.rows, rules.pair_alpha(arms), is_last=True):
            return []
    behind = [record] if len(record.samples) <= len(leader.samples) else [leader]
    if len(record.samples) == len(leader.samples):
        behind = [record, leader]
    return [one.arm.name for one in behind if _has_rows(one, rules)]


def _may_rank(first: ArmRecord, second: ArmRecord, rules: Rules, arms: int) -> bool:
    """Whether the rows may yet show one of two to be better."""
    both = (first.judged_bits & second.judged_bits).bit_count()
    left = rules.rows - max(len(first.samples), len(second.samples)) if both else rules.rows
    wins, apart = only_in_first(first, second)
    to_come = (apart + 1) / (both + 1) * max(left, 0)
    low, high = _range_of(wins, apart) if apart else (0.0, 1.0)
    alpha, whole = rules.pair_alpha(arms), apart + round(to_come)
    most, least = wins + round(high * to_come), wins + round(low * to_come)
    return is_above(most, whole, 0.5, alpha, is_last=True) or is_below(least, whole, 0.5, alpha, is_last=True)


def _range_of(passed: int, n: int) -> tuple[float, float]:
    """Between which rates the rows that come may well be."""
    rate = (passed + 0.5) / (n + 1)
    error = _HOPE * math.sqrt(rate * (1 - rate) / n)
    return max(0.0, rate - error), min(1.0, rate + error)


def _more(record: ArmRecord) -> int:
    return max(PILOT, math.ceil(GROWTH * len(record.samples)))


def _calls(records: Records, rules: Rules, wanted: Iterable[tuple[str, int]]) -> tuple[NextCall, ...]:
    calls = [NextCall(name, row) for name, count in wanted for row in islice(records[name].missing(rules.rows), count)]
    return tuple(sorted(calls, key=lambda call: call.row))
