"""Rate limits that the simulator enforces, for each key and model, in the vendors' own words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from thinkdial.engine.batch.pace.pace import Pace, PaceReport
from thinkdial.profiles.profile import CallLimits
from thinkdial.providers.refusals.rate_headers import readings
from thinkdial.simulator import RateLimits, Simulator, simulator_in_thread
from thinkdial.simulator.calls.reply import whole
from thinkdial.simulator.calls.request import Request
from thinkdial.simulator.server.limits import RateLimiter, duration, used_tokens

OPENAI = "/openai/v1/chat/completions"
PATHS = {
    "anthropic": ("/anthropic/v1/messages", "claude-opus-5-5", "rate_limit_error"),
    "openai": (OPENAI, "gpt-6-sol", "rate_limit_exceeded"),
    "google": ("/google/v1beta/models/gemini-3.8-flash:generateContent", "", "RESOURCE_EXHAUSTED"),
    "mistral": ("/mistral/v1/chat/completions", "mistral-medium-latest", "rate_limited"),
    "compatible": ("/compatible/v1/chat/completions", "sim-reasoning-content", "rate_limit_exceeded"),
}


@pytest.fixture(scope="module")
def strict() -> Iterator[Simulator]:
    with simulator_in_thread(limits=RateLimits(rpm=2)) as running:
        yield running


def body_of(model: str) -> dict[str, Any]:
    if not model:
        return {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}
    limit = {"max_tokens": 4000} if model.startswith("claude") else {}
    return {"model": model, **limit, "messages": [{"role": "user", "content": "Hello"}]}


def headers_of(key: str) -> dict[str, str]:
    sent = {"authorization": f"Bearer {key}", "x-api-key": key, "x-goog-api-key": key}
    return sent | {"anthropic-version": "2023-06-01"}


def ask(client: httpx2.Client, url: str, vendor: str, key: str) -> httpx2.Response:
    path, model, _ = PATHS[vendor]
    return client.post(url + path, json=body_of(model), headers=headers_of(f"{vendor}-{key}"))


@pytest.mark.parametrize("vendor", PATHS)
def test_beyond_the_limit_each_vendor_refuses_in_its_own_words(
    vendor: str, strict: Simulator, client: httpx2.Client
) -> None:
    answers = [ask(client, strict.base_url, vendor, "words") for _ in range(3)]
    assert [answer.status_code for answer in answers[:2]] != [429, 429]
    assert answers[2].status_code == 429
    assert PATHS[vendor][2] in answers[2].text
    if vendor != "google":
        assert 0 < int(answers[2].headers["retry-after"]) <= 60


@pytest.mark.parametrize("vendor", ["anthropic", "openai", "mistral"])
def test_the_headers_say_what_is_left(vendor: str, strict: Simulator, client: httpx2.Client) -> None:
    said = [readings(dict(ask(client, strict.base_url, vendor, "headers").headers)) for _ in range(2)]
    counts = [next(item for item in found if item.what == "requests") for found in said]
    assert [count.limit for count in counts] == [2, 2]
    assert [count.remaining for count in counts] == [1, 0]
    if vendor != "mistral":
        assert 20 < (counts[0].reset_s or 0) <= 31
        assert 50 < (counts[1].reset_s or 0) <= 61


def test_keys_and_models_have_buckets_of_their_own(strict: Simulator, client: httpx2.Client) -> None:
    for key in ("one", "two"):
        assert [ask(client, strict.base_url, "openai", key).status_code for _ in range(3)] == [200, 200, 429]
    other = client.post(strict.base_url + OPENAI, json=body_of("gpt-6-luna"), headers=headers_of("openai-one"))
    assert other.status_code != 429


def test_lists_of_models_are_not_limited(strict: Simulator, client: httpx2.Client) -> None:
    url = strict.base_url + "/openai/v1/models"
    assert {client.get(url, headers=headers_of("models")).status_code for _ in range(5)} == {200}


def test_tokens_are_charged_by_what_the_reply_used_and_come_back() -> None:
    now = [0.0]
    limiter = RateLimiter(RateLimits(tpm=600), lambda: now[0])
    request = Request("POST", OPENAI, {}, {"authorization": "Bearer k"}, b"")
    reply = whole(200, {"usage": {"prompt_tokens": 100, "completion_tokens": 300, "total_tokens": 400}})
    assert used_tokens(reply) == 400
    assert limiter.judge(request, "m", reply).wait_s == 0
    refused = limiter.judge(request, "m", reply)
    assert refused.wait_s == pytest.approx(20.0)
    assert ("x-ratelimit-remaining-tokens", "200") in refused.headers
    now[0] = 20.0
    assert limiter.judge(request, "m", reply).wait_s == 0


def test_a_short_minute_has_a_small_bucket_of_the_same_rate() -> None:
    now = [0.0]
    limiter = RateLimiter(RateLimits(rpm=600, minute_s=0.5), lambda: now[0])
    request, reply = Request("POST", OPENAI, {}, {}, b""), whole(200, {})
    assert [limiter.judge(request, "m", reply).wait_s > 0 for _ in range(6)] == [False] * 5 + [True]
    now[0] = 0.1
    assert limiter.judge(request, "m", reply).wait_s == 0


@pytest.mark.parametrize("wrong", [{"rpm": 0}, {"tpm": -1}, {"minute_s": 0.0}])
def test_limits_that_let_nothing_through(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rate limit"):
        RateLimits(**wrong)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0ms"), (0.0123, "13ms"), (1.5, "1.5s"), (360.0, "6m0s"), (179.56, "2m59.6s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.slow
@pytest.mark.parametrize("vendor", ["openai", "anthropic", "mistral"])
def test_a_pace_over_real_http_keeps_within_the_limit(vendor: str, client: httpx2.Client) -> None:
    """The limit is learnt from headers; all calls get through, hardly any is turned away."""
    wanted, limits = 300, RateLimits(rpm=9000, minute_s=1.0)
    statuses: list[int] = []

    async def run(base_url: str) -> None:
        loop = asyncio.get_running_loop()
        pace, path, model = Pace(CallLimits()), *PATHS[vendor][:2]
        left, calls = wanted, set[asyncio.Task[None]]()

        async def call(http: httpx2.AsyncClient) -> None:
            nonlocal left
            answer = await http.post(base_url + path, json=body_of(model), headers=headers_of("live"))
            statuses.append(answer.status_code)
            pace.learn(loop.time(), answer.status_code, dict(answer.headers))
            away = answer.status_code == 429
            left += away
            wait = float(answer.headers["retry-after"]) if away else None
            pace.finish(loop.time(), PaceReport("rate_limit" if away else None, wait, None if away else 100))

        async with httpx2.AsyncClient(timeout=20, trust_env=False) as http:
            while left or calls:
                start = pace.next_start(loop.time(), 100) if left else float("inf")
                if start <= loop.time():
                    left -= 1
                    pace.start(loop.time(), 100)
                    calls.add(asyncio.create_task(call(http)))
                    continue
                most = None if start == float("inf") else start - loop.time()
                waiting = calls or {asyncio.create_task(asyncio.sleep(most or 0))}
                done, _ = await asyncio.wait(waiting, timeout=most, return_when=asyncio.FIRST_COMPLETED)
                calls -= done

    with simulator_in_thread(limits=limits) as running:
        asyncio.run(run(running.base_url))
    assert statuses.count(200) == wanted
    assert statuses.count(429) <= wanted // 20
    assert set(statuses) <= {200, 429}
