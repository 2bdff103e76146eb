"""How long an error asks to wait, in words; and what no words say."""

from __future__ import annotations

import pytest

from thinkdial.providers.refusals.waits import reset_wait_s, wait_in_words_s

from ...cases import each


@each(
    ("words", "seconds"),
    [
        ("Limit 15000, Used 11390, Requested 4351. Please try again in 2.961s.", 2.961),
        ("Please try again in 7m12.5s. Visit the console.", 432.5),
        ("Please try again in 120ms.", 0.12),
        ("Please try again in 1h2m3s", 3723.0),
        ("Requests have exceeded the call rate limit. Please retry after 26 seconds. Contact us", 26.0),
        ("Rate limit is exceeded. Try again in 1 second.", 1.0),
        ("Try again in 5 minutes and 30 seconds", 330.0),
        ("Please wait 30 seconds before the next request", 30.0),
        ("Please retry in 34.074824224s.", 34.074824224),
        ("quota exhausted, it resets in 2 days", 172_800.0),
        ("Retry after 40 sec", 40.0),
        ("try again later", None),
        ("You sent 60 requests in 60 seconds", None),
        ("the model took 30s, try again", None),
        ("again in " + "9" * 5000 + "s", None),
        ("", None),
    ],
)
def test_a_wait_in_words(words: str, seconds: float | None) -> None:
    assert wait_in_words_s(words) == (None if seconds is None else pytest.approx(seconds))


def test_the_latest_of_the_limits_that_are_used_up_counts() -> None:
    left = {"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "1h"}
    assert reset_wait_s(left) is None
    used = {**left, "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "2.5s"}
    assert reset_wait_s(used) == 2.5
    assert reset_wait_s({"x-ratelimit-remaining-tokens": "0"}) is None
