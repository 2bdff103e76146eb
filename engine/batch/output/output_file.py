"""The output file of a batch: one result a line, on disk before it counts, and the memory of what is done."""

from __future__ import annotations

import csv
import errno
import os
import stat
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

from ....profiles.disk import PrivateFile, open_private, real_path
from ....providers.errors import ConfigError
from ..rows.digests import DigestMap
from ..storage.memory import Hear
from .lock import lock_file
from .records import (
    BEGINNING,
    Record,
    csv_records,
    end_without_zeros,
    json_records,
    line_of_cells,
)
from .works import State, Work, WorkStates, ended, work_of

READ_BYTES = 256 * 1024

_LAST_PLACE = (1 << 32) - 1
_LONGEST_HEAD = 64 * 1024

Form = Literal["jsonl", "csv"]
OUTPUT_FORMS: tuple[Form, ...] = ("jsonl", "csv")


class SinkError(ConfigError):
    """The output cannot be written any further."""


class OutputFile:
    """Appends lines to a file that may hold the results of an earlier run of the same batch.

    One process at a time: the file is locked while it is open. A line that a crash has cut is removed when it is
    opened; `notes` tells. `batch` names the input, so that results of another one are not mixed in.
    """

    parts = backlog = None

    def __init__(
        self,
        path: Path,
        form: Form,
        batch: str,
        heads: Sequence[Sequence[str]] = ((),),
        read_cells: Callable[[Mapping[str, str]], Mapping[str, Any]] = dict,
        is_same: Callable[[Callable[[Work], State]], bool] = lambda _: False,
        hear: Hear | None = None,
    ) -> None:
        """Open, lock, repair and read `path`. Raises `ConfigError` for a file that holds something else.

        `heads` are the columns that a CSV file may begin with, the first for a new one: the same in the same order,
        of which earlier versions called some by other names. `read_cells` makes a document of the cells of a line.
        Results under another name than `batch` are taken where `is_same` finds, by the states of works, that they are
        those of this input; `batch` is then the name that they have. `hear` is told of each line that is there, so that
        nobody has to read them again.
        """
        self._read_cells, self._hear = read_cells, hear
        self._place = real_path(path)
        self.path, self.notes = path, list[str]()
        self.form: Form = form
        self.batch = batch
        self.resumed = 0
        self._states = WorkStates()
        self._file = _opened(path, self._place)
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise ConfigError(f"{path} is not a regular file", hint="choose another file for -o")
            self._heads = tuple(tuple(head) for head in heads)
            self._cut_zeros()
            self.columns: Sequence[str] = self._begun_with() if form == "csv" else ()
            torn = self._read(batch)
            if self.batch != batch and not is_same(self.state):
                raise self._others()
            self._repair(torn)
        except BaseException:
            os.close(self._file)
            raise
        self._end = os.fstat(self._file).st_size
        if form == "csv" and self._end == 0:
            self._write(line_of_cells(self.columns))
        self._begun_at = self._end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def state(self, work: Work) -> State:
        """Whether `work` was done, failed, was done for something else under the same id, or is missing."""
        return self._states.of(work)

    def add(self, work: Work, line: bytes, *, failed: bool) -> None:
        """Append a line. When this returns a kill of the process does not lose it. Raises `SinkError`."""
        self._write(line)
        self._states.learn(work.key, work.digest, failed=failed)

    @property
    def has_old_lines(self) -> bool:
        """Whether there are lines that a later one stands for, until it is put in order."""
        return self._states.has_old_lines

    def documents(self) -> Iterator[Mapping[str, Any]]:
        """All lines as documents, of a CSV file as far as its columns tell."""
        return (self._document(record) for record in self._records() if record.whole)

    def added(self) -> Iterator[Mapping[str, Any]]:
        """The same of those that were added since it was opened, before it is put in order."""
        return (self._document(record) for record in self._records(self._begun_at) if record.whole)

    def sync(self) -> None:
        """Wait until the disk has it all, for the sake of a power failure."""
        with suppress(OSError):
            os.fsync(self._file)

    def tidy(self, order: DigestMap | None = None) -> int:
        """Leave one line for each work, in `order` (work key -> place) if one is given. How many lines were moved away.

        Lines that a later one stands for, of changed or retried rows, go to `FILE.superseded`. The file is replaced as
        a whole; until then the old one stays.
        """
        if not self.has_old_lines and order is None:
            return 0
        last, begins, ends = DigestMap(), array("Q"), array("Q")
        for number, record in enumerate(self._records()):
            begins.append(record.end - len(record.data))
            ends.append(record.end)
            last.set(work_of(record.head)[0], number)
        try:
            moved = self._rewrite(begins, ends, *_order_of(last, order, len(begins)))
        except OSError as error:
            self.notes.append(f"{self.path} is whole, but could not be put in order: {error.strerror}")
            return 0
        self._states.has_old_lines = False
        return moved

    def _rewrite(self, begins: Sequence[int], ends: Sequence[int], numbers: Iterable[int], stays: bytearray) -> int:
        """Write the lines `numbers`, aside those that do not stay. How many these were."""
        moved, mode = 0, stat.S_IMODE(os.fstat(self._file).st_mode)
        with (
            self._place.open("rb") as source,
            PrivateFile(self._place, mode=mode, to_disk=True) as kept,
            ExitStack() as stack,
        ):
            old: BinaryIO | None = None
            if self.form == "csv":
                kept.write(line_of_cells(self.columns))
            for number in numbers:
                source.seek(begins[number])
                data = source.read(ends[number] - begins[number])
                if stays[number]:
                    kept.write(data)
                    continue
                if old is None:
                    aside = self._place.with_name(f"{self._place.name}.superseded")
                    old = stack.enter_context(os.fdopen(open_private(aside, os.O_WRONLY | os.O_APPEND, mode), "ab"))
                old.write(data)
                moved += 1
            if old is not None:  # on the disk before the lines are gone from the file
                old.flush()
                os.fsync(old.fileno())
        return moved

    def _document(self, record: Record) -> Mapping[str, Any]:
        return record.fields if self.form == "jsonl" else self._read_cells(record.fields)

    def _write(self, line: bytes) -> None:
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)  # half a line would have to be repaired
            hint = "make room and run the same command again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
            raise SinkError(f"{self.path} cannot be written: {error.strerror}", hint=hint) from None
        self._end += len(line)

    def _repair(self, torn: Record | None) -> None:
        """Remove what a crash left of a last line, and end a whole one that lacks only its line break."""
        try:
            if torn is None:
                if self._lacks_its_end():
                    os.write(self._file, b"\n")
                return
            os.ftruncate(self._file, torn.end - len(torn.data))
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from None
        self.notes.append(f"{self.path}: a last line that was cut off has been removed; its row runs again")

    def _cut_zeros(self) -> None:
        """Remove pages of zeros from the end of a file that begins like one of ours, or holds nothing else."""
        with self._place.open("rb") as file:
            size, end = file.seek(0, os.SEEK_END), end_without_zeros(file)
            file.seek(0)
            begun = file.read(min(end, _LONGEST_HEAD))
        if end == size or not self._begins_like_ours(begun):
            return
        try:
            os.ftruncate(self._file, end)
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from None
        self.notes.append(f"{self.path}: {size - end:,} zero bytes at the end, as a power failure leaves, are removed")

    def _begins_like_ours(self, begun: bytes) -> bool:
        starts = [BEGINNING] if self.form == "jsonl" else map(line_of_cells, self._heads)
        return any(begun.startswith(start) or start.startswith(begun) for start in starts)

    def _lacks_its_end(self) -> bool:
        with self._place.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            return file.read(1) not in (b"", b"\n")

    def _begun_with(self) -> tuple[str, ...]:
        """Of the heads the one that stands in the file; the first where none does."""
        with self._place.open("rb") as file:
            begun = file.readline(_LONGEST_HEAD).decode("utf-8", "replace")
        found = tuple[str, ...]()
        with suppress(csv.Error):
            found = tuple(next(csv.reader([begun]), ()))
        return found if found in self._heads else self._heads[0]

    def _others(self) -> ConfigError:
        return ConfigError(
            f"{self.path} holds the results of another batch: none of its rows is in this input",
            hint="choose another file for -o",
        )

    def _read(self, batch: str) -> Record | None:
        """Take in what is done. What a crash left of a last line, if anything; raises for a file that is not ours."""
        for number, record in enumerate(self._records(), 1):
            if not record.whole:
                if self.batch == batch and not self._is_ours(record):
                    raise ConfigError(f"{self.path} is not a batch's output", hint="choose another file for -o")
                return record
            fields = record.head
            key, asked = work_of(fields)
            if not asked or type(fields.get("status")) is not str or type(fields.get("batch")) is not str:
                raise ConfigError(
                    f"{self.path}: result {number} is not one of a batch", hint="choose another file for -o"
                )
            if number == 1:
                self.batch = str(fields["batch"])
            elif fields["batch"] != self.batch:
                raise self._others()
            self._states.learn(key, *ended(asked, fields))
            if self._hear is not None:
                self._hear(partial(self._document, record), record.plain)
            self.resumed += 1
        return None

    def _is_ours(self, torn: Record) -> bool:
        """Whether the end of the file can be what is left of a line of ours."""
        if self.form == "csv" and torn.end - len(torn.data) > 0:
            return True  # it comes after a header of ours
        return self._begins_like_ours(torn.data)

    def _records(self, begin: int = 0) -> Iterator[Record]:
        """The lines from the byte `begin` on; the last one may not be whole."""
        reader = json_records if self.form == "jsonl" else csv_records
        with self._place.open("rb", buffering=READ_BYTES) as file:  # closing another handle does not lose such a lock
            file.seek(begin)
            yield from reader(file, self.columns, self.path)


def _order_of(last: DigestMap, order: DigestMap | None, lines: int) -> tuple[Iterable[int], bytearray]:
    """In which order so many lines are written, by their numbers, and a byte for each that says whether it stays.

    `last` has the last line of each work, `order` the place of each; what has no place comes in the end.
    """
    stays = bytearray(lines)
    places = array("Q")
    for key, number in last.items():
        stays[number] = 1
        place = None if order is None else order.get(key)
        places.append((_LAST_PLACE if place is None else place) << 32 | number)
    if order is None:
        return range(lines), stays
    old = (number for number in range(lines) if not stays[number])
    return chain((place & 0xFFFFFFFF for place in sorted(places)), old), stays


def _opened(path: Path, place: Path) -> int:
    """A locked descriptor of the file that is called `path` and lies at `place`."""
    while True:
        try:
            file = open_private(place, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
        try:
            lock_file(file, path)
            if os.fstat(file).st_ino == path.stat().st_ino:
                return file
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # another run has put a new file in its place meanwhile
