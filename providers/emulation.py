"""Reasoning by prompt, for models that cannot reason natively: a scaffold that asks for it in tags, and its extraction.

Opt-in, and always labelled `emulated`: what it yields is ordinary output that looks like thinking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from .dialect import Decoder
from .framing.sse import Event
from .inline_think import InlineThinkSplitter
from .schema import AnswerDelta, Complete, Delta, Finish, UsageReport
from .think import Level, Think

_AMOUNTS: Mapping[Level, str] = {
    Level.MINIMAL: "in one or two sentences",
    Level.LOW: "briefly, in a few sentences",
    Level.MEDIUM: "step by step",
    Level.HIGH: "thoroughly, step by step, and check the result",
    Level.XHIGH: "at length, trying more than one approach, and check the result",
    Level.MAX: "as long as it takes, trying several approaches, and check every step",
}


def scaffold(think: Think, system: str | None) -> str:
    """The system prompt that asks for reasoning in tags, behind the user's own."""
    amount = _AMOUNTS[think.level or Level.MEDIUM]
    if think.budget_tokens:
        amount = f"in at most {think.budget_tokens} tokens"
    asked = (
        f"Before you answer, work the problem out {amount}, between <think> and </think>. Begin with <think>. "
        "Then give the answer alone, which must make sense without what is between the tags."
    )
    return f"{system}\n\n{asked}" if system else asked


class EmulatedDecoder:
    """Another dialect's decoder whose answer is split at the tags."""

    def __init__(self, inner: Decoder) -> None:
        self._inner = inner
        self._splitter = InlineThinkSplitter()
        self._flushed = False

    def feed(self, event: Event) -> Iterator[Delta]:
        yield from self._split(self._inner.feed(event))

    def close(self) -> Iterator[Delta]:
        yield from self._split(self._inner.close())
        yield from self._flush()

    def _split(self, deltas: Iterable[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            if isinstance(delta, AnswerDelta):
                yield from self._splitter.feed(delta.text)
                continue
            if isinstance(delta, Finish | Complete):
                yield from self._flush()
            elif isinstance(delta, UsageReport) and delta.usage.reasoning_tokens == 0:
                # The provider cannot count what it does not know to be reasoning.
                delta = replace(delta, usage=replace(delta.usage, reasoning_tokens=None))
            yield delta

    def _flush(self) -> Iterator[Delta]:
        if not self._flushed:
            self._flushed = True
            yield from self._splitter.close()
