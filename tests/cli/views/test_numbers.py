"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

from thinkdial.cli.views.numbers import dollars, rate, seconds, share, tokens

from ...cases import each


@each(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0 ms"), (0.004, "4 ms"), (0.00999, "0.01 s"), (0.41, "0.41 s"), (9.994, "9.99 s"),
        (9.999, "10.0 s"), (12.34, "12.3 s"), (59.94, "59.9 s"), (59.96, "1m 00s"), (72.4, "1m 12s"),
        (3599.6, "1h 00m"), (3725.0, "1h 02m"), (float("nan"), "–"), (float("inf"), "–"), (-1.0, "–"),
    ],
)  # fmt: skip
def test_seconds(value: float | None, text: str) -> None:
    assert seconds(value) == text


@each(
    ("usd", "text"),
    [
        (None, "–"), ("0", "$0"), ("0.000000", "$0"), ("0.0000025", "$0.0000025"), ("0.007100", "$0.0071"),
        ("0.007060", "$0.00706"), ("0.123456", "$0.1235"), ("0.5", "$0.50"), ("0.99999", "$1.00"), ("1.235", "$1.24"),
        ("1.24", "$1.24"), ("1234.5", "$1,234.50"), ("1E-12", "$0.000000000001"), ("1E+3", "$1,000.00"),
        ("-0.5", "-$0.50"), ("NaN", "–"),
    ],
)  # fmt: skip
def test_dollars_are_never_rounded_to_nothing(usd: str | None, text: str) -> None:
    assert dollars(None if usd is None else Decimal(usd)) == text


def test_tokens_say_when_they_are_estimated() -> None:
    assert [tokens(None), tokens(0), tokens(1234), tokens(1234, "estimated"), tokens(7, "derived")] == [
        "–", "0", "1,234", "~1,234", "7",
    ]  # fmt: skip


def test_rate_and_share() -> None:
    assert [rate(None), rate(8.72), rate(87.4), rate(float("nan"))] == ["–", "8.7", "87", "–"]
    assert [share(90, 100), share(1, 1000), share(0, 9), share(None, 9), share(9, None), share(9, 0), share(9, 8)] == [
        "90 %", "<1 %", "0 %", "", "", "", "",
    ]  # fmt: skip
