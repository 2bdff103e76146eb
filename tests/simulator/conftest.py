"""A running simulator for the whole session, and short ways to send each vendor a request over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from msgspec import Struct

from thinkdial.simulator import Simulator, simulator_in_thread

KEY = "sim-key"
QUESTION = "How many times does the letter r occur in strawberry?"


class Vendors(Struct, frozen=True):
    """Requests with sensible defaults; keyword arguments replace body fields, None removes one."""

    client: httpx2.Client
    base_url: str

    def anthropic(self, headers: dict[str, str] | None = None, **body: Any) -> httpx2.Response:
        defaults = {
            "model": "claude-opus-5-5",
            "max_tokens": 20_000,
            "messages": [{"role": "user", "content": QUESTION}],
        }
        sent = {"x-api-key": KEY, "anthropic-version": "2023-06-01"} | (headers or {})
        return self._post("/anthropic/v1/messages", _without_none(defaults | body), sent)

    def responses(self, headers: dict[str, str] | None = None, **body: Any) -> httpx2.Response:
        defaults = {"model": "gpt-6-sol", "input": QUESTION}
        return self._post("/openai/v1/responses", _without_none(defaults | body), _bearer(headers))

    def chat(self, headers: dict[str, str] | None = None, **body: Any) -> httpx2.Response:
        defaults = {"model": "gpt-6-sol", "messages": [{"role": "user", "content": QUESTION}]}
        return self._post("/openai/v1/chat/completions", _without_none(defaults | body), _bearer(headers))

    def gemini(
        self,
        model: str = "gemini-3.8-flash",
        headers: dict[str, str] | None = None,
        *,
        method: str = "generateContent",
        version: str = "v1beta",
        thinking: dict[str, Any] | None = None,
        **body: Any,
    ) -> httpx2.Response:
        defaults: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}
        if thinking is not None:
            defaults["generationConfig"] = {"thinkingConfig": thinking}
        sent = {"x-goog-api-key": KEY} | (headers or {})
        return self._post(f"/google/{version}/models/{model}:{method}", _without_none(defaults | body), sent)

    def compatible(self, headers: dict[str, str] | None = None, **body: Any) -> httpx2.Response:
        defaults = {"model": "sim-reasoning-content", "messages": [{"role": "user", "content": QUESTION}]}
        return self._post("/compatible/v1/chat/completions", _without_none(defaults | body), headers or {})

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx2.Response:
        """What any path says."""
        return self._post(path, body, headers)

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx2.Response:
        return self.client.post(self.base_url + path, json=body, headers=headers)


def _bearer(headers: dict[str, str] | None) -> dict[str, str]:
    return {"authorization": f"Bearer {KEY}"} | (headers or {})


def _without_none(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _frames(response: httpx2.Response) -> list[dict[str, Any]]:
    text = response.content.decode().replace("\r\n", "\n")
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread(retry_after_s=0.02) as running:
        yield running


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=20, trust_env=False) as running:
        yield running


@pytest.fixture
def vendors(simulator: Simulator, client: httpx2.Client) -> Vendors:
    return Vendors(client, simulator.base_url)


@pytest.fixture
def frames():
    """The decoded `data:` frames of a streamed response, without [DONE]."""
    return _frames


@pytest.fixture
def vendors_of(client: httpx2.Client):
    """Vendors of another simulator than the test's."""
    return lambda base_url: Vendors(client, base_url)
