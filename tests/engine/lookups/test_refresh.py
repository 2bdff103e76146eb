"""What providers publish: read page by page, remembered with its date, and preferred to the shipped cards."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.lookups import catalogues, refresh
from thinkdial.engine.lookups.local_servers import local_servers
from thinkdial.engine.lookups.refresh import Unread, read_catalogue
from thinkdial.engine.planning.prepare import Prompt, prepare
from thinkdial.engine.targets.authorize import by_key
from thinkdial.engine.targets.keys import Key
from thinkdial.engine.targets.target import Target, other_host, resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.profiles.provider import Catalogue
from thinkdial.profiles.published import PublishedModels, store, stored
from thinkdial.providers.catalogue import Published
from thinkdial.providers.errors import ConfigError
from thinkdial.providers.schema import HttpRequest
from thinkdial.providers.think import Level, parse_think

from ...providers.catalogues.test_hosts import PAGES as HOST_PAGES
from ...providers.catalogues.test_hosts import SAID
from ..conftest import builtin


def target(provider: str, url: str, model: str = "any") -> Target:
    profile = Profile(name="p", provider=provider, model=model, base_url=url, api_key_env=("MY_KEY",))
    return resolve(profile, builtin())


def read(kit: Any, provider: str, catalogue: Catalogue, *replies: bytes) -> tuple[PublishedModels | Unread, Any]:
    async def go() -> tuple[PublishedModels | Unread, Any]:
        async with kit.Server(*replies) as server, Transport() as transport:
            where = target(provider, server.url)
            where = replace(where, provider=replace(where.provider, catalogue=catalogue))
            found = await read_catalogue(where, by_key(where, Key(kit.key, "MY_KEY")), transport, "2026-11-21")
            return found, server

    return asyncio.run(go())


def effort(*levels: str) -> dict[str, Any]:
    return {level: {"supported": True} for level in levels} | {"supported": True}


PAGES = [
    {
        "data": [
            {
                "id": "claude-opus-5-5",
                "max_input_tokens": 2_000_000,
                "max_tokens": 128_000,
                "capabilities": {
                    "thinking": {"types": {"adaptive": {"supported": True}, "disabled": {"supported": True}}},
                    "effort": effort("low", "medium", "high"),
                },
            }
        ],
        "has_more": True,
        "last_id": "claude-opus-5-5",
    },
    {"data": [{"id": "claude-next", "capabilities": {"effort": effort("low", "max")}}], "has_more": False},
]


@pytest.fixture
def published(kit: Any, wire: Any) -> PublishedModels:
    catalogue = Catalogue("anthropic", "/v1/models", query={"limit": "1"}, headers={"anthropic-version": "2023-06-01"})
    found, server = read(kit, "anthropic", catalogue, *(wire.http(json.dumps(page)) for page in PAGES))
    assert isinstance(found, PublishedModels)
    assert [asked.path for asked in server.asked] == [
        "/v1/models?limit=1",
        "/v1/models?limit=1&after_id=claude-opus-5-5",
    ]
    assert server.asked[0].headers["x-api-key"] == kit.key
    assert server.asked[0].headers["anthropic-version"] == "2023-06-01"
    return found


def test_all_pages_are_read(published: PublishedModels) -> None:
    assert set(published.models) == {"claude-opus-5-5", "claude-next"}


def test_the_planner_prefers_what_was_published_and_says_so(published: PublishedModels) -> None:
    store(published, "127.0.0.1:9")
    again = stored("anthropic", "127.0.0.1:9")
    assert again == published
    config = load_builtin()
    call = prepare(
        target("anthropic", "http://127.0.0.1:9", "claude-opus-5-5"), parse_think("max"), Prompt("hi"), config.reference
    )
    assert call.plan.native["output_config"] == {"effort": "high"}
    told = [notice.message for notice in call.plan.notices if notice.code == "published_card"]
    assert told == ["can_be_off, levels as anthropic published it on 2026-11-21"]
    off = prepare(
        target("anthropic", "http://127.0.0.1:9", "claude-opus-5-5"), parse_think("off"), Prompt("hi"), config.reference
    )
    assert off.plan.native == {"thinking": {"type": "disabled"}}


def test_an_unknown_model_becomes_known(published: PublishedModels) -> None:
    store(published, "127.0.0.1:9")
    where = target("anthropic", "http://127.0.0.1:9", "claude-next")
    assert where.card.known
    assert not target("anthropic", "http://127.0.0.1:8", "claude-next").card.known, "another host, another catalogue"
    assert [level.value for level in where.card.levels] == ["low", "max"]


def test_without_a_cache_the_shipped_card_holds() -> None:
    where = target("anthropic", "http://127.0.0.1:9", "claude-opus-5-5")
    assert where.card_note is None
    assert not where.card.can_be_off


def test_a_cache_that_is_broken_is_as_good_as_none(published: PublishedModels) -> None:
    path = store(published)
    path.write_text("{", encoding="utf-8")
    assert stored("anthropic") is None
    path.write_text('{"schema": "thinkdial.published/1", "models": [{"model": 7, "levels": "low"}]}', encoding="utf-8")
    found = stored("anthropic")
    assert found is not None
    assert found.models == {}


@pytest.mark.parametrize(("status", "kind"), [(401, "auth"), (500, "server")])
def test_a_refused_catalogue_is_said(kit: Any, wire: Any, status: int, kind: str) -> None:
    body = json.dumps({"error": {"message": "no"}})
    found, _ = read(kit, "openai", Catalogue("openrouter", "/models"), wire.http(body, status=status))
    assert isinstance(found, Unread)
    assert found.failure.kind == kind


def test_a_refusal_does_not_repeat_the_key(kit: Any, wire: Any) -> None:
    found, _ = read(kit, "openai", Catalogue("openrouter", "/models"), wire.error(401, None, f"wrong key {kit.key}"))
    assert isinstance(found, Unread)
    assert found.failure.message == "wrong key [key]"


def test_a_catalogue_that_is_too_large_is_said(kit: Any, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "MAX_BODY_BYTES", 2**20)
    found, _ = read(kit, "openai", Catalogue("openrouter", "/models"), wire.http(b" " * (2**20 + 1)))
    assert isinstance(found, Unread)
    assert found.failure.message == "the catalogue cannot be read: the answer is larger than 1 MiB"


def test_ollama_is_asked_model_by_model(kit: Any, wire: Any) -> None:
    shown = {"capabilities": ["completion", "thinking"], "thinking": {"values": ["low", "high"], "default": "high"}}
    found, server = read(
        kit,
        "ollama",
        Catalogue("ollama", "/api/tags"),
        wire.http(json.dumps({"models": [{"model": "gpt-oss:20b"}]})),
        wire.http(json.dumps(shown)),
    )
    assert isinstance(found, PublishedModels)
    assert server.asked[1].body == {"model": "gpt-oss:20b"}
    entry = found.models["gpt-oss:20b"]
    assert [level.value for level in entry.levels or ()] == ["low", "high"]
    assert entry.can_be_off is False
    assert entry.absent == "high"


def test_local_servers_are_found_when_they_listen(kit: Any, wire: Any, closed_port: int) -> None:
    async def go() -> list[str]:
        providers = load_builtin().providers
        async with kit.Server(wire.good) as server:
            here = replace(providers["ollama"], base_url=server.url)
            away = replace(providers["vllm"], base_url=f"http://127.0.0.1:{closed_port}")
            hosted = providers["openai"]
            found = await asyncio.to_thread(local_servers, [here, away, hosted])
            await server.was_reached.wait()
            assert all(not asked.raw_body for asked in server.asked)
            return [provider.name for provider in found]

    assert asyncio.run(go()) == ["ollama"]


def test_an_unknown_model_is_answered_with_the_nearest_known_names(kit: Any, wire: Any) -> None:
    async def go() -> Any:
        body = json.dumps({"error": {"message": "no such model", "code": "model_not_found"}})
        async with kit.Server(wire.http(body, status=404)) as server:
            profile = Profile(
                name="p", provider="openai", model="gpt-6-slo", base_url=server.url, api_key_env=("MY_KEY",)
            )
            return await kit.run([profile])

    (result,), _ = asyncio.run(go())
    assert result.error is not None
    assert result.error.kind == "not_found"
    assert (result.error.hint or "").startswith("did you mean gpt-6-sol")


PUBLISHING = [
    name for name in builtin().providers if (listed := builtin().provider(name).catalogue) and listed.style in SAID
]


@pytest.mark.parametrize("provider", PUBLISHING)
def test_every_host_that_publishes_is_read_and_kept_under_the_host_that_said_it(
    kit: Any, wire: Any, provider: str
) -> None:
    catalogue = builtin().provider(provider).catalogue
    assert catalogue is not None
    found, server = read(kit, provider, catalogue, wire.http(json.dumps(HOST_PAGES[catalogue.style])))
    assert isinstance(found, PublishedModels) and list(found.models.values()) == SAID[catalogue.style]
    (asked,) = server.asked
    assert asked.path.partition("?")[0].endswith(catalogue.path)
    store(found, "127.0.0.1:9")
    assert stored(provider) is None, "another host says nothing of the provider's own"
    assert stored(provider, "127.0.0.1:9") == found


def test_a_budget_is_only_where_the_list_takes_one() -> None:
    listed = {
        "vendor/new": Published("vendor/new", True, (Level.LOW, Level.HIGH), False, takes_budget=False),
        "openai/gpt-6-sol": Published("openai/gpt-6-sol", retires="2027-05-05"),
    }
    store(PublishedModels("openrouter", "2026-11-20", listed))
    new = resolve(Profile(name="p", provider="openrouter", model="vendor/new"), builtin())
    assert new.card.budget is None and new.card.levels == (Level.LOW, Level.HIGH) and not new.card.can_be_off
    ending = resolve(Profile(name="p", provider="openrouter", model="openai/gpt-6-sol"), builtin())
    assert ending.retirement is not None and ending.retirement.on == "2027-05-05"


def test_a_list_that_anybody_may_read_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError):
        catalogues._call("vercel", builtin())
    where, authorize = catalogues._call("vercel", builtin(), without_key=True)
    assert where.base_url == "https://ai-gateway.vercel.sh/v1"
    assert authorize(HttpRequest("GET", where.base_url, (), b"")) == {}


def test_the_list_of_bedrock_has_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "key")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    where, _ = catalogues._call("bedrock", builtin())
    assert where.base_url == "https://bedrock.eu-west-1.amazonaws.com"
    assert catalogues._speaks_for(where) is None


@pytest.mark.parametrize("provider", ["zai", "moonshot", "qwen", "siliconflow"])
def test_a_proxy_is_no_region_of_its_provider(provider: str) -> None:
    proxy = Profile(name="p", provider=provider, model="m", base_url="https://proxy.example.com/v1")
    assert other_host(resolve(proxy, builtin())) == "proxy.example.com"
    china = Profile(name="p", provider=provider, model="m", endpoint={"region": "china"})
    assert other_host(resolve(china, builtin())) is None
