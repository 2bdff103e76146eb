"""Taking reasoning out of an answer that carries it in tags, whatever the chunks look like."""

from __future__ import annotations

from collections.abc import Iterator
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

BARE_CLOSER_WINDOW = 65_536
"""Characters of answer after which a closer without opener is no longer looked for."""

_State = Literal["start", "thinking", "closed", "answer"]


class InlineThinkSplitter:
    """A state machine over characters, not chunks.

    An opener counts only at the start of the answer (after white space), or right after a closer; anywhere else it is
    the user's subject. A suffix that may become a tag is held back. A first `</think>` that no `<think>` precedes
    turns everything before it into reasoning, unless it is quoted. An opener that is never closed leaves the answer
    empty.
    """

    def __init__(self, *, expects_bare_closer: bool = True) -> None:
        self._state: _State = "start"
        self._buffer = ""
        self._closer = ""
        self._answered = 0
        self._answer_tail = ""
        self._expects_bare_closer = expects_bare_closer
        self._ends_inside = False

    @property
    def ends_inside(self) -> bool:
        """Whether the text ended before the reasoning was closed."""
        return self._ends_inside

    def feed(self, text: str) -> Iterator[Delta]:
        self._buffer += text
        while True:
            before = (self._state, len(self._buffer))
            yield from self._step()
            if (self._state, len(self._buffer)) == before:
                return

    def close(self) -> Iterator[Delta]:
        rest, self._buffer = self._buffer, ""
        if self._state == "thinking":
            self._ends_inside = True
            if rest:
                yield ReasoningDelta(rest, "inline")
        elif rest:
            yield AnswerDelta(rest)

    def _step(self) -> Iterator[Delta]:
        match self._state:
            case "start" | "closed":
                yield from self._look_for_opener()
            case "thinking":
                yield from self._look_for_closer()
            case "answer":
                yield from self._look_for_bare_closer()

    def _look_for_opener(self) -> Iterator[Delta]:
        lead = self._buffer.lstrip()
        if not lead:
            return
        for opener, closer in TAG_PAIRS:
            if lead.startswith(opener):
                self._state, self._closer = "thinking", closer
                self._buffer = lead[len(opener) :]
                return
        if any(opener.startswith(lead) for opener, _ in TAG_PAIRS):
            return
        if self._state == "closed":
            self._buffer = lead
        self._state = "answer"
        yield from ()

    def _look_for_closer(self) -> Iterator[Delta]:
        thought, found, rest = self._buffer.partition(self._closer)
        if found:
            if thought:
                yield ReasoningDelta(thought, "inline")
            self._state, self._buffer = "closed", rest
            return
        keep = _held_back(self._buffer, self._closer)
        if len(self._buffer) > keep:
            at = len(self._buffer) - keep
            yield ReasoningDelta(self._buffer[:at], "inline")
            self._buffer = self._buffer[at:]

    def _look_for_bare_closer(self) -> Iterator[Delta]:
        if not self._buffer:
            return
        before, found, rest = self._buffer.partition(_BARE_CLOSER)
        if self._expects_bare_closer:
            seen = self._answer_tail + before
            quoted = bool(found) and seen.endswith("`")
            self._expects_bare_closer = not (self._closer or quoted or _BARE_OPENER in seen)
        if not self._expects_bare_closer or self._answered > BARE_CLOSER_WINDOW:
            text, self._buffer = self._buffer, ""
            yield AnswerDelta(text)
            return
        if found:
            if before:
                yield AnswerDelta(before)
            yield AnswerWasReasoning()
            self._state, self._closer, self._buffer = "closed", _BARE_CLOSER, rest
            return
        at = len(before) - _held_back(before, _BARE_CLOSER)
        if at:
            self._answered += at
            self._answer_tail = (self._answer_tail + before[:at])[-len(_BARE_OPENER) :]
            yield AnswerDelta(before[:at])
            self._buffer = before[at:]


def _held_back(text: str, tag: str) -> int:
    """The length of the longest suffix of `text` that may be the beginning of `tag`."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return length
    return 0
