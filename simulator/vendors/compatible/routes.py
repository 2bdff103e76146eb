"""Where the endpoints of the compatible server are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask, read
from . import api, catalogue
from .replies import COMPATIBLE

BASE = "/compatible/v1"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`; the server has no batches."""
    yield ask(f"{BASE}/chat/completions", COMPATIBLE, api.answer)
    yield read(f"{BASE}/models", COMPATIBLE, catalogue.models)
