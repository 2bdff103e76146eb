"""What a batch says is missing: in its last words, its summary and its exit code, whatever the reason."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.profiles.facts import packaged_text

Run = Callable[..., Any]
ROWS = 12


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "prompt": f"row {n}"}) + "\n" for n in range(ROWS)))
    return path


def reckoned(path: Path) -> tuple[Any, ...]:
    document = json.loads(path.read_text())
    Draft202012Validator(json.loads(packaged_text("schemas/batch-summary.schema.json"))).validate(document)
    return tuple(document[name] for name in ("finished", "expected", "written", "missing"))


def test_a_profile_without_a_key_is_missing_and_the_same_command_makes_it_whole(
    cli: Run, config_for: Run, simulator: Any, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (
        f"  keyless: {{provider: openai, base_url: '{simulator.base_url}/openai/v1', model: gpt-6-sol, "
        "api_key_env: OTHER_KEY}\n"
    )
    config = config_for(simulator.base_url, "")
    text = config.read_text()
    config.write_text(text.replace("groups:", f"{other}groups:", 1))
    told, out = tmp_path / "sum.json", tmp_path / "out.jsonl"
    command = (
        "batch", rows, "-p", "a", "-p", "keyless", "--think", "low,high", "-q", "--config", config, "-o", out,
        "--summary", told, "--force", "--shard", "1/1",
    )  # fmt: skip
    ended = cli(*command)
    assert ended.code == 1 and reckoned(told) == (False, 48, 24, 24), ended.err
    assert "24 results are missing: keyless was given up: " in ended.err and "the same command goes on" in ended.err

    merged = cli("batch", "merge", out, "-o", tmp_path / "all.jsonl", "--summary", tmp_path / "m.json", "-q")
    assert merged.code == 1 and "24 results are missing" in merged.err, merged.err
    assert reckoned(tmp_path / "m.json") == (False, 48, 24, 24)
    monkeypatch.setenv("OTHER_KEY", "k-2f41")
    ended = cli(*command)
    assert ended.code == 0 and reckoned(told) == (True, 48, 48, 0), ended.err
    merged = cli("batch", "merge", out, "-o", tmp_path / "two.jsonl", "--summary", tmp_path / "n.json", "-q")
    assert merged.code == 0 and reckoned(tmp_path / "n.json") == (True, 48, 48, 0)


def test_a_budget_and_what_was_there_before_are_reckoned(cli: Run, sim: Path, rows: Path, tmp_path: Path) -> None:
    told, out = tmp_path / "sum.json", tmp_path / "out.jsonl"
    rows.write_text("".join(json.dumps({"id": str(n), "prompt": "hi", "max_output": 2000}) + "\n" for n in range(40)))
    command = (
        "batch", rows, "-p", "a", "--think", "low,high", "--config", sim, "-o", out, "-q", "--summary", told, "--force",
        "--concurrency", "2", "--max-cost",
    )  # fmt: skip
    for most in ("0.20", "0.30"):
        ended = cli(*command, most)
        lines = len(out.read_bytes().splitlines())
        finished, expected, written, missing = reckoned(told)
        assert ended.code == 4 and not finished and written == lines and expected in (80, None), ended.err
        assert missing == 80 - lines if expected else 0 < missing <= 80 - lines
        assert f"{missing:,} results are missing: there is no more money" in ended.err
    assert cli(*command, "9").code == 0 and reckoned(told) == (True, 80, 80, 0)


@pytest.mark.slow
def test_an_interrupted_batch_says_how_many(process: Any, sim: Path, rows: Path, tmp_path: Path) -> None:
    told, out = tmp_path / "sum.json", tmp_path / "out.jsonl"
    rows.write_text(rows.read_text() + '{"id": "slow", "prompt": "p", "profile": "stall"}\n')
    running = process.start("batch", rows, "-p", "a", "-o", out, "--summary", told, "-q", "--config", sim)
    while not out.exists() or len(out.read_bytes().splitlines()) < ROWS:
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    assert b"finishing" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    assert running.wait(20) == 130
    words = running.stderr.read().decode()
    assert reckoned(told) == (False, 13, 12, 1) and "1 result is missing: it was interrupted" in words, words
