"""Files beside a prompt, as people attach them: sent, kept once, sent again by a session, and refused in time."""

from __future__ import annotations

import hashlib
import sqlite3
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.files_made import pdf, png, written_pdf

Cli = Any
IMAGE = png(56, 28)


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    path = tmp_path / "chart.png"
    path.write_bytes(IMAGE)
    return path


def stored(cli: Cli) -> sqlite3.Connection:
    return sqlite3.connect(cli("history", "path").out.strip())


def test_a_file_is_sent_and_kept_once(cli: Cli, sim: Path, chart: Path) -> None:
    for _ in range(2):
        assert cli("ask", "What is it?", "-a", chart, "-p", "a", "--config", sim).code == 0
    with stored(cli) as history:
        assert history.execute("SELECT count(*), data FROM files").fetchone() == (1, IMAGE)
        assert history.execute("SELECT count(*) FROM run_files").fetchone() == (2,)
    shown = cli("history", "show", "last")
    assert f"Attached: chart.png (image, {len(IMAGE)} bytes)" in shown.out
    assert b64encode(IMAGE).decode() not in cli("history", "show", "last", "--sent").out
    assert cli("history", "rm", "1", "-y").code == 0
    with stored(cli) as history:
        assert history.execute("SELECT count(*) FROM files").fetchone() == (1,)
    assert cli("history", "rm", "--all", "-y").code == 0
    with stored(cli) as history:
        assert history.execute("SELECT count(*) FROM files").fetchone() == (0,)


def test_a_session_sends_it_again(cli: Cli, sim: Path, chart: Path) -> None:
    assert cli("ask", "What is it?", "-a", chart, "-p", "a", "--session", "s", "--config", sim).code == 0
    planned = cli("plan", "And now?", "--session", "s", "-p", "a", "--json", "--config", sim)
    (plan,) = planned.json["plans"]
    assert next((fate["kind"], fate["fate"]) for fate in plan["continuity"]) == ("file", "kept")
    assert "sha256" in plan["request"]["body"]
    with stored(cli) as history:
        history.execute("UPDATE files SET data = NULL")
    (plan,) = cli("plan", "And now?", "--session", "s", "-p", "a", "--json", "--config", sim).json["plans"]
    assert plan["continuity"][0]["reason"] == "its bytes are not kept any more"
    assert "chart.png: a file" in plan["request"]["body"]


def test_what_a_model_does_not_take_is_refused_with_who_does(cli: Cli, chart: Path) -> None:
    for command in (("plan",), ("ask", "--dry-run")):
        ended = cli(*command, "What?", "-a", chart, "-p", "deepseek/deepseek-v4-pro")
        assert ended.code == 2
        assert "chart.png: it takes no images" in ended.err
        assert "these profiles take it: claude" in ended.err


def test_a_plan_counts_by_the_published_rule_or_says_that_nobody_does(cli: Cli, chart: Path, tmp_path: Path) -> None:
    plain = cli("plan", "What?", "-p", "anthropic/claude-opus-4-7", "--json").json["plans"][0]["forecast"]
    counted = cli("plan", "What?", "-a", chart, "-p", "anthropic/claude-opus-4-7", "--json").json["plans"][0]
    assert counted["forecast"]["input_tokens"] == plain["input_tokens"] + 2
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(pdf())
    unknown = cli("plan", "What?", "-a", paper, "-p", "anthropic/claude-opus-4-7", "--json").json["plans"][0]
    assert unknown["forecast"]["expected_usd"] is None
    assert unknown["forecast"]["high_usd"] is None
    assert "without paper.pdf, of which nobody says what it counts" in unknown["forecast"]["method"]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/a.png", "http://localhost:1/a.png", "http://[::1]/a.png", "http://169.254.169.254/x"]
)
def test_addresses_inside_the_network_are_not_fetched(cli: Cli, address: str) -> None:
    ended = cli("ask", "What?", "-a", address, "-p", "claude", "--dry-run")
    assert ended.code == 2
    assert "no public address" in ended.err


def test_standard_input_is_an_attachment_or_the_prompt(cli: Cli, chart: Path) -> None:
    ended = cli("plan", "-", "-a", "-", "-p", "claude")
    assert ended.code == 2
    assert "not both" in ended.err


def test_a_row_attaches_files_of_its_folder(cli: Cli, sim: Path, chart: Path) -> None:
    rows = chart.parent / "rows.jsonl"
    rows.write_text(
        '{"prompt": "What is it?", "attach": "chart.png"}\n'
        '{"prompt": "What is it?", "attach": ["../other.png"]}\n'
        '{"prompt": "What is it?", "attach": "http://example.org/a.png"}\n',
        encoding="utf-8",
    )
    ended = cli("batch", "run", rows, "-p", "a", "-o", chart.parent / "out.jsonl", "--config", sim)
    assert "1 of 1" in ended.everything
    assert "line 2: attach: '../other.png' does not lie below" in ended.everything
    assert "line 3: attach: rows name files, no addresses" in ended.everything


def test_a_session_converts_files_of_earlier_turns_too(cli: Cli, sim: Path, tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(written_pdf("The best year was 1999."))
    assert cli("ask", "Read it.", "-a", paper, "-p", "a", "--session", "s", "--config", sim).code == 0
    to = ("-p", "cohere/command-a-vision-07-2025", "--session", "s", "--json", "--config", sim)
    for more, there in (((), False), (("--convert",), True)):
        (plan,) = cli("plan", "And now?", *to, *more).json["plans"]
        assert ("The best year was 1999." in plan["request"]["body"]) is there


def test_the_files_are_named_beside_the_prompt_wherever_a_run_is_shown(
    cli: Cli, sim: Path, chart: Path, tmp_path: Path
) -> None:
    notes, page = tmp_path / "notes<b>.txt", tmp_path / "page.html"
    notes.write_text("of mine", encoding="utf-8")
    asked = ("compare", "What?", "-p", "a", "-a", chart, "-a", notes, "--config", sim)
    files = cli(*asked, "--json").json["files"]
    sha256 = hashlib.sha256(chart.read_bytes()).hexdigest()
    assert [(one["kind"], one["name"], one["sha256"]) for one in files] == [
        ("image", "chart.png", sha256), ("text", "notes<b>.txt", None),
    ]  # fmt: skip
    assert cli("history", "show", "last", "--json").json["files"] == files
    assert cli(*asked, "-o", page).code == 0
    html = page.read_text(encoding="utf-8")
    assert "<h3>Attached</h3>" in html and "notes&lt;b&gt;.txt (text)" in html and "<b>.txt" not in html
    assert f"chart.png (image, {chart.stat().st_size:,} bytes)" in cli(*asked, "--format", "md").out
    assert "Attached" not in cli("compare", "What?", "-p", "a", "--config", sim, "--format", "text").out


def test_files_are_listed_a_line_each_on_a_pipe_whatever_they_are_called(cli: Cli, sim: Path, tmp_path: Path) -> None:
    path = tmp_path / "two\nlines\tand\x1b[31m red.png"
    path.write_bytes(IMAGE)
    assert cli("ask", "What?", "-a", path, "-p", "a", "--config", sim, "-q").code == 0
    head, row = cli("files", "list").out.splitlines()
    assert head.split("\t")[:3] == ["in the history", "bytes", "type"]
    assert row.split("\t")[1:4] == [str(len(IMAGE)), "image/png", "1"]
    assert "\x1b" not in row
