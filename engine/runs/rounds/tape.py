"""A tape for one round: what it takes down has a place of its own in the history."""

from __future__ import annotations

from collections.abc import Mapping

from ...exchange.observer import Tape
from ...planning.prepare import Prepared


class PlacedTape:
    """Passes on to a tape, with another number."""

    def __init__(self, tape: Tape, place: int) -> None:
        self._tape, self._place = tape, place

    def begin(self, index: int, prepared: Prepared) -> None:
        self._tape.begin(self._place, prepared)

    def opened(self, index: int, status: int, headers: Mapping[str, str]) -> None:
        self._tape.opened(self._place, status, headers)

    def received(self, index: int, data: bytes) -> None:
        self._tape.received(self._place, data)

    def withheld(self, index: int) -> None:
        self._tape.withheld(self._place)

    @property
    def is_behind(self) -> bool:
        return self._tape.is_behind
