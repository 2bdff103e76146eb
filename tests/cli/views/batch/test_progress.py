"""What is seen of a running batch: its figures, the display at several widths, the lines elsewhere, the bad rows."""

from __future__ import annotations

import sys
from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.cli.views.batch import progress as batch_progress
from thinkdial.cli.views.batch.figures import compact, figures_of, span
from thinkdial.cli.views.batch.live import frame
from thinkdial.cli.views.batch.progress import BAD_ROWS_SHOWN, Display, ProgressLines, Reporter, line, watcher_for
from thinkdial.engine.batch.output.summary import Tally
from thinkdial.engine.batch.progress import BatchProgress, Gauge, ProfileProgress, Taken
from thinkdial.engine.batch.rows.rows import BadRow
from thinkdial.engine.batch.rows.source import open_source
from thinkdial.providers.errors import Failure

from ....cases import each

HOSTILE = "evil\x1b[2J\u202e\nname"
EMPTY = Gauge(lambda: 0.0).read([], Tally(), Taken({}, {}, 0, is_over=True, share_read=None), is_stopping=False)


def profile(name: str = "a", **changes: Any) -> ProfileProgress:
    """One that is running, with 50 of 100 results after ten seconds."""
    running = {"activity": "running", "results": 50, "total": 100, "waiting": 48, "in_flight": 2, "at_once": 8,
               "tokens": 3000, "usd": Decimal("0.5"), "rate": 5.0, "left_s": 10.0}  # fmt: skip
    return replace(EMPTY.together, **({"name": name} | running | changes))


def progress(*profiles: ProfileProgress, together: ProfileProgress | None = None, **changes: Any) -> BatchProgress:
    """These profiles, and what is said of all together, after ten seconds."""
    made = replace(EMPTY, profiles=profiles, together=together or profile(""), elapsed_s=10.0)
    return replace(made, **changes)


class Running:
    """A batch that stands still. It remembers how much of the input it was told to have been read."""

    def __init__(self, at: BatchProgress) -> None:
        self.at, self.shares = at, list[float | None]()

    def progress(self, share_read: float | None = None) -> BatchProgress:
        self.shares.append(share_read)
        return self.at


def text(at: BatchProgress, width: int, height: int = 40, **options: Any) -> list[str]:
    return ["".join(piece for piece, _ in pieces) for pieces in frame(at, width, height, **options)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"results": 16, "earlier": 1204, "total": 50_000}, "1,220 of 50,000"),
        ({"is_guess": True, "total": 400}, "50 of ~400"),
        ({"total": None}, "50"),
    ],
)
def test_how_far(changes: dict[str, Any], words: str) -> None:
    assert figures_of(profile(**changes)).progress == words


@each(
    ("rate", "words"), [(812.4, "812/s"), (24.31, "24.3/s"), (4.0, "4.0/s"), (0.5, "30/min"), (1 / 120, "0.5/min"),
                        (None, "–")]
)  # fmt: skip
def test_how_fast(rate: float | None, words: str) -> None:
    assert figures_of(profile(rate=rate)).speed == words


@each(
    ("usd", "unknown", "words"),
    [("0.15", 0, "$0.1500"), ("2", 0, "$2.00"), ("2", 1, "≥$2.00"), ("0.15", 1, "≥$0.1500"), ("0.0012", 0, "$0.0012"),
     (None, 1, "–")],
)  # fmt: skip
def test_what_is_spent(usd: str | None, unknown: int, words: str) -> None:
    spent = profile(usd=None if usd is None else Decimal(usd), usd_unknown=unknown)
    assert figures_of(spent).money == words


@each(
    ("changes", "words"),
    [
        ({}, "running"),
        ({"activity": "held", "held_s": 12.0}, "held for 12 s"),
        ({"activity": "waiting"}, "waiting for rows"),
        ({"activity": "done"}, "done"),
        ({"activity": "finishing", "in_flight": 2}, "finishing 2"),
        ({"activity": "stopped"}, "stopped"),
        ({"activity": "given_up", "broken": Failure("auth", "no")}, "given up: key not accepted"),
    ],
)
def test_a_state_in_words(changes: dict[str, Any], words: str) -> None:
    assert figures_of(profile(**changes)).state == words


def test_what_is_unknown_is_a_dash() -> None:
    unknown = figures_of(profile(tokens=None, left_s=None))
    assert (unknown.tokens, unknown.left, unknown.limits) == ("–", "–", "")


