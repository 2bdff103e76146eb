"""The pace against servers that enforce limits, in a world whose clock costs no time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from thinkdial.engine.batch.pace.pace import Pace, PaceReport
from thinkdial.profiles.profile import CallLimits
from thinkdial.providers.errors import ErrorKind

from .pacing import (
    Bucket,
    Client,
    Fixed,
    Limit,
    Server,
    Sliding,
    anthropic_headers,
    no_headers,
    openai_headers,
    play,
)

pytestmark = pytest.mark.slow

KINDS: dict[str, Callable[[float], Limit]] = {
    "bucket": Bucket,
    "slices": lambda limit: Bucket(limit, seconds=1.0),
    "fixed": Fixed,
    "sliding": Sliding,
}
LATENCY_S = (0.2, 5.0)
RPM = (60, 600)
FINE = PaceReport(None, None, 100)


def fill(pace: Pace, now: float) -> int:
    """Start as many calls as may start now."""
    count = 0
    while pace.next_start(now, 100) <= now:
        pace.start(now, 100)
        count += 1
        assert count < 10_000
    return count


def one(pace: Pace, now: float, report: PaceReport) -> None:
    pace.start(now, 100)
    pace.finish(now, report)


class TestWithinLimits:
    """From the second minute on: under 1 % rejected, over 90 % of what is allowed."""

    @pytest.mark.parametrize("rpm", RPM)
    @pytest.mark.parametrize("kind", ["bucket", "fixed", "sliding", "slices"])
    @pytest.mark.parametrize("told", ["configured", "openai", "anthropic"])
    def test_requests_a_minute(self, told: str, kind: str, rpm: int) -> None:
        headers = {"configured": no_headers, "openai": openai_headers, "anthropic": anthropic_headers}[told]
        limits = CallLimits(rpm=rpm) if told == "configured" else CallLimits()
        client = Client(Pace(limits, most_at_once=512))
        play([client], Server(requests=KINDS[kind](rpm), headers=headers), 4, latency_s=LATENCY_S)
        assert client.seen.share_rejected(1, 4) < 0.01
        assert client.seen.per_minute(1, 4) > 0.9 * rpm

    def test_a_hundred_a_second(self) -> None:
        client = Client(Pace(CallLimits(), most_at_once=512))
        play([client], Server(requests=Fixed(6000), headers=anthropic_headers), 3, latency_s=(0.2, 2.0))
        assert client.seen.share_rejected(1, 3) < 0.01
        assert client.seen.per_minute(1, 3) > 5400

    @pytest.mark.parametrize("tpm", [300_000])
    @pytest.mark.parametrize("kind", ["bucket", "fixed"])
    @pytest.mark.parametrize("told", ["configured", "openai"])
    def test_tokens_a_minute_though_calls_weigh_less_than_was_thought(self, told: str, kind: str, tpm: int) -> None:
        limits = CallLimits(tpm=tpm) if told == "configured" else CallLimits()
        headers = no_headers if told == "configured" else openai_headers
        client = Client(Pace(limits, most_at_once=512), guess=700, used=lambda dice: dice.randint(100, 900))
        play([client], Server(tokens=KINDS[kind](tpm), headers=headers), 5, latency_s=LATENCY_S)
        assert client.seen.share_rejected(1, 5) < 0.01
        assert client.seen.tokens_per_minute(1, 5) > 0.9 * tpm

    def test_headers_of_a_stream_come_at_its_beginning(self) -> None:
        client = Client(Pace(CallLimits(), most_at_once=512))
        play([client], Server(requests=Fixed(600), headers=openai_headers), 4, latency_s=LATENCY_S, streamed=True)
        assert client.seen.share_rejected(1, 4) < 0.01
        assert client.seen.per_minute(1, 4) > 540

    @pytest.mark.parametrize("kind", ["bucket", "fixed"])
    def test_an_account_shared_by_two_programs(self, kind: str) -> None:
        clients = [Client(Pace(CallLimits(), most_at_once=256), begins_at=at) for at in (0.0, 20.0)]
        play(clients, Server(requests=KINDS[kind](600), headers=openai_headers), 8, latency_s=(0.2, 2.0))
        both = sum(client.seen.per_minute(2, 8) for client in clients)
        assert all(client.seen.share_rejected(2, 8) < 0.01 for client in clients)
        assert both > 540
        assert min(client.seen.per_minute(2, 8) for client in clients) > 0.25 * both


class TestFindingOut:
    """Nothing tells the limit but being turned away: some must be, but they become rare."""

    @pytest.mark.parametrize("rpm", [600])
    @pytest.mark.parametrize("kind", ["bucket", "fixed", "sliding", "slices"])
    @pytest.mark.parametrize("retry_after", [False, True])
    def test_the_rate_is_found(self, retry_after: bool, kind: str, rpm: int) -> None:
        client = Client(Pace(CallLimits(), most_at_once=512))
        play([client], Server(requests=KINDS[kind](rpm), retry_after=retry_after), 12, latency_s=LATENCY_S)
        assert client.seen.share_rejected(1, 12) < 0.01
        assert client.seen.per_minute(1, 12) > 0.8 * rpm
        assert client.seen.per_minute(6, 12) > 0.85 * rpm

    def test_a_slow_limit_takes_longer(self) -> None:
        client = Client(Pace(CallLimits(), most_at_once=512))
        play([client], Server(requests=Fixed(60)), 40, latency_s=LATENCY_S)
        assert client.seen.share_rejected(10, 40) < 0.01
        assert client.seen.per_minute(10, 40) > 0.85 * 60

    def test_a_limit_of_calls_at_once(self) -> None:
        client = Client(Pace(CallLimits(), most_at_once=256))
        server = Server(most_at_once=20)
        play([client], server, 12, latency_s=(0.5, 1.5))
        assert client.seen.share_rejected(1, 12) < 0.01
        assert client.seen.per_minute(2, 12) > 0.7 * 20 * 60

    def test_scattered_rejections_do_not_starve_the_lane(self) -> None:
        client = Client(Pace(CallLimits(), most_at_once=64))
        play([client], Server(faults=0.05, retry_after=True), 6, latency_s=(0.2, 0.6))
        assert client.seen.per_minute(2, 6) > 2000

    def test_a_limit_that_is_raised_is_noticed(self) -> None:
        bucket = Bucket(600, seconds=5.0)
        client = Client(Pace(CallLimits(), most_at_once=256))
        server = Server(requests=bucket)
        play([client], server, 4, latency_s=(0.2, 1.0))
        assert client.pace.learned["rpm"] is not None
        before = client.seen.per_minute(2, 4)
        free = Client(client.pace)
        client.pace.in_flight = 0
        free.begins_at = 240.0
        play([free], Server(requests=Bucket(2400, seconds=5.0)), 14, latency_s=(0.2, 1.0), seed=2)
        assert free.seen.per_minute(11, 14) > 2 * before


class TestHolds:
    def test_retry_after_holds_the_whole_lane(self) -> None:
        pace = Pace(CallLimits())
        one(pace, 10.0, PaceReport("rate_limit", 7.5, None))
        assert pace.held_until == 17.5
        assert pace.next_start(10.0, 100) == 17.5
        assert pace.next_start(17.5, 100) <= 17.5
        assert pace.held_until is None

    @pytest.mark.parametrize("kind", ["overloaded", "server"])
    def test_retry_after_of_an_overloaded_server(self, kind: ErrorKind) -> None:
        pace = Pace(CallLimits())
        one(pace, 0.0, PaceReport(kind, 30.0, None))
        assert pace.next_start(1.0, 100) == 30.0

    def test_without_one_the_pauses_grow_until_an_answer_comes(self) -> None:
        pace, now, pauses = Pace(CallLimits()), 0.0, list[float]()
        for _ in range(12):
            one(pace, now, PaceReport("rate_limit", None, None))
            begins = pace.next_start(now, 100)
            pauses.append(begins - now)
            now = begins
        assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
        assert pauses[-1] == 60.0
        one(pace, now, FINE)
        now += 100
        for _ in range(10):
            one(pace, now, FINE)
            now += 1
        one(pace, now, PaceReport("rate_limit", None, None))
        assert pace.next_start(now, 100) - now == pytest.approx(0.5, abs=1.1)

    def test_nothing_remaining_holds_until_the_reset(self) -> None:
        pace = Pace(CallLimits())
        pace.learn(
            0.0,
            200,
            {"x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-requests": "0"} | _openai(60, 0, "42s"),
        )
        assert pace.next_start(0.0, 100) == pytest.approx(42, abs=0.5)

    def test_an_empty_quota_of_a_day_holds_until_its_reset_and_a_full_one_sets_no_pace(self) -> None:
        pace = Pace(CallLimits(), start_at_once=8)
        pace.learn(0.0, 200, _openai(14_400, 14_370, "2m59.56s"))
        assert pace.learned["rpm"] is None
        assert fill(pace, 0.0) == 8
        for _ in range(8):
            pace.finish(1.0, FINE)
        pace.learn(1.0, 429, _openai(14_400, 0, "1h0m0s"))
        assert pace.next_start(1.0, 100) == 3601.0

    @pytest.mark.parametrize("what", ["requests", "tokens"])
    def test_the_nearer_word_wins(self, what: str) -> None:
        pace = Pace(CallLimits())
        pace.start(0.0, 100)
        empty = {
            f"x-ratelimit-limit-{what}": "30000",
            f"x-ratelimit-remaining-{what}": "0",
            f"x-ratelimit-reset-{what}": "6m0s",
        }
        pace.learn(0.0, 429, {**empty, "retry-after": "1"})
        pace.finish(0.0, PaceReport("rate_limit", 1.0, None))
        assert pace.next_start(0.0, 100) == pytest.approx(1.0, abs=0.1)

    @pytest.mark.parametrize(("asked", "waits"), [("1", 1.0), ("90", 42.0), (None, 42.0)])
    def test_the_nearer_word_wins_within_a_minute_too(self, asked: str | None, waits: float) -> None:
        pace = Pace(CallLimits())
        pace.start(0.0, 100)
        pace.learn(0.0, 429, {**_openai(60, 0, "42s"), **({"retry-after": asked} if asked else {})})
        assert pace.next_start(0.0, 100) == pytest.approx(waits, abs=0.5)

    def test_a_reset_is_the_time_until_all_is_back_and_not_until_the_next_call(self) -> None:
        """As long as nobody is turned away by it."""
        pace = Pace(CallLimits())
        one(pace, 0.0, FINE)
        pace.learn(0.0, 200, _openai(1000, 0, "6m0s"))
        assert pace.next_start(0.0, 100) == pytest.approx(0.36, abs=0.01)
        pace.learn(0.4, 429, _openai(1000, 0, "6m0s"))
        assert pace.next_start(0.4, 100) == pytest.approx(360.4, abs=0.1)


class TestAtOnce:
    def test_begins_modestly_and_grows_only_when_that_was_what_held_it_back(self) -> None:
        pace = Pace(CallLimits(), most_at_once=64, start_at_once=8)
        assert fill(pace, 0.0) == 8
        assert pace.next_start(0.0, 100) == math.inf
        for _ in range(8):
            pace.finish(1.0, FINE)
        grown = pace.at_once
        assert 8 < grown <= 16
        for second in range(2, 60):
            one(pace, float(second), FINE)
        assert pace.at_once <= grown + 1

    def test_one_burst_cuts_once(self) -> None:
        pace = Pace(CallLimits(), start_at_once=32)
        fill(pace, 0.0)
        for _ in range(32):
            pace.finish(0.5, PaceReport("overloaded", None, None))
        assert pace.at_once == int(32 * 0.7)

    @pytest.mark.parametrize(("limits", "most", "expected"), [(CallLimits(concurrency=3), 64, 3), (CallLimits(), 5, 5)])
    def test_never_more_than_allowed(self, limits: CallLimits, most: int, expected: int) -> None:
        client = Client(Pace(limits, most_at_once=most))
        play([client], Server(), 1, latency_s=(0.1, 0.2))
        assert client.seen.most_under_way == expected

    def test_never_less_than_one(self) -> None:
        pace, now = Pace(CallLimits(), start_at_once=2), 0.0
        for _ in range(40):
            one(pace, now, PaceReport("overloaded", 1.0, None))
            now += 2
            one(pace, now, FINE)
            now += 2
        assert pace.at_once == 1
        assert pace.next_start(now + 200, 100) < math.inf


class TestLearned:
    def test_nothing_is_known_at_first(self) -> None:
        assert Pace(CallLimits()).learned == {"rpm": None, "tpm": None}

    def test_what_is_configured_or_told_whichever_is_lower(self) -> None:
        pace = Pace(CallLimits(rpm=100, tpm=50_000))
        pace.learn(0.0, 200, _openai(60, 59, "1s") | {"x-ratelimit-limit-tokens": "90000"})
        assert pace.learned == {"rpm": 60.0, "tpm": 50_000.0}

    def test_input_and_output_have_limits_of_their_own(self) -> None:
        pace = Pace(CallLimits(), start_at_once=100, most_at_once=100)
        headers = {
            "anthropic-ratelimit-output-tokens-limit": "6000",
            "anthropic-ratelimit-output-tokens-remaining": "6000",
        }
        pace.learn(0.0, 200, headers)
        for second in range(200):
            pace.start(float(second), 1000)
            pace.finish(float(second), PaceReport(None, None, 1000, input_tokens=990, output_tokens=10))
        start = pace.next_start(200.0, 1000)
        pace.start(start, 1000)
        assert pace.next_start(start, 1000) - start < 1.0


class TestCircuit:
    @pytest.mark.parametrize(("kind", "count"), [("auth", 3), ("permission", 3), ("config", 3), ("quota", 2)])
    def test_opens_after_hard_failures_in_a_row(self, kind: ErrorKind, count: int) -> None:
        pace = Pace(CallLimits())
        one(pace, 0.0, FINE)
        for _ in range(count - 1):
            one(pace, 0.0, PaceReport(kind, None, None))
        assert pace.broken is None
        one(pace, 0.0, PaceReport(kind, None, None))
        assert pace.broken is not None
        assert pace.broken.kind == kind
        assert str(count) in pace.broken.message
        assert pace.broken.hint

    def test_an_answer_begins_the_count_anew(self) -> None:
        pace = Pace(CallLimits())
        for _ in range(5):
            one(pace, 0.0, PaceReport("auth", None, None))
            one(pace, 0.0, PaceReport("auth", None, None))
            one(pace, 0.0, FINE)
        assert pace.broken is None

    @pytest.mark.parametrize("kind", ["not_found", "invalid_request"])
    def test_what_may_be_the_rows_fault_opens_it_only_when_nothing_ever_worked(self, kind: ErrorKind) -> None:
        never, once = Pace(CallLimits()), Pace(CallLimits())
        one(once, 0.0, FINE)
        for _ in range(20):
            assert never.broken is None
            one(never, 0.0, PaceReport(kind, None, None))
            one(once, 0.0, PaceReport(kind, None, None))
        assert never.broken is not None
        assert once.broken is None

    def test_what_may_pass_never_opens_it(self) -> None:
        pace = Pace(CallLimits())
        kinds: tuple[ErrorKind, ...] = ("server", "timeout", "connection", "protocol", "overloaded", "rate_limit")
        for _ in range(50):
            for kind in kinds:
                one(pace, 0.0, PaceReport(kind, None, None))
        assert pace.broken is None

    def test_a_limit_of_zero_is_no_limit_to_wait_for(self) -> None:
        pace = Pace(CallLimits())
        for _ in range(2):
            pace.start(0.0, 100)
            pace.learn(0.0, 429, {"x-ratelimit-limit-req-minute": "0", "x-ratelimit-remaining-req-minute": "0"})
            pace.finish(0.0, PaceReport("rate_limit", None, None))
        assert pace.broken is not None
        assert pace.broken.kind == "quota"


def _openai(limit: int, remaining: int, reset: str) -> Mapping[str, Any]:
    return {
        "x-ratelimit-limit-requests": str(limit),
        "x-ratelimit-remaining-requests": str(remaining),
        "x-ratelimit-reset-requests": reset,
    }
