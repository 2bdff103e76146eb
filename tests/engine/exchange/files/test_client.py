"""What a provider's batch API answers is taken in without the credentials that were sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from thinkdial.engine.exchange.files.client import ApiClient
from thinkdial.engine.exchange.transport import Response
from thinkdial.engine.targets.keys import Key
from thinkdial.providers.schema import HttpRequest

SECRET = "sk-0123456789abcdef0123456789abcdef"


def test_a_key_that_comes_back_in_a_header_is_masked() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b'{"id": "' + SECRET.encode() + b'"}'

    @asynccontextmanager
    async def opened(*_: Any, **__: Any) -> AsyncIterator[Response]:
        yield Response(200, {"x-echo": f"Bearer {SECRET}", "location": f"/files?key={SECRET}"}, body())

    surroundings: Any = SimpleNamespace(transport=SimpleNamespace(open=opened))
    client = ApiClient(surroundings, "openai-chat", Key(SECRET, "KEY"), lambda _: {}, 1.0)
    answer = asyncio.run(client.ask(HttpRequest("GET", "https://api.example/v1/batches", (), b"")))
    assert SECRET not in str(answer.headers) and SECRET not in str(answer.document)
