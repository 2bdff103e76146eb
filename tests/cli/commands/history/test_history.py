"""`thinkdial history`: what was answered is shown again, decoded again and forgotten, and never paid for again."""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from thinkdial.engine.history.store import Store, database_path
from thinkdial.engine.results.result import Cost, ThinkReceipt

from ....engine.history.made import SENT, result, store_run

ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
HOSTILE = "\x1b[31mred\x1b[0m \x9b5n\u202e[bold]x[/bold]\r\n=cmd()"
STREAM = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"claude-opus-5-5","usage":'
    b'{"input_tokens":25,"output_tokens":1}}}\n\n'
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text",'
    b'"text":""}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
    b'"text":"Forty-two."}}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":'
    b'{"output_tokens":9}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'
)


@pytest.fixture
def two_runs() -> None:
    at = datetime.now(UTC)
    store_run(None, [result()], run_id="aaaa0001", at=at - timedelta(days=9), command="ask", prompt="Is 91 prime?")
    store_run(
        None,
        [
            result("claude", cost=Cost(Decimal("0.25"), source="table")),
            result("gpt", model="gpt-6-sol", answer="forty-two", cost=Cost(), think=ThinkReceipt("low", {}, "exact")),
        ],
        run_id="bbbb0002",
        at=at,
        prompt="What is 6 x 7?\nThink.",
        raw=STREAM,
    )


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich and we take standard output for a terminal."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setattr("thinkdial.cli.output.is_terminal", lambda _: True)


def test_before_anything_is_stored_that_is_said_and_nothing_is_made(cli: Callable[..., Any]) -> None:
    ended = cli("history", "list")
    assert (ended.code, ended.out) == (0, "")
    assert "nothing is stored yet" in ended.err
    assert cli("history", "list", "--json").json == {"schema": "thinkdial.history/1", "runs": []}
    for command in (("show", "last"), ("replay", "1"), ("rm", "1"), ("report", "last", "-o", "x.html")):
        ended = cli("history", *command)
        assert ended.code == 2, command
        assert "nothing is stored yet" in ended.err
    assert not database_path().parent.exists()


@pytest.mark.usefixtures("two_runs")
def test_a_list_fits_eighty_columns_and_says_it_all_on_two_lines(
    cli: Callable[..., Any], laid_out: Callable[[str], str]
) -> None:
    lines = laid_out(cli("history", "list").out).splitlines()
    assert len(lines) == 4
    assert all(len(line) <= 80 for line in lines)
    day = datetime.now(UTC).date().isoformat()
    assert re.fullmatch(rf"2  {day} \d\d:\d\d  compare  What is 6 x 7\? Think\.", lines[0])
    assert lines[1] == "   claude, gpt @ high, low · 2 ok · $0.25 + 1 unknown · 3.50 s"
    assert "ask" in lines[2]
    assert lines[3] == "   claude @ high · 1 ok · $0.50 · 3.50 s"


@pytest.mark.usefixtures("two_runs")
def test_a_pipe_gets_one_line_a_run_with_tabs(cli: Callable[..., Any]) -> None:
    head, newest, _ = cli("history", "list").out.splitlines()
    assert head.split("\t")[:3] == ["run", "when (UTC)", "command"]
    assert newest.split("\t")[3:] == [
        "What is 6 x 7? Think.", "claude, gpt", "high, low", "2 ok", "$0.25 + 1 unknown", "3.50 s",
    ]  # fmt: skip


