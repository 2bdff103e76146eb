"""Token counts as a wire tells them -> what was billed as input and output. The provider's total is the referee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from .schema import Notice, ToolsUsed, Usage

OUTSIDE_MARGIN = 1.25
"""Without a total: reasoning this many times larger than the output that should contain it cannot be inside it; below,
counts merely disagree by rounding (OpenRouter's do)."""

TOTALLED_MARGIN = 2
"""The same where the total is the sum without it: only much more reasoning than output is what the total leaves out."""


_NONE: Mapping[str, int] = {}


class RawCounts(Struct, frozen=True):
    """What one report says, by the wire's own words; None is not reported.

    `entered` and `output` are the wire's two main counts. `added` is input that this wire always counts beside
    `entered`; `audio` may be inside it or beside it. `cached` and `written` should be inside `entered` + `added`,
    `reasoning` inside `output`. The flags are the provider's convention, for where there is no total.
    """

    entered: int | None = None
    output: int | None = None
    total: int | None = None
    added: int = 0
    cached: int | None = None
    written: int | None = None
    audio: int | None = None
    reasoning: int | None = None
    reasoning_beside: bool = False
    audio_beside: bool = False


def reconcile(counts: RawCounts) -> tuple[Usage, list[Notice]]:
    """The usage that `counts` mean, and what had to be settled or cannot be.

    An output that is not reported is what the total leaves. The first reading that adds up to the total holds:
    everything inside, then what is known to be counted beside by some hosts. Where none adds up, or there is no total,
    convention decides, and only what is impossible overrules it.
    """
    notices: list[Notice] = []
    entered = None if counts.entered is None else counts.entered + counts.added
    output, reasoning = counts.output, counts.reasoning or 0
    if output is None and entered is not None and counts.total is not None and counts.total >= entered:
        output = counts.total - entered
    hidden = None if counts.total is None or entered is None or output is None else counts.total - entered - output
    if hidden == -counts.added:
        hidden = 0  # some totals leave out what this wire counts beside
    if hidden and entered is not None and output is not None:
        found = next((extra for extra in _beside(counts, entered) if sum(extra) == hidden), None)
        if found is not None:
            more_input, more_output = found
            if more_input and more_input != counts.audio:
                notices.append(_settled("cached tokens were counted beside the input, as the total shows"))
            return _usage(counts, entered + more_input, output + more_output), notices
    if entered is not None and counts.audio and counts.audio_beside and hidden is None:
        entered += counts.audio
    if output is not None and _is_outside(counts, output, hidden):
        output += reasoning
        if hidden is not None or not counts.reasoning_beside:
            words = "reasoning tokens exceed the output tokens that should contain them; they were counted beside them"
            notices.append(_settled(words))
    elif output is not None and hidden and hidden > 0 and not reasoning:
        output += hidden
        notices.append(_settled(f"{hidden} tokens appear only in the total; they were counted as hidden output"))
    elif hidden:
        words = "the provider's total is not the sum of its input and output tokens"
        notices.append(Notice("usage_unreconciled", words))
    if entered is not None and (counts.cached or 0) + (counts.written or 0) > entered:
        words = "cached tokens exceed the input tokens that should contain them"
        notices.append(Notice("usage_unreconciled", words))
    return _usage(counts, entered, output), notices


def _beside(counts: RawCounts, entered: int) -> Iterator[tuple[int, int]]:
    """What may have to be added to input and output, in the order of how usual it is."""
    reasoning, audio = counts.reasoning or 0, counts.audio or 0
    cached, written = counts.cached or 0, counts.written or 0
    inputs = [0, audio, cached, cached + written, written]
    if cached + written > entered:
        inputs = [cached + written, cached, written, 0, audio]
    for more_input in inputs:
        for more_output in (0, reasoning):
            yield more_input, more_output


def _is_outside(counts: RawCounts, output: int, hidden: int | None) -> bool:
    """Whether reasoning was left out of the output, where the total has not told."""
    reasoning = counts.reasoning or 0
    if not reasoning:
        return False
    if hidden == 0:
        return reasoning > output * TOTALLED_MARGIN
    return (hidden is None and counts.reasoning_beside) or reasoning > output * OUTSIDE_MARGIN


def _usage(counts: RawCounts, entered: int | None, output: int | None) -> Usage:
    return Usage(
        input_tokens=entered,
        cached_input_tokens=counts.cached,
        cache_write_tokens=counts.written,
        output_tokens=output,
        reasoning_tokens=counts.reasoning,
        total_tokens=counts.total if entered is None or output is None else entered + output,
    )


def _settled(words: str) -> Notice:
    return Notice("usage_reconciled", words)


def output_apart(counts: Mapping[str, int | None]) -> Mapping[str, int]:
    """The tokens of the output that is no text, by its kind, without those that there are none of."""
    if not counts:
        return _NONE
    return {kind.lower(): count for kind, count in counts.items() if count and kind.lower() != "text"}


def tools_used(counts: Mapping[str, int | None]) -> Iterator[ToolsUsed]:
    """The tools of the provider's own that ran at all."""
    if ran := {tool: number for tool, number in counts.items() if number}:
        yield ToolsUsed(ran)
