"""Taking reasoning out of an answer that carries it in tags, whatever the chunks look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from .schema import AnswerDelta, AnswerWasReasoning, Delta, ReasoningDelta

TAG_PAIRS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
)
"""Opener and closer of the tags in use, from the reasoning parsers of vLLM and SGLang and the models' templates."""

_BARE_OPENER, _BARE_CLOSER = "<think>", "</think>"
"""The one pair whose closer models are known to send without its opener, which their prompt template already held."""

BARE_CLOSER_WINDOW = 2**20
"""Characters of answer after which a closer without opener is no longer looked for."""

LEADING_SPACE = 4096
"""Characters of white space after which no opener is expected any more; some models break off into endless newlines."""

_SPACE = re.compile(r"\s*")
_QUOTES = frozenset("`'\"")
_LONGEST_OPENER = max(len(opener) for opener, _ in TAG_PAIRS)

_State = Literal["start", "opened", "thinking", "closed", "answer"]


class InlineThinkSplitter:
    """A state machine over characters, not chunks.

    An opener counts only at the start of the answer (after white space), or right after a closer; anywhere else it is
    the user's subject. A suffix that may become a tag is held back. A first `</think>` that no `<think>` precedes
    turns everything before it into reasoning, unless it stands in quotes. An opener that is never closed leaves the
    answer empty. White space after a tag is dropped; each further block of reasoning is a part of its own.
    """

    def __init__(self) -> None:
        self._state: _State = "start"
        self._text = ""
        self._at = 0
        self._ended = False
        self._opener = ""
        self._closer = ""
        self._blocks = 0
        self._answered = 0
        self._answer_tail = ""
        self._expects_bare_closer = True

    @property
    def unclosed(self) -> str | None:
        """The opener of reasoning that has not been closed, with the white space after it, or None."""
        return self._opener if self._state in ("opened", "thinking") else None

    def expect_no_bare_closer(self) -> None:
        """From here on a closer without opener is the user's subject: the reasoning is known to come elsewhere."""
        self._expects_bare_closer = False

    def feed(self, text: str) -> Iterable[Delta]:
        if self._state == "answer" and not self._expects_bare_closer and self._at == len(self._text):
            return (AnswerDelta(text),)  # nothing that may follow is a tag any more
        self._text, self._at = self._text[self._at :] + text, 0
        return self._run()

    def close(self) -> Iterator[Delta]:
        self._ended = True
        yield from self._run()
        rest = self._text[self._at :]
        self._text, self._at = "", 0
        if rest and self._state == "thinking":
            yield self._thought(rest)
        elif rest:
            yield AnswerDelta(rest)

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
        self._at = end
        if self._at < len(self._text):
            self._state = then

    def _look_for_opener(self) -> None:
        begins = self._space_ends()
        if self._state == "closed":
            self._at = begins
        elif begins - self._at > LEADING_SPACE:
            self._state = "answer"
            return
        for opener, closer in TAG_PAIRS:
            if self._text.startswith(opener, begins):
                self._state, self._at = "opened", begins + len(opener)
                self._opener, self._closer = opener, closer
                self._blocks += 1
                return
        lead = self._text[begins : begins + _LONGEST_OPENER]
        if not any(opener.startswith(lead) for opener, _ in TAG_PAIRS):
            self._state = "answer"

    def _look_for_closer(self) -> Iterator[Delta]:
        found = self._text.find(self._closer, self._at)
        end = found if found >= 0 else len(self._text) - _held_back(self._text, self._closer, self._at)
        if end > self._at:
            yield self._thought(self._text[self._at : end])
        self._at = end
        if found >= 0:
            self._state, self._at = "closed", end + len(self._closer)

    def _look_for_bare_closer(self) -> Iterator[Delta]:
        if not self._expects_bare_closer or self._closer:
            yield from self._answer(len(self._text))
            return
        found = self._text.find(_BARE_CLOSER, self._at)
        end = found if found >= 0 else len(self._text) - _held_back(self._text, _BARE_CLOSER, self._at)
        seen = self._answer_tail + self._text[self._at : end]
        beyond = end + len(_BARE_CLOSER)
        quoted = found >= 0 and seen[-1:] in _QUOTES and self._text[beyond : beyond + 1] == seen[-1:]
        if quoted or _BARE_OPENER in seen or self._answered + end - self._at > BARE_CLOSER_WINDOW:
            self._expects_bare_closer = False
            yield from self._answer(len(self._text))
            return
        yield from self._answer(end)
        if found < 0 or (seen[-1:] in _QUOTES and beyond == len(self._text) and not self._ended):
            return
        yield AnswerWasReasoning()
        self._state, self._at, self._closer = "closed", beyond, _BARE_CLOSER
        self._blocks += 1

    def _answer(self, end: int) -> Iterator[Delta]:
        piece = self._text[self._at : end]
        if piece:
            self._at = end
            self._answered += len(piece)
            self._answer_tail = (self._answer_tail + piece)[-len(_BARE_OPENER) :]
            yield AnswerDelta(piece)

    def _thought(self, words: str) -> ReasoningDelta:
        return ReasoningDelta(words, "inline", str(self._blocks - 1) if self._blocks > 1 else "")


def _held_back(text: str, tag: str, start: int) -> int:
    """The length of the longest suffix of `text`, from `start` on, that may be the beginning of `tag`."""
    for length in range(min(len(tag) - 1, len(text) - start), 0, -1):
        if text.endswith(tag[:length]):
            return length
    return 0
