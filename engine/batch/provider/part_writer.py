"""The files of a part of a job while it is being planned."""

from __future__ import annotations

import contextlib
import gzip
import os
from pathlib import Path
from typing import BinaryIO

from ....profiles.disk import create_private
from ....providers.errors import StoreError
from .job_store import BatchJob, BatchPart


class PartWriter:
    """Takes the rows of a part that is being planned."""

    def __init__(self, job: BatchJob, part: BatchPart) -> None:
        self.part = part
        self._directory = job.directory
        self._stack = contextlib.ExitStack()
        self._works = self._opened(job.path(part, "works"))
        self._rows = self._packed(job.path(part, "rows"))
        self._sent = self._packed(job.path(part, "sent"))

    def add(self, token: bytes, row: bytes, sent: bytes) -> None:
        """Raises `StoreError` when the disk is full."""
        try:
            self._works.write(token)
            self._rows.write(row + b"\n")
            self._sent.write(sent + b"\n")
        except OSError as error:
            raise self._failed(error) from None
        self.part.rows += 1
        self.part.bytes += len(sent) + 1

    def close(self) -> None:
        """Have all of it on the disk: what is submitted must not be forgotten. Raises `StoreError`."""
        try:
            self._stack.close()
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> StoreError:
        return StoreError(
            f"{self._directory}: cannot be written: {error.strerror}", hint="nothing of this command was submitted"
        )

    def _opened(self, path: Path) -> BinaryIO:
        descriptor = create_private(path)
        file = self._stack.enter_context(os.fdopen(descriptor, "wb"))
        self._stack.callback(_to_disk, file)
        return file

    def _packed(self, path: Path) -> gzip.GzipFile:
        return self._stack.enter_context(gzip.GzipFile(fileobj=self._opened(path), mode="wb", compresslevel=4, mtime=0))


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
