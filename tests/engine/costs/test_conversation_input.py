"""What the next turn weighs: by the provider's own counts where there are any, and with what its cache may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from thinkdial.engine.costs.cache_loss import loss_notice
from thinkdial.engine.costs.conversation_input import conversation_input
from thinkdial.engine.costs.forecast import forecast
from thinkdial.engine.planning.fates import Past, TurnCount
from thinkdial.engine.planning.prepare import Prepared, Prompt, prepare
from thinkdial.engine.sessions.context.outlook import outlook
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Price, Profile
from thinkdial.providers.think import parse_think
from thinkdial.providers.turns.pieces import TurnPiece
from thinkdial.providers.turns.turn import Origin, Turn, said

from ...cases import each

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PRICE = Price(Decimal(4), Decimal(20), cached_input=Decimal("0.2"), cache_write=Decimal(5))
WORDS = "the quick brown fox jumps over a lazy dog and is tired. " * 40

Rule = Callable[[str], int]


def by_characters(text: str) -> int:
    return len(text) // 3


def by_words(text: str) -> int:
    return 40 + len(text.split()) * 2


def call(turns: Sequence[Turn], counts: Sequence[TurnCount], think: str = "high", **profile: object) -> Prepared:
    made = Profile(name="p", provider="anthropic", model="claude-sonnet-4-6", price=PRICE, **profile)  # pyright: ignore
    prompt = Prompt(WORDS, past=Past(tuple(turns), counts=tuple(counts)))
    return prepare(resolve(made, load_builtin()), parse_think(think), prompt, facts.reference())


def session(length: int, rule: Rule, thought: int = 0, reads: bool = False) -> tuple[list[Turn], list[TurnCount], int]:
    """A session, what its provider counted by `rule` as it went, and what the next turn will be counted as."""
    origin = Origin("anthropic", "https://api.anthropic.com", "anthropic-messages", "claude-sonnet-4-6")
    turns, counts, text, before = list[Turn](), list[TurnCount](), "", 0
    for number in range(1, length + 2):
        text += WORDS
        entered = rule(text) + thought * (number - 1)
        if number > length:
            return turns, counts, entered
        at = (NOW - timedelta(seconds=10 * (length + 1 - number))).isoformat()
        cached, written = (before, entered - before) if reads and number > 1 else (0, 0)
        counts.append(TurnCount(number, "high", at, entered, cached, written, 100))
        pieces = (TurnPiece("text", WORDS + WORDS),)
        if thought:
            pieces = (TurnPiece("thinking", "so", "thinking", {"signature": "S"}), *pieces)
        turns.append(Turn(number, said(WORDS), pieces, origin, reasoning_tokens=thought or None))
        text, before = text + WORDS + WORDS, entered if reads and number > 1 else 0
    raise AssertionError


@each("rule", [by_characters, by_words])
@each("thought", [0, 700])
@each("length", [2, 5, 40])
def test_counts_of_earlier_turns_are_the_measure(rule: Rule, thought: int, length: int) -> None:
    turns, counts, truth = session(length, rule, thought)
    going = conversation_input(call(turns, counts), Prompt(WORDS), NOW)
    assert going.is_learnt
    assert abs(going.tokens - truth) <= truth * 0.05
    assert going.low <= truth <= going.high
    assert (going.reasoning > 0) is (thought > 0)
    assert going.prompt + going.text + going.reasoning == going.tokens


def test_without_a_count_the_estimate_stands() -> None:
    turns, _, _ = session(3, by_words)
    going = conversation_input(call(turns, []), Prompt(WORDS), NOW)
    assert not going.is_learnt and going.low < going.tokens < going.high and going.cached == 0


def test_reasoning_that_no_count_shows_is_not_counted() -> None:
    turns, counts, truth = session(6, by_words)
    thinking = (TurnPiece("thinking", "so", "thinking", {"signature": "S"}), TurnPiece("text", WORDS + WORDS))
    thoughtful = [replace(turn, pieces=thinking, reasoning_tokens=5000) for turn in turns]
    going = conversation_input(call(thoughtful, counts), Prompt(WORDS), NOW)
    assert going.reasoning == 0 and abs(going.tokens - truth) <= truth * 0.05


def test_the_cache_holds_what_the_last_turn_read_and_wrote() -> None:
    turns, counts, truth = session(5, by_words, reads=True)
    last = counts[-1].input_tokens
    going = conversation_input(call(turns, counts), Prompt(WORDS), NOW)
    assert going.cached == last and going.written == going.tokens - going.cached
    bill = (Decimal(last or 0) * PRICE.cached_input + (truth - (last or 0)) * PRICE.cache_write) / 1_000_000  # pyright: ignore
    made = outlook(call(turns, counts), forecast(call(turns, counts), Prompt(WORDS), NOW), NOW)
    assert made.input_usd is not None and abs(made.input_usd - bill) <= bill / 10


@pytest.mark.parametrize("change", ["late", "off", "think"])
def test_what_the_cache_cannot_give_is_not_counted_on(change: str) -> None:
    turns, counts, _ = session(5, by_words, reads=True)
    prepared = call(turns, counts, "low" if change == "think" else "high", cache=False if change == "off" else None)
    going = conversation_input(prepared, Prompt(WORDS), NOW + timedelta(minutes=6 if change == "late" else 0))
    assert going.cached == 0


def test_another_think_value_says_what_the_cache_was_worth() -> None:
    turns, counts, _ = session(5, by_words, reads=True)
    tokens = counts[-1].input_tokens or 0
    found = loss_notice(call(turns, counts, "low"), NOW)
    assert found is not None and found.code == "cache_lost"
    assert found.message.startswith(f"think high -> low starts a new cache at anthropic: {tokens:,} tokens")
    assert found.message.endswith(f"for ${Decimal(tokens) * Decimal('4.8') / 1_000_000:f} more")
    assert loss_notice(call(turns, counts), NOW) is None
    assert loss_notice(call(turns, counts, "low"), NOW + timedelta(minutes=6)) is None
    assert loss_notice(call(*session(5, by_words)[:2], "low"), NOW) is None


def test_the_forecast_of_a_session_reads_from_the_cache_at_best_and_not_at_worst() -> None:
    turns, counts, _ = session(5, by_words, reads=True)
    warm = forecast(call(turns, counts), Prompt(WORDS), NOW)
    cold = forecast(call(turns, counts), Prompt(WORDS), NOW + timedelta(hours=1))
    assert warm.cached_input_tokens and cold.cached_input_tokens == 0
    assert warm.low_usd and cold.low_usd and warm.low_usd < cold.low_usd
    assert warm.expected_usd and cold.expected_usd and warm.expected_usd < cold.expected_usd
    assert warm.high_usd == cold.high_usd
