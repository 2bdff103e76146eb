"""How far the input of a batch has been read, for saying how much there is still to do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import BinaryIO


class HowFar:
    """Counts the bytes of the lines that are taken from `source`. Of a pipe nobody knows how much there is."""

    def __init__(self, source: BinaryIO) -> None:
        state = os.fstat(source.fileno())
        self._size = state.st_size if stat.S_ISREG(state.st_mode) else 0
        self._read = 0

    def counted(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines."""
        for line in lines:
            self._read += len(line)
            yield line

    def share(self) -> float | None:
        """The share of the input that has been read, above 0 and up to 1; None where it is not known."""
        return min(1.0, self._read / self._size) if self._size and self._read else None
