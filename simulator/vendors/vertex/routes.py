"""Where the endpoints of Vertex AI are."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ...batches.backend import BatchBackend
from ...calls.endpoint import Endpoint, ask
from ..anthropic.replies import ANTHROPIC
from ..google.replies import GOOGLE
from . import api

BASE = "/vertex"
VERTEX = replace(GOOGLE, name="vertex")


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`; its batches, which read from a bucket, are not played."""
    publishers = rf"{BASE}/v1/projects/[^/]+/locations/[^/]+/publishers"
    methods = "generateContent|streamGenerateContent|countTokens"
    yield ask(rf"{publishers}/google/models/(?P<model>[^/:]+):(?:{methods})", VERTEX, api.answer_gemini)
    claude = rf"{publishers}/anthropic/models/(?P<model>[^/:]+):(?:rawPredict|streamRawPredict)"
    yield ask(claude, ANTHROPIC, api.answer_claude)