@pytest.mark.usefixtures("two_runs")
def test_a_wide_terminal_gets_one_line_a_run(
    cli: Callable[..., Any], laid_out: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    head, newest, oldest = laid_out(cli("history", "list").out).splitlines()
    assert head.split() == ["run", "when", "(UTC)", "command", "prompt", "profiles", "think", "status", "cost", "time"]
    assert "What is 6 x 7? Think." in newest
    assert "$0.25 + 1 unknown" in newest
    assert "Is 91 prime?" in oldest


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize(("options", "numbers"), [
    ((), [2, 1]), (("--search", "PRIME"), [1]), (("--text", "forty-two"), [2]), (("-p", "gpt"), [2]),
    (("--model", "opus"), [2, 1]), (("--since", "2d"), [2]), (("--until", "yesterday"), [1]), (("--since", "12h"), [2]),
    (("-n", "1"), [2]), (("--since", "today", "-p", "claude"), [2]), (("--search", "nowhere"), []),
])  # fmt: skip
def test_options_choose_the_runs(cli: Callable[..., Any], options: tuple[str, ...], numbers: list[int]) -> None:
    listed = cli("history", "list", "--json", *options).json
    assert listed["schema"] == "thinkdial.history/1"
    assert [run["number"] for run in listed["runs"]] == numbers


@pytest.mark.usefixtures("two_runs")
def test_json_has_exact_amounts_and_null_for_the_unknown(cli: Callable[..., Any]) -> None:
    newest = cli("history", "list", "--json").json["runs"][0]
    assert (newest["usd"], newest["usd_unknown"], newest["statuses"]) == ("0.250000", 1, {"ok": 2})
    assert (newest["profiles"], newest["thinks"]) == (["claude", "gpt"], ["high", "low"])


@pytest.mark.parametrize(
    "options", [("--since", "soon"), ("--until", "31-12-2026"), ("--since", "today", "--until", "9d")]
)
def test_a_date_that_is_none_is_a_usage_error(cli: Callable[..., Any], options: tuple[str, ...]) -> None:
    ended = cli("history", "list", *options)
    assert ended.code == 2
    assert "is not a date" in ended.err or "is before" in ended.err


@pytest.mark.usefixtures("two_runs")
def test_a_run_is_shown_again_with_what_was_asked(cli: Callable[..., Any]) -> None:
    ended = cli("history", "show", "bbbb")
    assert ended.code == 0
    assert ended.out.startswith("Run 2 · ")
    assert "What is 6 x 7?\n  Think." in ended.out
    assert "forty-two" in ended.out
    assert "2 ok · $0.25 + 1 unknown" in ended.out


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "md", "text"])
def test_every_format_of_a_comparison_is_there(cli: Callable[..., Any], tmp_path: Path, form: str) -> None:
    printed = cli("history", "show", "last", "--format", form)
    assert printed.code == 0
    assert "forty-two" in printed.out
    ended = cli("history", "show", "last", "--format", form, "-o", tmp_path / "out")
    assert (ended.code, ended.out) == (0, "")
    assert (tmp_path / "out").read_text(encoding="utf-8") == printed.out


@pytest.mark.usefixtures("two_runs")
def test_the_json_of_a_run_is_the_one_that_a_comparison_prints(cli: Callable[..., Any]) -> None:
    run = cli("history", "show", "2", "--json").json
    assert (run["schema"], run["run_id"]) == ("thinkdial.run/1", "bbbb0002")
    assert [entry["profile"] for entry in run["results"]] == ["claude", "gpt"]
    assert run["summary"]["usd"] == "0.250000"
    only = cli("history", "show", "2", "-p", "gpt@low", "--json").json
    assert [entry["profile"] for entry in only["results"]] == ["gpt"]
    assert only["summary"]["usd"] is None
    ended = cli("history", "show", "2", "-p", "gemini")
    assert ended.code == 2
    assert "claude@high, gpt@low" in ended.err


@pytest.mark.usefixtures("two_runs")
def test_the_bytes_come_out_as_they_came_in(cli: Callable[..., Any]) -> None:
    assert cli("history", "show", "1", "--raw").out == "data: {}\n\n"
    assert cli("history", "show", "2", "--raw", "-p", "gpt").out.encode() == STREAM
    ended = cli("history", "show", "2", "--raw")
    assert ended.code == 2
    assert "2 results" in ended.err
    assert "-p: claude@high, gpt@low" in ended.err
    assert cli("history", "show", "1", "--raw", "--json").code == 2


def test_bytes_that_are_no_text_are_left_alone_on_a_pipe(process: Callable[..., Any], tmp_path: Path) -> None:
    store_run(None, [result()], run_id="aaaa0001", raw=b"\xff\x00\x1b[31m")
    with (tmp_path / "out").open("wb") as out:
        running = process.start("history", "show", "1", "--raw", stdout=out)  # type: ignore[attr-defined]
        assert running.wait(30) == 0
    assert (tmp_path / "out").read_bytes() == b"\xff\x00\x1b[31m"


@pytest.mark.usefixtures("on_terminal")
def test_bytes_on_a_terminal_are_harmless(cli: Callable[..., Any]) -> None:
    store_run(None, [result()], run_id="aaaa0001", raw=b"\xff\x00\x1b[31mred\x9b5n")
    out = cli("history", "show", "1", "--raw").out
    assert not ESCAPES.search(out)
    assert "red" in out
    assert out.endswith("\n")


@pytest.mark.usefixtures("two_runs")
def test_what_was_sent_is_shown_masked(cli: Callable[..., Any]) -> None:
    out = cli("history", "show", "2", "--sent", "-p", "claude").out
    assert "POST https://host.example/v1/messages" in out
    assert "authorization: ***" in out
    assert '"model": "m"' in out
    sent = cli("history", "show", "2", "--sent", "--json").json
    assert (sent["schema"], sent["run"]) == ("thinkdial.history/1", 2)
    assert sent["sent"][0] == {"profile": "claude", "think": "high", **SENT}
    assert cli("history", "show", "2", "--sent", "--format", "csv").code == 2


