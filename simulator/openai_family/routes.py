"""The paths of the endpoints that the family has in common."""

from __future__ import annotations

from collections.abc import Iterator

from ..calls.endpoint import Body, Endpoint, change, read
from ..calls.vendor import Vendor
from .batches import OpenAIBatchEndpoints
from .files import FileEndpoints


def file_endpoints(base: str, vendor: Vendor, files: FileEndpoints) -> Iterator[Endpoint]:
    """The Files API below `base`."""
    file = rf"{base}/files/(?P<file>[^/:]+)"
    yield change(rf"{base}/files", vendor, files.upload, Body.RAW)
    yield read(rf"{base}/files", vendor, files.listed)
    yield read(file, vendor, files.show)
    yield read(rf"{file}/content", vendor, files.content)
    yield change(file, vendor, files.delete, Body.NONE, "DELETE")


def batch_endpoints(base: str, batches: OpenAIBatchEndpoints) -> Iterator[Endpoint]:
    """The Batch API below `base`."""
    batch = rf"{base}/batches/(?P<batch>[^/:]+)"
    yield change(rf"{base}/batches", batches.vendor, batches.create)
    yield read(rf"{base}/batches", batches.vendor, batches.listed)
    yield read(batch, batches.vendor, batches.show)
    yield change(rf"{batch}/cancel", batches.vendor, batches.cancel, Body.NONE)
