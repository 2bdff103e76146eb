"""Where the endpoints of Cohere are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask
from . import api
from .replies import COHERE

BASE = "/cohere"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    yield ask(f"{BASE}/v2/chat", COHERE, api.answer)