def test_nothing_in_a_stored_run_reaches_a_terminal_or_a_spreadsheet_as_more_than_text(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    nasty = replace(
        result("claude", answer=HOSTILE), model=HOSTILE, think=ThinkReceipt(HOSTILE, {"a": HOSTILE}, "exact")
    )
    store_run(
        None, [nasty], run_id="aaaa0001", prompt=HOSTILE, system=HOSTILE, raw=HOSTILE.encode(),
        sent={**SENT, "url": HOSTILE, "note": HOSTILE, "body": HOSTILE, "headers": {HOSTILE: HOSTILE}},
    )  # fmt: skip
    for width in ("80", "160"):
        monkeypatch.setenv("COLUMNS", width)
        for command in (("list",), ("list", "--json"), ("show", "1"), ("show", "1", "--sent"), ("replay", "1")):
            ended = cli("history", *command)
            assert ended.code == 0, command
            assert not ESCAPES.search(ended.everything), (command, ESCAPES.search(ended.everything))
    assert "[bold]x[/bold]" in cli("history", "list").out


def stored_stream(**changes: Any) -> int:
    return store_run(None, [result(**changes)], run_id="cccc0003", raw=STREAM)


def test_a_replay_shows_what_comes_out_otherwise(cli: Callable[..., Any]) -> None:
    stored_stream(answer="Forty-one." + "x" * 200, status="partial")
    ended = cli("history", "replay", "last")
    assert ended.code == 0
    assert "fields changed" in ended.out
    assert re.search(r"answer\n    was  Forty-one\.x+… \(210 characters\)\n    is   Forty-two\.\n", ended.out)
    assert "status\n    was  partial\n    is   ok\n" in ended.out
    document = cli("history", "replay", "1", "--json").json
    assert (document["schema"], document["run"]) == ("thinkdial.replay/1", 1)
    changes = {change["field"]: (change["was"], change["is"]) for change in document["results"][0]["changes"]}
    assert changes["status"] == ("partial", "ok")
    assert changes["usage.output_tokens"] == (400, 9)
    assert document["results"][0]["result"]["answer"] == "Forty-two."
    # What is stored stays as it is.
    assert cli("history", "show", "1", "--json").json["results"][0]["status"] == "partial"


def test_a_run_that_was_killed_is_shown_and_replayed_from_its_bytes(cli: Callable[..., Any]) -> None:
    store_run(None, [result()], run_id="dddd0004", raw=STREAM[:-150], killed=[0])
    assert "1 unfinished" in cli("history", "list").out
    shown = cli("history", "show", "last")
    assert "Forty-two." in shown.out
    assert "killed" in shown.everything
    assert cli("history", "replay", "last").out == "claude@high: unchanged\n"


@pytest.mark.usefixtures("two_runs")
def test_forgetting_runs_keeps_the_sums(cli: Callable[..., Any]) -> None:
    before = cli("spend", "--json").json
    ended = cli("history", "rm", "1", "aaaa")
    assert ended.code == 0
    assert "forgot 1 run; the sums of thinkdial spend are kept" in ended.err
    assert cli("history", "show", "1").code == 2
    assert cli("spend", "--json").json == before
    assert cli("history", "rm", "--all", "--yes", "--json").json == {
        "schema": "thinkdial.history/1",
        "removed": 1,
        "held": 0,
    }
    assert cli("history", "list", "--json").json["runs"] == []


@pytest.mark.usefixtures("two_runs")
def test_runs_before_a_day_are_forgotten(cli: Callable[..., Any]) -> None:
    ended = cli("history", "rm", "--before", "7d")
    assert ended.code == 2  # nobody can be asked, and nobody said yes
    assert "this would forget 1 run" in ended.err
    assert cli("history", "rm", "--before", "7d", "-y").code == 0
    assert [run["number"] for run in cli("history", "list", "--json").json["runs"]] == [2]


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize("words", [(), ("1", "--all"), ("--all", "--before", "7d")])
def test_which_runs_to_forget_has_to_be_said_once(cli: Callable[..., Any], words: tuple[str, ...]) -> None:
    ended = cli("history", "rm", "-y", *words)
    assert ended.code == 2
    assert "say which runs" in ended.err
    assert len(cli("history", "list", "--json").json["runs"]) == 2


@pytest.mark.usefixtures("two_runs")
@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
@pytest.mark.parametrize(("said", "left"), [(b"n\n", 2), (b"\n", 2), (b"y\n", 1)])
def test_a_person_is_asked_before_a_run_is_forgotten(
    cli: Callable[..., Any], process: Any, said: bytes, left: int
) -> None:
    ours, theirs = pty.openpty()
    try:
        running = process.start("history", "rm", "1", stdin=theirs)
        os.write(ours, said)
        _, err = running.communicate(timeout=30)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"Forget 1 run (1)?" in err
    assert len(cli("history", "list", "--json").json["runs"]) == left


@pytest.mark.usefixtures("two_runs")
def test_the_path_is_that_of_the_file(cli: Callable[..., Any]) -> None:
    assert Path(cli("history", "path").out.strip()) == database_path()
    assert cli("history", "path", "--json").json["exists"] is True
    assert database_path().stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("two_runs")
def test_a_report_is_one_page_of_all_the_runs(cli: Callable[..., Any], tmp_path: Path) -> None:
    ended = cli("history", "report", "1", "last", "bbbb", "-o", tmp_path / "report.html", "--title", "Two <runs>")
    assert (ended.code, ended.out) == (0, "")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Is 91 prime?" in page
    assert page.count("forty-two") >= 1
    assert "Two <runs>" not in page
    assert "Two &lt;runs&gt;" in page


def damage_version(path: Path) -> None:
    with Store.open(path) as store:
        store.connection.execute("PRAGMA user_version = 999")


def damage_bytes(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever it is called" * 100)


def damage_nothing(path: Path) -> None:
    pass


COMMANDS = (
    ("history", "list"), ("history", "show", "last"), ("history", "replay", "last"), ("history", "rm", "--all", "-y"),
    ("history", "report", "last", "-o", "x.html"), ("spend",), ("spend", "--forecast-error"),
)  # fmt: skip


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("damage", "words"), [(damage_version, "version 999"), (damage_bytes, "damaged or no database")]
)
def test_a_history_that_cannot_be_used_says_why(
    cli: Callable[..., Any], command: tuple[str, ...], damage: Callable[[Path], None], words: str
) -> None:
    damage(database_path())
    ended = cli(*command)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert "→" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.usefixtures("two_runs")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_history_that_another_program_keeps_to_itself_says_so(
    cli: Callable[..., Any], command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults: dict[str, Any] = Store.open.__func__.__kwdefaults__  # type: ignore[attr-defined]
    monkeypatch.setitem(defaults, "busy_timeout_s", 0.05)
    other = sqlite3.connect(database_path(), isolation_level=None)
    try:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        ended = cli(*command)
    finally:
        other.close()
    assert ended.code == 2
    assert "locked" in ended.err


def test_help_ends_with_an_example(cli: Callable[..., Any]) -> None:
    for command in ("list", "show", "replay", "rm", "path", "report"):
        out = cli("history", command, "--help").out
        assert f"thinkdial history {command}" in out.split("Example:")[1]
    assert json.loads(cli("history", "list", "--json").out)["runs"] == []


FAULTS = ("a", "o", "g", "chat", "local", "busy", "html", "garbage", "cut")


@pytest.mark.parametrize("stream", [(), ("--no-stream",)])
def test_whatever_came_over_the_wire_is_the_same_when_it_is_decoded_again(
    cli: Callable[..., Any], sim: Path, stream: tuple[str, ...]
) -> None:
    profiles = [word for name in FAULTS for word in ("-p", name)]
    ended = cli("compare", "What is 6 x 7?", *profiles, "--config", sim, "--retries", "0", "--json", *stream)
    printed = ended.json["results"]
    assert ended.code == 1
    assert {made["status"] for made in printed} == {"ok", "error", "partial"} - ({"partial"} if stream else set())
    assert cli("history", "show", "last", "--json").json["results"] == printed
    again = cli("history", "replay", "last", "--config", sim, "--json").json["results"]
    assert [(entry["profile"], entry["changes"], entry["notes"]) for entry in again] == [
        (name, [], []) for name in FAULTS
    ]


def test_a_run_whose_results_are_elsewhere_makes_no_empty_page(
    cli: Callable[..., Any], sim: Path, tmp_path: Path
) -> None:
    rows, page = tmp_path / "rows.jsonl", tmp_path / "page.html"
    rows.write_text('{"prompt": "Is 91 prime?"}\n', encoding="utf-8")
    assert cli("batch", rows, "-p", "a", "--config", sim, "-o", tmp_path / "out.jsonl", "-q").code == 0
    for command in (("report", "last", "-o", page), ("show", "last")):
        ended = cli("history", *command)
        assert ended.code == 2 and "is a batch: its results are in its output" in ended.err
        assert "--summary FILE.html" in ended.err
    assert "rows.jsonl" in ended.out and not page.exists()
    assert cli("history", "show", "last", "--json").json["results"] == []
