"""Reads events that only add words, and gives those of one place as one text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec.json import Decoder

from ..dialect import WordsRead
from ..framing.sse import Event
from ..schema import Delta

Shape = TypeVar("Shape")
Place = TypeVar("Place")

MOST_MISSES = 16
"""So many more events of other shapes than of this one, and the stream is not one for which this pays."""

_ODD_NAMES = frozenset(("stray", "body"))
"""Of what is no event of a stream."""


class WordReader(Generic[Shape]):
    """Reads events of one `shape`, which is asked for when there are any. All others are their decoder's to read."""

    __slots__ = ("_decoder", "_misses", "_shape")

    def __init__(self, shape: Callable[[], Decoder[Shape]]) -> None:
        self._shape = shape
        self._decoder: Decoder[Shape] | None = None
        self._misses = 0

    def read(
        self,
        events: Sequence[Event],
        begin: int,
        placed: Callable[[Shape], tuple[Place, str] | None],
        heard: Callable[[Place, str], Delta],
    ) -> WordsRead:
        """What `events` add from `begin` to the first that is of another shape, and how many events these are.

        `placed` says to what the words of an event belong, and gives them; None where there is more to it than words.
        `heard` takes down what neighbours have said together.
        """
        found: list[Delta] = []
        if self._misses > MOST_MISSES:
            return found, 0
        if self._decoder is None:
            if not events[begin].data.startswith(b"{"):
                return found, 0
            self._decoder = self._shape()
        decode, at = self._decoder.decode, begin
        words: list[str] = []
        last: Place | None = None
        for at in range(begin, len(events)):
            event = events[at]
            try:
                given = None if event.name in _ODD_NAMES else placed(decode(event.data))
            except Exception:  # what trips it, and whether that is a fault, its decoder finds out
                given = None
            if given is None:
                self._misses += 1
                break
            if given[0] != last:
                if last is not None:
                    found.append(heard(last, "".join(words)))
                last, words = given[0], []
            words.append(given[1])
        else:
            at = len(events)
        if last is not None:
            found.append(heard(last, "".join(words)))
            self._misses = max(0, self._misses - (at - begin))
        return found, at - begin
