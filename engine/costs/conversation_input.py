"""What the next call of a conversation is billed as input: by kind, what of it the cache holds, and how sure that is.

The providers' own counts of earlier turns on the same route are the measure, where there are any: what they counted is
taken as it is, and what has come since is estimated and scaled as the estimates before it turned out. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from ...providers.turns.turn import Turn, plain_text
from ..planning.cache import cache_rule_of
from ..planning.fates import Past, TurnCount
from ..planning.prepare import Prepared, Prompt
from .conversation_tokens import reasoning_by_turn, text_by_turn, turn_words
from .estimate import HIGH_INPUT, LOW_INPUT, input_tokens

LEAST_SCALE, MOST_SCALE = 0.4, 3.0
"""How far a provider's count may be from the estimate until that is no longer a matter of its tokenizer."""
LEAST_MEASURED = 50
"""Estimated tokens below which a scale says nothing."""
LEAST_TELLING = 30
"""Percent of the words that reasoning must be for its share in a count to show."""
MOST_MEASURED = 12
"""The newest counts that are looked at."""
CACHE_STEP = 128
"""Automatic caches hold multiples of this."""
UNKNOWN_LIFE_S = 300
"""How long a cache is taken to last that nobody says it of."""


_Measured = tuple[int, int, int]
"""What was sent to get one answer: words by estimate, reasoning, and what the provider counted for both."""


class ConversationInput(Struct, frozen=True):
    """Tokens of the next call's input: `low` to `high`, and `tokens` as expected, the sum of its kinds.

    `prompt` is the new prompt with the system text and what a template adds, `text` the words of earlier turns,
    `reasoning` what is replayed of their reasoning. Of all that, `cached` is likely to be read from the provider's
    cache and `written` to be written to it. `is_learnt`: the provider's counts of earlier turns were the measure.
    """

    prompt: int
    text: int
    reasoning: int
    cached: int
    written: int
    low: int
    high: int
    is_learnt: bool

    @property
    def tokens(self) -> int:
        return self.prompt + self.text + self.reasoning


