"""Workers for one batch, begun and ended with it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..listener import Listener
from ..options import Workers
from .crew import Crew
from .identity import greeting


@asynccontextmanager
async def opened_crew(workers: Workers, listener: Listener) -> AsyncGenerator[Crew]:
    """The workers that a batch wants, whom they come to by and by; what becomes of them `listener` hears.

    Raises `UsageError` and `ConfigError` where there can be none.
    """

    def tell(words: str) -> None:
        listener.info(words, important=True)

    if workers.on_cluster:
        from .cluster.carrier import cluster_workers  # which needs Ray

        async with cluster_workers(workers, tell) as crew:
            yield crew
        return
    from .local import local_workers, sealed_for_child

    crew = Crew(greeting(), tell, sealing=sealed_for_child, asks_reach=False)
    async with local_workers(crew, workers.count or os.cpu_count() or 1):
        yield crew
