"""Where the endpoints of Anthropic are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Body, Endpoint, ask, change, read
from ...openai_family.routes import file_endpoints
from . import api, catalogue
from .batches import AnthropicBatchEndpoints
from .files import files
from .replies import ANTHROPIC

BASE = "/anthropic"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    yield ask(f"{BASE}/v1/messages", ANTHROPIC, api.answer)
    yield ask(f"{BASE}/v1/messages/count_tokens", ANTHROPIC, api.count_tokens)
    yield read(rf"{BASE}/v1/models(?:/(?P<model>[^/]+))?", ANTHROPIC, catalogue.models)
    yield from file_endpoints(f"{BASE}/v1", ANTHROPIC, files(backend))
    batches = AnthropicBatchEndpoints(backend)
    all_batches = f"{BASE}/v1/messages/batches"
    batch = rf"{all_batches}/(?P<batch>[^/:]+)"
    yield change(all_batches, ANTHROPIC, batches.create)
    yield read(all_batches, ANTHROPIC, batches.listed)
    yield read(batch, ANTHROPIC, batches.show)
    yield read(f"{batch}/results", ANTHROPIC, batches.results)
    yield change(f"{batch}/cancel", ANTHROPIC, batches.cancel, Body.NONE)
    yield change(batch, ANTHROPIC, batches.delete, Body.NONE, "DELETE")
