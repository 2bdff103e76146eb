"""Rows that think more only where their check fails: one line a row, with all attempts and the bill."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({"id": f"r{at}"} | row) + "\n" for at, row in enumerate(rows)))
    return path


def lines(text: str) -> dict[str, Any]:
    return {line["row_id"]: line for line in map(json.loads, text.splitlines())}


ROWS = (
    {"prompt": "What is 40 + 50?", "expect": {"contains": "90"}},
    {"prompt": "What is 40 + 51?", "expect": {"contains": "zebra"}},
    {"prompt": "What is 40 + 52?", "expect": {"contains": "zebra"}, "escalate": ["minimal", "low"]},
    {"prompt": "What is 40 + 53?", "expect": {"contains": "zebra"}, "think": "low"},
)


def test_a_row_goes_up_where_its_check_fails(filed: Cli, sim: Path, tmp_path: Path) -> None:
    rows, out = write_rows(tmp_path / "rows.jsonl", *ROWS), tmp_path / "out.jsonl"
    asked = ("batch", rows, "-p", "o", "--config", sim, "--escalate", "low,high", "-o", out)
    ended = filed(*asked)
    assert ended.code == 0, ended.err
    found = lines(out.read_text(encoding="utf-8"))
    thinks = {
        name: [step["think"] for step in (line["escalation"] or {"attempts": []})["attempts"]]
        for name, line in found.items()
    }
    assert thinks == {"r0": ["low"], "r1": ["low", "high"], "r2": ["minimal", "low"], "r3": []}
    assert [found[f"r{at}"]["think"]["requested"] for at in range(4)] == ["low", "high", "low", "low"]
    whole = found["r1"]["escalation"]
    assert whole["ended"] == "top" and whole["top_source"] == "measured"
    assert float(whole["usd"]) == pytest.approx(sum(float(step["usd"]) for step in whole["attempts"]))
    assert "low > high" in ended.err and "minimal > low" in ended.err
    again = filed(*asked)
    assert again.code == 0 and "4 done earlier" in again.err and len(out.read_text().splitlines()) == 4
    costly = filed(*asked, "--fail-on", f"cost>{float(whole['usd']) - 0.000001:.6f},pass<0.4", "-q")
    assert costly.code == 6 and "o @low > high: cost>" in costly.err and "o @minimal > low: pass<0.4" in costly.err


def test_the_summary_counts_the_bill_of_all_attempts(filed: Cli, sim: Path, tmp_path: Path) -> None:
    rows, out, told = write_rows(tmp_path / "r.jsonl", *ROWS[:2]), tmp_path / "out.jsonl", tmp_path / "s.json"
    for _ in range(2):
        asked = (
            "batch",
            rows,
            "-p",
            "o",
            "--config",
            sim,
            "--escalate",
            "low,high",
            "-o",
            out,
            "--summary",
            told,
            "-q",
        )
        assert filed(*asked).code == 0
        (group,) = json.loads(told.read_text())["groups"]
        assert (group["think"], group["judged"], group["passed"]) == ("low > high", 2, 1)
        bills = [float(line["escalation"]["usd"]) for line in lines(out.read_text()).values()]
        assert float(group["usd"]) == pytest.approx(sum(bills))


def test_csv_keeps_the_bill_of_all_attempts(filed: Cli, sim: Path, tmp_path: Path) -> None:
    rows, out, told = write_rows(tmp_path / "r.jsonl", *ROWS[:2]), tmp_path / "out.csv", tmp_path / "s.json"
    asked = ("batch", rows, "-p", "o", "--config", sim, "--escalate", "low,high", "-o", out, "--summary", told)
    summaries: list[Any] = []
    for _ in range(2):
        assert filed(*asked).code == 0
        summaries.append(json.loads(told.read_text())["groups"])
    first, again = (
        {(group["think"], group["usd"], group["passed"], group["results"]) for group in groups} for groups in summaries
    )
    assert first == again and {think for think, *_ in first} == {"low > high"}


def test_the_budget_leaves_the_answer_there_is(filed: Cli, sim: Path, tmp_path: Path) -> None:
    rows, out = write_rows(tmp_path / "rows.jsonl", ROWS[1]), tmp_path / "out.jsonl"
    asked = ("batch", rows, "-p", "a", "--config", sim, "--escalate", "low,max", "-o", out, "--max-output", "600")
    ended = filed(*asked, "--max-cost", "0.0165")
    found = lines(out.read_text(encoding="utf-8"))
    assert ended.code == 4, ended.err
    assert found["r0"]["escalation"]["ended"] == "budget" and found["r0"]["answer"]
    assert [step["think"] for step in found["r0"]["escalation"]["attempts"]] == ["low"]


def test_a_call_that_fails_is_not_gone_on_with(filed: Cli, sim: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", ROWS[1] | {"profile": "html"})
    ended = filed("batch", rows, "-p", "a", "--config", sim, "--escalate", "low,high", "--retries", "0")
    (line,) = lines(ended.out).values()
    assert line["status"] == "error" and line["escalation"]["ended"] == "failed"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"escalate": "low,high"}, "has no check"),
        ({"escalate": "low", "expect": "a"}, "two or more"),
        ({"escalate": ["low", "low"], "expect": "a"}, "two or more"),
        ({"escalate": "low,hgh", "expect": "a"}, "hgh"),
        ({"escalate": 3, "expect": "a"}, "list of think values"),
        ({"escalate": "low,high", "think": "low", "expect": "a"}, "think and escalate"),
    ],
)
def test_a_row_that_cannot_go_up_says_why(filed: Cli, sim: Path, tmp_path: Path, row: Any, words: str) -> None:
    ended = filed("batch", write_rows(tmp_path / "rows.jsonl", {"prompt": "x"} | row), "-p", "o", "--config", sim)
    assert ended.code == 1 and "line 1: " in ended.err and words in ended.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--escalate", "low"), "two or more"),
        (("--escalate", "low,high", "--think", "low"), "leave out --think"),
        (("--escalate", "low,high", "--via", "provider", "-o", "out.jsonl"), "made here"),
    ],
)
def test_options_that_cannot_be_meant(filed: Cli, sim: Path, tmp_path: Path, options: Any, words: str) -> None:
    ended = filed("batch", write_rows(tmp_path / "rows.jsonl", ROWS[0]), "-p", "o", "--config", sim, *options)
    assert ended.code == 2 and words in ended.err
