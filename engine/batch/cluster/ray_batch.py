"""A batch over Ray: blocks of rows go through Ray Data to workers that share one limiter; each block has its shard."""

from __future__ import annotations

import logging
import os
import pickle
import queue
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from importlib import import_module
from typing import Any

from ....profiles.profile import CallLimits
from ....providers.errors import ConfigError, Failure, UsageError
from ...costs.budget.share import Grant, Need
from ...history.heads import CallHead
from ...targets.extras import how_to_add
from ..books import BookTerms
from .limiter import BlockAttempt, BudgetTerms, Lease, Limiter, News
from .reach import check_reach, is_loopback_host
from .shared_books import BookEntry
from .worker import Block, BlockReport, Orders, RowMapper

NAMESPACE = "thinkdial"
BLOCKS_AT_ONCE = 4
"""Blocks that a worker has under way: while the last calls of one take their time, the next ones begin."""

LEASES_AT_ONCE = 100_000

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_RUNTIME_ENV_LOG_TO_DRIVER_ENABLED": "0",
}
"""Ray neither calls home nor speaks on our streams, unless the environment says otherwise."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray's word for a cluster of one machine, on every system: its processes talk on 127.0.0.1. Read at its import."""


class RayBatch:
    """A run of a batch on the cluster that `RAY_ADDRESS` names, else on one that is started on this machine for it.

    A context: at its end the limiter is gone and this program has left the cluster.
    """

    def __init__(
        self, orders: Orders, workers: int | None, budget: BudgetTerms | None, books: BookTerms | None
    ) -> None:
        self._orders, self._wanted, self._budget, self._books = orders, workers, budget, books
        self._ray: Any = None
        self._limiter: Any = None
        self.workers = 0
        self.nodes = 0

    def __enter__(self) -> RayBatch:
        for name, value in {**QUIET, **(LOOPBACK if _is_local() else {})}.items():
            os.environ.setdefault(name, value)
        self._ray = _imported()
        try:
            with _nothing_on_stderr():
                self._init(self._ray)
            if not _is_local():
                self._check_nodes(self._ray)
            self._start_limiter()
        except BaseException:
            self._ray.shutdown()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # it may be gone
            self._ray.kill(self._limiter)
        self._ray.shutdown()

    def reports(self, blocks: Iterable[Block]) -> Iterator[BlockReport | None]:
        """What became of each block, as they end, in any order; None about once a second meanwhile.

        All blocks are read, into the cluster's memory, before the first one runs.
        """
        refs = [self._packed(block) for block in blocks]
        if not refs:
            return
        over: queue.SimpleQueue[BlockReport | BaseException | None] = queue.SimpleQueue()

        def collect() -> None:
            try:
                for table in self._mapped(refs).iter_batches(batch_size=None, batch_format="pyarrow"):
                    for packed in table.column("report").to_pylist():
                        over.put(pickle.loads(packed))  # noqa: S301 our own worker has written it
                over.put(None)
            except BaseException as error:
                over.put(error)

        threading.Thread(target=collect, name="ray-data", daemon=True).start()
        while True:
            try:
                report = over.get(timeout=1.0)
            except queue.Empty:
                yield None
                continue
            if report is None:
                return
            if isinstance(report, BaseException):
                raise ConfigError(
                    f"Ray could not go on: {_first_line(report)}", hint="run the same command again: it goes on"
                ) from None
            yield report

    def status(self) -> dict[str, Any]:
        """How the limiter stands (`Limiter.status`)."""
        return self._ray.get(self._limiter.status.remote())

    def stop(self) -> None:
        """Begin no more calls; blocks report what they have when those under way have ended."""
        self._limiter.stop.remote()

    def close(self) -> list[str]:
        """End the limiter's books; notes on limits that were passed and only warn."""
        return self._ray.get(self._limiter.close.remote())

    def _start_limiter(self) -> None:
        ray = self._ray
        cpus = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self.workers, self.nodes = self._wanted or cpus, len(ray.nodes())
        self._cpus_each = min(1.0, cpus / self.workers)
        strategies = import_module("ray.util.scheduling_strategies")
        here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._limiter = (
            ray.remote(Limiter)
            .options(
                name=f"limiter-{self._orders.run_id}",
                num_cpus=0,
                max_concurrency=LEASES_AT_ONCE,
                scheduling_strategy=here,
            )
            .remote(self.workers, self._budget, self._books)
        )

    def _init(self, ray: Any) -> None:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "namespace": NAMESPACE}
        if _is_local():
            options |= {"address": "local", "include_dashboard": False, "num_cpus": self._wanted}
            # Ray's reporter asks the clouds' metadata services where it runs, also with usage statistics disabled.
            services: Any = import_module("ray._private.services")
            services.start_api_server = _no_reporter
        if not _is_local():
            check_reach(os.environ["RAY_ADDRESS"])
        try:
            ray.init(**options)
        except Exception as error:
            raise ConfigError(
                f"the Ray cluster cannot be reached: {_first_line(error)}",
                hint="without RAY_ADDRESS one is started on this machine, for this batch alone",
            ) from None

    def _check_nodes(self, ray: Any) -> None:
        """Raise `ConfigError` before anything of ours is on a cluster that anybody may use."""
        for host in {str(node.get("NodeManagerAddress")) for node in ray.nodes()}:
            if not is_loopback_host(host):
                check_reach(str(ray.get_runtime_context().gcs_address), needs_proof=True)
                return

    def _packed(self, block: Block) -> Any:
        return self._ray.put(import_module("pyarrow").table({"block": [pickle.dumps(block)]}))

    def _mapped(self, refs: list[Any]) -> Any:
        data = import_module("ray.data")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_no_progress_timeout_s = -1  # a provider may ask for an hour's pause
        pool = data.ActorPoolStrategy(
            size=min(self.workers, len(refs)),
            max_tasks_in_flight_per_actor=BLOCKS_AT_ONCE,
            max_concurrent_calls_per_actor=BLOCKS_AT_ONCE,
        )
        return data.from_arrow_refs(refs).map_batches(
            _Mapper,
            fn_constructor_args=(self._orders, self._limiter),
            batch_size=None,
            batch_format="pyarrow",
            compute=pool,
            num_cpus=self._cpus_each,
        )


