"""What a run tells, put into the database: the thread's side of the recorder, one transaction at a time."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..results.documents import dollars_text, result_document
from ..results.moments import timestamp
from ..results.result import Result
from .blobs import compressed, packed, parted
from .heads import CallHead, RunHead
from .sums.rollups import AddedSums, known_count
from .sums.under_way import CallsUnderWay, UnderWay

if TYPE_CHECKING:
    import sqlite3

BYTES_A_ROW = 2**20

MOST_SEARCHED = 4 * 2**20
"""Characters of an answer that stand in a column of their own, to be searched; the document has all of them."""


class _Call:
    """A call under way: its row, and the bytes that are not in the database yet."""

    def __init__(self, number: int, *, stream: bool) -> None:
        self.number = number
        self.stream = stream
        self.is_open = self.is_withheld = False
        self.chunks = 0
        self.pending: deque[bytes] = deque()


class Writing:
    """What happens in one run, each step written within a transaction of the caller's.

    `run` is the run's number, once it has one. After an error nothing more may be written.
    """

    def __init__(self, head: RunHead) -> None:
        self._head = head
        self._calls: dict[int, _Call] = {}
        self._under_way = CallsUnderWay()
        self._day = ""  # of the transaction, once it is asked for
        self.run: int | None = None
        self._turn: int | None = None
        self._finished: dict[int, int] = {}
        self._sums = AddedSums()

    def reserve(self, index: int, call: CallHead, usd: Decimal | None) -> None:
        """Write down that a call will be made, with what it may cost, so that it counts whatever happens to us.

        Of a call that is written down already it is another attempt: the one before may be billed as well.
        """
        if call.simulated or self._head.simulated:
            return
        if not self._day:
            now = datetime.now(UTC) if self._head.kept != "everything" else self._head.created_at
            self._day = timestamp(now)[:10]
        noted = UnderWay(self._day, call.profile, call.provider, call.host, call.model, call.think, usd)
        self._under_way.begin(index, noted)

    def estimate(self, connection: sqlite3.Connection, index: int, usd: Decimal) -> None:
        """Put down what a call that is under way may cost, for each of its attempts of which that is not known."""
        self._under_way.estimate(connection, index, usd)

    def drop(self, index: int) -> None:
        """A call has ended that is not counted: it was never made, or was turned away."""
        self._under_way.end(index)

    def begin(self, connection: sqlite3.Connection, index: int, call: CallHead) -> None:
        if index not in self._under_way:
            self.reserve(index, call, None)
        if self._head.kept != "everything":
            if self._head.kept == "run" and self.run is None:
                self.run = self._insert_run(connection)
            self._calls[index] = _Call(0, stream=False)
            return
        head, sent = self._head, compressed(call.sent)
        known = self._calls.get(index)
        if known is not None:
            connection.execute("UPDATE results SET sent = ? WHERE number = ?", (sent, known.number))
            return
        if self.run is None:
            self.run = self._insert_run(connection)
        number = _insert(
            connection,
            "results",
            run=self.run,
            position=index,
            created_at=timestamp(head.created_at),
            profile=call.profile,
            provider=call.provider,
            dialect=call.dialect,
            model=call.model,
            think=call.think,
            status="running",
            sent=sent,
            host=call.host,
            simulated=int(call.simulated or head.simulated),
        )
        self._calls[index] = _Call(number, stream=bool(call.sent.get("stream", True)))
        if head.turn is not None and head.turn.position == index:
            from .conversations.turn_rows import begin_turn

            self._turn = begin_turn(connection, head.turn, number, timestamp(head.created_at))

    def open(
        self, connection: sqlite3.Connection, index: int, status: int, content_type: str, streamed: bool | None
    ) -> None:
        call = self._calls.get(index)
        if call is None or self._head.kept != "everything":
            return
        if call.chunks:
            connection.execute("DELETE FROM chunks WHERE result = ?", (call.number,))
        call.chunks, call.is_open, call.is_withheld = 0, True, False
        call.pending.clear()
        head = {
            "status": status,
            "content_type": content_type,
            "streamed": call.stream if streamed is None else streamed,
        }
        connection.execute("UPDATE results SET raw_head = ? WHERE number = ?", (json.dumps(head), call.number))

    def take(self, index: int, data: bytes) -> None:
        """Remember bytes until `keep`, or until the result is there."""
        if index in self._calls and self._head.kept == "everything" and not self._calls[index].is_withheld:
            self._calls[index].pending.append(data)

    def withhold(self, connection: sqlite3.Connection, index: int) -> None:
        """Keep no bytes of the response of this call, neither those that came nor those that will."""
        call = self._calls.get(index)
        if call is None or call.is_withheld or self._head.kept != "everything":
            return
        connection.execute("DELETE FROM chunks WHERE result = ?", (call.number,))
        connection.execute("UPDATE results SET raw_head = NULL WHERE number = ?", (call.number,))
        call.chunks, call.is_open, call.is_withheld = 0, False, True
        call.pending.clear()

    def keep(self, connection: sqlite3.Connection) -> None:
        """Write what the steps of a transaction have left for its end: calls begun and ended, sums, and bytes.

        The bytes of a run that somebody has removed meanwhile are not written.
        """
        self._under_way.write(connection)
        self._sums.write(connection)
        self._day = ""
        for call in self._calls.values():
            for data in _in_rows(call.pending):
                connection.execute(
                    "INSERT INTO chunks SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM results WHERE number = ?1)",
                    (call.number, call.chunks, data),
                )
                call.chunks += 1

    def finish(self, connection: sqlite3.Connection, index: int, result: Result) -> None:
        call = self._calls.pop(index, None)
        if call is None:
            return
        self.drop(index)
        if not self._head.simulated:
            self._sums.count(connection, self.run, result)
        if self._head.kept != "everything" or self.run is None:
            return
        _update(
            connection,
            call.number,
            id=result.id,
            created_at=result.created_at,
            profile=result.profile,
            provider=result.provider,
            dialect=result.dialect,
            model=result.model,
            think=result.think.requested,
            document=compressed(result_document(result)),
            raw=self._raw(connection, call),
            **_columns(result),
        )
        self._finished[index] = call.number
        if call.chunks:
            connection.execute("DELETE FROM chunks WHERE result = ?", (call.number,))
        if self._turn is not None and self._head.turn is not None and index == self._head.turn.position:
            from .conversations.turn_rows import finish_turn

            finish_turn(connection, self._head.turn, self._turn, result)

    def amend(self, connection: sqlite3.Connection, index: int, result: Result) -> None:
        """Put the document of a result in the place of the one that it finished with; what was counted stays."""
        number = self._finished.get(index)
        if number is not None:
            _update(connection, number, document=compressed(result_document(result)))

    def add(self, connection: sqlite3.Connection, index: int, result: Result) -> None:
        """Add a result of which the sums alone are kept, whether its call was reserved or not."""
        self.drop(index)
        self._count(connection, result)

    def _count(self, connection: sqlite3.Connection, result: Result) -> None:
        if self.run is None and self._head.kept == "run":
            self.run = self._insert_run(connection)
        if not self._head.simulated:
            self._sums.count(connection, self.run, result)

    def book(self, connection: sqlite3.Connection, job: str, work: bytes, result: Result) -> None:
        """Add the result of a provider's batch to the sums, once: that it is in them is known as soon as it is."""
        if not connection.execute("INSERT OR IGNORE INTO booked VALUES (?, ?)", (job, work)).rowcount:
            return
        self._count(connection, result)

    def end(self, connection: sqlite3.Connection, total_s: float | None) -> None:
        if self.run is not None:
            connection.execute("UPDATE runs SET total_s = ? WHERE number = ?", (total_s, self.run))

    def _insert_run(self, connection: sqlite3.Connection) -> int:
        head = self._head
        prompt, rest = parted(_storable(head.prompt))
        run = _insert(
            connection,
            "runs",
            id=head.run_id,
            created_at=timestamp(head.created_at),
            command=head.command,
            prompt=prompt,
            prompt_rest=rest,
            prompt_more=len(head.prompt) - len(prompt),
            system=None if head.system is None else _storable(head.system),
            simulated=int(head.simulated),
        )
        if head.files and head.kept == "everything":
            from .files.stored_files import keep_files

            keep_files(connection, run, head.files, timestamp(head.created_at))
        return run

    def _raw(self, connection: sqlite3.Connection, call: _Call) -> bytes | None:
        """All bytes of the response, compressed; None when there was no response."""
        if not (call.is_open or call.chunks or call.pending):
            return None
        stored = ()
        if call.chunks:
            stored = connection.execute("SELECT data FROM chunks WHERE result = ? ORDER BY sequence", (call.number,))
        return packed(chain((data for (data,) in stored), call.pending))


