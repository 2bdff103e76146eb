"""The columns of our CSV files: one name for one thing, and files that begin with earlier names are gone on with."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.views.run.export import run_csv
from thinkdial.engine.batch.output.csv_lines import HEADS, csv_line
from thinkdial.engine.planning.think_plan import AimReceipt
from thinkdial.engine.results.csv_columns import (
    BATCH_COLUMNS,
    EARLIER_BATCH_COLUMNS,
    OF_A_RESULT,
    RUN_COLUMNS,
    cells_in,
    cells_of,
)
from thinkdial.engine.results.documents import result_document
from thinkdial.simulator import Simulator

from ...views.conftest import make_result, written

Run = Callable[..., Any]

EARLIER = Path(__file__).with_name("earlier_head.csv")
"""Written by the version that called the column `think`, for ROWS."""

ROWS = [
    {"id": "a", "prompt": 'two\nlines, a "quote"'},
    {"id": "b", "prompt": "=1+1", "think": "low", "expect": "zz"},
    {"id": "c", "prompt": "once", "profile": "busy"},
    {"id": "d", "prompt": "before", "tag": "ü"},
]
CONFIG = """
providers:
  house: {{base_url: '{url}/compatible/v1', dialects: {{openai-chat: {{}}}}, unknown_model: {{control: none}}}}
profiles:
  h: {{provider: house, model: sim-reasoning-content}}
  busy: {{provider: house, model: 'sim-reasoning-content@server_error'}}