class _Mapper(RowMapper):
    """The mapper with the limiter as an actor."""

    def __init__(self, orders: Orders, limiter: Any) -> None:
        super().__init__(orders, _ActorLimiter(limiter))


class _ActorLimiter:
    """The limiter behind an actor's handle."""

    def __init__(self, limiter: Any) -> None:
        self._limiter = limiter

    async def begin(self, attempt: BlockAttempt) -> Lease:
        return await self._limiter.begin.remote(attempt)

    async def resume(self, before: str, attempt: BlockAttempt) -> Lease:
        return await self._limiter.resume.remote(before, attempt)

    async def end(self, attempt: str) -> None:
        await self._limiter.end.remote(attempt)

    async def lease(self, attempt: str, profile: str, limits: CallLimits, want: int, tokens: int) -> Lease:
        return await self._limiter.lease.remote(attempt, profile, limits, want, tokens)

    async def tell(self, attempt: str, profile: str, limits: CallLimits, news: News) -> Lease:
        return await self._limiter.tell.remote(attempt, profile, limits, news)

    async def reserve(self, attempt: str, number: int, profile: str, need: Need) -> Grant | Failure:
        return await self._limiter.reserve.remote(attempt, number, profile, need)

    async def settle(self, attempt: str, costs: Sequence[tuple[int, Decimal | None]]) -> None:
        await self._limiter.settle.remote(attempt, costs)

    async def note(self, attempt: str, number: int, call: CallHead, usd: Decimal | None) -> None:
        await self._limiter.note.remote(attempt, number, call, usd)

    async def book(self, attempt: str, entries: Sequence[BookEntry]) -> None:
        await self._limiter.book.remote(attempt, entries)


def _imported() -> Any:
    try:
        import_module("ray.data")
        return import_module("ray")
    except ImportError as error:
        raise UsageError(f"--engine ray needs Ray, which is not installed ({error})", hint=how_to_add("ray")) from None


def _no_reporter(*_: object, **__: object) -> tuple[None, None]:
    """Instead of Ray's dashboard: it has no address and no process."""
    return None, None


def _is_local() -> bool:
    return os.environ.get("RAY_ADDRESS", "local") in ("", "local")


@contextmanager
def _nothing_on_stderr() -> Generator[None]:
    """While Ray's native part begins: it announces there that it will be quiet. What goes wrong comes as an error."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
