"""Where the endpoints of Mistral are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Body, Endpoint, ask, change, read
from ...openai_family.routes import file_endpoints
from . import api, catalogue
from .batches import MistralBatchEndpoints
from .files import files
from .replies import MISTRAL

BASE = "/mistral/v1"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    yield ask(f"{BASE}/chat/completions", MISTRAL, api.answer)
    yield ask(f"{BASE}/responses/input_tokens", MISTRAL, api.input_tokens)
    yield read(f"{BASE}/models", MISTRAL, catalogue.models)
    uploaded = files(backend)
    yield from file_endpoints(BASE, MISTRAL, uploaded)
    jobs = MistralBatchEndpoints(backend, uploaded)
    all_jobs = f"{BASE}/batch/jobs"
    job = rf"{all_jobs}/(?P<batch>[^/:]+)"
    yield change(all_jobs, MISTRAL, jobs.create)
    yield read(all_jobs, MISTRAL, jobs.listed)
    yield read(job, MISTRAL, jobs.show)
    yield change(f"{job}/cancel", MISTRAL, jobs.cancel, Body.NONE)
