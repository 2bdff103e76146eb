"""Limiters and batches as processes: killed in the middle, without room on the disk, and spoken to by others."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.limiter.link import asked_status
from thinkdial.engine.limiter.messages import LimiterStatus
from thinkdial.profiles.settings.limiter_settings import LimiterSettings
from thinkdial.simulator import simulator_in_thread

from .made import KEY

resource = pytest.importorskip("resource")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="unix sockets"),
]

PAGE = Path(__file__).resolve().parents[3] / "docs" / "limiter.md"
ROWS = 150
MOST_BYTES = 64 * 1024

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins a command of ours, and ends what is left of it."""
    with ExitStack() as stack:

        def made(*words: object, home: str = "home", **more: Any) -> subprocess.Popen[str]:
            own = {name: str(tmp_path / home) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
            process = subprocess.Popen(
                [sys.executable, "-m", "thinkdial", *map(str, words)],
                env={**os.environ, **own, "SIM_KEY": KEY}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                **more,
            )  # fmt: skip
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield made


def served(begin: Begin, folder: Path, **more: Any) -> subprocess.Popen[str]:
    limiter = begin("limiter", "serve", f"unix://{folder}/l.sock", "--store", folder / "l.sqlite3", **more)
    assert limiter.stderr is not None and "listens" in limiter.stderr.readline()
    return limiter


def status_of(folder: Path) -> LimiterStatus:
    return asyncio.run(asked_status(LimiterSettings(f"unix://{folder}/l.sock"), {}))


def test_a_limiter_that_is_killed_between_two_batches_loses_no_cent(tmp_path: Path, begin: Begin) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"id": f"r{n}", "prompt": f"question {n}"}) + "\n" for n in range(ROWS)))
    limiter = served(begin, tmp_path)
    with simulator_in_thread() as simulator:
        config = tmp_path / "c.yaml"
        config.write_text(
            f"profiles: {{a: {{provider: anthropic, base_url: '{simulator.base_url}/anthropic', api_key_env: SIM_KEY,"
            f" model: claude-opus-5-5}}}}\nbudget: {{monthly_usd: 100}}\nlimiter: {{url: 'unix://{tmp_path}/l.sock'}}\n"
        )
        outputs = [tmp_path / f"{name}.jsonl" for name in "xy"]
        batches = [
            begin("batch", rows, "-p", "a", "--config", config, "-o", path, "-q", "--concurrency", "2", home=path.stem)
            for path in outputs
        ]
        while min(len(path.read_bytes().splitlines()) if path.exists() else 0 for path in outputs) < 5:
            assert all(one.poll() is None for one in batches), [one.communicate() for one in batches]
        limiter.kill()
        limiter.wait()
        served(begin, tmp_path)
        for one in batches:
            words = one.communicate(timeout=60)[1]
            assert one.returncode == 0 and words.count("is there again") == 1, words
        answered = sum(one.completed for one in simulator.requests)
    results = [json.loads(line) for path in outputs for line in path.read_bytes().splitlines()]
    assert answered == len(results) == 2 * ROWS
    cost = sum((Decimal(one["cost"]["usd"]) for one in results), Decimal(0))
    assert [(one.usd, one.estimated_usd, one.calls) for one in status_of(tmp_path).money] == [(cost, 0, 2 * ROWS)] * 2
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in kept


def test_a_limiter_without_room_on_its_disk_ends_and_says_so(tmp_path: Path, begin: Begin) -> None:
    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))

    limiter = served(begin, tmp_path, preexec_fn=narrow)
    ask = program_in(tmp_path)
    ask.write_text(
        ask.read_text().replace('ask(5, ["bye"])', "for n in range(5, 9999): ask(n, ['spent', 'p', '1']), print(n)")
    )
    asking = subprocess.run(
        [sys.executable, ask, str(tmp_path / "l.sock")], capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert asking.returncode != 0, "what cannot be written down is not answered"
    assert limiter.wait(20) == 2 and limiter.stderr is not None
    words = limiter.stderr.read()
    assert "l.sqlite3: cannot be used" in words and "check the disk" in words and "Traceback" not in words, words
    limiter = served(begin, tmp_path)
    spent = sum(one.usd for one in status_of(tmp_path).money if one.span.startswith("month"))
    answered = len(asking.stdout.splitlines())
    assert answered and spent - Decimal("0.4225") == answered, "what was answered is there, and nothing else"


def test_the_program_of_the_page_runs_as_it_stands(tmp_path: Path, begin: Begin) -> None:
    limiter = served(begin, tmp_path)
    path = program_in(tmp_path)
    path.write_text(path.read_text() + "print(limits, calls)\n")
    done = subprocess.run([sys.executable, path, str(tmp_path / "l.sock")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.endswith(" 1\n"), done.stderr
    month = {one.profile: one for one in status_of(tmp_path).money if one.span.startswith("month")}
    assert (month["my-profile"].usd, month["my-profile"].aside_usd) == (Decimal("0.4225"), 0)
    limiter.terminate()


def program_in(folder: Path) -> Path:
    """The one on the page, for a socket that its first argument names, and a stand-in for the library that it uses."""
    (found,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    made = found.replace('"/home/you/.local/share/thinkdial/limiter.sock"', "__import__('sys').argv[1]")
    assert made != found
    (folder / "msgpack.py").write_text("from msgspec.msgpack import decode as unpackb, encode as packb\n")
    (folder / "page.py").write_text(made)
    return folder / "page.py"
