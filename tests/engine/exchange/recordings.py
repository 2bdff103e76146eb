"""Recorded answers of every dialect, and a transport that gives bytes as if they came over the wire."""

from __future__ import annotations

import runpy
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.exchange.raw_response import RawResponse
from thinkdial.engine.exchange.transport import Response, Transport
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.runs.jobs import Options, prepare_one
from thinkdial.engine.targets.target import resolve
from thinkdial.profiles.config import load_builtin
from thinkdial.profiles.profile import Profile
from thinkdial.providers.think import parse_think

CONTRACT = runpy.run_path(str(Path(__file__).parents[2] / "providers" / "dialects" / "test_contract.py"))
SSE = "text/event-stream"
CONFIG = load_builtin()
MODELS = {"anthropic": "claude-opus-5-5", "openai": "gpt-6-sol", "google": "gemini-4-argon"}


def kind_of(name: str) -> str:
    """The content type of a dialect's streams."""
    return CONTRACT["CONTENT_TYPE"].get(name, SSE)


@cache
def prepared_for(name: str, *, emulated: bool = False, host: str | None = None) -> Any:
    """A call in a dialect, to `host` or to the first provider that speaks it."""
    provider = next(p for p in CONFIG.providers.values() if name in p.dialects and host in (None, p.name))
    profile = Profile("p", provider.name, MODELS.get(provider.name, "m"), dialect=name)
    target = resolve(profile, CONFIG, base_url="https://host.example")
    prepared = prepare_one(target, parse_think("auto"), Prompt("?"), CONFIG, Options())
    return replace(prepared, emulated=emulated)


@dataclass
class Recording(Transport):
    """Answers with bytes in pieces, and then breaks where it is told to."""

    raw: RawResponse
    size: int
    breaks: BaseException | None = None

    def __post_init__(self) -> None:
        super().__init__()

    @asynccontextmanager
    async def open(self, *_: Any, **__: Any) -> AsyncGenerator[Response]:  # type: ignore[override]
        headers = {**self.raw.headers, "content-type": self.raw.content_type}
        yield Response(self.raw.status, headers, self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.raw.data), self.size):
            yield self.raw.data[start : start + self.size]
        if self.breaks is not None:
            raise self.breaks
