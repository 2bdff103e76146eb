"""Where the endpoints of Groq are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask, read
from ...openai_family.routes import batch_endpoints, file_endpoints
from . import api, catalogue
from .batches import batches
from .files import files
from .replies import GROQ

BASE = "/groq/openai/v1"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    yield ask(f"{BASE}/chat/completions", GROQ, api.answer)
    yield read(f"{BASE}/models", GROQ, catalogue.models)
    uploaded = files(backend)
    yield from file_endpoints(BASE, GROQ, uploaded)
    yield from batch_endpoints(BASE, batches(backend, uploaded))
