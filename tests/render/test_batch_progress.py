"""What is seen of a running batch: its figures, the display at several widths, the lines elsewhere, the bad rows."""

from __future__ import annotations

import sys
from collections import Counter
from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper
from types import SimpleNamespace
from typing import Any

import pytest

from thinkdial.cli.commands.batch.progress_of_input import HowFar
from thinkdial.cli.views.batch import progress as batch_progress
from thinkdial.cli.views.batch.figures import Board, compact, span
from thinkdial.cli.views.batch.live import Picture
from thinkdial.cli.views.batch.progress import BAD_ROWS_SHOWN, Display, Lines, Reporter, watcher_for
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.batch.rows.rows import BadRow
from thinkdial.providers.errors import Failure

HOSTILE = "evil\x1b[2J\u202e\nname"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def lane(name: str = "a", **changes: Any) -> Any:
    pace = {"at_once": 8, "learned": {"rpm": None, "tpm": None}, "held_until": None, "broken": None}
    return SimpleNamespace(
        name=name,
        waiting=changes.pop("waiting", 5),
        in_flight=set(range(changes.pop("in_flight", 2))),
        ended=changes.pop("ended", False),
        pace=SimpleNamespace(**{**pace, **changes}),
    )


def batch(*lanes: Any, **changes: Any) -> Any:
    """A batch that has been asked for 100 results of each lane."""
    whole: dict[str, Any] = {
        "lanes": {one.name: one for one in lanes},
        "asked": Counter({one.name: 100 for one in lanes}),
        "skipped": Counter[str](),
        "reading_done": True,
        "stopping": False,
        "ended": SimpleNamespace(bad_rows=0, tally=Tally()),
        "surroundings": SimpleNamespace(clock=Clock()),
    }
    return SimpleNamespace(**{**whole, **changes})


def result(status: str = "ok", usd: str | None = "0.01", tokens: int | None = 50) -> Any:
    return SimpleNamespace(
        status=status,
        attempts=1,
        usage=SimpleNamespace(input_tokens=10, output_tokens=tokens),
        cost=SimpleNamespace(usd=None if usd is None else Decimal(usd)),
    )


def at(running: Any, seconds: float) -> None:
    running.surroundings.clock.now = 100.0 + seconds


def text(running: Any, board: Board, width: int, height: int = 40, **options: Any) -> list[str]:
    return ["".join(piece for piece, _ in line) for line in Picture(running, board).frame(width, height, **options)]


def test_counts_rate_and_time_left() -> None:
    one = lane()
    running = batch(one, skipped=Counter(a=20))
    running.ended.tally.tried_again("a", "rate_limit")
    running.ended.tally.tried_again("other", "rate_limit")
    board = Board(running)
    for _ in range(15):
        board.add(one, result())
    board.add(one, result("error", None, None))
    at(running, 4)
    (figures,) = board.figures()
    assert (figures.progress, figures.percent, figures.speed, figures.left) == ("36 of 100", "36 %", "4.0/s", "16 s")
    assert (figures.failed, figures.retries, figures.tokens, figures.money) == (1, 1, 900, "$0.1500")


def test_the_rate_is_that_of_late() -> None:
    one = lane()
    running = batch(one, asked=Counter(a=10_000))
    board = Board(running)
    for second in range(120):
        at(running, second)
        for _ in range(2 if second < 60 else 20):
            board.add(one, result())
        figures = board.figures()[0]
    assert figures.rate == pytest.approx(20, rel=0.05)


def test_a_slow_profile_is_told_by_the_minute() -> None:
    one = lane()
    running = batch(one)
    board = Board(running)
    board.add(one, result())
    assert board.figures()[0].speed == "–"
    at(running, 120)
    assert board.figures()[0].speed == "0.5/min"


def test_the_total_is_unknown_or_guessed_until_all_is_read() -> None:
    running = batch(lane(), reading_done=False)
    assert Board(running).figures()[0].progress == "0"
    guessed = Board(running, lambda: 0.25).figures()[0]
    assert (guessed.progress, guessed.share) == ("0 of ~400", 0.0)
    running.reading_done = True
    assert Board(running, lambda: 0.25).figures()[0].progress == "0 of 100"


