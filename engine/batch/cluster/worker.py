"""What a worker of a cluster does: the rows of one block, into one shard, by the row function of a single machine."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ....profiles.config import Config, load
from ....providers.errors import ConfigError, Failure, ThinkdialError
from ....providers.think import AUTO
from ...costs.budget.purse import Purse
from ...costs.prices import pricing
from ...exchange.fast_transport import FastTransport
from ...exchange.surroundings import Surroundings
from ...results.result import Result
from ...runs.jobs import Options
from ..batch import Batch
from ..caller import RowCaller, caller_maker
from ..end import Ended
from ..lane import Lane
from ..output.lock import FileInUseError
from ..output.merge import shard_path
from ..output.output_file import OutputFile, State, Work
from ..rows.rows import BadRow, Row
from .limiter import BlockAttempt
from .shared_books import LeasedBooks
from .shared_pace import LeasedLedger, LeasedPace, SharedLimiter

LOCK_PATIENCE_S = 60.0
"""How long to wait for a shard that another process holds: the worker whose block this was may be dying."""


SEEN_PATIENCE_S = 10.0


class Orders(Struct, frozen=True):
    """What every worker has to know. Nothing in it is secret: keys and headers are found where the worker runs.

    `config` and `start` are where configuration is looked for; `marks` stand for what it says of each profile. `seen`
    is what the driver has written into its directory, for the workers to find.
    """

    version: str
    config: Path | None
    start: Path
    profiles: tuple[str, ...]
    options: Options
    system: str | None
    concurrency: int | None
    run_id: str
    batch_id: str
    directory: Path
    retry_failed: bool
    is_limited: bool
    is_booked: bool
    seen: str
    marks: tuple[tuple[str, str], ...]


class Block(Struct, frozen=True):
    """Some rows that share a shard. `elsewhere` are the keys of works that need not be done: other shards have them."""

    number: int
    rows: tuple[Row, ...]
    elsewhere: frozenset[bytes] = frozenset()


class Trouble(Struct, frozen=True):
    """Why no worker can go on, in the words of an error."""

    message: str
    hint: str | None = None


class BlockReport(Struct, frozen=True):
    """What became of a block. `lost` are lines that could not be written."""

    number: int
    results: int = 0
    failed: int = 0
    again: tuple[tuple[str, str, int], ...] = ()
    finished: bool = False
    budget: Failure | None = None
    trouble: Trouble | None = None
    lost: tuple[bytes, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether another attempt at the block has no sense: it is done, or something says why it is not."""
        return self.finished or self.budget is not None or self.trouble is not None or bool(self.lost)

    def followed_by(self, later: BlockReport) -> BlockReport:
        """This and what came of another attempt at the same block."""
        again = (*self.again, *later.again)
        return replace(later, results=self.results + later.results, failed=self.failed + later.failed, again=again)


def mark_of(caller: RowCaller) -> str:
    """Stands for what the configuration says of a profile, as far as answers depend on it."""
    return caller.work(Row(1, 1, "", "", b""), AUTO).token


def load_orders_config(orders: Orders) -> Config:
    """The configuration as it is where this runs."""
    return load(orders.config, start=orders.start, also=[n.partition("/")[0] for n in orders.profiles if "/" in n])


