"""Where the endpoints of Bedrock are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask
from . import api, converse
from .replies import BEDROCK

BASE = "/bedrock"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`; its batches, which read from S3, are not played."""
    yield ask(rf"{BASE}/model/(?P<model>[^/]+)/invoke(?:-with-response-stream)?", BEDROCK, api.answer)
    yield ask(rf"{BASE}/model/(?P<model>[^/]+)/converse(?:-stream)?", BEDROCK, converse.answer)
