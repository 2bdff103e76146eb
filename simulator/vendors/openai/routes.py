"""Where the endpoints of OpenAI are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask, read
from ...openai_family.routes import batch_endpoints, file_endpoints
from . import catalogue, chat, responses
from .batches import batches
from .files import files
from .replies import OPENAI_CHAT, OPENAI_RESPONSES

BASE = "/openai/v1"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    yield ask(f"{BASE}/responses", OPENAI_RESPONSES, responses.answer)
    yield ask(f"{BASE}/responses/input_tokens", OPENAI_RESPONSES, responses.input_tokens)
    yield ask(f"{BASE}/responses/compact", OPENAI_RESPONSES, responses.compact)
    yield ask(f"{BASE}/chat/completions", OPENAI_CHAT, chat.answer)
    yield read(rf"{BASE}/models(?:/(?P<model>[^/]+))?", OPENAI_CHAT, catalogue.models)
    uploaded = files(backend)
    yield from file_endpoints(BASE, OPENAI_CHAT, uploaded)
    yield from batch_endpoints(BASE, batches(backend, uploaded))
