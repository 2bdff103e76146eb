"""T9: what the live view costs while four columns stream, and that the length of the text does not matter."""

from __future__ import annotations

import os
import time
from statistics import median

from measure import LEAST_ROUNDS, Fact, Report, Row, Target, progress, timed
from rich.console import Console

from thinkdial.cli.views.streams.live import LiveCompare
from thinkdial.providers.schema import AnswerDelta, ReasoningDelta

COLUMNS = 4
SECONDS = 2.0
PIECES_PER_SECOND = 100
SHORT, LONG = 10_000, 5_000_000
PIECE = " considerably"
PROSE = "The number ninety-one is seven times thirteen, and so it is not prime. " * 3 + "\n\n"


def measure(rounds: int) -> Report:
    """Seconds of CPU for each second on a terminal of 160 x 48, drawn ten times a second as in real use."""
    progress("live view")
    short: list[float] = []
    long: list[float] = []
    for _ in range(max(rounds, LEAST_ROUNDS)):
        short.append(_cpu_per_second(SHORT))
        long.append(_cpu_per_second(LONG))
    share = median(short)
    return [
        Row(f"four columns, {SHORT // 1000} KB shown each: CPU / time", {"cpu": share}, Target("T9", "cpu", 0.25)),
        Row(
            f"four columns, {LONG // 1000} KB shown each: CPU / time", {"cpu": median(long)}, Target("T9", "cpu", 0.25)
        ),
        Row(
            "the long text / the short one",
            {"cpu": median(one / other for one, other in zip(long, short, strict=True))},
            Target("T9", "cpu", 1.2),
        ),
        Fact("of it: taking the pieces, without drawing", None, f"{_feeding_alone():.3f} CPU / time"),
    ]


def _view(file: object) -> LiveCompare:
    console = Console(
        file=file,  # type: ignore[arg-type]
        width=160,
        height=48,
        force_terminal=True,
        color_system="standard",
        _environ={"TERM": "xterm"},
    )
    return LiveCompare(console, [f"column {number}" for number in range(COLUMNS)])


def _feed(view: LiveCompare, size: int) -> None:
    for column in range(COLUMNS):
        view.started(column, 1)
        for _ in range(size // len(PROSE) // 2):
            view.delta(column, ReasoningDelta(PROSE))
        for _ in range(size // len(PROSE) // 2):
            view.delta(column, AnswerDelta(PROSE))


def _cpu_per_second(size: int) -> float:
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 os.devnull is no path
        view = _view(nowhere)
        _feed(view, size)
        with view:
            return _stream(view)


def _stream(view: LiveCompare) -> float:
    began, cpu, number = time.monotonic(), time.process_time(), 0
    while (passed := time.monotonic() - began) < SECONDS:
        while number < passed * PIECES_PER_SECOND:
            for column in range(COLUMNS):
                view.delta(column, AnswerDelta(PIECE if number % 40 else ".\n\n"))
            number += 1
        time.sleep(1 / PIECES_PER_SECOND)
    return (time.process_time() - cpu) / passed


def _feeding_alone() -> float:
    """The same pieces with no view to draw them."""
    view = _view(None)
    for column in range(COLUMNS):
        view.started(column, 1)
    return timed(lambda: _stream(view)).cpu_s / SECONDS
