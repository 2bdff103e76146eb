"""Rows -> blocks for a cluster: what is missing in the shards, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from ....providers.errors import ThinkdialError
from ..caller import RowCaller
from ..output.merge import OrderWriter, Shards
from ..rows.rows import BadRow, Row
from .worker import Block


class Blocks:
    """Cuts rows into blocks of `size` by their number, so that a row comes into the same shard each time.

    Iterated once. Rows that need not run are left out; `rows`, `bad_rows`, `works` and `skipped` count on the way.
    """

    def __init__(
        self,
        rows: Iterator[Row | BadRow],
        *,
        size: int,
        profiles: tuple[str, ...],
        make_caller: Callable[[str], RowCaller],
        shards: Shards,
        order: OrderWriter,
        on_bad_row: Callable[[BadRow], None],
        retry_failed: bool,
    ) -> None:
        self._rows, self._size, self._profiles, self._make_caller = rows, size, profiles, make_caller
        self._shards, self._order, self._on_bad_row, self._retry_failed = shards, order, on_bad_row, retry_failed
        self._callers: dict[str, RowCaller | ThinkdialError] = {}
        self.rows = self.bad_rows = self.works = self.skipped = 0

    def __iter__(self) -> Iterator[Block]:
        number, begun, elsewhere = 0, list[Row](), set[bytes]()
        for row in self._rows:
            if isinstance(row, BadRow):
                self._bad(row)
                continue
            self.rows += 1
            if (row.number - 1) // self._size != number:
                if begun:
                    yield Block(number, tuple(begun), frozenset(elsewhere))
                number, begun, elsewhere = (row.number - 1) // self._size, list[Row](), set[bytes]()
            if (todo := self._missing(row, elsewhere)) is not None:
                begun.append(todo)
        if begun:
            yield Block(number, tuple(begun), frozenset(elsewhere))
        self._order.commit()

    def _missing(self, row: Row, elsewhere: set[bytes]) -> Row | None:
        """The row with the profiles that it can be sent to; None when all of it has been done."""
        names: list[str] = []
        wanted = False
        for name in row.profiles or self._profiles:
            caller = self._caller(name)
            if not isinstance(caller, RowCaller):
                self._bad(BadRow(row.line, f"line {row.line}: {caller.message}"))
                continue
            names.append(name)
            for _, work in caller.works(row):
                self._order.add(work)
                state = self._shards.state(work)
                if state == "done" or (state == "failed" and not self._retry_failed):
                    self.skipped += 1
                    elsewhere.add(work.key)
                else:
                    self.works += 1
                    wanted = True
        return replace(row, profiles=tuple(names)) if wanted else None

    def _caller(self, name: str) -> RowCaller | ThinkdialError:
        if name not in self._callers:
            try:
                self._callers[name] = self._make_caller(name)
            except ThinkdialError as error:
                self._callers[name] = error
        return self._callers[name]

    def _bad(self, bad: BadRow) -> None:
        self.bad_rows += 1
        self._on_bad_row(bad)
