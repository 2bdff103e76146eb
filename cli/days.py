"""The dates that people type: `2026-11-01`, `7d`, `12h`, `today`, `month`. Days are those of UTC, as in the history."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from ..providers.errors import UsageError, did_you_mean

_AGO = re.compile(r"(\d{1,5})([hdw])", re.ASCII)
_WORDS = ("today", "yesterday", "month")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_HINT = "use a date (2026-11-01), today, month, or how long ago: 12h, 7d, 4w; days are UTC"


def parse_when(text: str, now: datetime | None = None) -> date:
    """The day that `text` names; for hours, and a date with a time, the very moment, which is a `datetime`.

    Raises `UsageError` for what is neither.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    word = text.strip().lower()
    if word == "today":
        return now.date()
    if word == "yesterday":
        return now.date() - timedelta(days=1)
    if word == "month":
        return now.date().replace(day=1)
    try:
        if match := _AGO.fullmatch(word):
            ago = now - timedelta(**{_UNITS[match[2]]: int(match[1])})
            return ago if match[2] == "h" else ago.date()
        if len(word) <= len("2026-11-01"):
            return date.fromisoformat(word)
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a date{did_you_mean(word, _WORDS)}", hint=_HINT) from None


def parse_span(since: str | None, until: str | None) -> tuple[date | None, date | None]:
    """Both ends of a time, each None when it is not given. Raises `UsageError` when it ends before it begins."""
    first = parse_when(since) if since is not None else None
    last = parse_when(until) if until is not None else None
    if first is not None and last is not None and day_of(last) < day_of(first):
        raise UsageError(f"--until {until} is before --since {since}")
    return first, last


def day_of(moment: date) -> date:
    """The UTC day of a day or a moment."""
    return moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
