"""Moments as documents and the database write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=8)
def _written(year: int, month: int, day: int, hour: int, minute: int, second: int) -> str:
    """Of the many results of one second."""
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    if moment.tzinfo is UTC:
        return _written(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
