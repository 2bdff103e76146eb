"""A queue with a short part in memory and the rest on disk, so that a slow reader costs neither memory nor time."""

from __future__ import annotations

import pickle
import tempfile
from collections import deque
from typing import IO, Generic, TypeVar

T = TypeVar("T")


class Overflow(Generic[T]):
    """First in, first out. What does not fit into memory is kept in a temporary file that nobody else can open."""

    def __init__(self, most_in_memory: int) -> None:
        self._most = most_in_memory
        self._first: deque[T] = deque()
        self._file: IO[bytes] | None = None
        self._read_at = self._on_disk = 0

    def __len__(self) -> int:
        return len(self._first) + self._on_disk

    def put(self, entry: T) -> None:
        """Add `entry`. Raises `OSError` when the temporary file cannot take it."""
        if not self._on_disk and len(self._first) < self._most:
            self._first.append(entry)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 it lives as long as the queue
        self._file.seek(0, 2)
        pickle.dump(entry, self._file, pickle.HIGHEST_PROTOCOL)
        self._on_disk += 1

    def take(self) -> T | None:
        """The next entry; None when there is none at the moment."""
        if not self._first and self._on_disk:
            self._load()
        return self._first.popleft() if self._first else None

    def close(self) -> None:
        """Give the disk back."""
        if self._file is not None:
            self._file.close()

    def _load(self) -> None:
        """Take as much from disk as memory holds; give the disk back when it has all been taken."""
        if self._file is None:
            return
        self._file.seek(self._read_at)
        while self._on_disk and len(self._first) < self._most:
            self._first.append(pickle.load(self._file))  # noqa: S301 we wrote it
            self._on_disk -= 1
        self._read_at = self._file.tell()
        if not self._on_disk:
            self._file.truncate(0)
            self._read_at = 0
