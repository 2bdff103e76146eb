"""What jobs at providers cost, in the ledger of a limiter: one budget for them and for all other runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from thinkdial.engine.limiter.link import asked_status
from thinkdial.engine.limiter.messages import MoneyStatus
from thinkdial.profiles.settings.limiter_settings import LimiterSettings

from .conftest import KEY, Bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="unix sockets"),
]

Serve = Callable[[], LimiterSettings]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Begins a limiter, at the same place each time; what it wrote down stays."""
    with ExitStack() as stack:
        running: list[subprocess.Popen[str]] = []

        def begin() -> LimiterSettings:
            for one in running:
                one.kill()
                one.wait()
            url = f"unix://{tmp_path}/l.sock"
            process = subprocess.Popen(
                [sys.executable, "-m", "thinkdial", "limiter", "serve", url, "--store", str(tmp_path / "l.sqlite3")],
                stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stderr is not None and "listens" in process.stderr.readline()
            running.append(process)
            return LimiterSettings(url)

        yield begin


def month(settings: LimiterSettings) -> dict[str, MoneyStatus]:
    status = asyncio.run(asked_status(settings, {}))
    return {one.profile: one for one in status.money if one.span.startswith("month")}


def cost(path: Path) -> Decimal:
    lines = path.read_bytes().splitlines() if path.exists() else []
    return sum((Decimal(json.loads(line)["cost"]["usd"] or 0) for line in lines), Decimal(0))


def test_a_job_is_set_aside_and_billed_once_whoever_dies_in_between(bench: Bench, serve: Serve) -> None:
    limiter = serve()
    bench.write_rows(20)
    shared = ("--limiter", limiter.url)
    assert (ended := bench.submit(*shared)).code == 0, ended.err
    (waiting,) = month(limiter).values()
    assert waiting.usd == 0 and waiting.aside_usd == Decimal(bench.job()["options"]["expected_usd"]["a"]) > 0

    # A run of another machine, whose history knows nothing of the job, finds less. What is held back is not waited for.
    config = bench.directory / "limited.yaml"
    config.write_text(f"{bench.config.read_text()}budget: {{monthly_usd: {waiting.aside_usd + Decimal('0.0001')}}}\n")
    for command, words in (
        (("ask", "how much?", "-p", "a"), "is all that is left"),
        (
            ("batch", bench.rows, "-p", "a", "--via", "provider", "-o", bench.directory / "2"),
            "is set aside for batches",
        ),
    ):
        refused = process(*command, *shared, "--config", config, environment=elsewhere(bench))
        assert refused.returncode == 4 and words in refused.stderr, refused.stderr
    assert len(bench.simulator.batches) == 1 and len(month(limiter)) == 1

    serve()  # killed, and there again
    assert month(limiter)["a"].aside_usd == waiting.aside_usd
    assert bench.wait().code == 0
    for _ in range(2):  # it knows its limiter, and a bill that is told again is the same bill
        assert bench.collect().code == 0
        billed = month(limiter)["a"]
        assert (billed.usd, billed.aside_usd, billed.calls) == (cost(bench.output), 0, 20)


def test_without_its_limiter_nothing_is_submitted_and_what_came_is_told_later(bench: Bench, serve: Serve) -> None:
    bench.write_rows(3)
    absent = bench.submit("--limiter", f"unix://{bench.directory}/l.sock")
    assert absent.code == 2 and "cannot be reached" in absent.err and not bench.simulator.batches
    limiter = serve()
    assert bench.submit("--limiter", limiter.url).code == 0 and bench.wait().code == 0
    socket = Path(limiter.url.removeprefix("unix://"))
    socket.rename(hidden := socket.with_name("hidden"))
    ended = bench.collect()
    assert ended.code == 0 and len(bench.results()) == 3, "what was paid for is written all the same"
    assert "does not know yet what batch" in ended.err and month_is_waiting(hidden)
    hidden.rename(socket)
    assert bench.collect().code == 0
    assert month(limiter)["a"].usd == cost(bench.output) and month(limiter)["a"].aside_usd == 0


def test_cancelled_rows_and_what_nobody_took_free_what_was_set_aside(bench: Bench, serve: Serve) -> None:
    limiter = serve()
    bench.write_rows(5)
    assert bench.submit("--limiter", limiter.url).code == 0
    assert month(limiter)["a"].aside_usd > 0
    assert bench.run("batch", "cancel").code == 0 and bench.wait().code == 0
    bench.collect()
    assert month(limiter).get("a") is None or month(limiter)["a"].aside_usd == 0


def test_one_budget_over_processes_shards_machines_and_provider_batches(bench: Bench, serve: Serve) -> None:
    """Five runs at once, each with a history of its own, as on five machines: all together keep one monthly budget."""
    limiter, most = serve(), Decimal("0.60")
    config = bench.directory / "limited.yaml"
    config.write_text(f"{bench.config.read_text()}budget: {{monthly_usd: {most}}}\nlimiter: {{url: '{limiter.url}'}}\n")
    bench.write_rows(60, max_output=2000)
    live = ("--concurrency", "4")
    runs = {
        "plain": live, "processes": ("--processes", "2", *live), "one": ("--shard", "1/2", *live),
        "two": ("--shard", "2/2", *live), "provider": ("--via", "provider", "--wait", "--poll", "0.05"),
    }  # fmt: skip
    outputs = {name: bench.directory / f"{name}.jsonl" for name in runs}
    with ExitStack() as stack:
        begun: dict[str, subprocess.Popen[str]] = {}
        for name, more in runs.items():
            command = ("batch", bench.rows, "-p", "a", "-o", outputs[name], "--config", config, *more)
            begun[name] = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "thinkdial", *map(str, command)],
                    env=elsewhere(bench, name),
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        ended = {name: (one.communicate(timeout=120)[1], one.returncode) for name, one in begun.items()}
    codes = {name: code for name, (_, code) in ended.items()}
    assert set(codes.values()) <= {0, 4} and 4 in codes.values(), ended
    written = {name: cost(path) for name, path in outputs.items()}
    assert most / 2 < sum(written.values(), Decimal(0)) <= most, (written, codes)
    booked = month(limiter)["a"]
    assert booked.usd == sum(written.values(), Decimal(0)) and booked.aside_usd == 0, (booked, written)
    answered = sum(one.completed for one in bench.simulator.requests if one.path.endswith("/v1/messages"))
    told = sum(len(path.read_bytes().splitlines()) for name, path in outputs.items() if name != "provider")
    assert answered == told, "nothing was billed that no output has"


def month_is_waiting(socket: Path) -> bool:
    return month(LimiterSettings(f"unix://{socket}"))["a"].aside_usd > 0


def elsewhere(bench: Bench, name: str = "elsewhere") -> dict[str, str]:
    """The environment of another machine: nothing of this one's history is there."""
    home = bench.directory / f"home-{name}"
    home.mkdir(exist_ok=True)
    own = {place: str(home) for place in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    return {**os.environ, **own, "SIM_KEY": KEY}


def process(*arguments: object, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "thinkdial", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
