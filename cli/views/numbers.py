"""Seconds, tokens and dollars as people read them; what is unknown is a dash and never a zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from ...providers.schema import TokensSource

UNKNOWN = "–"
LONGEST_NAME = 120
"""Characters of a name that are shown: the names of profiles and models that people use are shorter."""
BEST = "★"
ALIKE = "≈"
"""Marks a think value whose reasoning is not shown to be more than that of the next lower one."""


def seconds(value: float | None) -> str:
    """`4 ms`, `0.41 s`, `12.3 s`, `1m 12s`, `1h 02m`."""
    if value is None or not math.isfinite(value) or value < 0:
        return UNKNOWN
    if value < 0.00995:
        return f"{value * 1000:.0f} ms"
    if value < 9.995:
        return f"{value:.2f} s"
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def tokens(count: int | None, source: TokensSource | None = None) -> str:
    """`1,234`, or `~1,234` when the count is an estimate."""
    if count is None:
        return UNKNOWN
    return f"~{count:,}" if source == "estimated" else f"{count:,}"


def think_words(think: object) -> str:
    """A think value as people type it: `8k` for 8192 tokens, `4,000`, a word as it is."""
    text = str(think)
    if not (text.isascii() and text.isdigit()):
        return text
    count = int(text)
    return f"{count // 1024}k" if count and count % 1024 == 0 else f"{count:,}"


def rate(tokens_per_s: float | None) -> str:
    """Tokens per second: `87`, or `8.7` when slow."""
    if tokens_per_s is None or not math.isfinite(tokens_per_s) or tokens_per_s < 0:
        return UNKNOWN
    return f"{tokens_per_s:.1f}" if tokens_per_s < 9.95 else f"{tokens_per_s:,.0f}"


def share(part: int | None, whole: int | None) -> str:
    """`90 %`: the part in the whole; an empty string when it cannot be said."""
    if part is None or not whole or part > whole:
        return ""
    percent = 100 * part / whole
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def dollars(usd: Decimal | None) -> str:
    """`$1.24`, `$0.0071`, `$0.0000025`: cents above a dollar, four digits below, and never rounded to nothing."""
    if usd is None or not usd.is_finite():
        return UNKNOWN
    if usd == 0:
        return "$0"
    sign, size = ("-", -usd) if usd < 0 else ("", usd)
    places = 2 if size >= 1 else max(2, 3 - size.adjusted())
    text = f"{size:,.{places}f}"  # rounds half to even, at any size
    whole, _, fraction = text.partition(".")
    return f"{sign}${whole}.{fraction.rstrip('0').ljust(2, '0')}"


def dollar_span(low: Decimal | None, high: Decimal | None, mark: str = "") -> str:
    """`$0.01–$0.04`, rounded to two digits, which is as much as a range says; a dash where an end is unknown."""
    if low is None or high is None:
        return UNKNOWN
    return f"{dollars(_two_digits(low))}–{dollars(_two_digits(high))}{mark}"


def _two_digits(usd: Decimal) -> Decimal:
    return round(usd, 1 - usd.adjusted()) if usd.is_finite() and 0 < usd < 10 else usd


def at_the_point(texts: Sequence[str], figure: str = " ", point: str = " ") -> list[str]:
    """The amounts of a column padded so that their points are one below the other.

    `figure` and `point` are blanks as wide as a digit and as the point. Amounts that say more than themselves, such as
    `$1.24 + 3 unknown`, are left as they are, and all the others with them.
    """
    if any(" " in text for text in texts):
        return list(texts)
    decimals = [len(text.partition(".")[2]) for text in texts]
    widest = max(decimals, default=0)
    return [
        text if text == UNKNOWN else text + (point if widest and "." not in text else "") + figure * (widest - own)
        for text, own in zip(texts, decimals, strict=True)
    ]


def rounded_tokens(value: float) -> str:
    """Tokens of a curve or an axis, which need not be whole."""
    return tokens(round(value))


def rounded_dollars(value: float) -> str:
    """Dollars of a curve or an axis, in three digits."""
    return dollars(Decimal(f"{value:.3g}"))
