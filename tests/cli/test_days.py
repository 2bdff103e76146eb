"""The dates that people type, read against a clock that stands still."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from thinkdial.cli.days import day_of, parse_span, parse_when
from thinkdial.providers.errors import UsageError

from ..cases import each

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@each(("written", "meant"), [
    ("2026-11-01", date(2026, 11, 1)), ("20261101", date(2026, 11, 1)), ("today", date(2026, 11, 21)),
    (" Today ", date(2026, 11, 21)), ("yesterday", date(2026, 11, 20)), ("month", date(2026, 11, 1)),
    ("7d", date(2026, 11, 14)), ("0d", date(2026, 11, 21)), ("2w", date(2026, 11, 7)),
    ("12h", datetime(2026, 11, 20, 22, 30, tzinfo=UTC)),
    ("2026-11-01T08:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ("2026-11-01T08:00+02:00", datetime(2026, 11, 1, 6, tzinfo=UTC)),
])  # fmt: skip
def test_what_people_type_is_a_day_or_a_moment(written: str, meant: date) -> None:
    found = parse_when(written, NOW)
    assert (found, type(found)) == (meant, type(meant))


def test_days_are_those_of_utc_wherever_the_clock_stands() -> None:
    late = datetime(2026, 11, 21, 23, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert parse_when("today", late) == date(2026, 11, 22)
    assert day_of(late) == date(2026, 11, 22)
    assert day_of(date(2026, 11, 21)) == date(2026, 11, 21)


@each("written", ["", "soon", "-3d", "7", "7y", "2026-13-01", "2026-02-30", "1.11.2026", "999999d", "٣d"])
def test_what_is_no_date_is_refused_with_what_would_be_one(written: str) -> None:
    with pytest.raises(UsageError, match="is not a date") as caught:
        parse_when(written, NOW)
    assert "7d" in (caught.value.hint or "")


def test_a_time_that_ends_before_it_begins_is_refused() -> None:
    assert parse_span(None, None) == (None, None)
    assert parse_span("2026-11-01", "2026-11-01") == (date(2026, 11, 1), date(2026, 11, 1))
    with pytest.raises(UsageError, match="is before"):
        parse_span("2026-11-02", "2026-11-01")
