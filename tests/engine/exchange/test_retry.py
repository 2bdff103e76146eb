"""Which failures are tried again, after how long, and how that is counted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from thinkdial.engine.exchange.retry import Attempt, obey_should_retry, wait_before_retry
from thinkdial.providers.dialect import failure

from ...cases import each

Exchange = Callable[..., Any]

RETRY_INFO = (
    '{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":['
    '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"57.238s"}]}}'
)
PER_DAY = (
    '{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":['
    '{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":'
    '[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}'
)

pytestmark = pytest.mark.usefixtures("each_loop")


@each(
    ("headers", "wait"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry_after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry_after": "120"}, 120.0),
        # What makes no sense is as good as nothing: the first step of our own backoff.
        ({"retry_after": "soon"}, 0.5),
        ({"retry_after": "-3"}, 0.5),
        ({"retry_after": "nan"}, 0.5),
        ({"retry_after": "-3, 4"}, 0.5),
        ({}, 0.5),
    ],
)
def test_the_server_says_how_long(exchange: Exchange, wire: Any, headers: dict[str, str], wait: float) -> None:
    ran = exchange(wire.error(429, "rate_limit_exceeded", **headers), wire.good, total_s=1000.0)
    assert ran.waits == [pytest.approx(wait)]
    assert (ran.result.status, ran.result.attempts, ran.result.answer) == ("ok", 2, "42")


def test_google_says_it_in_the_body(exchange: Exchange, wire: Any) -> None:
    google = {"provider": "google", "model": "gemini-3.8-flash", "total_s": 1000.0, "retries": 1}
    assert exchange(wire.http(RETRY_INFO, 429), **google).waits == [57.238]
    daily = exchange(wire.http(PER_DAY, 429), **google)
    assert daily.waits == [] and daily.result.error.kind == "quota"


def test_more_than_two_minutes_is_not_waited_for(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(429, "rate_limit_exceeded", retry_after="121"), wire.good)
    assert ran.waits == [] and ran.result.attempts == 1
    assert ran.result.error.kind == "rate_limit" and ran.result.error.retry_after_s == 121.0


@each(
    ("message", "headers", "waits"),
    [
        ("Please try again in 2.961s.", {}, [2.961]),
        ("no", {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "2.5s"}, [2.5]),
        ("no", {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "6m0s"}, [0.5]),
        ("no", {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "6m0s", "retry_after": "1"}, [1.0]),
        ("Please try again in 9s.", {"retry_after": "1"}, [1.0]),
        ("Please try again in 9m.", {}, []),
        ("Request too large for m on TPM: Limit 30000, Requested 61337.", {"retry_after": "1"}, []),
    ],
)
def test_waits_in_words_and_by_resets(
    exchange: Exchange, wire: Any, message: str, headers: dict[str, str], waits: list[float]
) -> None:
    ran = exchange(wire.error(429, "rate_limit_exceeded", message, **headers), wire.good, total_s=1000.0)
    assert ran.waits == [pytest.approx(wait) for wait in waits]
    if not waits:
        assert ran.result.error.kind == "rate_limit" and message in ran.result.error.message


def test_a_date_without_the_servers_own_is_read_by_ours(exchange: Exchange, wire: Any) -> None:
    until = formatdate(time.time() + 60, usegmt=True)
    (wait,) = exchange(wire.error(429, retry_after=until), wire.good, total_s=1000.0).waits
    assert 50 < wait <= 60


def test_a_wait_beyond_the_total_time_is_not_begun(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(503, retry_after="30"), wire.good, total_s=20.0)
    assert ran.waits == [] and ran.result.error.kind == "overloaded"


@each(
    ("reply", "retried"),
    [
        ((429, "rate_limit_exceeded", {}), True),
        ((429, "rate_limit_exceeded", {"x_should_retry": "false"}), False),
        ((400, "invalid_prompt", {}), False),
        ((400, "invalid_prompt", {"x_should_retry": "true"}), True),
        ((429, "insufficient_quota", {}), False),
        ((429, "insufficient_quota", {"retry_after": "1"}), False),
        ((429, "billing_hard_limit_reached", {"x_should_retry": "true"}), False),
        ((408, None, {}), True),
        ((409, None, {}), True),
        ((500, "server_error", {}), True),
        ((502, None, {}), True),
        ((503, "server_is_overloaded", {}), True),
        ((504, None, {}), True),
        ((529, None, {}), True),
        ((401, "invalid_api_key", {}), False),
        ((403, None, {}), False),
        ((404, "model_not_found", {}), False),
        ((413, None, {}), False),
        ((422, None, {}), False),
    ],
)
def test_what_may_pass_is_tried_again(exchange: Exchange, wire: Any, reply: Any, retried: bool) -> None:
    status, code, headers = reply
    ran = exchange(wire.error(status, code, **headers), wire.good)
    assert (len(ran.server.asked), ran.result.status) == ((2, "ok") if retried else (1, "error"))
    assert ran.result.attempts == len(ran.server.asked)


def test_backoff_doubles_to_a_bound_and_shakes() -> None:
    failed = failure("server", "x")
    waits = [wait_before_retry(Attempt(failed, number), 20, lambda: 0.0) for number in range(1, 8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert wait_before_retry(Attempt(failed, 1), 20, lambda: 1.0) == 0.375
    assert wait_before_retry(Attempt(failed, 3), 2, lambda: 0.0) is None


def test_a_quota_does_not_obey_should_retry() -> None:
    assert not obey_should_retry(failure("quota", "x"), {"x-should-retry": "true"}).retryable
    assert obey_should_retry(failure("auth", "x"), {"x-should-retry": "true"}).retryable


def test_retries_end_with_the_last_failure(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(500), wire.error(503), wire.error(529, message="the last"), retries=2)
    assert len(ran.waits) == 2 and ran.result.attempts == 3
    assert ran.result.error.message == "the last" and ran.result.error.status == 529


def test_no_retries_are_no_retries(exchange: Exchange, wire: Any) -> None:
    assert exchange(wire.error(500), wire.good, retries=0).result.attempts == 1


def test_never_after_output_was_shown(exchange: Exchange, wire: Any) -> None:
    late = {"error": {"message": "overloaded now", "code": "server_is_overloaded"}}
    ran = exchange(wire.stream(*wire.opening, late), wire.good)
    assert ran.result.status == "partial" and ran.result.answer == "42" and ran.result.attempts == 1
    assert ran.result.error.kind == "overloaded" and ran.result.error.retryable


def test_an_error_before_any_output_is_tried_again(exchange: Exchange, wire: Any) -> None:
    early = {"error": {"message": "overloaded", "code": "server_is_overloaded"}}
    assert exchange(wire.stream(early), wire.good).result.attempts == 2


@each("said", ["nothing", "headers", "a comment"])
def test_never_after_a_silence(exchange: Exchange, wire: Any, said: str) -> None:
    """The provider was at work, and its work is billed; also when it had sent its headers at once."""
    head = {
        "nothing": b"",
        "headers": wire.stream(),
        "a comment": wire.stream() + b": keep-alive\n\n",
    }[said]
    ran = exchange(wire.then_hold(head), wire.good, idle_s=0.15)
    assert ran.result.attempts == 1 and ran.waits == []
    assert ran.result.error.kind == "timeout" and "for 0.15 s" in ran.result.error.message
    assert "--timeout" in ran.result.error.hint


def test_a_connection_that_breaks_before_the_answer_is_tried_again(exchange: Exchange, wire: Any) -> None:
    ran = exchange(b"", wire.good)
    assert ran.result.status == "ok" and ran.result.attempts == 2


def test_a_refused_field_is_left_out_once_and_said(exchange: Exchange, wire: Any) -> None:
    refusal = wire.error(400, "unsupported_value", "organization must be verified", "reasoning.summary")
    ran = exchange(refusal, provider="openai", model="gpt-6-sol", think="high", retries=0)
    first, second = ran.server.asked
    assert first.body["reasoning"] == {"effort": "high", "summary": "auto"}
    assert second.body["reasoning"] == {"effort": "high"}
    assert ran.result.attempts == 2 and ran.waits == []
    assert [w.code for w in ran.result.warnings] == ["visibility_refused"]
    assert "organization must be verified" in ran.result.warnings[0].message
    assert ran.result.think.native == {"reasoning": {"effort": "high"}}


def test_a_refused_stream_becomes_a_whole_body(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(400, "unsupported_value", "verify first", "stream"), wire.http(json.dumps(wire.whole)))
    assert [asked.body.get("stream") for asked in ran.server.asked] == [True, None]
    assert ran.result.status == "ok" and "stream_refused" in [warning.code for warning in ran.result.warnings]


def test_giving_way_costs_no_retry(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(400, "x", "verify", "stream"), wire.error(503), wire.error(503), wire.good, retries=2)
    assert ran.result.status == "ok" and ran.result.attempts == 4 and len(ran.waits) == 2


def test_other_fields_are_not_given_up(exchange: Exchange, wire: Any) -> None:
    ran = exchange(wire.error(400, "unsupported_value", "bad effort", "reasoning.effort"), wire.good)
    assert ran.result.attempts == 1 and ran.result.error.kind == "invalid_request"