def test_unknown_costs_and_tokens_are_not_zero() -> None:
    one = lane()
    running = batch(one)
    board = Board(running)
    board.add(one, result(usd=None, tokens=None))
    assert (board.figures()[0].money, board.figures()[0].tokens) == ("–", None)
    board.add(one, result(usd="2"))
    assert board.figures()[0].money == "≥$2.00"


@pytest.mark.parametrize(
    ("changes", "stopping", "words"),
    [
        ({}, False, "running"),
        ({"held_until": 112.0}, False, "held for 12 s"),
        ({"held_until": 99.0}, False, "running"),
        ({"waiting": 0, "in_flight": 0}, False, "waiting for rows"),
        ({"waiting": 0, "in_flight": 0, "ended": True}, False, "done"),
        ({"ended": True}, False, "running"),
        ({}, True, "finishing 2"),
        ({"in_flight": 0}, True, "stopped"),
        ({"broken": Failure("auth", "no")}, False, "given up: key not accepted"),
    ],
)
def test_a_state_in_words(changes: dict[str, Any], stopping: bool, words: str) -> None:
    running = batch(lane(**changes), stopping=stopping)
    assert Board(running).figures()[0].state == words


def test_what_is_given_up_is_not_waited_for() -> None:
    good, bad = lane("good"), lane("bad", broken=Failure("quota", "empty"))
    running = batch(good, bad)
    board = Board(running)
    for _ in range(20):
        board.add(good, result())
    board.add(bad, result("error"))
    at(running, 10)
    every = board.together(board.figures())
    assert (every.progress, every.left) == ("21 of 101", "40 s")


