"""The outlook of a session in lines."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from thinkdial.cli.views.sessions.outlook import outlook_view
from thinkdial.engine.sessions.context.outlook import Outlook

SEEN = Outlook(
    turn=4, profile="claude", think="low", input_tokens=1152, input_low=1140, input_high=1184, prompt_tokens=10,
    text_tokens=1042, reasoning_tokens=100, cached_tokens=1069, source="learnt", input_usd=Decimal("0.0006"),
    low_usd=Decimal("0.0006"), expected_usd=Decimal("0.12"), likely_high_usd=Decimal("0.3456"),
    high_usd=Decimal("2.5"), growth_tokens=380, growth_usd=Decimal("0.00008"), window_tokens=872000, window_turn=2296,
    spent_usd=Decimal("0.02"),
    budget_usd=Decimal(1), budget_turn=9,
)  # fmt: skip


def test_all_of_it_stands_in_four_lines() -> None:
    assert outlook_view(SEEN).plain.split("\n") == [
        (
            "next turn, 4: ~1,152 tokens in (1,140 to 1,184) = 10 prompt + 1,042 earlier text"
            " + 100 replayed reasoning; 1,069 of them from the cache · claude@low"
        ),
        (
            "cost $0.12 expected, 8 in 10 $0.0006–$0.35, worst case $2.50, of which input $0.0006;"
            " each turn adds ~380 tokens and $0.00008"
        ),
        "the limit of 872,000 tokens is reached at turn 2296",
        "the session's budget of $1.00, $0.02 of it spent, is used up at turn 9",
    ]


def test_what_is_not_known_is_a_dash_and_what_is_counted_has_no_span() -> None:
    bare = replace(
        SEEN, source="counted", reasoning_tokens=0, cached_tokens=0, input_usd=None, low_usd=None, expected_usd=None,
        likely_high_usd=None, high_usd=None, growth_tokens=None, growth_usd=None, window_turn=None, budget_usd=None,
    )  # fmt: skip
    assert outlook_view(bare).plain.split("\n") == [
        "next turn, 4: 1,152 tokens in = 10 prompt + 1,042 earlier text · claude@low",
        "cost – expected, 8 in 10 –, worst case –",
        "the limit of 872,000 tokens is reached at turn –",
    ]
