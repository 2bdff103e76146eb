"""Prices of a later day are looked up for the weekday and hour of the lock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from thinkdial.engine.locks.probe_calls import next_like

MONDAY = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=1), timedelta(days=3, hours=7), timedelta(days=400)])
def test_the_next_moment_like_it(later: timedelta) -> None:
    now = MONDAY + later
    found = next_like(MONDAY, now)
    assert now <= found < now + timedelta(days=7)
    assert (found.weekday(), found.time()) == (MONDAY.weekday(), MONDAY.time())


def test_a_lock_of_the_future_is_taken_as_it_is() -> None:
    assert next_like(MONDAY, MONDAY - timedelta(days=20)) == MONDAY
