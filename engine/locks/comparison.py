"""A lock and what is now -> what has changed, with how often that would be said of what has not. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..statistics.blocks import BlockComparison, blocks_differ, rates_differ
from ..statistics.corrections import benjamini_hochberg
from .lock import MEASURES, Lock, LockedPrice, LockedRequest, LockEntry, LockReading, MeasureName

FALSE_ALARM_RATE = 0.05
"""How often, at most, a check of what has not changed says that it has."""

EntryState = Literal["same", "changed", "unread"]
ChangeKind = Literal["request", "model", "simulated", "served", "price", "reasoning_tokens", "output_tokens", "passed"]


class LockChange(Struct, frozen=True):
    """One thing that is no longer what it was. `detail` says of a request which parts of it are others."""

    what: ChangeKind
    was: str | None
    now: str | None
    detail: str | None = None


class LockTest(Struct, frozen=True):
    """One measure before and now, over the probes that have both: medians, or rates of passed answers.

    `adjusted_p` is corrected for all tests of the check (Benjamini and Hochberg). `can_show` False: so few values could
    not have shown any change; `shown` is the verdict.
    """

    what: MeasureName
    n_was: int
    n_now: int
    was: float
    now: float
    ratio: float | None
    p: float
    adjusted_p: float
    shown: bool
    can_show: bool


class EntryCheck(Struct, frozen=True):
    """What became of one profile and think value. `problem` is why it could not be read, or not all of it."""

    profile: str
    think: str
    state: EntryState
    changes: tuple[LockChange, ...] = ()
    tests: tuple[LockTest, ...] = ()
    problem: str | None = None
    answered: int = 0
    failed: int = 0


class LockCheck(Struct, frozen=True):
    """A whole check. `false_alarm_rate` is the chance that it says `changed` of values where nothing has changed.

    What is compared exactly, and so without false alarms, are request, model, served names and prices.
    """

    written_at: str
    false_alarm_rate: float
    tests: int
    entries: tuple[EntryCheck, ...]

    @property
    def state(self) -> EntryState:
        """`changed` where anything has changed, else `unread` where anything could not be read."""
        states = {entry.state for entry in self.entries}
        return "changed" if "changed" in states else "unread" if "unread" in states else "same"


def checked(
    lock: Lock, readings: Mapping[str, LockReading], *, false_alarm_rate: float = FALSE_ALARM_RATE
) -> LockCheck:
    """Hold what is read now, by `LockEntry.name`, against the lock.

    All tests of all entries are corrected together: were nothing changed, one of them would be shown in at most that
    share of checks.
    """
    compared = [(entry, readings.get(entry.name, LockReading(None, "it was not read"))) for entry in lock.entries]
    tested: list[list[tuple[MeasureName, BlockComparison, LockTest]]] = [
        [] if reading.entry is None else list(_tests(entry, reading.entry)) for entry, reading in compared
    ]
    every = [found for some in tested for _, found, _ in some]
    adjusted = iter(benjamini_hochberg([found.p for found in every]))
    entries: list[EntryCheck] = []
    for (entry, reading), some in zip(compared, tested, strict=True):
        tests: list[LockTest] = []
        for _, found, test in some:
            p = next(adjusted)
            shown = p <= false_alarm_rate
            can_show = shown or found.least * len(every) <= false_alarm_rate
            tests.append(replace(test, adjusted_p=p, shown=shown, can_show=can_show))
        entries.append(_entry(entry, reading, tests))
    return LockCheck(lock.written_at, false_alarm_rate, len(every), tuple(entries))


def _entry(was: LockEntry, reading: LockReading, tests: Sequence[LockTest]) -> EntryCheck:
    now = reading.entry
    changes: list[LockChange] = []
    if now is not None:
        changes += _exact_changes(was, now)
        changes += [LockChange(test.what, _figure(test.what, test.was), _figure(test.what, test.now)) for test in tests
                    if test.shown]  # fmt: skip
        changes += _missing(was, now)
    state: EntryState = "changed" if changes else "unread" if reading.problem is not None else "same"
    return EntryCheck(
        was.profile, was.think, state, tuple(changes), tuple(tests), reading.problem,
        0 if now is None else now.answered, 0 if now is None else now.failed,
    )  # fmt: skip


def _exact_changes(was: LockEntry, now: LockEntry) -> list[LockChange]:
    changes: list[LockChange] = []
    if was.model != now.model or was.provider != now.provider:
        changes.append(LockChange("model", f"{was.provider}/{was.model}", f"{now.provider}/{now.model}"))
    if was.request.hash != now.request.hash:
        changes.append(_request_change(was.request, now.request))
    if now.answered and was.simulated != now.simulated:
        words = {True: "a simulator", False: "the provider"}
        changes.append(LockChange("simulated", words[was.simulated], words[now.simulated]))
    if now.answered and (set(now.served) - set(was.served) or (was.served and not now.served)):
        changes.append(LockChange("served", ", ".join(was.served) or None, ", ".join(now.served) or None))
    if not _same_price(was.price, now.price):
        changes.append(LockChange("price", _price_words(was.price), _price_words(now.price)))
    return changes


def _request_change(was: LockedRequest, now: LockedRequest) -> LockChange:
    names = sorted(name for name in {*was.parts, *now.parts} if was.parts.get(name) != now.parts.get(name))
    return LockChange("request", _request_words(was), _request_words(now), ", ".join(names) or None)


def _request_words(request: LockedRequest) -> str:
    native = f", {json.dumps(request.native, ensure_ascii=False)}" if request.native else ""
    return f"{request.dialect}, {request.fidelity}{native}"


def _same_price(was: LockedPrice | None, now: LockedPrice | None) -> bool:
    """Whether the rates are the same, whoever says so."""
    if was is None or now is None:
        return was is now
    return (was.input, was.output, was.cached_input) == (now.input, now.output, now.cached_input)


def _price_words(price: LockedPrice | None) -> str | None:
    if price is None:
        return None
    cached = "" if price.cached_input is None else f", cached {price.cached_input.normalize():f}"
    return f"input {price.input.normalize():f}{cached}, output {price.output.normalize():f} USD per million"


def _missing(was: LockEntry, now: LockEntry) -> list[LockChange]:
    """Figures that were reported of every answer, and are of none any more."""
    gone: list[LockChange] = []
    for measure in ("reasoning_tokens", "output_tokens"):
        before = was.values(measure)
        asked = any(name in now.samples for name in was.samples)
        if asked and before and len(before) == was.answered and now.answered and not now.values(measure):
            gone.append(LockChange(measure, _figure(measure, median(before)), None, "no longer reported"))
    return gone


def _tests(was: LockEntry, now: LockEntry) -> list[tuple[MeasureName, BlockComparison, LockTest]]:
    found: list[tuple[MeasureName, BlockComparison, LockTest]] = []
    for measure in MEASURES:
        blocks = [
            (samples.of(measure), now.samples[name].of(measure))
            for name, samples in was.samples.items()
            if name in now.samples
        ]
        blocks = [(before, after) for before, after in blocks if before and after]
        if not blocks:
            continue
        compared = (rates_differ if measure == "passed" else blocks_differ)(blocks)
        before, after = ([value for block in blocks for value in block[side]] for side in (0, 1))
        middle = _rate if measure == "passed" else median
        old, new = float(middle(before)), float(middle(after))
        test = LockTest(
            measure, len(before), len(after), old, new, new / old if old else None, compared.p, compared.p,
            shown=False, can_show=False,
        )  # fmt: skip
        found.append((measure, compared, test))
    return found


def _rate(values: Sequence[int]) -> float:
    return sum(values) / len(values)


def _figure(what: MeasureName, value: float) -> str:
    return f"{100 * value:.0f} %" if what == "passed" else f"{value:,.0f}"
