"""What a batch asks of an output that remembers, be it one file or many parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from msgspec import Struct

from ..output.works import State, Work
from ..rows.digests import DigestMap

if TYPE_CHECKING:
    from .plain_line import PlainLine


class Hear(Protocol):
    """Hears of a line that is there already: how to get its `document`, and what it says where it is a `plain` one."""

    def __call__(self, document: Callable[[], Mapping[str, Any]], plain: PlainLine | None) -> None: ...


class PartName(Struct, frozen=True):
    """One immutable part of an output: its name, and what it holds."""

    name: str
    results: int
    bytes: int


class OutputMemory(Protocol):
    """Takes lines, and knows those of earlier runs of the same batch; `OutputFile` says what each of these means.

    `parts` are the parts that it consists of; None where it is one file. `backlog` is to be waited for until there is
    room for more lines.
    """

    batch: str
    resumed: int
    notes: list[str]
    columns: Sequence[str]

    @property
    def parts(self) -> tuple[PartName, ...] | None: ...

    @property
    def backlog(self) -> Future[Any] | None: ...

    @property
    def has_old_lines(self) -> bool: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def state(self, work: Work) -> State: ...

    def add(self, work: Work, line: bytes, *, failed: bool) -> None: ...

    def documents(self) -> Iterator[Mapping[str, Any]]: ...

    def added(self) -> Iterator[Mapping[str, Any]]: ...

    def sync(self) -> None: ...

    def tidy(self, order: DigestMap | None = None) -> int: ...
