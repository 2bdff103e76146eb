"""The next turn of a session: its input by kind, its cost, how fast both grow, and until when. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from ....providers.schema import Usage
from ...costs.conversation_input import ConversationInput, conversation_input
from ...costs.conversation_tokens import turn_words
from ...costs.forecast import cost_of_usage
from ...planning.compaction import room_for_input
from ...planning.fates import Past
from ...planning.prepare import Prepared
from ...results.result import Forecast

MOST_TURNS = 10_000
"""Turns that are looked ahead for the end of the budget."""


class Outlook(Struct, frozen=True):
    """The next turn, and those after it if they are like those before.

    Tokens of input: `input_low` to `input_high`, `input_tokens` as expected. It is `prompt_tokens` (the new prompt, the
    system text), `text_tokens` of earlier turns and `reasoning_tokens` that are replayed; of all that `cached_tokens`
    are likely to come from the provider's cache. `source` is whose word that is: `counted` is the provider's counting
    endpoint, `learnt` its counts of earlier turns. `input_usd` is the expected cost of the input alone, the other
    amounts those of the whole turn. `growth_tokens` and `growth_usd` are what each turn adds to the input of the next.
    `window_turn` is the first turn whose input is more than `window_tokens`, `budget_turn` the first that `budget_usd`
    no longer pays for, after `spent_usd`. None is unknown, and for a turn also: not within ten thousand.
    """

    turn: int
    profile: str
    think: str
    input_tokens: int
    input_low: int
    input_high: int
    prompt_tokens: int
    text_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    source: str
    input_usd: Decimal | None
    low_usd: Decimal | None
    expected_usd: Decimal | None
    likely_high_usd: Decimal | None
    high_usd: Decimal | None
    growth_tokens: int | None
    growth_usd: Decimal | None
    window_tokens: int | None
    window_turn: int | None
    spent_usd: Decimal | None
    budget_usd: Decimal | None
    budget_turn: int | None


def outlook(
    prepared: Prepared,
    forecast: Forecast,
    at: datetime,
    *,
    most_input_tokens: int | None = None,
    spent_usd: Decimal | None = None,
    budget_usd: Decimal | None = None,
) -> Outlook:
    """The outlook of a session whose next call is `prepared`, at the prices of `at`.

    `most_input_tokens` and `budget_usd` are the user's own limits; `spent_usd` is what the session has cost so far.
    """
    going = _counted(conversation_input(prepared, prepared.asked.prompt, at), forecast)
    past = prepared.asked.prompt.past or Past()
    number = len(past.turns) + 1 if past.place is None else past.place.turn
    growth = _growth(going, past, forecast)
    window = window_of(prepared, most_input_tokens)
    growth_usd = None if growth is None else _growth_usd(prepared, going, growth, at)
    source = forecast.input_source if forecast.input_source == "counted" or not going.is_learnt else "learnt"
    return Outlook(
        turn=number,
        profile=prepared.target.profile.name,
        think=str(prepared.think),
        input_tokens=going.tokens,
        input_low=going.low,
        input_high=going.high,
        prompt_tokens=going.prompt,
        text_tokens=going.text,
        reasoning_tokens=going.reasoning,
        cached_tokens=going.cached,
        source=source,
        input_usd=cost_of_usage(prepared, _usage(going), at),
        low_usd=forecast.low_usd,
        expected_usd=forecast.expected_usd,
        likely_high_usd=forecast.likely_high_usd,
        high_usd=forecast.high_usd,
        growth_tokens=growth,
        growth_usd=growth_usd,
        window_tokens=window,
        window_turn=_window_turn(number, going.tokens, growth, window),
        spent_usd=spent_usd,
        budget_usd=budget_usd,
        budget_turn=_budget_turn(number, forecast.expected_usd, growth_usd, spent_usd, budget_usd),
    )


def window_of(prepared: Prepared, most_input_tokens: int | None = None) -> int | None:
    """The most input that a call may have: the user's limit, or what the model's window leaves beside its output."""
    window = room_for_input(prepared.target.card.context_tokens, prepared.plan.max_output_tokens)
    known = [tokens for tokens in (window, most_input_tokens) if tokens is not None]
    return min(known) if known else None


def _counted(going: ConversationInput, forecast: Forecast) -> ConversationInput:
    """The same by the provider's own count, where it was asked: the difference is the words'."""
    if forecast.input_source != "counted":
        return going
    text = max(0, going.text + forecast.input_tokens - going.tokens)
    prompt = max(0, forecast.input_tokens - text - going.reasoning)
    cached = min(going.cached, forecast.input_tokens)
    counted = forecast.input_tokens
    return replace(going, prompt=prompt, text=text, cached=cached, low=counted, high=counted)


def _usage(going: ConversationInput, more: int = 0) -> Usage:
    """The input, and `more` of what the next turn will find in the cache if this one does."""
    tokens, cached = going.tokens + more, going.cached + (more if going.cached else 0)
    written = tokens - cached if going.written else None
    return Usage(input_tokens=tokens, cached_input_tokens=cached, cache_write_tokens=written, output_tokens=0)


def _growth(going: ConversationInput, past: Past, forecast: Forecast) -> int | None:
    """What each turn so far has left behind; for the first one, its prompt and what it is expected to answer."""
    turns = len(past.turns)
    if past.after or past.compactions:
        return sum(sum(turn_words(turn)) for turn in past.turns) // turns
    if turns:
        return (going.text + going.reasoning) // turns
    answer = forecast.expected_output_tokens
    return None if answer is None else going.prompt + answer


def _growth_usd(prepared: Prepared, going: ConversationInput, growth: int, at: datetime) -> Decimal | None:
    now, then = (cost_of_usage(prepared, _usage(going, more), at) for more in (0, growth))
    return None if now is None or then is None else then - now


def _window_turn(number: int, entered: int, growth: int | None, window: int | None) -> int | None:
    if window is None:
        return None
    if entered > window:
        return number
    return None if not growth else number + (window - entered) // growth + 1


def _budget_turn(
    number: int, each: Decimal | None, growth: Decimal | None, spent: Decimal | None, budget: Decimal | None
) -> int | None:
    if budget is None or each is None:
        return None
    total = spent or Decimal(0)
    for turn in range(number, number + MOST_TURNS):
        total += each
        if total > budget:
            return turn
        each += growth or Decimal(0)
    return None
