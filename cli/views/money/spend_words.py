"""What the tables of `spend` say: spans of days, parts, and bars."""

from __future__ import annotations

from decimal import Decimal

from ....engine.history.sums.spend_tables import SpendSpan
from ..numbers import UNKNOWN

WIDE = 110
_BLOCKS = " ▏▎▍▌▋▊▉█"


def span_words(span: SpendSpan) -> str:
    """`since 2026-11-01`, `from 2026-11-01 to 2026-11-07`, and nothing for all time."""
    since, until = span.since, span.until
    if since is not None and until is not None:
        return f"on {since}" if since == until else f"from {since} to {until}"
    if since is not None:
        return f"since {since}"
    return f"until {until}" if until is not None else ""


def bar(part: Decimal, most: Decimal, width: int) -> str:
    """A bar of up to `width` cells, in eighths; what is more than nothing is never shown as nothing."""
    if part <= 0 or most <= 0:
        return ""
    eighths = max(1, round(part / most * width * 8))
    whole, rest = divmod(eighths, 8)
    return _BLOCKS[8] * whole + (_BLOCKS[rest] if rest else "")


def percent(share: Decimal | None, *, at_least: bool = False) -> str:
    """`62 %`, `<1 %`, `≥62 %`, or a dash for what is not known."""
    if share is None:
        return UNKNOWN
    points = share * 100
    text = "<1 %" if 0 < points < 1 else f"{points:.0f} %"
    return f"≥{text}" if at_least and not text.startswith("<") else text


def signed_percent(share: Decimal | None) -> str:
    """`+12 %`, `-3 %`."""
    return UNKNOWN if share is None else f"{share * 100:+.0f} %"