class RowMapper:
    """Maps blocks to reports; each of its results is in the shard before it counts. Ray Data runs it in an actor.

    Several blocks run at once in one event loop and share one transport.
    """

    def __init__(self, orders: Orders, limiter: SharedLimiter) -> None:
        self._orders, self._limiter = orders, limiter
        self._config: Config | None = None
        self._transport: FastTransport | None = None

    async def __call__(self, table: Any) -> AsyncIterator[dict[str, list[bytes]]]:
        """A table of one block, `{"block": [bytes]}`, to one of its report."""
        for packed in table.column("block").to_pylist():
            report = await self.run(pickle.loads(packed))  # noqa: S301 the driver has written it
            yield {"report": [pickle.dumps(report)]}

    async def run(self, block: Block) -> BlockReport:
        """Do what is missing of `block`."""
        attempt = _new_attempt(block)
        if (await self._limiter.begin(attempt)).stopping:
            await self._limiter.end(attempt.id)
            return BlockReport(block.number)
        report = await self._try(block, attempt)
        while not report.is_over:
            # The limiter may have taken us for dead while we were only not to be heard.
            again = _new_attempt(block)
            if (await self._limiter.resume(attempt.id, again)).stopping:
                break
            await self._limiter.end(attempt.id)
            attempt, report = again, report.followed_by(await self._try(block, again))
        await self._limiter.end(attempt.id)
        return report

    async def _try(self, block: Block, attempt: BlockAttempt) -> BlockReport:
        try:
            if self._config is None:
                await self._check_directory()
                self._config = self._checked_config()
            if self._transport is None:
                self._transport = FastTransport()
                await asyncio.get_running_loop().run_in_executor(None, pricing.warm)
            return await self._run(block, attempt.id, self._config, Surroundings(self._transport))
        except ThinkdialError as error:
            words = f"{attempt.host} (process {attempt.pid}): {error.message}"
            return BlockReport(block.number, trouble=Trouble(words, error.hint))

    async def _check_directory(self) -> None:
        """Raise `ConfigError` where the driver's directory is not to be seen: results would lie where nobody looks.

        Directory listings of network file systems may be some seconds old.
        """
        path, until = seen_path(self._orders), time.monotonic() + SEEN_PATIENCE_S
        while True:
            with suppress(OSError):
                if path.read_text(encoding="ascii") == self._orders.seen:
                    return
            if time.monotonic() > until:
                raise ConfigError(
                    f"{self._orders.directory} is not the directory that was named where the batch was started",
                    hint="give -o a directory on a file system that all machines share, under the same path",
                )
            await asyncio.sleep(0.2)

    def _checked_config(self) -> Config:
        """The configuration here. Raises `ConfigError` when it is another one than the driver's."""
        orders, own = self._orders, installed_version()
        if own != orders.version:
            raise ConfigError(
                f"thinkdial {own} is installed here, and {orders.version} where the batch was started",
                hint="install the same version on every node",
            )
        config = load_orders_config(orders)
        make = caller_maker(config, orders.options, orders.run_id, system=orders.system)
        for name, mark in orders.marks:
            if mark_of(make(name)) != mark:
                raise ConfigError(
                    f"profile {name} is configured in another way here than where the batch was started",
                    hint="give all nodes the same configuration: --config FILE on a shared file system",
                )
        return config

    async def _run(self, block: Block, attempt: str, config: Config, surroundings: Surroundings) -> BlockReport:
        orders, paces = self._orders, list[LeasedPace]()
        watcher, ledger = _Watcher(), LeasedLedger(self._limiter, attempt)
        books = LeasedBooks(self._limiter, attempt) if orders.is_booked else None
        with await _opened(shard_path(orders.directory, block.number), orders.batch_id, block.elsewhere) as shard:

            def make_pace(caller: RowCaller) -> LeasedPace:
                def lane() -> Lane | None:
                    return next((lane for lane in batch.lanes.values() if lane.pace is pace), None)

                pace = LeasedPace(
                    self._limiter,
                    attempt,
                    caller.name,
                    caller.limits,
                    demand=lambda: 1 + (found.waiting if (found := lane()) else 0),
                    stir=lambda: found.stir() if (found := lane()) else None,
                    on_stop=lambda: batch.stop(),  # noqa: PLW0108 it does not exist yet
                )
                paces.append(pace)
                return pace

            batch = Batch(
                make_caller=caller_maker(
                    config, orders.options, orders.run_id, system=orders.system, concurrency=orders.concurrency
                ),
                make_pace=make_pace,
                profiles=orders.profiles,
                rows=iter(block.rows),
                output=shard,
                memory=shard,
                surroundings=surroundings,
                watcher=watcher,
                retry_failed=orders.retry_failed,
                batch_id=orders.batch_id,
                purse=Purse(ledger, lambda: datetime.now(UTC)) if orders.is_limited else None,
                sums=books,
            )
            try:
                ended = await batch.run()
                if ended.output_problem is None:
                    shard.tidy()
                shard.sync()
            finally:
                await asyncio.gather(*(pace.close() for pace in paces))
                if books is not None:
                    await books.close()
                await ledger.close()
        return _report(block, ended, watcher)


def seen_path(orders: Orders) -> Path:
    """The file with which the driver shows its directory to the workers."""
    return orders.directory / f".seen-{orders.run_id}"


def _new_attempt(block: Block) -> BlockAttempt:
    return BlockAttempt(uuid.uuid4().hex, block.number, socket.gethostname(), os.getpid())


class _Shard(OutputFile):
    """The output of a block, with what other shards hold of its rows."""

    elsewhere: frozenset[bytes] = frozenset()

    def state(self, work: Work) -> State:
        return "done" if work.key in self.elsewhere else super().state(work)


class _Watcher:
    """Remembers what is wrong. The driver speaks to people."""

    def __init__(self) -> None:
        self.problem: str | None = None

    def bad_row(self, bad: BadRow) -> None:
        self.problem = self.problem or bad.problem

    def result(self, result: Result, row: Row, *, is_written: bool) -> None:
        pass

    def trouble(self, words: str) -> None:
        """The limiter knows it as well, and says it once for all."""


def _report(block: Block, ended: Ended, watcher: _Watcher) -> BlockReport:
    trouble = None
    if ended.output_problem is not None:
        trouble = Trouble(ended.output_problem.message, ended.output_problem.hint)
    elif watcher.problem is not None:
        trouble = Trouble(watcher.problem)
    return BlockReport(
        block.number,
        ended.tally.results,
        ended.tally.failed,
        tuple((profile, kind, times) for (profile, kind), times in ended.tally.again.items()),
        ended.finished,
        ended.budget,
        trouble,
        ended.lost,
    )


async def _opened(path: Path, batch_id: str, elsewhere: frozenset[bytes]) -> _Shard:
    """The shard at `path`, once nobody else has it."""
    until = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            shard = _Shard(path, "jsonl", batch_id)
        except FileInUseError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)
            continue
        shard.elsewhere = elsewhere
        return shard


def installed_version() -> str:
    """The version of this program as it is installed where this runs."""
    from importlib.metadata import version

    return version("thinkdial")