"""


@pytest.fixture
def resume(filed: Run, simulator: Simulator, tmp_path: Path) -> Callable[..., Any]:
    """Run the batch over rows that come from standard input: so its name is the same everywhere."""
    config, out = tmp_path / "house.yaml", tmp_path / "out.csv"
    config.write_text(CONFIG.format(url=simulator.base_url), encoding="utf-8")
    out.write_bytes(EARLIER.read_bytes())

    def run(*more: object, rows: list[dict[str, Any]] = ROWS) -> Any:
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        options = ("-p", "h", "--config", config, "--retries", "0", "--no-history", "-o", out)
        return filed("batch", "-", *options, *more, stdin=text)

    return run


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_a_name_stands_for_the_same_in_every_file() -> None:
    shared = set(RUN_COLUMNS) & set(BATCH_COLUMNS)
    assert "think_requested" in shared and "think" not in {*RUN_COLUMNS, *BATCH_COLUMNS}
    assert shared - set(OF_A_RESULT) == {"reasoning_tokens", "tool_calls", "warnings"}
    assert set(OF_A_RESULT) <= shared
    one = make_result()
    told, found = cells_in(result_document(one)), cells_of(one)
    assert list(told) == list(found)
    assert {name: told[name] for name in found if name != "cost_usd"} == {
        name: value for name, value in found.items() if name != "cost_usd"
    }


def test_the_earlier_heads_lack_doses_and_samples_and_have_another_name() -> None:
    assert (BATCH_COLUMNS, *EARLIER_BATCH_COLUMNS) == HEADS
    assert HEADS[1] == tuple(name for name in BATCH_COLUMNS if name != "tool_calls")
    assert HEADS[2] == tuple(
        name for name in HEADS[1] if not name.startswith("aim_") and name not in ("checks", "escalation")
    )
    assert HEADS[3] == tuple(name for name in HEADS[2] if name != "repeat")
    assert [(new, old) for new, old in zip(*HEADS[3:], strict=True) if new != old] == [("think_requested", "think")]
    assert EARLIER.read_text(encoding="utf-8").split("\n")[0] == ",".join(EARLIER_BATCH_COLUMNS[-1])
    for head in HEADS:
        assert csv_line({}, head).count(b",") == len(head) - 1


def test_a_dose_has_its_columns() -> None:
    aim = AimReceipt("reasoning_tokens", 500, "low", "history", 8, 200.5, 400, 800, "near").after(550)
    one = make_result(aim=aim)
    told, found = cells_in(result_document(one)), cells_of(one)
    asked = {name: value for name, value in found.items() if name.startswith("aim_")}
    assert asked == {name: told[name] for name in asked}
    assert (asked["aim_target"], asked["aim_chosen"], asked["aim_miss_percent"]) == (500, "low", 10.0)
    assert b",reasoning_tokens,500,low,history,200.5,400,800,near,10.0," in csv_line(result_document(one))
    assert (
        written(run_csv, [one]).split("\n")[1].count(",reasoning_tokens,500,low,history,200.5,400,800,near,10.0,") == 1
    )


def test_a_document_without_anything_is_a_line() -> None:
    for document in ({}, {"think": None, "error": "words", "usage": []}):
        assert csv_line(document).count(b",") == len(BATCH_COLUMNS) - 1


def test_what_an_earlier_version_did_is_not_done_again(resume: Run, simulator: Simulator, tmp_path: Path) -> None:
    asked = len(simulator.requests)
    ended = resume()
    assert "holds 4 results" in ended.err and "4 results · 3 whole · 1 failed" in ended.err
    assert len(simulator.requests) == asked and (tmp_path / "out.csv").read_bytes() == EARLIER.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--ordered",)])
def test_a_file_keeps_the_head_that_it_began_with(resume: Run, tmp_path: Path, more: tuple[str, ...]) -> None:
    out, summary = tmp_path / "out.csv", tmp_path / "summary.json"
    rows = [*ROWS[:3], {**ROWS[3], "prompt": "after"}, {"id": "e", "prompt": "new", "think": "max"}]
    resume("--retry-failed", "--summary", summary, *more, rows=rows)
    before, after = read(EARLIER), read(out)
    assert out.read_bytes().startswith(",".join(EARLIER_BATCH_COLUMNS[-1]).encode() + b"\n")
    assert [row for row in after if row["row_id"] in "ab"] == before[:2]
    assert sorted((row["row_id"], row["think"]) for row in after) == [
        ("a", "auto"), ("b", "low"), ("c", "auto"), ("d", "auto"), ("e", "max"),
    ]  # fmt: skip
    assert all(None not in row and None not in row.values() for row in after)
    superseded = (tmp_path / "out.csv.superseded").read_text(encoding="utf-8")
    moved = list(csv.reader(io.StringIO(superseded, newline="")))
    assert [cells[0] for cells in moved] == ["c", "d"] and {len(cells) for cells in moved} == {
        len(EARLIER_BATCH_COLUMNS[-1])
    }
    groups = {(group["profile"], group["think"]) for group in json.loads(summary.read_text())["groups"]}
    assert groups == {("h", "low"), ("h", "auto"), ("h", "max"), ("busy", "auto")}
    ended = resume("--retry-failed", rows=rows[:2])
    assert ended.code == 0 and "holds 5 results" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 18, 21, 100])
def test_an_earlier_head_that_was_cut_is_written_anew(resume: Run, tmp_path: Path, size: int) -> None:
    out = tmp_path / "out.csv"
    out.write_bytes(EARLIER.read_bytes()[:size])
    assert resume(rows=ROWS[:1]).code == 0
    (row,) = read(out)
    assert row["think_requested"] == "auto"


def test_a_new_file_has_todays_head(resume: Run, tmp_path: Path) -> None:
    (tmp_path / "out.csv").unlink()
    assert resume(rows=ROWS[:1]).code == 0
    assert tuple(read(tmp_path / "out.csv")[0]) == BATCH_COLUMNS


@pytest.mark.slow
@pytest.mark.parametrize("head", ["row_id,think", "think_requested", ",".join(reversed(BATCH_COLUMNS)), "a\rb", '"x'])
def test_any_other_head_is_refused(resume: Run, tmp_path: Path, head: str) -> None:
    out = tmp_path / "out.csv"
    out.write_bytes(f"{head}\n".encode())
    ended = resume()
    assert ended.code == 2 and "choose another file for -o" in ended.err
    assert out.read_bytes() == f"{head}\n".encode()
