"""The formats in which reasoning stands in an answer, made ready for the search."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from msgspec import Struct

ChannelKind = Literal["reasoning", "commentary", "answer"]


class TagPair(Struct, frozen=True):
    """What opens and closes a stretch of text. `bare`: models send the closer alone, the prompt held the opener."""

    opener: str
    closer: str
    bare: bool = False


class Channels(Struct, frozen=True):
    """A format of messages, each with a header that names its channel: `start`, a role, `channel`, a name, `message`,
    the text, and one of `ends`. A channel that is in no list of `kinds` is commentary.
    """

    start: str
    channel: str
    message: str
    ends: tuple[str, ...]
    kinds: tuple[tuple[str, ChannelKind], ...]


NO_PAIR = TagPair("", "")
NO_CHANNELS = Channels("", "", "", (), ())


class TagSearch:
    """Strings that are looked for together. Most answers hold none: what looks for them is made for the first."""

    __slots__ = ("__dict__", "_all", "_longest", "firsts")

    def __init__(self, marks: Iterable[str]) -> None:
        self._all = tuple(sorted(set(marks), key=len, reverse=True))
        self.firsts = frozenset(mark[0] for mark in self._all)
        self._longest = max(map(len, self._all), default=0)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self._all)) or r"(?!)")

    @cached_property
    def _first(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.firsts)) or r"(?!)")

    def search(self, text: str, start: int) -> re.Match[str] | None:
        return self._pattern.search(text, start)

    def match(self, text: str, start: int) -> re.Match[str] | None:
        return self._pattern.match(text, start)

    def may_begin(self, text: str) -> bool:
        """Whether any mark can begin within `text`."""
        # Asked of each chunk of an answer: a generator would cost more than the search.
        for first in self.firsts:  # noqa: SIM110
            if first in text:
                return True
        return False

    def may_become(self, tail: str) -> bool:
        """Whether `tail` is the beginning of a mark."""
        return len(tail) < self._longest and any(mark.startswith(tail) for mark in self._all)

    def held(self, text: str, start: int) -> int:
        """Where the suffix of `text` begins, from `start` on, that may become a mark; its end where there is none."""
        for found in self._first.finditer(text, max(start, len(text) - self._longest + 1)):
            if self.may_become(text[found.start() :]):
                return found.start()
        return len(text)


class TagTable:
    """The formats that are known, made ready for the search. `wrappers` stand around the answer behind reasoning.

    `beginnings` are those of reasoning that no opener announces.
    """

    def __init__(
        self,
        pairs: Iterable[TagPair],
        wrappers: Iterable[TagPair] = (),
        channels: Iterable[Channels] = (),
        beginnings: Iterable[str] = (),
    ) -> None:
        self.beginnings = tuple(beginnings)
        self.pairs, self.wrappers, self.channels = tuple(pairs), tuple(wrappers), tuple(channels)
        self.pair_of = {pair.opener: pair for pair in self.pairs}
        self.wrapper_of = {pair.opener: pair for pair in self.wrappers}
        self.header_of: dict[str, Channels] = {}
        self.answer_of: dict[str, Channels] = {}
        for channels_ in self.channels:
            self._add(channels_)
        self.bare_of = {pair.closer: pair for pair in self.pairs if pair.bare}
        self.opening = TagSearch([*self.pair_of, *self.header_of])
        self.following = TagSearch([*self.pair_of, *self.header_of, *self.wrapper_of])
        self.bare = TagSearch([*self.bare_of, *(pair.opener for pair in self.bare_of.values()), *self.answer_of])
        self._marks: dict[tuple[str, ...], TagSearch] = {}

    def inside(self, pair: TagPair) -> TagSearch:
        """What counts between the two of `pair`."""
        return self._of((pair.opener, pair.closer))

    def ending(self, channels: Channels) -> TagSearch:
        """What ends a message."""
        return self._of((*channels.ends, channels.start, channels.channel))

    def beginning(self, channels: Channels) -> TagSearch:
        """What begins a header."""
        return self._of((channels.start, channels.channel))

    def _of(self, marks: tuple[str, ...]) -> TagSearch:
        found = self._marks.get(marks)
        if found is None:
            found = self._marks[marks] = TagSearch(marks)
        return found

    def _add(self, one: Channels) -> None:
        self.header_of |= {one.start: one, one.channel: one}
        for name, kind in one.kinds:
            self.header_of[f"{name}{one.message}"] = one  # the prompt held what goes before
            if kind == "answer":
                header = f"{one.channel}{name}{one.message}"
                for before in ("", f"{one.start}assistant", *(f"{end}{one.start}assistant" for end in one.ends)):
                    self.answer_of[f"{before}{header}"] = one
