"""`thinkdial batch --engine ray`: the rows over a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....engine.batch.cluster.run import ClusterOptions, run_on_cluster
from ...exit_codes import ExitCode
from ...output import say
from ...views.batch.cluster import cluster_line
from ...views.batch.progress import watcher_for
from .listener import SpokenLines
from .summary import finish

if TYPE_CHECKING:
    from ....engine.batch.options import BatchOptions
    from ....profiles.config import Config


def run_over_cluster(
    options: BatchOptions,
    config: Config,
    summaries: Sequence[Path],
    workers: int | None,
    shard_rows: int,
    *,
    quiet: bool,
) -> ExitCode:
    """Run what is missing in the shards of `-o DIR`. Gives the exit code."""
    end = run_on_cluster(
        options,
        config,
        ClusterOptions(workers, shard_rows),
        on_bad_row=watcher_for(quiet).bad_row,
        listener=SpokenLines(quiet),
        on_status=None if quiet else lambda status, shards: say(cluster_line(status, shards)),
    )
    return finish(end, options, summaries, quiet=quiet)
