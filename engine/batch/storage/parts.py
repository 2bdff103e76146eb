"""An output of immutable parts: each written once, whole or not at all, and read again when the batch goes on."""

from __future__ import annotations

import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import msgspec

from ....providers.errors import ConfigError
from ....providers.json_values import obj, parse_json
from ..output.output_file import SinkError
from ..output.works import KEY_BYTES, State, Work, WorkStates, ended
from ..rows.digests import DigestMap
from .journal import Journal
from .lines import PartForm, checked_token, document_of, part_bytes, records_of, token_of
from .memory import Hear, PartName
from .store import LocalStore, PartStore

ROWS_A_PART = 1000
SECONDS_A_PART = 60.0
MOST_WAITING = 2
"""Parts that may be under way to the store; no call is begun while there are more."""

NAME = re.compile(r"part-(\d{6,})\.(jsonl|csv|parquet)")
WRITER = "_writer.json"
_ELSEWHERE = "choose another place for -o"


class PartsOutput:
    """An `OutputMemory` of parts in a `store`.

    A line is in the journal of this machine before it counts, and in a part when there are `rows` of them or the first
    is `seconds` old; the last part is written in the end. Parts are made in a thread of their own.
    """

    columns: Sequence[str] = ()

    def __init__(
        self,
        store: PartStore,
        form: PartForm,
        batch: str,
        journal: Journal,
        *,
        is_same: Callable[[Callable[[Work], State]], bool] = lambda _: False,
        hear: Hear | None = None,
        rows: int = ROWS_A_PART,
        seconds: float = SECONDS_A_PART,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read what is there. Raises `ConfigError` for parts of another batch, and of what is no batch."""
        self.store, self.batch, self.notes, self.resumed = store, batch, list[str](), 0
        self._journal, self._hear = journal, hear
        self._form: PartForm = form
        self._rows, self._seconds, self._clock = rows, seconds, clock
        self._states, self._parts = WorkStates(), list[PartName]()
        self._buffer, self._began = list[bytes](), 0.0
        self._added = list[str]()
        self._writing = deque[Future[PartName]]()
        self._thread = ThreadPoolExecutor(1, "parts")
        self._number, self._open, self._broken = 0, 0, False
        try:
            self._read(batch, is_same)
            self._take_left()
            if not isinstance(store, LocalStore):
                self._tell_writer()
        except BaseException:
            self._thread.shutdown()
            journal.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.sync()
            if not (self._buffer or self._broken or isinstance(self.store, LocalStore)):
                self.store.delete(WRITER)
        finally:
            self._thread.shutdown()
            self._journal.close()

    @property
    def parts(self) -> tuple[PartName, ...]:
        """Those that are written."""
        return tuple(self._parts)

    @property
    def backlog(self) -> Future[Any] | None:
        """What is to be waited for until there is room for more; None where there is room."""
        under_way = [one for one in self._writing if not one.done()]
        return under_way[0] if len(under_way) > MOST_WAITING else None

    @property
    def has_old_lines(self) -> bool:
        return self._states.has_old_lines

    def state(self, work: Work) -> State:
        return self._states.of(work)

    def add(self, work: Work, line: bytes, *, failed: bool) -> None:
        """Keep a line. When this returns a kill of the process does not lose it. Raises `SinkError`."""
        self._settle(wait=False)
        try:
            self._journal.add(line)
        except OSError as error:
            raise SinkError(f"{self._journal.folder} cannot be written: {error.strerror}") from None
        self._states.learn(work.key, work.digest, failed=failed)
        if not self._buffer:
            self._began = self._clock()
        self._buffer.append(line)
        if len(self._buffer) >= self._rows or self._clock() - self._began >= self._seconds:
            self._flush()

    def sync(self) -> None:
        """Write the last part, and wait for it. Raises `SinkError`."""
        if self._buffer and not self._broken:
            self._flush()
        self._settle(wait=True)

    def tidy(self, order: DigestMap | None = None) -> int:
        """Parts stay as they are: what puts them in order, and leaves out what a later line stands for, is a merge."""
        if order is not None:
            self.notes.append(
                f"{self.store.words}: parts stay in the order of the answers; batch merge --ordered sorts"
            )
        return 0

    def documents(self) -> Iterator[Mapping[str, Any]]:
        """The document of each work, the last one; of parts that are no JSON as far as their columns tell."""
        last, number = DigestMap(), 0
        for one in self._parts:
            for token, _, _ in self._lines(one.name):
                last.set(token[:KEY_BYTES], number)
                number += 1
        number = 0
        for one in self._parts:
            for token, _, document in self._lines(one.name):
                if last.get(token[:KEY_BYTES]) == number:
                    yield document
                number += 1

    def added(self) -> Iterator[Mapping[str, Any]]:
        return (document for name in self._added for _, _, document in self._lines(name))

    def _lines(self, name: str) -> Generator[tuple[bytes, Mapping[str, Any], Mapping[str, Any]]]:
        """Of each line of a part its token, its fields, and its document."""
        with self.store.open(name) as file:
            for record in records_of(file, self._form, f"{self.store.words}/{name}"):
                if record.whole:
                    token = checked_token(record.fields, f"{self.store.words}/{name}")
                    yield token, record.fields, document_of(record.fields, self._form)

    def _read(self, batch: str, is_same: Callable[[Callable[[Work], State]], bool]) -> None:
        for name in self.store.names():
            said = NAME.fullmatch(name)
            if said is None:
                continue
            if said[2] != str(self._form):
                raise ConfigError(
                    f"{self.store.words} holds parts as {said[2]}, and this batch writes {self._form}", hint=_ELSEWHERE
                )
            self._number, results = int(said[1]), 0
            with closing(self._lines(name)) as lines:
                for token, fields, document in lines:
                    if not self.resumed:
                        self.batch = str(fields["batch"])
                    elif fields["batch"] != self.batch:
                        raise ConfigError(f"{self.store.words}/{name}: holds results of another batch", hint=_ELSEWHERE)
                    self._remember(token, fields)
                    self._count(document)
                    results += 1
            self._parts.append(PartName(name, results, self.store.size(name)))
        if self.batch != batch and not is_same(self.state):
            raise ConfigError(
                f"{self.store.words} holds the results of another batch: none of its rows is in this input",
                hint=_ELSEWHERE,
            )
        self._number += 1

    def _count(self, document: Mapping[str, Any]) -> None:
        self.resumed += 1
        if self._hear is not None:
            self._hear(lambda: document, None)

    def _remember(self, token: bytes, fields: Mapping[str, Any]) -> None:
        self._states.learn(token[:KEY_BYTES], *ended(token[KEY_BYTES:], fields))

    def _take_left(self) -> None:
        """Take results over that an earlier process has kept, and that are in no part."""
        lines = list[bytes]()
        for line in self._journal.left():
            fields = _parsed(line)
            token = token_of(fields)
            if not token or fields["batch"] != self.batch:
                continue
            if not self._states.has(token[:KEY_BYTES], *ended(token[KEY_BYTES:], fields)):
                lines.append(line)
                self._remember(token, fields)
                self._count(fields)
        self._open = self._journal.begin()
        for line in lines:
            self._journal.add(line)
        self._journal.forget_before(self._open)
        if lines:
            self._buffer, self._began = lines, self._clock()
            self.notes.append(
                f"{self.store.words}: {len(lines):,} results of an earlier run were in no part yet; they are kept"
            )

    def _tell_writer(self) -> None:
        """Say who writes here, learn who has not ended in order, and whether the store keeps two writers apart."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        me = {"host": socket.gethostname(), "pid": os.getpid(), "since": since, "id": os.urandom(8).hex()}
        mark = msgspec.json.encode(me)
        if not self.store.create(WRITER, mark):
            before = _parsed(self.store.read(WRITER) or b"{}")
            if self._journal.is_new:
                self.notes.append(
                    f"{self.store.words}: a run on {before.get('host')} since {before.get('since')} has not ended in"
                    f" order. If it still runs, stop one of the two. Its results that are in no part (at most those of"
                    f" one or two parts) are on that machine alone; what is missing here is asked, and paid, again"
                )
            self.store.put(WRITER, mark)
        if self.store.create(WRITER, mark + b"\n"):
            self.notes.append(
                f"{self.store.words}: this store writes over what is there, so that two runs at once would lose results"
            )

    def _flush(self) -> None:
        lines, self._buffer = self._buffer, []
        number, self._number = self._number, self._number + 1
        begun, self._open = self._open, self._journal.begin()
        self._writing.append(self._thread.submit(self._write, number, lines, begun))

    def _write(self, number: int, lines: list[bytes], begun: int) -> PartName:
        """In the thread. Nothing is written after a part that could not be."""
        name, data = f"part-{number:06d}.{self._form}", part_bytes(lines, self._form)
        try:
            if self._broken:
                raise ConfigError(f"{self.store.words} cannot be written")
            if not self.store.create(name, data):
                raise ConfigError(f"{self.store.words}/{name} is there already: another run writes here")
        except BaseException:
            self._broken = True
            raise
        self._journal.forget(begun)
        return PartName(name, len(lines), len(data))

    def _settle(self, *, wait: bool) -> None:
        """Learn how the parts that were under way have ended. Raises `SinkError`."""
        while self._writing and (wait or self._writing[0].done()):
            try:
                part = self._writing.popleft().result()
            except ConfigError as error:
                self._writing.clear()
                raise SinkError(
                    error.message,
                    hint=f"the results are kept in {self._journal.folder};"
                    " run the same command again, and only one of it",
                ) from None
            self._parts.append(part)
            self._added.append(part.name)


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        return obj(parse_json(line))
    except ValueError:
        return {}