@pytest.mark.parametrize("width", [20, 40, 80, 100, 132, 160, 240])
@pytest.mark.parametrize("profiles", [1, 3, 40])
@pytest.mark.parametrize("height", [4, 12, 24])
def test_the_picture_fits(width: int, profiles: int, height: int) -> None:
    lanes = [lane(f"profile-{index}-of-a-long-name", held_until=900.0) for index in range(profiles)]
    running = batch(*lanes, asked=Counter({one.name: 1_234_567 for one in lanes}))
    running.ended.bad_rows = 12
    board = Board(running)
    for one in lanes:
        board.add(one, result("error", "1234.5"))
    at(running, 7200)
    lines = text(running, board, width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= height


def test_the_wide_picture_has_a_line_a_profile() -> None:
    running = batch(lane(learned={"rpm": 1000.0, "tpm": 80_000.0}), lane("b", broken=Failure("quota", "empty")))
    board = Board(running)
    for _ in range(50):
        board.add(running.lanes["a"], result())
    at(running, 10)
    lines = text(running, board, 160)
    assert lines[1].split() == [
        "results",
        "rate",
        "failed",
        "retried",
        "at",
        "once",
        "limits",
        "tokens",
        "cost",
        "left",
    ]
    assert lines[2].split() == [
        "a", "━━━━━━╌╌╌╌╌╌", "50", "of", "100", "5.0/s", "0", "0", "2", "of", "8", "1k", "rpm", "80k", "tpm",
        "3k", "$0.5000", "10", "s", "running",
    ]  # fmt: skip
    assert lines[3].rstrip().endswith("given up: quota used up")


def test_the_narrow_picture_keeps_every_figure() -> None:
    running = batch(lane(learned={"rpm": 1000.0, "tpm": None}), asked=Counter(a=123_456))
    running.ended.tally.tried_again("a", "server")
    board = Board(running)
    for _ in range(50):
        board.add(running.lanes["a"], result("partial"))
    at(running, 10)
    lines = text(running, board, 90)
    for words in ("50 of 123,456", "5.0/s", "6h 51m left"):
        assert words in lines[1]
    assert lines[2].strip() == "running · 2 of 8 at once · 50 failed · 1 retried · 3k tokens · $0.5000 · 1k rpm"


def test_more_profiles_than_lines_are_counted_and_the_finished_go_first() -> None:
    lanes = [lane(f"p{index}", ended=index < 30, waiting=0 if index < 30 else 5, in_flight=0) for index in range(32)]
    running = batch(*lanes)
    lines = text(running, Board(running), 80, 12)
    assert any(line.startswith("p31") for line in lines) and any(line.startswith("p30") for line in lines)
    assert any(line.startswith("and 24 more") for line in lines)


def test_a_terminal_of_plain_characters_gets_a_plain_bar() -> None:
    running = batch(lane(), asked=Counter(a=4))
    board = Board(running)
    board.add(running.lanes["a"], result())
    assert "###---------" in text(running, board, 80, ascii_only=True)[1]


def test_a_hostile_name_stays_on_its_line() -> None:
    running = batch(lane(HOSTILE), lane("b", broken=Failure("auth", HOSTILE)))
    board = Board(running)
    for width in (40, 80, 160):
        drawn = "".join(text(running, board, width))
        assert not set("\x1b\u202e\n") & set(drawn)


def test_a_line_tells_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    running = batch(lane(), lane("b", held_until=130.0), skipped=Counter(a=10))
    running.ended.bad_rows = 1
    watcher = Lines()
    with watcher.watching(running):
        for _ in range(30):
            watcher.done(running.lanes["a"], result())
        watcher.done(running.lanes["b"], result("error", None, None))
        at(running, 10)
    out, err = capsys.readouterr()
    assert err == (
        "10 s: 41 of 200 done · 3.1/s · 10 of them done earlier · 1 bad row · 1 failed · 1.8k tokens · $0.3000"
        " · b held for 20 s\n"
    ).replace("3.1/s · ", "3.1/s · 16m 30s left · ")
    assert out == ""


def test_lines_come_while_it_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    came = Event()
    monkeypatch.setattr(batch_progress, "LINE_EVERY_S", 0.001)
    monkeypatch.setattr(batch_progress, "say", lambda words: came.set())
    with Lines().watching(batch(lane())):
        assert came.wait(20)


def test_bad_rows_are_told_until_they_are_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    for watcher in (Reporter(), Lines(), Display()):
        for number in range(1, 51):
            watcher.bad_row(BadRow(number, f"line {number}: is not JSON\x1b[2J", "{bad\u202e"))
        out, err = capsys.readouterr()
        lines = err.splitlines()
        assert len(lines) == BAD_ROWS_SHOWN + 1
        assert lines[0] == "line 1: is not JSON␛[2J ({bad<U+202E>)"
        assert lines[-1] == "further bad rows are counted, and not shown"
        assert out == ""


def test_quiet_tells_nothing_but_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = watcher_for(True)
    running = batch(lane())
    with watcher.watching(running):
        watcher.done(running.lanes["a"], result())
        watcher.trouble(running.lanes["a"], f"a is given up: {HOSTILE}")
    assert capsys.readouterr() == ("", "! a is given up: evil␛[2J<U+202E> name\n")


class Terminal(TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("term", "beside_results", "kind"),
    [("xterm-256color", False, Display), ("xterm-256color", True, Lines), ("dumb", False, Lines)],
)
def test_a_display_needs_a_terminal_of_its_own(
    monkeypatch: pytest.MonkeyPatch, term: str, beside_results: bool, kind: type
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stderr", Terminal(BytesIO(), encoding="utf-8"))
    assert type(watcher_for(False, beside_results=beside_results)) is kind


def test_the_display_writes_to_stderr_only_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    out, raw = StringIO(), BytesIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", Terminal(raw, encoding="utf-8", write_through=True))
    running = batch(lane("a-name"))
    watcher = watcher_for(False)
    with watcher.watching(running):
        watcher.done(running.lanes["a-name"], result())
        watcher.bad_row(BadRow(3, "line 3: is not JSON"))
    written = raw.getvalue().decode()
    assert "a-name" in written and "line 3: is not JSON" in written
    assert written.rstrip().endswith("\x1b[2K")
    assert out.getvalue() == ""


def test_how_far_a_file_has_been_read(tmp_path: Any) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"one\ntwo\nsix\nten\n")
    with path.open("rb") as file:
        far = HowFar(file)
        assert far.share() is None
        lines = far.counted(file)
        shares = [(next(lines), far.share())[1] for _ in range(4)]
    assert shares == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1000, "1k"), (12_345, "12.3k"), (999_499, "999k"), (999_900, "1M"),
     (3_210_000_000, "3.21G"), (None, "–")],
)  # fmt: skip
def test_three_digits_that_count(count: int | None, words: str) -> None:
    assert compact(count) == words


def test_whole_seconds() -> None:
    assert [span(value) for value in (0.0, 12.4, 59.6, 7250.0)] == ["1 s", "12 s", "1m 00s", "2h 00m"]
