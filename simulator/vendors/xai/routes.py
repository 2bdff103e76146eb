"""Where the endpoints of xAI are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Body, Endpoint, ask, change, read
from ...openai_family.routes import file_endpoints
from . import api, catalogue
from .batches import XaiBatchEndpoints
from .files import files
from .replies import XAI

BASE = "/xai/v1"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    yield ask(f"{BASE}/responses", XAI, api.responses)
    yield ask(f"{BASE}/responses/compact", XAI, api.compact)
    yield ask(f"{BASE}/chat/completions", XAI, api.chat)
    yield read(f"{BASE}/models", XAI, catalogue.models)
    uploaded = files(backend)
    yield from file_endpoints(BASE, XAI, uploaded)
    batches = XaiBatchEndpoints(backend, uploaded)
    batch = rf"{BASE}/batches/(?P<batch>[^/:]+)"
    yield change(f"{BASE}/batches", XAI, batches.create)
    yield read(f"{BASE}/batches", XAI, batches.listed)
    yield read(batch, XAI, batches.show)
    yield change(f"{batch}/requests", XAI, batches.add)
    yield read(f"{batch}/requests", XAI, batches.requests)
    yield read(f"{batch}/results", XAI, batches.results)
    yield change(f"{batch}:cancel", XAI, batches.cancel, Body.NONE)
