"""Results on this machine's disk until the part that they belong to is written: a kill loses none of them.

A journal is a folder of files `open-000012.jsonl`, one for each part that is not written yet, and a lock. Their
numbers are not those of parts.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ....profiles.disk import make_private_directory, open_private
from ....providers.errors import ConfigError
from ..output.lock import lock_file
from ..output.records import end_without_zeros

_NAME = re.compile(r"open-(\d{6,})\.jsonl")
_LOCK = "lock"


class Journal:
    """One process at a time. Raises `FileInUseError` where another one has it, `ConfigError` where it cannot be."""

    def __init__(self, folder: Path, words: str) -> None:
        self.folder = folder
        self.is_new = not folder.exists()
        try:
            make_private_directory(folder)
            self._lock = open_private(folder / _LOCK, os.O_RDWR)
        except OSError as error:
            raise ConfigError(f"{folder} cannot be written: {error.strerror}") from None
        self._file: int | None = None
        self._end = 0
        try:
            lock_file(self._lock, Path(words))
        except BaseException:
            os.close(self._lock)
            raise

    def left(self) -> Iterator[bytes]:
        """The whole lines that an earlier process has left; what a kill has cut of one is not told."""
        for number in self._numbers():
            with self._at(number).open("rb") as file:
                left = end_without_zeros(file)
                file.seek(0)
                for line in file:
                    left -= len(line)
                    if left >= 0 and line.endswith(b"\n"):
                        yield line

    def begin(self) -> int:
        """Begin a file for the next part, and give its number."""
        self._end_file()
        number = max(self._numbers(), default=0) + 1
        self._file, self._end = open_private(self._at(number), os.O_WRONLY | os.O_EXCL), 0
        return number

    def add(self, line: bytes) -> None:
        """Append a line. Raises `OSError`, and leaves no half of it."""
        if self._file is None:
            raise OSError(errno.EBADF, "nothing is begun")
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
                os.lseek(self._file, self._end, os.SEEK_SET)
            raise
        self._end += len(line)

    def forget(self, number: int) -> None:
        """The part of file `number` is written."""
        with suppress(OSError):
            self._at(number).unlink()

    def forget_before(self, number: int) -> None:
        """All that was left is in parts, or in the file `number` and later ones."""
        for earlier in self._numbers():
            if earlier < number:
                self.forget(earlier)

    def close(self) -> None:
        """Give it up; where nothing is left in it, its folder goes too."""
        self._end_file()
        for number in self._numbers():
            with suppress(OSError):
                if not self._at(number).stat().st_size:
                    self.forget(number)
        if not self._numbers():
            with suppress(OSError):
                (self.folder / _LOCK).unlink()
                self.folder.rmdir()
        os.close(self._lock)

    def _end_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _numbers(self) -> list[int]:
        with suppress(OSError):
            return sorted(int(said[1]) for path in self.folder.iterdir() if (said := _NAME.fullmatch(path.name)))
        return []

    def _at(self, number: int) -> Path:
        return self.folder / f"open-{number:06d}.jsonl"