def conversation_input(prepared: Prepared, prompt: Prompt, at: datetime) -> ConversationInput:
    """What `prepared` is billed as input at the time `at`; `prompt` is what it asks."""
    past = prepared.asked.prompt.past or Past()
    words = plain_text(prepared.continuity.exchanged[-1].asked) if prepared.continuity.exchanged else prompt.text
    asked = input_tokens(words, prepared.call.system, [message.text for message in prompt.earlier])
    known = [count for count in counts_of_route(prepared) if count.input_tokens is not None]
    percent, begins = prepared.target.card.token_percent, _begins(prepared, past)
    here = [] if past.after else [count for count in known if count.turn > begins][-MOST_MEASURED:]
    # Of a long session only the turns since the first of these counts have to be looked at.
    since = here[0].turn if len(here) == MOST_MEASURED else 0
    texts, thoughts = text_by_turn(prepared, since), reasoning_by_turn(prepared)
    if not known:
        words, reasoning = sum(map(sum, texts.values())), sum(thoughts.values())
        parts = [-(-part * percent // 100) for part in (asked, words, reasoning)]
        total = sum(parts)
        low, high = max(1, total * LOW_INPUT // 100), total * HIGH_INPUT // 100
        return _with_cache(prepared, past, at, (parts[0], parts[1], parts[2], low, high, False))
    head = input_tokens("", prepared.call.system)
    all_texts = texts if here else {turn.number: turn_words(turn) for turn in past.turns}
    measured = [_measured(one, head, all_texts, thoughts) for one in here or _rising(known)]
    if not _bills_reasoning(measured if len(measured) > 1 else _as_it_was(past, known, head), percent):
        thoughts, measured = {}, [(words, 0, counted) for words, _, counted in measured]
    scale = _scale(measured, percent, is_whole=not since)
    if here:
        last = here[-1]
        counted = last.input_tokens or 0
        later = texts[last.turn][1] + sum(sum(both) for turn, both in texts.items() if turn > last.turn)
        added = round((later + max(1, asked - head)) * scale)
        added += sum(tokens for turn, tokens in thoughts.items() if turn >= last.turn)
    else:
        counted = 0
        added = round((asked + sum(map(sum, texts.values()))) * scale) + sum(thoughts.values())
    total = counted + added
    reasoning = min(sum(thoughts.values()), total)
    own = min(round(asked * scale), total - reasoning)
    low, high = counted + added * LOW_INPUT // 100, counted + -(-added * HIGH_INPUT // 100)
    return _with_cache(prepared, past, at, (own, total - own - reasoning, reasoning, low, high, True))


def _begins(prepared: Prepared, past: Past) -> int:
    """The number of the turn up to which the call holds something else than the turns, or nothing."""
    sent = prepared.continuity.turns
    if not sent:
        return max((turn.number for turn in past.turns), default=0)
    first = sent[0]
    stands_for_others = first.compacted_at is not None or any(
        first.pieces is one.turn.pieces for one in past.compactions
    )
    return first.number if stands_for_others else first.number - 1


def _as_it_was(past: Past, known: Sequence[TurnCount], head: int) -> list[_Measured]:
    """The counts from when all turns went along, with all that they had thought."""
    texts = {turn.number: turn_words(turn) for turn in past.turns}
    thoughts = {turn.number: turn.reasoning_tokens or 0 for turn in past.turns}
    return [_measured(one, head, texts, thoughts) for one in _rising(known)]


def _rising(known: Sequence[TurnCount]) -> list[TurnCount]:
    """The counts up to where they fall: from there on something was left out of what was sent."""
    rising = [known[0]]
    for count in known[1:]:
        if (count.input_tokens or 0) < (rising[-1].input_tokens or 0):
            break
        rising.append(count)
    return rising


def counts_of_route(prepared: Prepared) -> tuple[TurnCount, ...]:
    """What was counted of the earlier turns that the same model answered on the same route, the oldest first."""
    past = prepared.asked.prompt.past or Past()
    # What a compaction on the way has read is in the count of its turn as well.
    ours = {turn.number for turn in past.turns if _is_of_route(turn, prepared) and turn.compacted_at is None}
    return tuple(count for count in past.counts if count.turn in ours)


def warm_count(prepared: Prepared, at: datetime) -> TurnCount | None:
    """The newest of those whose request the provider's cache may still hold, whatever its think value."""
    counts, rule = counts_of_route(prepared), cache_rule_of(prepared.target)
    if not counts or not rule.caches:
        return None
    age = (at - datetime.fromisoformat(counts[-1].at)).total_seconds()
    return counts[-1] if age <= (rule.lasts_s or UNKNOWN_LIFE_S) else None


def _is_of_route(turn: Turn, prepared: Prepared) -> bool:
    target, origin = prepared.target, turn.origin
    ours = (target.provider.name, target.base_url.rstrip("/"), target.dialect, target.profile.model)
    return not origin.is_imported and ours == (
        origin.provider, origin.endpoint.rstrip("/"), origin.dialect, origin.model,
    )  # fmt: skip


def _measured(count: TurnCount, head: int, texts: dict[int, tuple[int, int]], thoughts: dict[int, int]) -> _Measured:
    before = sum(sum(both) for number, both in texts.items() if number < count.turn)
    replayed = sum(tokens for number, tokens in thoughts.items() if number < count.turn)
    return head + before + texts[count.turn][0], replayed, count.input_tokens or 0


def _bills_reasoning(measured: Sequence[_Measured], percent: int) -> bool:
    """Whether the counts have grown by the reasoning that was sent back; some providers take it and do not read it."""
    words, thought, counted = (last - first for first, last in zip(measured[0], measured[-1], strict=True))
    if words < LEAST_MEASURED or thought * 100 < words * LEAST_TELLING:
        return True
    expected = percent / 100 * words
    return abs(counted - thought - expected) <= abs(counted - expected)


def _scale(measured: Sequence[_Measured], percent: int, *, is_whole: bool) -> float:
    """Counted tokens for each estimated one: by what was added since the first count, else by the whole.

    `is_whole`: the estimates are of all that was sent.
    """
    words, thought, counted = measured[-1]
    added, added_thought, added_counted = (last - first for first, last in zip(measured[0], measured[-1], strict=True))
    if added >= LEAST_MEASURED:
        scale = (added_counted - added_thought) / added
    elif is_whole and words >= LEAST_MEASURED:
        scale = (counted - thought) / words
    else:
        return percent / 100
    return min(MOST_SCALE, max(LEAST_SCALE, scale))


def _with_cache(
    prepared: Prepared, past: Past, at: datetime, parts: tuple[int, int, int, int, int, bool]
) -> ConversationInput:
    asked, words, reasoning, low, high, is_learnt = parts
    total, rule = asked + words + reasoning, cache_rule_of(prepared.target)
    wish = prepared.target.profile.cache
    is_asked = wish is not False and (bool(past.turns) or bool(wish))
    counts, begins = counts_of_route(prepared), _begins(prepared, past)
    is_changed = bool(past.after) or (bool(counts) and counts[-1].turn <= begins)
    cached = 0 if is_changed else min(_cached(prepared, at), total)
    writes = rule.mark is not None and is_asked
    if rule.mark is None and counts:
        writes = bool(counts[-1].cache_write_tokens)
    written = total - cached if writes and total >= rule.least_tokens else 0
    return ConversationInput(asked, words, reasoning, cached, written, low, high, is_learnt)


def _cached(prepared: Prepared, at: datetime) -> int:
    """What the cache holds of the next request: what the last one on the route wrote to it and read from it."""
    rule, count = cache_rule_of(prepared.target), warm_count(prepared, at)
    if count is None or (rule.think_loses and count.think != str(prepared.think)):
        return 0
    if rule.mark is not None:
        if prepared.target.profile.cache is False:
            return 0
        return (count.cached_input_tokens or 0) + (count.cache_write_tokens or 0)
    counts = counts_of_route(prepared)
    if len(counts) > 1 and count.cached_input_tokens == 0 and not count.cache_write_tokens:
        return 0  # it has been sent before, and the provider did not read it from a cache
    held = count.input_tokens or 0
    return held // CACHE_STEP * CACHE_STEP if held >= rule.least_tokens else 0