def _columns(result: Result) -> dict[str, Any]:
    """The fields of a result that people search and add up."""
    usage, cost, forecast = result.usage, result.cost, result.forecast
    return {
        "status": result.status,
        "verdict": result.think.verdict,
        "answer": _storable(result.answer[:MOST_SEARCHED]),
        "input_tokens": known_count(usage.input_tokens),
        "output_tokens": known_count(usage.output_tokens),
        "reasoning_tokens": known_count(usage.reasoning_tokens),
        "total_s": result.latency.total_s,
        "usd": _dollars(cost.usd),
        "lost_attempts": cost.lost_attempts,
        "cost_source": cost.source,
        "listed_usd": _dollars(cost.listed_usd),
        "forecast_low_usd": _dollars(forecast.low_usd) if forecast else None,
        "forecast_expected_usd": _dollars(forecast.expected_usd) if forecast else None,
        "forecast_high_usd": _dollars(forecast.high_usd) if forecast else None,
        "forecast_source": forecast.output_source if forecast else None,
    }


def _dollars(amount: Decimal | None) -> str | None:
    return None if amount is None else dollars_text(amount)


def _storable(text: str) -> str:
    """Text for a column: half a surrogate pair, which is no text, becomes a question mark there."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _in_rows(pending: deque[bytes]) -> Iterator[bytes]:
    """Takes the bytes out, in rows of a size that the database need not hold several times."""
    row, size = list[bytes](), 0
    while pending:
        row.append(pending.popleft())
        size += len(row[-1])
        if size >= BYTES_A_ROW:
            yield b"".join(row)
            row, size = [], 0
    if row:
        yield b"".join(row)


def _insert(connection: sqlite3.Connection, table: str, **row: str | int | bytes | None) -> int:
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    done = connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    return int(done.lastrowid or 0)


def _update(connection: sqlite3.Connection, number: int, **row: str | int | float | bytes | None) -> None:
    changes = ", ".join(f"{name} = ?" for name in row)
    connection.execute(f"UPDATE results SET {changes} WHERE number = ?", (*row.values(), number))  # noqa: S608
