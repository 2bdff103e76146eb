"""The next turn of a session in a few lines: what goes in, what it costs, how that grows, and where it ends."""

from __future__ import annotations

from rich.text import Text

from ....engine.sessions.context.outlook import Outlook
from ....providers.untrusted import one_line
from ..line import CAUTION, QUIET, STRONG
from ..numbers import dollar_span, dollars

_SOON = 5
"""Turns within which an end is worth a warning."""


def outlook_view(outlook: Outlook) -> Text:
    """Three or four lines, each for itself, that a terminal may wrap."""
    lines = [_input(outlook), _cost(outlook), *_ends(outlook)]
    return Text("\n").join(lines)


def _input(outlook: Outlook) -> Text:
    exact = outlook.source == "counted"
    parts = [
        f"{outlook.prompt_tokens:,} prompt",
        f"{outlook.text_tokens:,} earlier text",
        f"{outlook.reasoning_tokens:,} replayed reasoning" if outlook.reasoning_tokens else "",
    ]
    span = "" if exact else f" ({outlook.input_low:,} to {outlook.input_high:,})"
    line = Text.assemble(
        (f"next turn, {outlook.turn}: ", STRONG),
        f"{'' if exact else '~'}{outlook.input_tokens:,} tokens in{span}",
        (f" = {' + '.join(part for part in parts if part)}", QUIET),
    )
    if outlook.cached_tokens:
        line.append(f"; {outlook.cached_tokens:,} of them from the cache")
    return line.append(f" · {one_line(outlook.profile, 40)}@{one_line(outlook.think, 12)}", QUIET)


def _cost(outlook: Outlook) -> Text:
    likely = dollar_span(outlook.low_usd, outlook.likely_high_usd)
    line = Text(
        f"cost {dollars(outlook.expected_usd)} expected, 8 in 10 {likely}, worst case {dollars(outlook.high_usd)}"
    )
    if outlook.input_usd is not None:
        line.append(f", of which input {dollars(outlook.input_usd)}")
    if outlook.growth_tokens is not None:
        growth = f"; each turn adds ~{outlook.growth_tokens:,} tokens"
        line.append(growth + (f" and {dollars(outlook.growth_usd)}" if outlook.growth_usd is not None else ""))
    return line


def _ends(outlook: Outlook) -> list[Text]:
    lines: list[Text] = []
    if outlook.window_tokens is not None:
        words = f"the limit of {outlook.window_tokens:,} tokens is reached at turn"
        lines.append(_end(words, outlook.window_turn, outlook.turn))
    if outlook.budget_usd is not None:
        spent = f", {dollars(outlook.spent_usd)} of it spent," if outlook.spent_usd is not None else ""
        words = f"the session's budget of {dollars(outlook.budget_usd)}{spent} is used up at turn"
        lines.append(_end(words, outlook.budget_turn, outlook.turn))
    return lines


def _end(words: str, at: int | None, now: int) -> Text:
    if at is None:
        return Text(f"{words} –", QUIET)
    return Text(f"{words} {at}", CAUTION if at - now < _SOON else QUIET)
