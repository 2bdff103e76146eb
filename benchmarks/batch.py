"""T6 and T7: `thinkdial batch` as a whole command, against the loops that people write with a client library.

Each side runs twice in a round, over few rows and over many: the difference is what requests cost, without the start.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import peers
from batch_clients import CLIENTS
from measure import Report, Row, Spent, Taken, Target, progress, run_child
from server import loopback_server
from surroundings import Surroundings, surroundings

HERE = Path(__file__).resolve().parent
FEW = 20
ROWS = {
    "thinkdial": 3000,
    "table": 3000,
    "progress": 3000,
    "httpx2": 2000,
    "aiohttp": 4000,
    "openai": 600,
    "litellm": 150,
    "sockets": 8000,
}
LEANEST = "aiohttp+uvloop+orjson"
"""The least that a batch of whole bodies takes with an HTTP client: what it is held against."""

LIMIT = "sockets+uvloop+orjson"
"""What this machine can do: a client that knows no HTTP but that of the server it asks."""

PROGRESS = "progress"
"""Our side once more, with its progress drawn on a terminal."""

STREAMED_ROWS = {name: rows // 3 for name, rows in ROWS.items()}
EVENTS = 50
PROFILES = """\
profiles:
  thinkdial: {{provider: openai-compatible, model: example-1, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
  table: {{provider: openai, dialect: openai-chat, model: gpt-6-luna, base_url: {url}/0/v1}}
  streamed: {{provider: openai-compatible, model: example-1, base_url: {url}/0/{events}/v1,
    price: {{input: 1, output: 2}}}}
"""
TARGETS = {
    (64, False): {"openai": 5.0, "httpx2": 1.5},
    (64, True): {"openai": 3.0},
}


@dataclass(frozen=True)
class Scene:
    """Where and how all sides of one comparison run."""

    here: Surroundings
    url: str
    config: Path
    at_once: int
    streamed: bool

    def command(self, name: str, rows: Path, output: Path) -> list[str | Path]:
        if name.partition("+")[0] in CLIENTS:
            url = f"{self.url}/0/{EVENTS}/v1" if self.streamed else f"{self.url}/0/v1"
            python = peers.interpreter(name) if name in peers.REQUIREMENTS else self.here.python
            script: list[str | Path] = [python, HERE / "batch_clients.py", name, url, rows, output, str(self.at_once)]
            return [*script, "stream"] if self.streamed else script
        whole = "thinkdial" if name == PROGRESS else name
        profile, mode = ("streamed", "--stream") if self.streamed else (whole, "--no-stream")
        options = ["--config", self.config, "--concurrency", str(self.at_once), "--no-history"]
        how = [] if self.streamed else [mode]
        command = [*self.here.thinkdial, "batch", rows, "-p", profile, *how, "-o", output, *options]
        return [self.here.python, HERE / "on_terminal.py", *command] if name == PROGRESS else [*command, "-q"]

    def per_request(self, name: str) -> Spent:
        """What one request takes."""
        many = (STREAMED_ROWS if self.streamed else ROWS)[name.partition("+")[0]]
        few_spent, many_spent = self._run(name, FEW), self._run(name, many)
        count = many - FEW
        return Spent((many_spent.wall_s - few_spent.wall_s) / count, (many_spent.cpu_s - few_spent.cpu_s) / count)

    def _run(self, name: str, count: int) -> Spent:
        rows, output = self.here.directory / f"rows-{count}.jsonl", self.here.directory / "out.jsonl"
        if not rows.exists():
            write_rows(rows, count)
        output.unlink(missing_ok=True)
        spent = run_child(self.command(name, rows, output), self.here.environment, self.here.directory)
        with output.open("rb") as lines:
            written = sum(1 for _ in lines)
        if written != count:
            raise RuntimeError(f"{name} wrote {written} lines for {count} rows")
        return spent


def write_rows(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            prompt = f"Is {number} prime? Answer with yes or no, and say why in one sentence."
            file.write(json.dumps({"id": f"row-{number}", "prompt": prompt, "topic": "primes"}) + "\n")


def measure(rounds: int) -> Report:
    """Whole bodies of 2 KB at three concurrencies, and streams of 50 events."""
    report: Report = []
    with surroundings() as here, loopback_server() as url:
        here = Surroundings(
            here.python, here.launcher, here.directory, {**here.environment, "OPENAI_API_KEY": "sk-loopback"}
        )
        config = here.directory / "profiles.yaml"
        config.write_text(PROFILES.format(url=url, events=EVENTS), encoding="utf-8")
        missing = {name: line for name in CLIENTS if name in peers.REQUIREMENTS and (line := peers.absent(name))}
        report += missing.values()
        others = [name for name in CLIENTS if name not in missing and name != "sockets"]
        for at_once, streamed in ((64, False), (64, True), (16, False), (256, False)):
            scene = Scene(here, url, config, at_once, streamed)
            mine = ["thinkdial"] if streamed or at_once != 64 else ["thinkdial", "table", PROGRESS]
            least = [] if streamed else [LEANEST, LIMIT]
            report += _compared(scene, [*mine, *others, *least], rounds)
    return report


def _compared(scene: Scene, names: Sequence[str], rounds: int) -> Report:
    what = f"{'streams' if scene.streamed else 'whole bodies'}, {scene.at_once} at once"
    spent: dict[str, list[Spent]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 else reversed(names):
            progress(f"batch: {what}, round {number + 1}, {name}")
            spent[name].append(scene.per_request(name))
    taken = {name: Taken(rounds) for name, rounds in spent.items()}
    targets: Mapping[str, float] = TARGETS.get((scene.at_once, scene.streamed), {})
    ours = taken.pop("thinkdial")
    report: Report = []
    for name, other in taken.items():
        measured = {"rate": other.wall_ratios(ours), "cpu": other.cpu_ratios(ours)}
        mission = "T7" if scene.streamed else "T6"
        target = Target(mission, "rate", targets[name], at_least=True) if name in targets else None
        if name == PROGRESS:
            target = Target(mission, "cpu", 1.15)
        if name == ("aiohttp" if scene.streamed else LEANEST):
            measured["ours/bare cpu"] = ours.cpu_ratios(other)
            target = Target(mission, "ours/bare cpu", 1.3 if scene.streamed else 2.0)
        ratios = {ratio: median(values) for ratio, values in measured.items()}
        spread = {ratio: (min(values), max(values)) for ratio, values in measured.items()}
        report.append(Row(f"{what}: {_label(name)} / thinkdial", ratios, target, _detail(other, ours), spread))
    return report


def _label(name: str) -> str:
    labels = {
        "openai": "AsyncOpenAI",
        "httpx2": "bare httpx2",
        "aiohttp": "bare aiohttp",
        LEANEST: "bare aiohttp with uvloop and orjson",
        LIMIT: "nothing but sockets, uvloop and orjson",
        "table": "priced by table",
        PROGRESS: "progress on a terminal",
    }
    return labels.get(name, name)


def _detail(other: Taken, mine: Taken) -> str:
    def words(taken: Taken) -> str:
        return f"{1 / taken.wall_s:.0f}/s {taken.cpu_s * 1000:.2f} ms CPU"

    return f"{words(other)} | ours {words(mine)}"
