"""T4: many calls at once should take as long as the slowest of them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measure import LEAST_ROUNDS, Report, Row, Target, progress
from server import loopback_server
from surroundings import Surroundings, surroundings

from thinkdial.engine.exchange.surroundings import Surroundings as EngineSurroundings
from thinkdial.engine.exchange.transport import Transport
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.runs.fanout import fan_out
from thinkdial.engine.runs.jobs import Job, Options, make_jobs
from thinkdial.engine.runs.observer import Silent
from thinkdial.engine.targets.target import select
from thinkdial.profiles.config import load

LIMITS = {2: 1.05, 8: 1.05, 32: 1.15, 200: 1.3}
WAIT_MS = 500
PROFILE = """\
  p{number}:
    {{provider: openai-compatible, model: example-1, base_url: {url}/{wait}/v1, price: {{input: 1, output: 2}}}}
"""


def measure(rounds: int) -> Report:
    """The engine in this process, and the whole command line, whose start and end come on top."""
    progress("fan-out")
    report: Report = []
    with surroundings() as here, loopback_server() as url, TemporaryDirectory() as name:
        for count, limit in LIMITS.items():
            config = Path(name) / f"{count}.yaml"
            profiles = "".join(PROFILE.format(number=number, url=url, wait=WAIT_MS) for number in range(count))
            config.write_text(f"profiles:\n{profiles}", encoding="utf-8")
            engine: list[tuple[float, float]] = []
            process: list[tuple[float, float]] = []
            jobs = _jobs(config, count)
            _engine(jobs)
            _process(here, config, count)
            for _ in range(max(rounds, LEAST_ROUNDS)):
                engine.append(_engine(jobs))
                process.append(_process(here, config, count))
            report.append(_row(f"engine, {count} calls: wall / slowest", engine, Target("T4", "wall", limit)))
            report.append(_row(f"compare --json, {count} profiles: wall / slowest", process))
    return report


def _row(what: str, taken: list[tuple[float, float]], target: Target | None = None) -> Row:
    wall, slowest = median(one for one, _ in taken), median(one for _, one in taken)
    ratio = median(one / other for one, other in taken)
    return Row(what, {"wall": ratio}, target, f"{wall * 1000:.0f} / {slowest * 1000:.0f} ms")


def _jobs(config: Path, count: int) -> list[Job]:
    settings = load(config)
    selections = select([f"p{number}" for number in range(count)], settings)
    return make_jobs(selections, Prompt("Is 91 prime?"), settings, Options())


def _engine(jobs: list[Job]) -> tuple[float, float]:
    """Seconds in all, and of the slowest call."""

    async def run() -> tuple[float, float]:
        began = time.monotonic()
        async with Transport() as transport:
            surroundings = EngineSurroundings(transport)
            done = await fan_out(
                jobs, surroundings=surroundings, observer=Silent(), run_id="r", at=datetime.now(UTC),
                at_once=len(jobs),
            )  # fmt: skip
        wall = time.monotonic() - began
        assert all(result.status == "ok" for result in done.results), done.results[0].error
        return wall, max(result.latency.total_s or 0 for result in done.results)

    return asyncio.run(run())


def _process(here: Surroundings, config: Path, count: int) -> tuple[float, float]:
    chosen = [word for number in range(count) for word in ("-p", f"p{number}")]
    command = [
        *here.thinkdial,
        "compare",
        "Is 91 prime?",
        "--config",
        config,
        "--json",
        "--concurrency",
        str(count),
        *chosen,
    ]
    began = time.monotonic()
    done = subprocess.run(
        command, env=here.environment, cwd=here.directory, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    wall = time.monotonic() - began
    return wall, max(result["latency"]["total_s"] for result in json.loads(done.stdout)["results"])
