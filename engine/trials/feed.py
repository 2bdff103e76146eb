"""Rows for a batch, round by round: each waits for the results of the one before it, if they do not take too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from .arms import ArmRecord, Records, Sample
from .elimination import next_round
from .standings import Rules, Standings, standings_of

if TYPE_CHECKING:
    from ..batch.batch import Batch
    from ..batch.rows.rows import Row
    from .candidates import TrialArm

LAG_S = 20.0
"""Without a result for so long, arms that have answered all go on without those that have not."""

LOOK_S = 0.2
"""How often it is looked whether the batch stops, or has given up an arm, while results are waited for."""


class RowFeed:
    """What the thread that reads rows is given, and what hears of results on the event loop."""

    def __init__(self, candidates: Sequence[TrialArm], records: Records, rules: Rules, rows: Sequence[Row]) -> None:
        self.records, self.rules = records, rules
        self.standings: Standings = standings_of(records, rules)
        self.round = 0
        self._rows, self._places = rows, {row.id: place for place, row in enumerate(rows)}
        self._candidates: Mapping[str, TrialArm] = {one.arm.name: one for one in candidates}
        self._waiting: set[tuple[str, int]] = set()
        self._taken = 0
        self._changed = threading.Condition()
        self._batch: Batch | None = None

    def attach(self, batch: Batch) -> None:
        """Hear which batch asks the rows."""
        self._batch = batch

    def snapshot(self) -> dict[str, ArmRecord]:
        """What is known of all arms at this moment; any thread may ask."""
        with self._changed:
            return {name: replace(record, samples=dict(record.samples)) for name, record in self.records.items()}

    @property
    def under_way(self) -> int:
        """Calls of this round whose results are not there yet."""
        return len(self._waiting)

    def rows(self) -> Iterator[Row]:
        """All rows that are to be asked, each for one arm; it blocks between rounds."""
        while not self._is_over():
            with self._changed:
                self.standings = standings_of(self.records, self.rules)
                calls = next_round(self.records, self.rules, self.standings, {name for name, _ in self._waiting})
                self._waiting |= {(call.arm, call.row) for call in calls}
                self.round += bool(calls)
                if not self._waiting:
                    return
            for call in calls:
                one = self._candidates[call.arm]
                yield replace(self._rows[call.row], profiles=(one.arm.profile,), think=one.think)
            self._wait()

    def take(self, row: Row, sample: Sample) -> None:
        """Take in what a row came to."""
        name, place = f"{row.profiles[0]}@{row.think}", self._places[row.id]
        with self._changed:
            self.records[name].add(place, sample)
            self._waiting.discard((name, place))
            self._taken += 1
            if not self._waiting:
                self._changed.notify_all()

    def _wait(self) -> None:
        with self._changed:
            taken, since = self._taken, time.monotonic()
            while self._waiting and not self._is_over() and time.monotonic() - since < LAG_S:
                self._changed.wait(min(LOOK_S, LAG_S))
                self._give_up()
                if self._taken != taken:
                    taken, since = self._taken, time.monotonic()
            self._give_up()  # of one that is given up, all results may have come

    def _give_up(self) -> None:
        """Ask profiles that the batch has given up no more, and wait for them no longer."""
        batch = self._batch
        if batch is None:
            return
        waited = {self._candidates[name].arm.profile for name, _ in self._waiting}
        open_arms = [self._candidates[name] for name, record in self.records.items() if record.trouble is None]
        for profile in {one.arm.profile for one in open_arms}:
            lane = batch.lanes.get(profile)
            broken = batch.ended.broken.get(profile) if lane is None else lane.pace.broken
            if broken is None or (lane is not None and lane.in_flight and profile in waited):
                continue
            for name, one in self._candidates.items():
                if one.arm.profile == profile:
                    self.records[name].trouble = broken.message
                    self._waiting = {(arm, row) for arm, row in self._waiting if arm != name}

    def _is_over(self) -> bool:
        return self._batch is not None and self._batch.stopping
