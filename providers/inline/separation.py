"""What all dialects have in common behind their decoders: reasoning inside the answer, and characters cut in halves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from ..dialect import Decoder, WordsRead
from ..errors import Failure
from ..framing.sse import Event
from ..json_values import is_blank, is_whole, text
from ..schema import (
    AnswerDelta,
    AnswerWasReasoning,
    Complete,
    Delta,
    Finish,
    ReasoningDelta,
    ReasoningWithheld,
    UsageReport,
)
from ..turns.pieces import TAGS, TurnPiece
from .splitter import InlineThinkSplitter
from .tag_table import TagTable

_TELLING = frozenset((ReasoningDelta, ReasoningWithheld))
_CLOSING = frozenset((Finish, Complete))

_ENDING = frozenset((Finish, Complete, Failure, AnswerWasReasoning))

TEXTS = (AnswerDelta, ReasoningDelta)
"""What may end or begin in the middle of a character."""

_NO_ANSWER = frozenset((Failure, TurnPiece))


class SeparatingDecoder:
    """Splits answers at the tags of `table`. Where `inner` types the reasoning, what the answer holds in tags is the
    same once more, or no reasoning; where it withholds it, tags are text. `emulated`: tags were asked for.
    """

    def __init__(self, inner: Decoder, table: TagTable, *, emulated: bool = False) -> None:
        self._inner, self._table = inner, table
        self._go_on: Callable[[Sequence[Event], int], WordsRead] | None = getattr(inner, "go_on", None)
        self._splitter = InlineThinkSplitter(table)
        self._emulated = emulated
        self._told_apart: list[str] = []
        self._doubled: list[str] = []
        self._flushed = self._withheld = False

    def feed(self, event: Event) -> Iterable[Delta]:
        return self._separate(self._inner.feed(event))

    def go_on(self, events: Sequence[Event], at: int) -> WordsRead:
        """As `WordDecoder` has it; nothing where the decoder within is none."""
        if self._go_on is None:
            return (), 0
        deltas, count = self._go_on(events, at)
        if len(deltas) == 1:  # as nearly always
            alone = deltas[0]
            if type(alone) is AnswerDelta and (self._flushed or self._splitter.is_over):
                return deltas, count
            if type(alone) is ReasoningDelta:
                self._hear(alone)
                return deltas, count
        return [*self._separate(deltas)], count

    def close(self) -> Iterator[Delta]:
        for delta in self._separate(self._inner.close()):
            if not self._flushed and type(delta) in _NO_ANSWER:
                yield from self._flush()
            yield delta
        if not self._flushed:
            yield from self._flush()

    def _separate(self, deltas: Iterable[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            if type(delta) is AnswerDelta:
                if self._flushed or self._splitter.is_over:
                    yield delta
                elif self._told_apart:
                    yield from self._without_doubles(self._splitter.feed(delta.text, delta.part))
                else:
                    yield from self._splitter.feed(delta.text, delta.part)
                continue
            if type(delta) is TurnPiece:
                if self._may_hold_tags(delta):
                    yield from self._split_piece(delta)
                else:
                    yield delta
                continue
            kind = type(delta)
            if kind in _CLOSING:
                if not self._flushed:
                    yield from self._flush()
            elif kind in _TELLING:
                yield from self._listen(delta)
            if self._emulated and type(delta) is UsageReport and delta.usage.reasoning_tokens == 0:
                # The provider cannot count what it does not know to be reasoning.
                delta = replace(delta, usage=replace(delta.usage, reasoning_tokens=None))
            yield delta

    def _listen(self, delta: Delta) -> Iterator[Delta]:
        """What is to be said before a delta that tells where the reasoning is."""
        match delta:
            case ReasoningDelta():
                self._hear(delta)
            case ReasoningWithheld() if not self._emulated:
                self._withheld = True
                yield from self._flush()
            case _:
                pass

    def _hear(self, thought: ReasoningDelta) -> None:
        """Reasoning that its dialect tells apart."""
        if not self._emulated and not is_blank(thought.text):
            self._told_apart.append(thought.text)
            self._splitter.expect_no_bare_closer()

    def _without_doubles(self, deltas: Iterable[Delta]) -> Iterator[Delta]:
        """What the splitter found, where reasoning that is told apart may come in tags once more."""
        for delta in deltas:
            if isinstance(delta, ReasoningDelta):
                self._doubled.append(delta.text)
            else:
                yield delta

    def _may_hold_tags(self, piece: TurnPiece) -> bool:
        if piece.kind != "text":
            return False
        return self._splitter.has_found or (not self._withheld and self._table.bare.may_begin(piece.text))

    def _split_piece(self, piece: TurnPiece) -> Iterator[Delta]:
        """A text without its tags, and before it what they held, where that is not the same once more."""
        splitter = InlineThinkSplitter(self._table)
        if self._told_apart:
            splitter.expect_no_bare_closer()
        thoughts, words = list[str](), list[str]()
        for delta in (*splitter.feed(piece.text), *splitter.close()):
            match delta:
                case ReasoningDelta():
                    thoughts.append(delta.text)
                case AnswerDelta():
                    words.append(delta.text)
                case AnswerWasReasoning():
                    thoughts, words = [*thoughts, *words], []
                case _:
                    pass
        thought, told = "".join(thoughts), "".join(self._told_apart)
        if not splitter.has_found or (told and splitter.unclosed and thought.strip() not in told):
            yield piece
            return
        if thought.strip() and not (told and thought.strip() in told):
            yield TurnPiece("thinking", thought, TAGS, is_whole=piece.is_whole)
        if words:
            yield replace(piece, text="".join(words))

    def _flush(self) -> Iterator[Delta]:
        """What the splitter holds back, once."""
        if self._flushed:
            return
        self._flushed = True
        if self._splitter.is_over and not self._doubled:
            return
        last = self._splitter.close()
        yield from self._without_doubles(last) if self._told_apart else last
        if not self._doubled:
            return
        doubled = "".join(self._doubled)
        if doubled.strip() in "".join(self._told_apart):
            return
        if opener := self._splitter.unclosed:
            yield AnswerDelta(f"{opener}{doubled}")
        else:
            yield ReasoningDelta(doubled, "inline", "tags")


class PairJoiner:
    """Holds back the first half of a surrogate pair until the second comes. What it gives can be encoded."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: dict[type[Delta], AnswerDelta | ReasoningDelta] = {}
        """While there are halves, every delta counts, and not only the texts (`TEXTS`)."""

    def feed(self, delta: Delta, found: list[Delta]) -> None:
        """Add to `found` what may be heard now."""
        if isinstance(delta, TEXTS):
            if self.held or not (is_whole(delta.text)):
                found += self._join(delta)
                return
        elif self.held and type(delta) in _ENDING:
            found += self.close()
        found.append(delta)

    def close(self) -> list[Delta]:
        """The halves that stayed alone."""
        lost: list[Delta] = [replace(half, text="\ufffd") for half in self.held.values()]
        self.held.clear()
        return lost

    def _join(self, delta: AnswerDelta | ReasoningDelta) -> list[Delta]:
        found: list[Delta] = []
        half = self.held.pop(type(delta), None)
        if half is not None and half.part != delta.part:
            found.append(replace(half, text="\ufffd"))
            half = None
        words = f"{half.text}{delta.text}" if half else delta.text
        if words and "\ud800" <= words[-1] <= "\udbff":
            self.held[type(delta)] = replace(delta, text=words[-1])
            words = words[:-1]
        if words:
            found.append(replace(delta, text=text(words) or ""))
        return found
