"""Counting over real HTTP: what is sent with which credential, and that no failure is more than a note."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.lookups.count import Count, count_all, counting_request
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.runs.jobs import Options, make_jobs
from thinkdial.engine.targets.target import Selection
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

from ..conftest import builtin

KEY = "sk-marked-KEY-0123456789"
ENVIRONMENT = {"MY_KEY": KEY}


def jobs_of(*profiles: Profile, think: str = "low") -> list[Any]:
    sweep = tuple(parse_think(value) for value in think.split(","))
    return make_jobs(
        [Selection(profile) for profile in profiles],
        Prompt("Is 91 prime?", "Be brief"),
        builtin(),
        Options(sweep),
        ENVIRONMENT,
    )


def profile(url: str, provider: str = "anthropic", model: str = "claude-opus-5-5", **changes: Any) -> Profile:
    return Profile(f"my-{provider}", provider, model, base_url=url, api_key_env=("MY_KEY",), **changes)


def counted(jobs: list[Any], **more: Any) -> list[Count | None]:
    async def go() -> list[Count | None]:
        async with Transport(user_agent="thinkdial/test") as transport:
            return await count_all([(job.prepared, job.authorize) for job in jobs], transport, **more)

    return asyncio.run(go())


def served(kit: Any, *replies: Any, **options: Any) -> tuple[list[Count | None], list[Any]]:
    async def go() -> tuple[list[Count | None], list[Any]]:
        async with kit.Server(*replies) as server, Transport(user_agent="thinkdial/test") as transport:
            jobs = jobs_of(profile(server.url, **options))
            found = await count_all([(job.prepared, job.authorize) for job in jobs], transport, timeout_s=0.5)
            return found, server.asked

    return asyncio.run(go())


@pytest.mark.parametrize(
    "provider, model, document, path, header",
    [
        ("anthropic", "claude-opus-5-5", {"input_tokens": 14}, "/v1/messages/count_tokens", "x-api-key"),
        ("openai", "gpt-6-sol", {"input_tokens": 14}, "/responses/input_tokens", "authorization"),
        ("google", "gemini-4-argon", {"totalTokens": 14}, "/v1/models/gemini-4-argon:countTokens", "x-goog-api-key"),
        (
            "bedrock", "us.anthropic.claude-opus-5-5", {"inputTokens": 14},
            "/model/anthropic.claude-opus-5-5/count-tokens", "authorization",
        ),
    ],
)  # fmt: skip
def test_each_provider_is_asked_its_own_way_with_the_key_and_the_profiles_headers(
    kit: Any, wire: Any, provider: str, model: str, document: Any, path: str, header: str
) -> None:
    reply = wire.http(json.dumps(document))
    found, asked = served(kit, reply, provider=provider, model=model, headers={"X-Team": "red"})
    assert found == [Count(14)]
    assert [one.path for one in asked] == [path]
    assert KEY in asked[0].headers[header] and asked[0].headers["x-team"] == "red"
    assert "Is 91 prime?" in asked[0].raw_body.decode() and KEY not in asked[0].raw_body.decode()


def test_the_same_body_is_counted_once(kit: Any, wire: Any) -> None:
    async def go() -> tuple[list[Count | None], list[Any]]:
        async with kit.Server(wire.http('{"input_tokens": 14}')) as server, Transport() as transport:
            jobs = jobs_of(profile(f"{server.url}/v1", "openai", "gpt-6-sol", dialect="openai-chat"), think="low,high")
            calls = [(job.prepared, job.authorize) for job in jobs]
            return await count_all([*calls, None], transport), server.asked

    found, asked = asyncio.run(go())
    assert found == [Count(14), Count(14), None] and len(asked) == 1


def test_no_failure_is_more_than_a_note(kit: Any, wire: Any, closed_port: int) -> None:
    error = json.dumps({"type": "error", "error": {"type": "not_found_error", "message": "no such path"}})
    for reply, words in (
        (wire.http(error, 404), "HTTP 404: no such path"),
        (wire.http("<html>", 502), "HTTP 502"),
        (wire.http("[]"), "without a count"),
        (wire.http("no json"), "without a count"),
        (wire.then_hold(b""), "my-anthropic"),
        (wire.http(b" " * (2**20 + 1)), "the answer is larger than 1 MiB"),
        (wire.error(401, "invalid_api_key", f"wrong key {KEY}"), "wrong key [key]"),
    ):
        found, _ = served(kit, reply)
        assert len(found) == 1 and found[0] is not None
        assert found[0].tokens is None and words in str(found[0].note) and "estimate" in str(found[0].note)
    (refused,) = counted(jobs_of(profile(f"http://127.0.0.1:{closed_port}")))
    assert refused is not None and "cannot connect" in str(refused.note)


def test_a_route_without_a_counting_endpoint_is_not_sent_to(kit: Any, wire: Any) -> None:
    found, asked = served(kit, wire.http("{}"), provider="openai-compatible", model="m")
    assert asked == [] and found[0] is not None and "no counting endpoint" in str(found[0].note)


def test_what_is_counted_is_what_would_be_sent() -> None:
    """The fields that both bodies have are the same, for every built-in profile whose provider counts."""
    compared = 0
    for chosen in load_builtin().profiles.values():
        if chosen.provider not in ("anthropic", "openai", "google"):
            continue
        (job,) = jobs_of(Profile(chosen.name, chosen.provider, chosen.model, api_key_env=("MY_KEY",)), think="high")
        request = counting_request(job.prepared)
        assert request is not None
        body = json.loads(request.body)
        sent = json.loads(job.prepared.request.body)
        for name, value in body.get("generateContentRequest", body).items():
            if name != "model":
                assert sent[name] == value
                compared += 1
    assert compared > 10
