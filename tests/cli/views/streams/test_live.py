"""The live view under a fake clock: states, bounds, sizes; no terminal needed."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from thinkdial.cli.views.streams.live import LiveCompare
from thinkdial.engine.results.result import Result
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import AnswerDelta, AnswerWasReasoning, Complete, ReasoningDelta, ReasoningWithheld

from ....cases import each

Make = Callable[..., Result]
BUSY = Failure("rate_limit", "slow down", 429, True)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def view(clock: Clock, *titles: str, width: int = 80, height: int = 24) -> LiveCompare:
    console = Console(
        file=StringIO(), width=width, height=height, force_terminal=True, color_system=None, _environ={"TERM": "xterm"}
    )
    return LiveCompare(console, titles, clock=clock)


def frame(live: LiveCompare, width: int = 80, height: int = 24) -> list[str]:
    lines = ["".join(text for text, _ in line) for line in live.frame(width, height)]
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_a_target_goes_through_its_states(clock: Clock, result: Make) -> None:
    live = view(clock, "claude")
    assert frame(live)[1] == "· queued"
    live.started(0, 1)
    clock.now += 1.25
    head, state, *_ = frame(live)
    assert head.split() == ["claude", "1.2", "s"] and state.endswith(" waiting") and state[0] in "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    live.delta(0, ReasoningWithheld("hidden"))
    assert frame(live)[1].endswith(" thinking")
    live.delta(0, ReasoningDelta("let me see"))
    assert frame(live)[1].split() == ["⠹", "thinking", "~2", "tok"] and frame(live)[2] == "┊ let me see"
    live.delta(0, AnswerDelta("It is 42"))
    assert frame(live)[1].split()[1:] == ["answering", "~4", "tok"] and frame(live)[2:4] == ["┊ let me see", "It is 42"]
    live.delta(0, Complete())
    live.finished(0, result())
    clock.now += 100
    assert frame(live)[0].split() == ["claude", "1.2", "s"]
    assert frame(live)[1].split() == ["✓", "done", "348", "tok", "·", "$0.00706"]


def test_a_retry_counts_down_and_starts_from_nothing(clock: Clock) -> None:
    live = view(clock, "claude")
    live.started(0, 1)
    live.delta(0, AnswerDelta("half an ans"))
    live.waiting(0, 3.0, BUSY)
    assert frame(live)[1].split("  ")[0] == "↻ retrying in 3 s (rate limit)"
    clock.now += 2.5
    assert frame(live)[1].split("  ")[0] == "↻ retrying in 1 s (rate limit)"
    clock.now += 9
    assert frame(live)[1].split("  ")[0] == "↻ retrying in 0 s (rate limit)"
    live.started(0, 2)
    assert frame(live)[1].endswith(" waiting, attempt 2")
    assert "half" not in "".join(frame(live))
    assert frame(live)[0].split() == ["claude", "11.5", "s"]


def test_failures_are_words(clock: Clock, result: Make) -> None:
    live = view(clock, "a", "b")
    live.started(0, 1)
    live.finished(0, result(status="error", error=BUSY))
    text = "\n".join(frame(live))
    assert "✗ rate limit (429)" in text and "rate limit (429): slow down." in text
    assert "1 of 2 done" in text


def test_an_answer_that_was_reasoning_moves(clock: Clock) -> None:
    live = view(clock, "a")
    live.started(0, 1)
    live.delta(0, AnswerDelta("hmm"))
    live.delta(0, AnswerWasReasoning())
    assert "┊ hmm" in frame(live) and frame(live)[1].endswith(" thinking")


@each("height", [1, 2, 3, 5, 9, 10, 24, 60])
@each("width", [1, 10, 40, 80, 160])
@each("count", [1, 2, 3, 4, 8, 30])
def test_it_fits_every_window(clock: Clock, result: Make, width: int, height: int, count: int) -> None:
    live = view(clock, *(f"a rather long title {n}" for n in range(count)))
    for index in range(count - 1):
        live.started(index, 1)
        live.delta(index, ReasoningDelta("漢字 and words " * 200))
        live.delta(index, AnswerDelta("answer\n\n" * 50 + "x" * 500 + " 👩‍💻"))
    live.waiting(0, 2, BUSY)
    live.finished(count // 2, result(status="error", error=BUSY))
    assert frame(live, width, height)


def test_when_more_than_fit_those_at_work_are_shown(clock: Clock, result: Make) -> None:
    live = view(clock, *(f"target{n}" for n in range(20)))
    for index in range(12):
        live.started(index, 1)
    for index in range(6):
        live.finished(index, result())
    lines = frame(live, 80, 8)
    assert [line.split()[1] for line in lines[:6]] == [f"target{n}" for n in range(6, 12)]
    assert lines[6] == "  and 14 more" and lines[7].startswith("6 of 20 done")


def test_columns_then_lines(clock: Clock) -> None:
    live = view(clock, *(f"t{n}" for n in range(8)))
    assert frame(live, 160, 44)[0].count("│") == 3
    lines = frame(live, 80, 12)
    assert len(lines) == 9 and all("queued" in line for line in lines[:8])


def test_model_text_is_harmless(clock: Clock) -> None:
    live = view(clock, "\x1b[31mname[bold]")
    live.started(0, 1)
    live.delta(0, ReasoningDelta("\x1b[2J[bold red]x[/]"))
    live.delta(0, AnswerDelta("\x9b31m\u202eabc\r"))
    for size in ((80, 24), (80, 2)):
        text = "\n".join(frame(live, *size))
        assert not set(text) & set("\x1b\x9b\u202e\r")
    assert "␛[2J[bold red]x[/]" in "\n".join(frame(live)) and "␛[31mname[bold]" in frame(live)[0]


def test_it_keeps_little_of_a_long_text(clock: Clock) -> None:
    live = view(clock, "a")
    live.started(0, 1)
    for number in range(20_000):
        live.delta(0, AnswerDelta(f"word{number} "))
        if number % 500 == 0:
            frame(live)
    assert "word19999" in "\n".join(frame(live))
    assert "word19999" in "\n".join(frame(live, 33, 12))
    target = live.targets[0]
    assert sum(len(str(getattr(target.answer, name))) for name in ("_text", "_pending", "_open")) < 20_000


def test_on_a_terminal_it_draws_and_leaves_nothing(clock: Clock, result: Make) -> None:
    live = view(clock, "claude", "gpt")
    with live:
        live.started(0, 1)
        live.delta(0, AnswerDelta("hello"))
        live.finished(0, result())
    out = live.console.file.getvalue()  # type: ignore[attr-defined]
    assert "claude" in out and "42" in out
    last = out.rsplit("Ctrl-C", 1)[1]
    assert last.count("\x1b[1A\x1b[2K") == 5  # every line of the last picture is taken back
    assert "\x1b[?25h" in out  # the cursor is back


def test_elsewhere_it_is_silent(clock: Clock) -> None:
    console = Console(file=StringIO(), force_terminal=False, _environ={})
    with pytest.raises(KeyboardInterrupt), LiveCompare(console, ["a"], clock=clock) as live:
        live.started(0, 1)
        raise KeyboardInterrupt
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


def test_ascii_terminals_get_an_ascii_spinner(clock: Clock) -> None:
    live = view(clock, "a")
    live.started(0, 1)
    lines = ["".join(text for text, _ in line) for line in live.frame(80, 24, ascii_only=True)]
    assert lines[1][0] in "|/-\\"


def test_samples_of_a_cell_share_a_column(clock: Clock, result: Make) -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system=None, _environ={"TERM": "xterm"})
    titles = [name for name in ("claude", "gpt") for _ in range(3)]
    live = LiveCompare(console, titles, clock=clock, cells=[0, 0, 0, 1, 1, 1])
    assert frame(live)[1].count("0 of 3 done") == 2 and "\n".join(frame(live)).count("claude") == 1
    for index in range(6):
        live.started(index, 1)
    live.delta(1, AnswerDelta("the second one speaks"))
    live.finished(0, result("claude", repeat=1))
    shown = "\n".join(frame(live))
    assert "1 of 3 done · answering" in shown and "the second one speaks" in shown and "0 of 3 done · waiting" in shown
    assert "1 of 6 done" in shown
    live.finished(1, result("claude", repeat=2))
    live.finished(2, result("claude", repeat=3, status="error", error=Failure("server", "no")))
    shown = "\n".join(frame(live))
    assert "3 of 3 done, 1 not whole" in shown and "0 of 3 done · waiting" in shown
    assert any("3 of 3 done" in line for line in frame(live, 40, 4))


def test_a_column_shows_markdown_rendered_and_of_a_whole_answer_its_beginning(clock: Clock, result: Make) -> None:
    live = view(clock, "claude")
    live.started(0, 1)
    live.delta(0, AnswerDelta("some **bold** words"))
    assert "some bold words" in frame(live)
    live.finished(0, result(answer="# The beginning\n\n" + "\n\n".join(f"paragraph {n}" for n in range(80))))
    shown = "\n".join(frame(live))
    assert "The beginning" in shown and "paragraph 79" not in shown
    assert "348 tok · $0.00706" in shown


def test_a_window_that_became_narrower_is_cleared_of_folded_rows(clock: Clock) -> None:
    live = view(clock, "claude", "gpt")
    with live:
        live.console.width = 40
        before = len(live.console.file.getvalue())  # type: ignore[attr-defined]
    after = live.console.file.getvalue()[before:]  # type: ignore[attr-defined]
    assert after.count("\x1b[1A") >= 8  # five lines, of which the full ones took two rows each
