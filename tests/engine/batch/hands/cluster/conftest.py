"""A provider that writes its bills, a cluster of four nodes, and commands over both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from .nodes import PATIENCE_S, Nodes
from .provider import INPUT_USD, OUTPUT_USD, Provider, serving

NEEDS_RAY = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'thinkdial[ray]'"),
    pytest.mark.skipif(sys.platform != "linux", reason="nodes have addresses 127.0.0.x, and are looked up in /proc"),
]

OWN_KEY = "sk-marked-of-the-command"
MOST_OUTPUT = 40


def node_key(number: int) -> str:
    """The key that node `number` has in its environment: bills say by it who has made a call."""
    return f"sk-marked-of-node-{number}"


class Desk:
    """Where somebody works: a directory with configuration, rows and results, and a home with a history."""

    def __init__(self, directory: Path, provider: Provider) -> None:
        self.directory, self.provider = directory, provider
        self.rows, self.output = directory / "rows.jsonl", directory / "out.jsonl"
        self.config, self.home = directory / "config.yaml", directory / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.commands: list[Command] = []
        self.configure()

    def configure(self, at_once: int = 10, more: str = "", profiles: tuple[str, ...] = ("a", "b")) -> None:
        lines = [
            f"  {name}: {{provider: openai-compatible, base_url: '{self.provider.url}/{name}/v1', model: example-1,"
            f" api_key_env: SIM_KEY, limits: {{concurrency: {at_once}}},"
            f" price: {{input: {INPUT_USD}, output: {OUTPUT_USD}}}, max_output_tokens: {MOST_OUTPUT}}}\n"
            for name in profiles
        ]
        self.config.write_text("profiles:\n" + "".join(lines) + more, encoding="utf-8")

    def write_rows(self, count: int) -> None:
        rows = [{"id": f"r{n}", "prompt": f"question {n}"} for n in range(count)]
        self.rows.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """That of a command: no other key, home or cluster than is said."""
        kept = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("XDG_", "RAY_", "THINKDIAL_", "SIM_KEY"))
        }  # fmt: skip
        return {**kept, "HOME": str(self.home), **more}

    def begin(
        self,
        *arguments: object,
        more: Mapping[str, str],
        key: str | None = OWN_KEY,
        by: tuple[object, ...] = ("--engine", "ray"),
    ) -> Command:
        """`thinkdial batch ROWS -p a -p b --engine ray -o FILE`."""
        words = [
            "batch", self.rows, "-p", "a", "-p", "b", "--config", self.config, *by, "-o", self.output, "--no-stream",
            *arguments,
        ]  # fmt: skip
        self.commands.append(Command(self, words, {**more, **({} if key is None else {"SIM_KEY": key})}))
        return self.commands[-1]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_bytes().splitlines()]

    def answered(self) -> int:
        """How many results are in the output by now."""
        return self.output.read_bytes().count(b"\n") if self.output.exists() else 0

    def spent(self) -> dict[str, Any]:
        """What `thinkdial spend` knows, all profiles together."""
        command = Command(self, ["spend", "--by", "profile", "--json", "--config", self.config], {})
        code, out, err = command.end()
        assert code == 0, err
        return json.loads(out)

    def configure_tool(self) -> None:
        """A tool of the command's own, which says with what it was called, and by which process."""
        code = "import json, os, sys; print(json.load(sys.stdin)['text'], 'for', os.getppid())"
        self.configure(
            more=f'tools:\n  look: {{command: [{sys.executable}, -c, "{code}"], description: Looks it up.,\n'
            "    parameters: {type: object, properties: {text: {type: string}}, required: [text]}}\n"
        )

    def check_rounds(self, rows: int, pid: int) -> int:
        """Each row has been answered in two rounds, whose tool was run by process `pid`. How many calls were lost."""
        lines = self.lines()
        found = sorted((line["profile"], line["row_id"]) for line in lines)
        assert found == sorted((name, f"r{n}") for name in ("a", "b") for n in range(rows))
        for line in lines:
            assert line["status"] == "ok" and len(line["rounds"]) == 2, line
            (ran,) = line["tool_runs"]
            assert ran["name"] == "look" and f"question {line['row_id'][1:]} for {pid}" in json.dumps(ran), ran
        answered = sum((Decimal(line["cost"]["usd"]) for line in lines), Decimal(0))
        spent, lost = self.spent()["total"], sum(line["cost"].get("lost_attempts") or 0 for line in lines)
        assert Decimal(str(spent["usd"])) - Decimal(str(spent["estimated_usd"])) == answered
        assert 0 <= len(self.provider.bills) - 4 * rows <= lost
        if not lost:
            assert answered == self.provider.billed
        return lost

    def check_whole(self, rows: int) -> Counts:
        """Each row has exactly one good result of each profile. What that did cost, here and at the provider."""
        lines = self.lines()
        found = sorted((line["profile"], line["row_id"]) for line in lines)
        assert found == sorted((name, f"r{n}") for name in ("a", "b") for n in range(rows))
        assert all(line["status"] == "ok" for line in lines)
        assert all(line["answer"] == f"answer to question {line['row_id'][1:]}" for line in lines)
        answered = sum((Decimal(line["cost"]["usd"]) for line in lines), Decimal(0))
        lost = sum((Decimal(line["cost"].get("lost_usd") or 0) for line in lines), Decimal(0))
        attempts = sum(line["cost"].get("lost_attempts") or 0 for line in lines)
        return Counts(len(lines), answered, attempts, lost)


class Counts:
    """What lines of the output say: results and their cost, attempts that were lost and what they may have cost."""

    def __init__(self, results: int, usd: Decimal, lost: int, lost_usd: Decimal) -> None:
        self.results, self.usd, self.lost, self.lost_usd = results, usd, lost, lost_usd


class Command:
    """A command of ours as a process."""

    def __init__(self, desk: Desk, words: list[object], more: Mapping[str, str]) -> None:
        self.errors = desk.directory / "errors.txt"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "thinkdial.cli", *map(str, words)],
                stdout=subprocess.PIPE, stderr=errors, text=True, env=desk.environment(more), cwd=desk.directory,
            )  # fmt: skip

    def lives(self) -> bool:
        """Whether it runs; else what it said is shown."""
        assert self.process.poll() is None, self.errors.read_text()[-3000:]
        return True

    def said(self) -> str:
        """Standard error up to now."""
        return self.errors.read_text(encoding="utf-8")

    def end(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        try:
            out, _ = self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
        err = self.said()
        assert "Traceback" not in err and "\x1b" not in err and "(raylet" not in err, err
        return self.process.returncode, out, err

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """Bills, of one module."""
    with serving() as made:
        yield made


@pytest.fixture(scope="module")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What commands work in; one of the nodes has another file system in its place."""
    return tmp_path_factory.mktemp("desks")


@pytest.fixture(scope="module")
def nodes(shared_directory: Path) -> Iterator[Nodes]:
    """Four nodes with a key each, the last one with a file system of its own."""
    made = Nodes(shared_directory)
    try:
        for number in range(1, 5):
            made.begin(key=node_key(number), apart=number == 4)
        yield made
    finally:
        made.close()


@pytest.fixture
def desk(shared_directory: Path, provider: Provider, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk of the test's own, and bills that begin with it."""
    provider.forget()
    provider.delay_s = 0.1
    made = Desk(shared_directory / request.node.name[:40], provider)
    yield made
    for command in made.commands:
        if command.process.poll() is None:
            command.kill()
