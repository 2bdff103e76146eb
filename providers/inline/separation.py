"""Another decoder whose answer is told apart from the reasoning inside it: one way for all dialects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..dialect import Decoder
from ..errors import Failure
from ..framing.sse import Event
from ..schema import (
    AnswerDelta,
    Complete,
    Delta,
    Finish,
    ReasoningDelta,
    ReasoningWithheld,
    UsageReport,
)
from .splitter import InlineThinkSplitter
from .tag_table import TagTable

_TELLING = frozenset((ReasoningDelta, ReasoningWithheld, Finish, Complete))


class SeparatingDecoder:
    """Splits answers at the tags of `table`. Where `inner` types the reasoning, what the answer holds in tags is the
    same once more, or no reasoning; where it withholds it, tags are text. `emulated`: tags were asked for.
    """

    def __init__(self, inner: Decoder, table: TagTable, *, emulated: bool = False) -> None:
        self._inner = inner
        self._splitter = InlineThinkSplitter(table)
        self._emulated = emulated
        self._told_apart: list[str] = []
        self._doubled: list[str] = []
        self._flushed = False

    def feed(self, event: Event) -> Iterable[Delta]:
        return self._separate(self._inner.feed(event))

    def close(self) -> Iterator[Delta]:
        for delta in self._separate(self._inner.close()):
            if isinstance(delta, Failure):
                yield from self._flush()
            yield delta
        yield from self._flush()

    def _separate(self, deltas: Iterable[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            if isinstance(delta, AnswerDelta) and not self._flushed:
                if self._splitter.is_over:
                    yield delta
                else:
                    yield from self._split(self._splitter.feed(delta.text, delta.part))
                continue
            if type(delta) in _TELLING:
                yield from self._listen(delta)
            if self._emulated and isinstance(delta, UsageReport) and delta.usage.reasoning_tokens == 0:
                # The provider cannot count what it does not know to be reasoning.
                delta = replace(delta, usage=replace(delta.usage, reasoning_tokens=None))
            yield delta

    def _listen(self, delta: Delta) -> Iterator[Delta]:
        """What is to be said before a delta that tells where the reasoning is, or that the answer is over."""
        match delta:
            case ReasoningDelta() if not self._emulated and delta.text.strip():
                self._told_apart.append(delta.text)
                self._splitter.expect_no_bare_closer()
            case ReasoningWithheld() if not self._emulated:
                yield from self._flush()
            case Finish() | Complete():
                yield from self._flush()
            case _:
                pass

    def _split(self, deltas: Iterable[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            if isinstance(delta, ReasoningDelta) and self._told_apart:
                self._doubled.append(delta.text)
            else:
                yield delta

    def _flush(self) -> Iterator[Delta]:
        if self._flushed:
            return
        self._flushed = True
        if self._splitter.is_over and not self._doubled:
            return
        yield from self._split(self._splitter.close())
        doubled = "".join(self._doubled)
        if doubled.strip() in "".join(self._told_apart):
            return
        if opener := self._splitter.unclosed:
            yield AnswerDelta(f"{opener}{doubled}")
        else:
            yield ReasoningDelta(doubled, "inline", "tags")
