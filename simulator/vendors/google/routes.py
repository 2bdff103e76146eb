"""Where the endpoints of Google are."""

from __future__ import annotations

from collections.abc import Iterator

from ...batches.backend import BatchBackend
from ...calls.endpoint import Body, Endpoint, ask, change, read
from . import api, catalogue, interactions
from .batches import BATCH_METHOD, GoogleBatchEndpoints
from .files import GoogleFileEndpoints
from .replies import GOOGLE

BASE = "/google"
_VERSION = r"v1(?:beta)?"


def endpoints(backend: BatchBackend) -> Iterator[Endpoint]:
    """The endpoints below `BASE`."""
    base = f"{BASE}/{_VERSION}"
    model = rf"{base}/models/(?P<model>[^/]+)"
    yield ask(f"{model}:(?:{api.GENERATE}|{api.STREAM})", GOOGLE, api.answer)
    yield ask(f"{model}:{api.COUNT}", GOOGLE, api.count_tokens)
    yield ask(f"{BASE}/v1beta/interactions", interactions.INTERACTIONS, interactions.answer)
    yield read(rf"{base}/models(?:/(?P<model>[^/]+))?", GOOGLE, catalogue.models)
    files = GoogleFileEndpoints(backend)
    file = rf"{base}/files/(?P<file>[^/:]+)"
    yield change(f"{BASE}/upload/{_VERSION}/files", GOOGLE, files.upload, Body.RAW)
    yield read(f"{base}/files", GOOGLE, files.listed)
    yield read(file, GOOGLE, files.show)
    yield change(file, GOOGLE, files.delete, Body.NONE, "DELETE")
    yield read(rf"{BASE}(?:/download)?/{_VERSION}/files/(?P<file>[^/:]+):download", GOOGLE, files.download)
    batches = GoogleBatchEndpoints(backend, files)
    batch = rf"{base}/batches/(?P<batch>[^/:]+)"
    yield change(f"{model}:{BATCH_METHOD}", GOOGLE, batches.create)
    yield read(f"{base}/batches", GOOGLE, batches.listed)
    yield read(batch, GOOGLE, batches.show)
    yield change(f"{batch}:cancel", GOOGLE, batches.cancel, Body.NONE)
    yield change(batch, GOOGLE, batches.delete, Body.NONE, "DELETE")
