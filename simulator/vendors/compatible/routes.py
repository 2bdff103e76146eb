"""Where the endpoints of the compatible server are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask, read
from . import catalogue
from .api import CompatibleChat
from .hosts import HOSTS
from .replies import COMPATIBLE

BASE = "/compatible/v1"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`; the server has no batches."""
    yield ask(f"{BASE}/chat/completions", COMPATIBLE, CompatibleChat().answer)
    for host in HOSTS:
        yield ask(rf"/{host.name}(?:/api)?(?:/v1)?/chat/completions", COMPATIBLE, host.answer)
    yield read(f"{BASE}/models", COMPATIBLE, catalogue.models)
