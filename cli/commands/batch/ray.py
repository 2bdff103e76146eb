"""`thinkdial batch --engine ray`: the rows over a Ray cluster, and `batch merge`: its shards as one file."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from ....engine.api import settle_open_jobs
from ....engine.batch.caller import caller_maker
from ....engine.batch.end import Ended
from ....engine.batch.output.csv_lines import HEADS, csv_line
from ....engine.batch.output.document import json_line
from ....engine.batch.output.merge import OrderWriter, Shards, locked, merge
from ....engine.batch.output.records import line_of_cells
from ....engine.batch.output.summary import Tally
from ....engine.results.assembly import new_id
from ....engine.results.untrusted import harmless_json
from ....engine.runs.jobs import Options
from ....engine.runs.money import found_limits
from ....profiles.disk import make_private_directory
from ....providers.errors import ConfigError, UsageError
from ...exit_codes import ExitCode
from ...output import check_writable, forget, say
from ...selection import sweep_values
from ...views.batch.progress import watcher_for
from ..run.ready import dollars_of
from .circumstances import LONGEST_CALL_S

if TYPE_CHECKING:
    from ....engine.batch.cluster.engine import RayBatch
    from ....engine.batch.cluster.limiter import BudgetTerms
    from ....engine.batch.cluster.worker import Block, BlockReport, Orders
    from ....engine.batch.rows.rows import BadRow, Row
    from ....profiles.config import Config
    from .run import BatchWishes

PROGRESS_S = 5.0


def run_ray(
    wishes: BatchWishes, settings: Config, names: list[str], rows: Iterator[Row | BadRow], batch_id: str
) -> Ended:
    """Run what is missing in the shards of `-o DIR`; how it ended, with the totals of all shards.

    Raises `UsageError` and `ConfigError` before anything is sent.
    """
    from ....engine.batch.cluster.blocks import Blocks
    from ....engine.batch.cluster.engine import RayBatch

    directory = _directory(wishes)
    with locked(directory), OrderWriter(directory) as order:
        shards = Shards.read(directory, batch_id)
        if len(shards) and not wishes.quiet:
            say(f"{directory} holds {len(shards):,} results; what is missing is run")
        orders = _orders(wishes, settings, names, batch_id, directory)
        make_caller = caller_maker(
            settings, orders.options, orders.run_id, system=wishes.system, concurrency=wishes.concurrency
        )
        blocks = Blocks(
            rows,
            size=wishes.shard_rows,
            profiles=tuple(names),
            make_caller=make_caller,
            shards=shards,
            order=order,
            on_bad_row=watcher_for(wishes.quiet).bad_row,
            retry_failed=wishes.retry_failed,
        )
        budget = _budget(wishes, settings, names)
        ended = Ended(0, 0, Tally(), finished=True, broken={})
        trouble = None
        to_come = iter(blocks)
        first = next(to_come, None)
        if first is not None:
            with RayBatch(orders, wishes.workers, budget) as cluster:
                _say(wishes, f"{cluster.workers} workers on {cluster.nodes} of Ray's nodes")
                trouble = _follow(cluster, chain((first,), to_come), ended, wishes)
                _close(cluster, ended)
        ended.rows, ended.bad_rows = blocks.rows, blocks.bad_rows
        again, skipped = ended.tally.again, blocks.skipped
        ended.tally = Tally(skipped=skipped, again=again, reference=settings.reference)
        for document in Shards.read(directory, batch_id).documents():
            ended.tally.add(document)
        if trouble is not None:
            ended.output_problem = trouble
        return ended


def run_merge(directory: Path, output: Path | None, *, ordered: bool, form: str | None, replace: bool) -> None:
    """Write the shards in `directory` as one file, or to standard output."""
    if form is None:
        form = "csv" if output is not None and output.suffix.lower() == ".csv" else "jsonl"
    if form not in ("jsonl", "csv"):
        raise UsageError(f"--format {form}: shards are merged into jsonl or csv")
    if output is not None:
        check_writable(output)
        if output.exists() and not replace:
            raise UsageError(f"{output} exists already", hint="choose another name, or pass --replace")
    encode, head = (csv_line, line_of_cells(HEADS[0])) if form == "csv" else (None, b"")
    if output is None and encode is None:
        encode = _harmless_line
    try:
        made = merge(directory, output or sys.stdout.buffer, ordered=ordered, encode=encode, head=head)
    except BrokenPipeError:
        forget(sys.stdout)
        raise typer.Exit(ExitCode.BROKEN_PIPE) from None
    for path in made.torn:
        say(f"{path}: a last line that was cut off is left out; the same batch runs its row again")
    left_out = f"; {made.left_out:,} older lines left out" if made.left_out else ""
    where = f" in {output}" if output is not None else ""
    say(f"{made.results:,} results of {made.shards:,} shards{where}{left_out}")


def _harmless_line(document: Mapping[str, Any]) -> bytes:
    return harmless_json(json_line(dict(document)).decode()).encode()


def _directory(wishes: BatchWishes) -> Path:
    """The directory of the shards, made where it is missing."""
    if wishes.output is None:
        raise UsageError("--engine ray writes shards into a directory", hint="add -o DIR")
    if wishes.output_format not in (None, "jsonl"):
        raise UsageError("--engine ray writes JSONL shards", hint="thinkdial batch merge DIR -o all.csv makes CSV")
    if wishes.ordered:
        raise UsageError("--engine ray writes results as they come", hint="thinkdial batch merge DIR --ordered")
    directory = wishes.output.absolute()
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{wishes.output} is a file", hint="--engine ray takes a directory for -o")
    try:
        make_private_directory(directory, parents=False)
    except OSError as error:
        raise ConfigError(f"{wishes.output} cannot be made: {error.strerror}") from None
    return directory


def _orders(wishes: BatchWishes, settings: Config, names: list[str], batch_id: str, directory: Path) -> Orders:
    from ....engine.batch.cluster.worker import Orders, installed_version, mark_of

    asked = Options(
        sweep=sweep_values(wishes.think),
        max_output_tokens=wishes.max_output_tokens,
        timeout_s=wishes.timeout_s,
        retries=wishes.retries,
        no_stream=wishes.no_stream,
        emulate=wishes.emulate,
    )
    run_id = new_id()
    make = caller_maker(settings, asked, run_id, system=wishes.system)
    return Orders(
        version=installed_version(),
        config=None if wishes.config is None else wishes.config.absolute(),
        start=Path.cwd(),
        profiles=tuple(names),
        options=asked,
        system=wishes.system,
        concurrency=wishes.concurrency,
        run_id=run_id,
        batch_id=batch_id,
        directory=directory,
        retry_failed=wishes.retry_failed,
        is_limited=_is_limited(wishes, settings),
        marks=tuple((name, mark_of(make(name))) for name in names),
    )


def _is_limited(wishes: BatchWishes, settings: Config) -> bool:
    return dollars_of(wishes.max_cost_usd) is not None or settings.budget.limits_anything


def _budget(wishes: BatchWishes, settings: Config, names: list[str]) -> BudgetTerms | None:
    if not _is_limited(wishes, settings):
        return None
    from ....engine.batch.cluster.limiter import BudgetTerms
    from ....engine.costs.budget.limits import today

    profiles = [name.partition("@")[0] for name in names]
    found = found_limits(settings, dollars_of(wishes.max_cost_usd), profiles, today(), settle=settle_open_jobs)
    for note in found.notes:
        _say(wishes, f"note: {note}")
    return BudgetTerms(tuple(found.limits), LONGEST_CALL_S, wishes.allow_unpriced)


def _follow(cluster: RayBatch, blocks: Iterable[Block], ended: Ended, wishes: BatchWishes) -> ConfigError | None:
    """Hear of every block until all have ended. Why no worker could go on, if so."""
    trouble: ConfigError | None = None
    finished, seen, last = True, 0, time.monotonic()
    with _listening(cluster, ended):
        for report in cluster.reports(blocks):
            if report is not None:
                seen += 1
                finished = finished and report.finished
                _count(report, ended)
                if report.trouble is not None and trouble is None:
                    trouble = ConfigError(report.trouble.message, hint=report.trouble.hint)
                    cluster.stop()
            if not wishes.quiet and time.monotonic() - last >= PROGRESS_S:
                last = time.monotonic()
                say(_progress(cluster.status(), seen))
    ended.finished = finished and trouble is None
    return trouble


def _count(report: BlockReport, ended: Ended) -> None:
    ended.budget = ended.budget or report.budget
    for profile, kind, times in report.again:
        ended.tally.again[profile, kind] += times
    if report.lost:
        say("results that were paid for follow on standard output, so that nothing is lost")
        for line in report.lost:
            with suppress(OSError):
                os.write(1, line)


def _close(cluster: RayBatch, ended: Ended) -> None:
    status = cluster.status()
    ended.budget = ended.budget or status["refused"]
    ended.broken = {
        name: profile["broken"] for name, profile in status["profiles"].items() if profile["broken"] is not None
    }
    if status["taken_over"]:
        say(f"{status['taken_over']} times a block was taken over from a worker that had died")
    for name, failed in ended.broken.items():
        say(f"{name} is given up: {failed.message}")
    for note in cluster.close():
        say(f"note: {note}")


def _progress(status: dict[str, Any], shards: int) -> str:
    parts: list[str] = []
    for name, profile in status["profiles"].items():
        failed = sum(profile["failed"].values())
        words = f"{name}: {profile['answered']:,} answered, {profile['in_flight']} under way"
        words += f", {failed:,} failed or turned away" if failed else ""
        words += f", pausing {profile['held_s']:.0f} s" if profile["held_s"] >= 1 else ""
        parts.append(words)
    spent = status["spent_usd"]
    money = f"; {spent:.4f} USD" if spent is not None else ""
    return f"{'; '.join(parts) or 'starting'}{money}; {shards:,} shards done"


@contextmanager
def _listening(cluster: RayBatch, ended: Ended) -> Generator[None]:
    """SIGINT or SIGTERM once: finish what is under way; again: stop at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if ended.interrupted:
            raise KeyboardInterrupt
        ended.interrupted = True
        cluster.stop()
        say("finishing what is under way; once more (Ctrl-C) stops at once")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(wishes: BatchWishes, words: str) -> None:
    if not wishes.quiet:
        say(words)
