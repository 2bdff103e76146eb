"""`thinkdial batch --summary`: the files beside the results, and what is refused before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.profiles.facts import packaged_text

Cli = Callable[..., Any]


def rows(path: Path, count: int) -> Path:
    lines = [json.dumps({"id": f"r{n}", "prompt": f"Say {n}", "expect": {"regex": "."}}) for n in range(count)]
    path.write_text("\n".join([*lines, "{broken"]) + "\n", encoding="utf-8")
    return path


def test_every_form_of_the_summary_is_written(cli: Cli, sim: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"sum.{form}" for form in ("json", "md", "html")]
    options = [option for name in names for option in ("--summary", name)]
    ended = cli(
        "batch", rows(tmp_path / "rows.jsonl", 4), "--config", sim, "-p", "a", "-p", "o", "--think", "low,high",
        "-o", tmp_path / "out.jsonl", *options,
    )  # fmt: skip
    assert ended.code == 1  # a bad row
    assert "16 results · 16 whole · 1 bad row" in ended.err
    document = json.loads(names[0].read_text())
    Draft202012Validator(json.loads(packaged_text("schemas/batch-summary.schema.json"))).validate(document)
    assert [(group["profile"], group["think"], group["passed"]) for group in document["groups"]] == [
        ("a", "low", 4), ("a", "high", 4), ("o", "low", 4), ("o", "high", 4)
    ]  # fmt: skip
    assert (document["rows"], document["bad_rows"], document["finished"]) == (4, 1, True)
    assert names[1].read_text().count("\n| ") == 6
    assert names[2].read_text().startswith("<!doctype html>")


def test_a_summary_of_a_resumed_run_is_of_the_whole_file(cli: Cli, sim: Path, tmp_path: Path) -> None:
    where, out, told = tmp_path / "rows.jsonl", tmp_path / "out.jsonl", tmp_path / "sum.json"
    command = ("batch", where, "--config", sim, "-p", "a", "--think", "low", "-o", out, "--summary", told)
    rows(where, 3)
    cli(*command)
    rows(where, 5)
    ended = cli(*command)
    document = json.loads(told.read_text())
    assert (document["results"], document["skipped"], document["groups"][0]["judged"]) == (5, 3, 5)
    assert "5 results · 5 whole · 3 done earlier · 1 bad row" in ended.err


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_timeout_is_of_unknown_cost_as_in_a_run_also_when_read_back(
    cli: Cli, sim: Path, tmp_path: Path, form: str
) -> None:
    where, told = tmp_path / "rows.jsonl", tmp_path / "sum.json"
    where.write_text('{"id": "x", "prompt": "hi"}\n', encoding="utf-8")
    asked = ("-p", "a", "-p", "silent", "--config", sim, "--retries", "0", "--timeout", "0.3")
    command = ("batch", where, *asked, "-o", tmp_path / f"out.{form}", "--summary", told)
    run = cli("compare", "hi", *asked, "--json").json
    for _ in range(2):  # the second time there is nothing left to do: all is read from the file
        cli(*command)
        document = json.loads(told.read_text())
        assert document["usd_unknown"] == run["summary"]["usd_unknown"] == 1
        assert [group["usd_unknown"] for group in document["groups"]] == [0, 1]
    assert document["skipped"] == 2


def test_an_unknown_form_is_refused_before_anything_is_sent(cli: Cli, sim: Path, tmp_path: Path) -> None:
    where = rows(tmp_path / "rows.jsonl", 2)
    ended = cli("batch", where, "--config", sim, "-p", "a", "-o", tmp_path / "o.jsonl", "--summary", "sum.pdf")
    assert ended.code == 2
    assert "sum.pdf" in ended.err and "FILE.json" in ended.err
    assert not (tmp_path / "o.jsonl").exists()


def test_quiet_leaves_only_what_is_wrong(cli: Cli, sim: Path, tmp_path: Path) -> None:
    ended = cli(
        "batch", rows(tmp_path / "rows.jsonl", 2), "--config", sim, "-p", "a", "-o", tmp_path / "out.jsonl", "--quiet"
    )
    assert [line.partition(":")[0] for line in ended.err.splitlines()] == ["line 3"]
    assert ended.out == ""


@pytest.mark.parametrize(
    ("more", "order"), [("", ["low", "2500"]), ("reference: {budgets: {low: 3000}}", ["2500", "low"])]
)
def test_the_configuration_says_which_think_value_is_more(
    cli: Cli, sim: Path, tmp_path: Path, more: str, order: list[str]
) -> None:
    out, told = tmp_path / "out.jsonl", tmp_path / "sum.json"
    sim.write_text(f"{sim.read_text(encoding='utf-8')}{more}\n", encoding="utf-8")
    command = ("batch", rows(tmp_path / "rows.jsonl", 1), "--config", sim, "-p", "o", "-o", out, "--summary", told)
    for _ in ("begun", "resumed"):
        ended = cli(*command, "--think", "low,2500")
        assert [group["think"] for group in json.loads(told.read_text())["groups"]] == order
        assert ended.err.index(f"o@{order[0]}") < ended.err.index(f"o@{order[1]}")
