"""Where the endpoints of Ollama are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask
from . import api
from .replies import OLLAMA

BASE = "/ollama"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`; the server has no batches."""
    yield ask(f"{BASE}/api/chat", OLLAMA, api.answer)
