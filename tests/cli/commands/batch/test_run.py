"""`thinkdial batch` as people run it: pipes, signals, files, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.simulator import Simulator

Run = Callable[..., Any]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "prompt": f"row {n}"}) + "\n" for n in range(12)))
    return path


def documents(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_pipeline(filed: Run, sim: Path) -> None:
    text = b'{"id": "x", "prompt": "hi", "tag": {"a": [1]}}\nnonsense\n{"id": "y", "prompt": "ho", "expect": "zz"}\n'
    ended = filed("batch", "-", "-p", "a", "-p", "o", "--config", sim, stdin=text)
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert sorted((d["row_id"], d["profile"]) for d in found) == [("x", "a"), ("x", "o"), ("y", "a"), ("y", "o")]
    assert found[0]["schema"] == "thinkdial.result/1" and ended.code == 1
    assert "line 2: is not JSON" in ended.err and "nonsense" not in ended.out


def test_nobody_reads_any_more(process: Any, sim: Path, rows: Path) -> None:
    running = process.start("batch", rows, "-p", "a", "-q", "--concurrency", "1", "--config", sim)
    assert running.stdout is not None and running.stderr is not None
    assert json.loads(running.stdout.readline())["row_id"] == "0"
    running.stdout.close()
    assert running.wait(20) == 141 and b"Traceback" not in running.stderr.read()


def test_a_stream_is_answered_as_it_comes_and_one_ctrl_c_ends_it(process: Any, sim: Path) -> None:
    running = process.start("batch", "-", "-p", "a", "-q", "--config", sim, stdin=subprocess.PIPE)
    for number in range(3):
        running.stdin.write(json.dumps({"id": number, "prompt": "hi"}).encode() + b"\n")
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["row_id"] == str(number)
    running.send_signal(signal.SIGINT)
    assert running.wait(20) == 130
    words = running.stderr.read().decode()
    assert "finishing what is under way" in words and "Traceback" not in words and "Fatal" not in words


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_twice_stops_at_once_and_the_same_command_goes_on(process: Any, cli: Run, sim: Path, rows: Path, number: int,
                                                        tmp_path: Path) -> None:  # fmt: skip
    out = tmp_path / "out.jsonl"
    rows.write_text('{"id": "0", "prompt": "p"}\n{"id": "1", "prompt": "p", "profile": "stall"}\n')
    running = process.start("batch", rows, "-p", "a", "-o", out, "--config", sim)
    while not out.exists() or not out.stat().st_size:
        assert running.poll() is None
        os.sched_yield()
    running.send_signal(number)
    assert b"finishing" in running.stderr.readline()
    running.send_signal(number)
    assert running.wait(20) == 130
    words = running.stderr.read().decode()
    assert "the same command goes on" in words and "Traceback" not in words
    assert [d["error"]["kind"] for d in documents(out) if d["error"]] in ([], ["cancelled"])
    rows.write_text('{"id": "0", "prompt": "p"}\n{"id": "1", "prompt": "p", "profile": "o"}\n')
    assert cli("batch", rows, "-p", "a", "-o", out, "--config", sim).code == 0


def test_running_it_again_does_nothing(cli: Run, sim: Path, rows: Path, tmp_path: Path, simulator: Simulator) -> None:
    for form in ("jsonl", "csv"):
        out = tmp_path / f"out.{form}"
        command = ("batch", rows, "-p", "a", "--config", sim, "-o", out)
        assert cli(*command).code == 0
        before, asked = out.read_bytes(), len(simulator.requests)
        again = cli(*command)
        assert again.code == 0 and out.read_bytes() == before and len(simulator.requests) == asked
        assert "holds 12 results" in again.err


def test_the_history_has_the_sums(cli: Run, sim: Path, rows: Path, tmp_path: Path) -> None:
    cli("batch", rows, "-p", "a", "--config", sim, "-o", tmp_path / "1", "-q")
    cli("batch", rows, "-p", "a", "--config", sim, "-o", tmp_path / "2", "-q", "--no-history")
    days = cli("spend", "--json").json
    assert "12" in json.dumps(days)
    assert cli("history", "list", "--json").out.count('"batch"') == 1


def test_a_monthly_budget_holds_across_batches(cli: Run, config_for: Run, simulator: Simulator, tmp_path: Path) -> None:
    config = config_for(simulator.base_url, "budget: {monthly_usd: 0.30}\nhistory: {enabled: false}\n")
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"row {n}", "max_output": 2000}) + "\n" for n in range(100)))
    first = cli("batch", rows, "-p", "a", "--config", config, "-o", tmp_path / "1", "--concurrency", "2", "-q")
    assert first.code == 4, first.err
    spent = sum(float(d["cost"]["usd"]) for d in documents(tmp_path / "1"))
    second = cli("batch", rows, "-p", "a", "--config", config, "-o", tmp_path / "2", "--concurrency", "2", "-q")
    assert second.code == 4, second.err
    spent += sum(float(d["cost"]["usd"]) for d in documents(tmp_path / "2"))
    assert 0 < spent <= 0.30


def test_max_cost_ends_it_and_more_goes_on(cli: Run, sim: Path, tmp_path: Path) -> None:
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out"
    rows.write_text("".join(json.dumps({"prompt": f"row {n}", "max_output": 2000}) + "\n" for n in range(40)))
    command = ("batch", rows, "-p", "a", "--config", sim, "-o", out, "-q", "--max-cost")
    ended = cli(*command, "0.20")
    done = len(documents(out))
    assert ended.code == 4 and "the same command goes on" in ended.err and 0 < done < 40
    assert cli(*command, "5").code == 0 and len(documents(out)) == 40


@pytest.mark.parametrize("what", ["directory", "missing/out", "rows", "foreign", "locked"])
def test_outputs_that_cannot_be(
    cli: Run, sim: Path, rows: Path, tmp_path: Path, what: str, simulator: Simulator
) -> None:
    (tmp_path / "directory").mkdir()
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"somebody's notes")
    before = rows.read_bytes()
    out = rows if what == "rows" else tmp_path / what
    asked = len(simulator.requests)
    if what == "locked":
        from thinkdial.engine.batch.output.output_file import OutputFile

        with OutputFile(out, "jsonl", "x"):
            ended = cli("batch", rows, "-p", "a", "--config", sim, "-o", out)
    else:
        ended = cli("batch", rows, "-p", "a", "--config", sim, "-o", out)
    assert ended.code == 2 and "Error: " in ended.err and len(simulator.requests) == asked
    assert rows.read_bytes() == before and foreign.read_bytes() == b"somebody's notes"


def test_a_device_takes_results_and_stays_one(cli: Run, sim: Path, rows: Path) -> None:
    ended = cli("batch", rows, "-p", "a", "--config", sim, "-o", os.devnull, "--ordered")
    assert ended.code == 0 and not Path(os.devnull).is_file()


def test_one_profile_without_a_key_is_said_once(cli: Run, config_for: Run, simulator: Simulator, rows: Path,
                                               tmp_path: Path) -> None:  # fmt: skip
    config = config_for(simulator.base_url, "")
    text = config.read_text().replace("groups:", "  k: {provider: openai, model: m, api_key_env: NOT_SET}\ngroups:")
    config.write_text(text)
    ended = cli("batch", rows, "-p", "a", "-p", "k", "--config", config, "-o", tmp_path / "out")
    assert ended.code == 1 and len(documents(tmp_path / "out")) == 12
    assert ended.err.count("NOT_SET is not set") == 1


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_nothing_to_do(filed: Run, sim: Path, data: bytes) -> None:
    ended = filed("batch", "-", "-p", "a", "--config", sim, stdin=data)
    assert (ended.code, ended.out) == (0, "") and "no rows" in ended.err


def test_what_is_assumed_of_a_model_is_said_once_for_all_rows(filed: Run, sim: Path, rows: Path) -> None:
    ended = filed("batch", rows, "-p", "local", "-t", "low,high", "--config", sim)
    results = [json.loads(line) for line in ended.out.splitlines()]
    told = {warning["message"] for one in results for warning in one["warnings"] if warning["code"] == "unknown_model"}
    assert len(results) == 24 and len(told) == 1
    assert ended.err.count(f"note: {told.pop()}") == 1


def test_rows_go_on_with_exported_sessions(cli: Run, sim: Path, tmp_path: Path) -> None:
    for prompt in ("One?", "Two?"):
        assert cli("ask", "--session", "tea", prompt, "-p", "a@high", "--config", sim, "-q").code == 0
    exported = tmp_path / "tea.json"
    assert cli("session", "export", "tea", "-o", exported).code == 0
    rows = tmp_path / "rows.jsonl"
    entries = [
        {"id": "plain", "prompt": "x"},
        {"id": "named", "prompt": "x", "session": str(exported)},
        {"id": "within", "prompt": "x", "session": json.loads(exported.read_text(encoding="utf-8"))},
        {"id": "after", "prompt": "y"},
        {"id": "bad", "prompt": "x", "session": {"schema": "other/1"}},
    ]
    rows.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    words = ("batch", rows, "-p", "a", "-p", "o", "--config", sim, "-o", tmp_path / "out.jsonl")
    ended = cli(*words)
    assert ended.code == 1 and "line 5: session: $.schema: is 'other/1'" in ended.err
    lines = documents(tmp_path / "out.jsonl")
    fates = {(line["row_id"], line["profile"]): [e["fate"] for e in line["continuity"]] for line in lines}
    assert len(fates) == 8 and {line["status"] for line in lines} == {"ok"}
    for profile in ("a", "o"):
        assert fates["named", profile] == fates["within", profile] == ["dropped", "dropped"]
        assert fates["plain", profile] == fates["after", profile] == []
    tokens = {line["row_id"]: line["usage"]["input_tokens"] for line in lines if line["profile"] == "o"}
    assert tokens["named"] == tokens["within"] > tokens["plain"]
    assert "0 results" in cli(*words).err or cli(*words).code in (0, 1)
    assert len(documents(tmp_path / "out.jsonl")) == 8
