"""What the headers of each vendor are read as."""

from __future__ import annotations

import pytest

from thinkdial.providers.refusals.rate_headers import DAY_S, MINUTE_S, Reading, readings, seconds_until

from ...cases import each

DATE = "Sat, 21 Nov 2026 00:00:00 GMT"
EPOCH_S = 1_795_219_200


@each(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("1s", 1.0),
        ("12ms", 0.012),
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("1h2m3s", 3723.0),
        ("33011.382867", 33011.382867),
        ("0", 0.0),
        ("-3", 0.0),
        ("2026-11-21T00:00:30Z", 30.0),
        ("2026-11-21T01:00:30+01:00", 30.0),
        ("2026-11-20T23:59:00Z", 0.0),
        ("Sat, 21 Nov 2026 00:01:00 GMT", 60.0),
        (str(EPOCH_S + 45), 45.0),
        (str((EPOCH_S + 45) * 1000), 45.0),
    ],
)
def test_resets_in_all_spellings(text: str, seconds: float) -> None:
    assert seconds_until(text, DATE) == pytest.approx(seconds)


@each("text", ["", "soon", "6m0x", "nan", "inf", "5 minutes", "2026-13-45T00:00:00Z"])
def test_resets_that_make_no_sense(text: str) -> None:
    assert seconds_until(text, DATE) is None


@pytest.mark.parametrize("text", ["2026-11-21T00:00:30Z", str(EPOCH_S + 45)])
@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_moment_means_nothing_without_the_time_of_the_response(text: str, date: str | None) -> None:
    assert seconds_until(text, date) is None


def test_anthropic() -> None:
    headers = {"date": DATE}
    for name, limit, left in (("requests", 50, 49), ("input-tokens", 30_000, 29_000), ("output-tokens", 8_000, 8_000)):
        headers[f"anthropic-ratelimit-{name}-limit"] = str(limit)
        headers[f"anthropic-ratelimit-{name}-remaining"] = str(left)
        headers[f"anthropic-ratelimit-{name}-reset"] = "2026-11-21T00:00:02Z"
    found = readings(headers)
    assert [
        (reading.what, reading.limit, reading.remaining, reading.reset_s, reading.window_s) for reading in found
    ] == [
        ("requests", 50, 49, 2, MINUTE_S),
        ("input_tokens", 30_000, 29_000, 2, MINUTE_S),
        ("output_tokens", 8_000, 8_000, 2, MINUTE_S),
    ]


def test_openai_and_those_who_speak_like_it_do_not_say_the_window() -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "150000",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert readings(headers) == (
        Reading("requests", "x-ratelimit-limit-requests", 60, 59, 1, None),
        Reading("tokens", "x-ratelimit-limit-tokens", 150_000, 149_984, 360, None),
    )


@each(
    ("headers", "what", "limit", "remaining", "window_s"),
    [
        (
            {"x-ratelimit-limit-req-minute": "720", "x-ratelimit-remaining-req-minute": "717"},
            "requests", 720, 717, MINUTE_S,
        ),
        (
            {"x-ratelimit-limit-requests-day": "14400", "x-ratelimit-remaining-requests-day": "14399"},
            "requests", 14_400, 14_399, DAY_S,
        ),
        (
            {"x-ratelimit-limit-tokens-generated": "72000", "x-ratelimit-remaining-tokens-generated": "69338"},
            "output_tokens", 72_000, 69_338, MINUTE_S,
        ),
        ({"x-tokenlimit-limit": "2000", "x-tokenlimit-remaining": "10"}, "tokens", 2000, 10, None),
        (
            {"x-trial-endpoint-call-limit": "20", "x-trial-endpoint-call-remaining": "19"},
            "requests", 20, 19, MINUTE_S,
        ),
        ({"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "98"}, "requests", 100, 98, None),
        ({"x-ratelimit-remaining-requests": "7"}, "requests", None, 7, None),
    ],
)  # fmt: skip
def test_the_others(
    headers: dict[str, str], what: str, limit: float | None, remaining: float, window_s: float | None
) -> None:
    (found,) = readings(headers)
    assert (found.what, found.limit, found.remaining, found.window_s) == (what, limit, remaining, window_s)


@each("value", ["", "many", "-1", "nan", "inf", "1e999"])
def test_counts_that_make_no_sense_are_left_out(value: str) -> None:
    assert readings({"x-ratelimit-limit-requests": value, "x-ratelimit-remaining-requests": value}) == ()


def test_no_headers_no_readings() -> None:
    assert readings({"content-type": "application/json", "date": DATE}) == ()
