"""Addresses that cannot be right are told: before anything is sent, or when nobody is there."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from thinkdial.engine.planning.addresses import address_hint
from thinkdial.providers.errors import ConfigError, Failure


def at(kit: Any, path: str, reply: bytes, **options: Any) -> tuple[Any, Any]:
    """The result of a call to a server under this path, and the server."""

    async def go() -> tuple[Any, Any]:
        async with kit.Server(reply) as server:
            results, _ = await kit.run([kit.profile(server.url, base_url=f"{server.url}{path}", **options)], retries=0)
            return results[0], server

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("base", "dialect", "short"),
    [
        ("/v1/chat/completions", "openai-chat", "/v1"),
        ("/v1/chat/completions/", "openai-chat", "/v1"),
        ("/v1/chat/completions", "openai-responses", "/v1"),
        ("/v1/responses", "openai-responses", "/v1"),
        ("/v1/messages", "anthropic-messages", ""),
        ("/v1beta/models/m:generateContent", "gemini-generate", "/v1beta"),
        ("/api/chat", "ollama-chat", ""),
    ],
)
def test_a_whole_endpoint_is_no_base_url(kit: Any, wire: Any, base: str, dialect: str, short: str) -> None:
    with pytest.raises(ConfigError) as caught:
        at(kit, base, wire.good, dialect=dialect)
    found = re.search(r"http://[^/ ]+", caught.value.message)
    assert (
        found and "whole endpoint" in caught.value.message and caught.value.hint == f"write base_url: {found[0]}{short}"
    )


def test_a_route_without_a_path_means_its_base_url_as_it_stands(kit: Any, wire: Any) -> None:
    result, server = at(kit, "/v1/chat/completions", wire.good, quirks={"path": ""})
    assert result.status == "ok" and server.asked[0].path == "/v1/chat/completions"


@pytest.mark.parametrize(
    ("base", "options", "word"),
    [
        ("/v1/v1", {}, "take /v1 out"),
        ("/v1", {"dialect": "anthropic-messages"}, "take /v1 out"),
        ("/v1", {"dialect": "gemini-generate"}, "take /v1 out"),
        ("", {}, "/v1"),
        ("/openai", {}, "/openai/v1"),
    ],
)
@pytest.mark.parametrize("status", [404, 405])
def test_nobody_there(kit: Any, wire: Any, base: str, options: dict[str, Any], word: str, status: int) -> None:
    result, server = at(kit, base, wire.http('{"detail": "Not Found"}', status), **options)
    assert word in (result.error.hint or "") and server.asked[0].path in result.error.hint


def test_a_page_in_the_place_of_an_answer(kit: Any, wire: Any) -> None:
    result, _ = at(kit, "/v1/v1", wire.http("<html>Welcome</html>", kind="text/html"))
    assert result.error.kind == "protocol" and "take /v1 out" in result.error.hint


@pytest.mark.parametrize(
    ("failed", "url"),
    [
        (Failure("not_found", "the model m does not exist", status=404), "http://h/chat/completions"),
        (Failure("not_found", "no", status=404), "http://h/v1/chat/completions"),
        (Failure("auth", "no", status=401), "http://h/v1/v1/chat/completions"),
        (Failure("server", "no", status=500), "http://h/chat/completions"),
    ],
)
def test_what_has_another_cause_is_no_matter_of_the_address(failed: Failure, url: str) -> None:
    assert address_hint(failed, url, "http://h") is None
