"""Taking reasoning out of an answer that carries it in tags or channels, whatever the chunks look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from ..schema import AnswerDelta, AnswerIsCommentary, AnswerWasReasoning, Delta, Notice, ReasoningDelta
from .tag_table import NO_CHANNELS, NO_PAIR, ChannelKind, Channels, TagTable

BARE_CLOSER_WINDOW = 2**20
"""Characters of answer after which a closer without opener is no longer looked for."""

LEADING_SPACE = 4096
"""Characters of white space after which no opener is expected any more; some models break off into endless newlines."""

MOST_DOUBT = 2**16
"""Characters that are held back behind a closer that may belong to a quoted block inside the reasoning."""

LONGEST_HEADER = 256
"""Characters between the beginning of a channel's header and its message; what is longer is no header."""

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\W*(\w*)")
_QUOTES = frozenset("`'\"")

_State = Literal[
    "start", "opened", "thinking", "closed", "wrapping", "wrapped", "header", "message", "between", "answer"
]


class InlineThinkSplitter:
    """A state machine over characters, not chunks.

    An opener counts only at the start of the answer (after white space), or right after a closer; anywhere else it is
    the user's subject. A suffix that may become a tag is held back. A first closer that no opener precedes turns
    everything before it into reasoning, unless it stands in quotes, where its pair is `bare`. Pairs inside reasoning
    are counted; where they never balance, the last closer ends it. An opener that is never closed leaves the answer
    empty. White space after a tag is dropped; each further block of reasoning is a part of its own.
    """

    # What every answer begins with: most of it never changes, as most answers hold no tag.
    _state: _State = "start"
    _text = _opener = _answer_tail = _part = ""
    _at = _scanned = _depth = _blocks = _answered = 0
    _ended = _is_doubtful = _is_call = _has_messages = False
    _pair, _channels = NO_PAIR, NO_CHANNELS
    _kind: ChannelKind = "answer"
    _expects_bare_closer = True

    def __init__(self, table: TagTable) -> None:
        self._table = table
        self._commentary: list[str] = []

    @property
    def unclosed(self) -> str | None:
        """The opener of reasoning that has not been closed, with the white space after it, or None."""
        return self._opener if self._state in ("opened", "thinking") else None

    @property
    def has_found(self) -> bool:
        """Whether there were tags or channels, closed or not."""
        return self._blocks > 0 or self._has_messages

    @property
    def is_over(self) -> bool:
        """Nothing that may follow is a tag any more."""
        return self._state == "answer" and not self._expects_bare_closer and self._at == len(self._text)

    def expect_no_bare_closer(self) -> None:
        """From here on a closer without opener is the user's subject: the reasoning is known to come elsewhere."""
        self._expects_bare_closer = False

    def feed(self, text: str, part: str = "") -> Iterable[Delta]:
        if self._state == "start" and not self._text and text and self._is_plain(text[0]):
            self._state, self._part = "answer", part
        if part == self._part and self._state == "answer" and self._at == len(self._text):
            if not self._expects_bare_closer:
                return (AnswerDelta(text, part),)
            if text and not self._table.bare.may_begin(text):
                self._count(text)
                return (AnswerDelta(text, part),)
        return self._feed(text, part)

    def close(self) -> Iterator[Delta]:
        self._ended = True
        if self._state == "answer" and self._at == len(self._text) and not self._commentary:
            return
        yield from self._run()
        if self._state == "thinking" and self._is_doubtful:
            self._leave_block(self._at)
            yield from self._run()
        yield from self._release()
        if self._commentary:
            yield from self._tell_commentary()

    def _is_plain(self, first: str) -> bool:
        """Whether no tag begins with `first`, nor white space before one."""
        return first not in self._table.opening.firsts and not first.isspace()

    def _feed(self, text: str, part: str) -> Iterator[Delta]:
        if part != self._part:
            if not self._is_doubtful:
                yield from self._release()
            self._part = part
        self._text, self._scanned, self._at = self._text[self._at :] + text, max(0, self._scanned - self._at), 0
        yield from self._run()

    def _release(self) -> Iterator[Delta]:
        """What is held back, as what it is if nothing follows."""
        rest, self._text, self._at, self._scanned = self._text[self._at :], "", 0, 0
        match self._state:
            case _ if not rest:
                return
            case "thinking":
                yield self._thought(rest)
            case "message":
                yield from self._said(rest)
            case "wrapped":
                if not rest.isspace():
                    yield AnswerDelta(rest, self._part)
            case "header" | "between" if self._has_messages:
                return  # a header that was cut off is no text
            case _:
                yield AnswerDelta(rest, self._part)

    def _run(self) -> Iterator[Delta]:
        while True:
            before = (self._state, self._at)
            match self._state:
                case "start" | "closed":
                    self._look_for_opener()
                case "opened":
                    self._skip_space("thinking")
                case "thinking":
                    yield from self._look_for_closer()
                case "wrapping":
                    self._skip_space("wrapped")
                case "wrapped":
                    yield from self._look_for_wrapper_end()
                case "header":
                    self._look_for_message()
                case "message":
                    yield from self._look_for_end()
                case "between":
                    self._look_for_header()
                case "answer":
                    yield from self._look_for_bare_closer()
            if (self._state, self._at) == before:
                return

    def _space_ends(self) -> int:
        match = _SPACE.match(self._text, self._at)
        return match.end() if match else self._at

    def _skip_space(self, then: _State) -> None:
        end = self._space_ends()
        if len(self._opener) < LEADING_SPACE:
            self._opener += self._text[self._at : end]
        self._at = self._scanned = end
        if self._at < len(self._text):
            self._state = then

    def _look_for_opener(self) -> None:
        begins = self._space_ends()
        if self._state == "closed":
            self._at = begins
        elif begins - self._at > LEADING_SPACE:
            self._state = "answer"
            return
        table = self._table
        marks = table.following if self._state == "closed" else table.opening
        found = marks.match(self._text, begins)
        if found is None:
            if self._text[begins : begins + 1] and not marks.may_become(self._text[begins:]):
                self._state = "answer"
            return
        self._expects_bare_closer = False
        opener = found.group()
        if channels := table.header_of.get(opener):
            self._state, self._at, self._channels = "header", begins, channels
            return
        self._at = self._scanned = found.end()
        if wrapper := table.wrapper_of.get(opener) if self._state == "closed" else None:
            self._state, self._pair, self._opener = "wrapping", wrapper, ""
            return
        self._state, self._pair, self._opener, self._depth = "opened", table.pair_of[opener], opener, 1
        self._blocks += 1

    def _look_for_closer(self) -> Iterator[Delta]:
        marks = self._table.inside(self._pair)
        while found := marks.search(self._text, self._scanned):
            self._scanned = found.end()
            if found.group() == self._pair.opener:
                self._depth += 1
                continue
            self._depth -= 1
            if found.start() > self._at:
                yield self._thought(self._text[self._at : found.start()])
            self._at = found.start()
            if not self._depth:
                self._leave_block(found.start())
                return
            self._is_doubtful = True
        end = marks.held(self._text, self._scanned)
        self._scanned = end
        if self._is_doubtful:
            if end - self._at > MOST_DOUBT:
                self._leave_block(self._at)
        elif end > self._at:
            yield self._thought(self._text[self._at : end])
            self._at = end

    def _leave_block(self, closer_at: int) -> None:
        self._state, self._at, self._depth, self._is_doubtful = "closed", closer_at + len(self._pair.closer), 0, False
        self._scanned = self._at

    def _look_for_wrapper_end(self) -> Iterator[Delta]:
        closer = self._pair.closer
        found = self._text.find(closer, self._at)
        end = found if found >= 0 else self._table.inside(self._pair).held(self._text, self._at)
        words = self._text[self._at : end]
        said = words.rstrip()
        if len(words) - len(said) > LEADING_SPACE:
            said = words
        if said:
            self._at += len(said)
            yield AnswerDelta(said, self._part)
        if found >= 0:
            self._state, self._at = "closed", end + len(closer)

    def _look_for_message(self) -> None:
        channels = self._channels
        found = self._text.find(channels.message, self._at)
        header = self._text[self._at : found if found >= 0 else len(self._text)]
        if len(header) > LONGEST_HEADER:
            self._state = "answer"
        elif found >= 0:
            name = header.rpartition(channels.channel)[2]
            named = _WORD.match("" if name.startswith(channels.start) else name)
            self._enter(channels, named.group(1) if named else "", is_call="to=" in header)
            self._at = found + len(channels.message)

    def _enter(self, channels: Channels, name: str, *, is_call: bool) -> None:
        self._state, self._channels, self._has_messages = "message", channels, True
        self._kind = dict(channels.kinds).get(name, "commentary") if name else "answer"
        self._is_call = is_call and self._kind == "commentary"
        self._blocks += self._kind == "reasoning"

    def _look_for_end(self) -> Iterator[Delta]:
        channels = self._channels
        marks = self._table.ending(channels)
        found = marks.search(self._text, self._at)
        end = found.start() if found else marks.held(self._text, self._at)
        if end > self._at:
            yield from self._said(self._text[self._at : end])
        self._at = end
        if found and found.group() in channels.ends:
            self._state, self._at = "between", found.end()
        elif found:
            self._state = "header"

    def _look_for_header(self) -> None:
        channels = self._channels
        self._at = self._space_ends()
        marks = self._table.beginning(channels)
        if marks.match(self._text, self._at):
            self._state = "header"
        elif self._at < len(self._text) and not marks.may_become(self._text[self._at :]):
            self._state = "answer"

    def _said(self, words: str) -> Iterator[Delta]:
        """A piece of a message, by its channel. What is said to a tool is not the user's."""
        match self._kind:
            case "reasoning":
                yield self._thought(words)
            case "answer":
                self._answered += len(words)
                yield AnswerDelta(words, self._part)
            case "commentary" if not self._is_call:
                self._commentary.append(words)
            case "commentary":
                return

    def _tell_commentary(self) -> Iterator[Delta]:
        words = "".join(self._commentary)
        if self._answered:
            yield Notice("commentary", f"{len(words)} characters of commentary are not part of the answer")
        else:
            yield AnswerDelta(words, self._part)
            yield AnswerIsCommentary()
            yield Notice("commentary", "the model gave commentary and no answer; the commentary is shown as the answer")

    def _look_for_bare_closer(self) -> Iterator[Delta]:
        if not self._expects_bare_closer:
            yield from self._answer(len(self._text))
            return
        table = self._table
        found = table.bare.search(self._text, self._at)
        end = found.start() if found else table.bare.held(self._text, self._at)
        mark = found.group() if found else ""
        before = self._text[end - 1] if end > self._at else self._answer_tail
        is_in_quotes = before in _QUOTES
        beyond = end + len(mark)
        is_subject = bool(mark) and (
            mark in table.pair_of or (is_in_quotes and self._text[beyond : beyond + 1] == before)
        )
        if is_subject or self._answered + end - self._at > BARE_CLOSER_WINDOW:
            self._expects_bare_closer = False
            yield from self._answer(len(self._text))
            return
        yield from self._answer(end)
        if not mark or (is_in_quotes and beyond == len(self._text) and not self._ended):
            return
        yield AnswerWasReasoning()
        self._expects_bare_closer = False
        self._answered = 0
        self._at = self._scanned = beyond
        self._blocks += 1
        if channels := table.answer_of.get(mark):
            self._state, self._channels, self._kind, self._has_messages = "message", channels, "answer", True
        else:
            self._state = "closed"

    def _answer(self, end: int) -> Iterator[Delta]:
        piece = self._text[self._at : end]
        if piece:
            self._at = end
            self._count(piece)
            yield AnswerDelta(piece, self._part)

    def _count(self, piece: str) -> None:
        self._answered += len(piece)
        self._answer_tail = piece[-1]
        if self._answered > BARE_CLOSER_WINDOW:
            self._expects_bare_closer = False

    def _thought(self, words: str) -> ReasoningDelta:
        return ReasoningDelta(words, "inline", str(self._blocks - 1) if self._blocks > 1 else "")
