"""What streaming costs beside the script that one writes for it: the delay of a piece, the first text, and CPU."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from measure import LEAST_ROUNDS, Report, Row, Spent, Target, compare, in_turns, progress, run_child
from server import loopback_server
from streams import REASONING_SHARE, STREAMS
from surroundings import Surroundings, surroundings

HERE = Path(__file__).resolve().parent
PACED_WORDS, FEW_WORDS, MANY_WORDS = 120, 20, 1000
ANSWER_WORDS = int(PACED_WORDS * (1 - REASONING_SHARE))
LARGE_BYTES = 10_000_000
MOST_DELAY, MOST_FIRST, MOST_CPU, MOST_LARGE = 1.1, 1.35, 1.1, 1.5
_SENT_AT = re.compile(rb"(?<![\d.])\d+\.\d{6}")
PROVIDERS: Mapping[str, str] = {
    "openai-chat": "openai",
    "openai-responses": "openai",
    "anthropic-messages": "anthropic",
    "gemini-generate": "google",
}
PROFILE = """\
  {name}:
    {{provider: {provider}, dialect: {dialect}, model: example-1, base_url: {url}, price: {{input: 1, output: 2}}}}
"""
KEYS = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"), "sk-loopback")


class Sides:
    """The commands of both sides, for each dialect and way of streaming."""

    def __init__(self, here: Surroundings, url: str) -> None:
        self.here, self._url = here, url
        self.environment = {**here.environment, **KEYS, "TERM": "xterm-256color"}
        self._config = here.directory / "profiles.yaml"
        large = {name: LARGE_BYTES * MANY_WORDS // len(make(MANY_WORDS)) for name, make in STREAMS.items()}
        self.ways = {
            "paced": dict.fromkeys(STREAMS, PACED_WORDS),
            "few": dict.fromkeys(STREAMS, FEW_WORDS),
            "many": dict.fromkeys(STREAMS, MANY_WORDS),
            "large": large,
        }
        lines = (
            PROFILE.format(
                name=f"{way}-{dialect}", provider=PROVIDERS[dialect], dialect=dialect, url=self._address(way, dialect)
            )
            for way in self.ways
            for dialect in STREAMS
        )
        self._config.write_text("profiles:\n" + "".join(lines), encoding="utf-8")

    def _address(self, way: str, dialect: str) -> str:
        return f"{self._url}/0/{'paced' if way == 'paced' else 'whole'}/{dialect}/{self.ways[way][dialect]}"

    def ours(self, way: str, dialect: str) -> list[str | Path]:
        return [*self.here.thinkdial, "ask", "Is 91 prime?", "-p", f"{way}-{dialect}", "--config", self._config]

    def bare(self, way: str, dialect: str, *more: str) -> list[str | Path]:
        return [self.here.python, HERE / "bare_stream.py", self._address(way, dialect) + "/x", dialect, *more]

    def spent(self, command: list[str | Path]) -> Spent:
        return run_child(command, self.environment, self.here.directory)


def measure(rounds: int) -> Report:
    """Each dialect by itself; delays on a pipe and on a terminal."""
    rounds = max(rounds, LEAST_ROUNDS)
    report: Report = []
    with surroundings() as here, loopback_server() as url:
        sides = Sides(here, url)
        for dialect in STREAMS:
            for where, watch in (("pipe", _on_a_pipe), ("terminal", _on_a_terminal)):
                progress(f"streaming: delay, {dialect}, {where}")
                report.append(_delays(sides, dialect, where, watch, rounds))
        for dialect in STREAMS:
            progress(f"streaming: first text, {dialect}")
            report.append(_first_text(sides, dialect, rounds))
        for way, words, most in (("many", f"{MANY_WORDS:,} tokens", MOST_CPU), ("large", "10 MB", MOST_LARGE)):
            for dialect in STREAMS:
                progress(f"streaming: {words}, {dialect}")
                ours, bare = sides.ours(way, dialect), sides.bare(way, dialect)
                spent = in_turns(
                    {"ours": lambda ours=ours: sides.spent(ours), "bare": lambda bare=bare: sides.spent(bare)}, rounds
                )
                target = Target("stream", "cpu", most)
                report.append(compare(f"{words}, {dialect}: ask / script", spent["ours"], spent["bare"], target))
    return report


Watch = Callable[[list[str | Path], Sides], list[float]]


def _delays(sides: Sides, dialect: str, where: str, watch: Watch, rounds: int) -> Row:
    ours, bare = sides.ours("paced", dialect), sides.bare("paced", dialect, "flush")
    ratios: list[float] = []
    medians: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        both = [median(watch(command, sides)) for command in (ours, bare)]
        if number:
            ratios.append(both[0] / both[1])
            medians[0].append(both[0])
            medians[1].append(both[1])
    detail = f"{median(medians[0]) * 1000:.2f} / {median(medians[1]) * 1000:.2f} ms"
    return _row(f"delay of a piece, {dialect}, {where}: ask / script", "delay", ratios, MOST_DELAY, detail)


def _first_text(sides: Sides, dialect: str, rounds: int) -> Row:
    ours, bare = sides.ours("few", dialect), sides.bare("few", dialect, "flush")
    taken = [[_until_text(command, sides) for command in (ours, bare)] for _ in range(rounds + 1)][1:]
    detail = " / ".join(f"{median(one[side] for one in taken) * 1000:.0f}" for side in (0, 1))
    ratios = [mine / its for mine, its in taken]
    return _row(f"first text after the start, {dialect}: ask / script", "wall", ratios, MOST_FIRST, f"{detail} ms")


def _row(what: str, name: str, ratios: list[float], most: float, detail: str) -> Row:
    spread = {name: (min(ratios), max(ratios))}
    return Row(what, {name: median(ratios)}, Target("stream", name, most), detail, spread)


def _until_text(command: list[str | Path], sides: Sides) -> float:
    began = time.monotonic()
    with _child(command, sides, subprocess.PIPE, subprocess.DEVNULL) as child:
        assert child.stdout is not None
        os.read(child.stdout.fileno(), 1)
        first = time.monotonic() - began
        child.stdout.read()
    return first


def _on_a_pipe(command: list[str | Path], sides: Sides) -> list[float]:
    with _child(command, sides, subprocess.PIPE, subprocess.DEVNULL) as child:
        assert child.stdout is not None
        return _watched(child.stdout.fileno())


def _on_a_terminal(command: list[str | Path], sides: Sides) -> list[float]:
    ours, theirs = pty.openpty()
    try:
        with _child(command, sides, theirs, theirs):
            os.close(theirs)
            return _watched(ours)
    finally:
        os.close(ours)


def _child(command: list[str | Path], sides: Sides, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    words = [str(word) for word in command]
    return subprocess.Popen(
        words, env=sides.environment, cwd=sides.here.directory, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
    )


def _watched(output: int) -> list[float]:
    """How long after it was sent each word of the answer was seen for the first time."""
    seen: dict[bytes, float] = {}
    rest = b""
    while True:
        try:
            data = os.read(output, 65536)
        except OSError:  # the last one has left the terminal
            data = b""
        now = time.monotonic()
        if not data:
            break
        rest += data
        for word in _SENT_AT.findall(rest):
            seen.setdefault(word, now - float(word))
        rest = rest[rest.rfind(b" ") + 1 :]
    return list(seen.values())[-ANSWER_WORDS:]  # on a terminal reasoning was seen before it