@each("width", [20, 40, 80, 100, 132, 160, 240])
@each("profiles", [1, 3, 40])
@each("height", [4, 12, 24])
def test_the_picture_fits(width: int, profiles: int, height: int) -> None:
    busy = {"total": 1_234_567, "failed": 1, "usd": Decimal("1234.5"), "activity": "held", "held_s": 700.0}
    listed = [profile(f"profile-{index}-of-a-long-name", **busy) for index in range(profiles)]
    at = progress(*listed, together=profile("", **busy), elapsed_s=7200.0, bad_rows=12)
    lines = text(at, width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= height


def test_the_wide_picture_has_a_line_a_profile() -> None:
    broken = profile("b", activity="given_up", broken=Failure("quota", "empty"), rate=None)
    lines = text(progress(profile(rpm=1000.0, tpm=80_000.0), broken), 160)
    assert " ".join(lines[1].split()) == "results rate failed retried at once limits tokens cost left"
    assert lines[2].split() == [
        "a", "━━━━━━╌╌╌╌╌╌", "50", "of", "100", "5.0/s", "0", "0", "2", "of", "8", "1k", "rpm", "80k", "tpm",
        "3k", "$0.5000", "10", "s", "running",
    ]  # fmt: skip
    assert lines[3].rstrip().endswith("given up: quota used up")


def test_the_narrow_picture_keeps_every_figure() -> None:
    lines = text(progress(profile(total=123_456, failed=50, retries=1, rpm=1000.0, left_s=24_681.2)), 90)
    for words in ("50 of 123,456", "5.0/s", "6h 51m left"):
        assert words in lines[1]
    assert lines[2].strip() == "running · 2 of 8 at once · 50 failed · 1 retried · 3k tokens · $0.5000 · 1k rpm"


def test_more_profiles_than_lines_are_counted_and_the_finished_go_first() -> None:
    listed = [profile(f"p{index}", activity="done" if index < 30 else "running") for index in range(32)]
    lines = text(progress(*listed), 80, 12)
    assert any(line.startswith("p31") for line in lines) and any(line.startswith("p30") for line in lines)
    assert any(line.startswith("and 24 more") for line in lines)


def test_the_foot_says_what_ctrl_c_does() -> None:
    assert text(progress(profile()), 80)[-1] == "Ctrl-C finishes what is under way and stops"
    stopping = progress(profile(), is_stopping=True, bad_rows=1)
    assert text(stopping, 80)[-1] == "finishing 2 under way; Ctrl-C once more stops at once"
    assert text(stopping, 80)[-2] == "10 s · 10 s left · 1 bad row"


def test_a_terminal_of_plain_characters_gets_a_plain_bar() -> None:
    assert "###---------" in text(progress(profile(results=1, total=4)), 80, ascii_only=True)[1]


def test_a_hostile_name_stays_on_its_line() -> None:
    at = progress(profile(HOSTILE), profile("b", activity="given_up", broken=Failure("auth", HOSTILE)))
    for width in (40, 80, 160):
        drawn = "".join(text(at, width))
        assert not set("\x1b\u202e\n") & set(drawn)
    assert not set("\x1b\u202e\n") & set(line(at))


def test_a_line_tells_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    every = profile("", results=31, earlier=10, total=200, failed=1, rate=3.1, left_s=990.0, tokens=1800,
                    usd=Decimal("0.3"))  # fmt: skip
    held = profile("b", activity="held", held_s=20.0)
    running = Running(progress(profile(), held, together=every, bad_rows=1))
    with ProgressLines(lambda: 0.5).watching(running):
        pass
    out, err = capsys.readouterr()
    assert err == (
        "10 s: 41 of 200 done · 3.1/s · 16m 30s left · 10 of them done earlier · 1 bad row · 1 failed · 1.8k tokens"
        " · $0.3000 · b held for 20 s\n"
    )
    assert out == "" and running.shares == [0.5]


def test_lines_come_while_it_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    came = Event()
    monkeypatch.setattr(batch_progress, "LINE_EVERY_S", 0.001)
    monkeypatch.setattr(batch_progress, "say", lambda words: came.set())
    with ProgressLines().watching(Running(progress(profile()))):
        assert came.wait(20)


def test_bad_rows_are_told_until_they_are_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    for watcher in (Reporter(), ProgressLines(), Display()):
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
    with watcher.watching(Running(progress(profile()))):
        watcher.trouble(f"a is given up: {HOSTILE}")
    assert capsys.readouterr() == ("", "! a is given up: evil␛[2J<U+202E> name\n")


class Terminal(TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("term", "beside_results", "kind"),
    [("xterm-256color", False, Display), ("xterm-256color", True, ProgressLines), ("dumb", False, ProgressLines)],
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
    watcher = watcher_for(False)
    with watcher.watching(Running(progress(profile("a-name")))):
        watcher.bad_row(BadRow(3, "line 3: is not JSON"))
    written = raw.getvalue().decode()
    assert "a-name" in written and "line 3: is not JSON" in written
    assert written.rstrip().endswith("\x1b[2K")
    assert out.getvalue() == ""


def test_how_far_a_file_has_been_read(tmp_path: Any) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"one\ntwo\nsix\nten\n")
    with open_source(path) as source:
        assert source.share() is None
        lines = source.lines()
        shares = [(next(lines), source.share())[1] for _ in range(4)]
    assert shares == [0.25, 0.5, 0.75, 1.0]


@each(
    ("count", "words"),
    [(0, "0"), (999, "999"), (1000, "1k"), (12_345, "12.3k"), (999_499, "999k"), (999_900, "1M"),
     (3_210_000_000, "3.21G"), (None, "–")],
)  # fmt: skip
def test_three_digits_that_count(count: int | None, words: str) -> None:
    assert compact(count) == words


def test_whole_seconds() -> None:
    assert [span(value) for value in (0.0, 12.4, 59.6, 7250.0)] == ["1 s", "12 s", "1m 00s", "2h 00m"]
