"""Rows that expect more than text, gates over a whole batch, and who may name what."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..choose.conftest import write_arms

Cli = Callable[..., Any]

CHECKS = """
checks:
  ninety: {{command: [{python}, -c, "import sys; sys.exit('90' not in sys.stdin.read())"]}}
  good: {{judge: {{profile: g@low, question: How good is it?, scale: 1-5, least: 1}}}}
  broken: {{judge: {{profile: nobody, question: Is it polite?}}}}
  better: {{judge: {{profile: g, question: Which?, against: o}}}}
"""


@pytest.fixture
def checked(simulator: Any, config_for: Callable[..., Path]) -> Path:
    return config_for(simulator.base_url, CHECKS.format(python=sys.executable))


@pytest.fixture
def arms(simulator: Any, tmp_path: Path) -> Path:
    return write_arms(tmp_path / "arms.yaml", simulator)


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({"id": f"r{at}"} | row) + "\n" for at, row in enumerate(rows)))
    return path


def lines(ended: Any) -> dict[str, Any]:
    return {line["row_id"]: line for line in map(json.loads, ended.out.splitlines())}


ROWS = (
    {"prompt": "What is 40 + 50?", "expect": {"command": "ninety"}},
    {"prompt": "What is 1 + 1?", "expect": {"command": "ninety"}},
    {"prompt": "What is 40 + 50?", "expect": {"contains": "90", "judge": "good"}},
    {"prompt": "What is 40 + 50?", "expect": {"judge": "broken"}},
    {"prompt": "What is 40 + 50?", "expect": {"judge": "better"}},
    {"prompt": "What is 40 + 50?"},
)


def test_rows_name_what_the_configuration_defines(filed: Cli, checked: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", *ROWS)
    ended = filed("batch", rows, "-p", "a", "--think", "low", "--config", checked, "--expect", "contains=zebra")
    assert ended.code == 0, ended.err
    found = lines(ended)
    assert [found[f"r{at}"]["passed"] for at in range(6)] == [True, False, True, None, None, False]
    assert "ended with 1" in found["r1"]["expect_note"]
    (outcome,) = found["r2"]["checks"]
    assert outcome["kind"] == "judge" and outcome["opinion"] is True and float(outcome["usd"]) > 0
    assert "nobody" in found["r3"]["expect_note"] and "compare with" in found["r4"]["expect_note"]


def test_rows_define_nothing_and_name_no_files_from_elsewhere(filed: Cli, checked: Path, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "s.json").write_text('{"type": "number"}')
    (tmp_path / "d" / "s.json").write_text('{"type": "number"}')
    rows = write_rows(
        tmp_path / "d" / "rows.jsonl",
        {"prompt": "x", "expect": {"command": ["sh", "-c", "touch owned"]}},
        {"prompt": "x", "expect": {"command": {"argv": ["sh"]}}},
        {"prompt": "x", "expect": {"judge": {"profile": "a", "question": "?"}}},
        {"prompt": "x", "expect": {"schema": "../s.json"}},
        {"prompt": "x", "expect": {"schema": "s.json"}},
    )
    ended = filed("batch", rows, "-p", "a", "--config", checked)
    assert ended.code == 1 and [*lines(ended)] == ["r4"]
    for at, words in enumerate(("none of the configuration's checks", "names a program", "names a judge", "below"), 1):
        assert f"line {at}: expect" in ended.err and words in ended.err
    allowed = filed("batch", rows, "-p", "a", "--config", checked, "--allow-files")
    assert {*lines(allowed)} == {"r3", "r4"}
    (tmp_path / "tea.json").write_text('{"schema": "thinkdial.session/1"}')
    write_rows(rows, {"prompt": "x", "session": "../tea.json"}, {"prompt": "x", "session": str(tmp_path / "tea.json")})
    named = filed("batch", rows, "-p", "a", "--config", checked)
    assert named.code == 1 and named.err.count("does not lie below") == 2
    assert "does not lie below" not in filed("batch", rows, "-p", "a", "--config", checked, "--allow-files").err
    piped = filed(
        "batch", "-", "-p", "a", "--config", checked, stdin=b'{"prompt": "x", "expect": {"schema": "s.json"}}\n'
    )
    assert piped.code == 1 and "lie in no folder" in piped.err


def test_gates_hold_for_all_that_the_output_has(filed: Cli, checked: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", *ROWS[:2])
    for form in ("jsonl", "csv"):
        out = tmp_path / f"out.{form}"
        asked = ("batch", rows, "-p", "a", "--think", "low", "--config", checked, "-o", out, "-q")
        ended = filed(*asked, "--fail-on", "pass<0.9,cost>5,verdict=starved")
        assert ended.code == 6
        assert "gate failed: a @low: pass<0.9: pass is 0.5 (1 of 2 passed)" in ended.err and ended.err.count("\n") == 1
        again = filed(*asked, "--fail-on", "pass<0.9")
        assert again.code == 6 and "1 of 2 passed" in again.err
        costly = filed(*asked, "--fail-on", "cost>0.000001,pass<0.5")
        assert costly.code == 6 and "in 2 of 2 results, the first cost is" in costly.err and "(r" in costly.err
        assert filed(*asked, "--fail-on", "pass<0.5,fidelity=unsupported,reasoning_tokens<1").code == 0


def test_failed_rows_are_not_passed_and_a_gate_goes_before_them(filed: Cli, checked: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", ROWS[0], {"prompt": "x", "profile": "html"})
    ended = filed("batch", rows, "-p", "a", "--config", checked, "--retries", "0", "--fail-on", "pass<1")
    assert ended.code == 6 and "html @auto: pass<1: pass is 0" in ended.err
    assert filed("batch", rows, "-p", "a", "--config", checked, "--retries", "0").code == 1


def test_thinking_has_to_be_possible_before_and_seen_after(
    filed: Cli, recorder: Any, config_for: Any, tmp_path: Path
) -> None:
    recorder.status = 200
    usage = {"input_tokens": 5, "output_tokens": 2}
    said = {"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": usage, "model": "m"}
    recorder.body = json.dumps({"type": "message", "role": "assistant", "id": "m1", **said}).encode()
    config, rows = config_for(recorder.url), write_rows(tmp_path / "rows.jsonl", {"prompt": "x"}, {"prompt": "y"})
    asked = ("batch", rows, "-p", "a", "--no-stream", "--config", config)
    assert filed(*asked, "--think", "high").code == 0
    strict = filed(*asked, "--think", "high", "--strict-think")
    assert strict.code == 6 and "none was seen in 2 of 2 results" in strict.err
    before = len(recorder.asked)
    refused = filed(*asked, "--think", "off,minimal", "--strict-think")
    assert refused.code == 5 and len(recorder.asked) == before


def test_agreement_is_nothing_of_one_answer(filed: Cli, sim: Path, tmp_path: Path) -> None:
    rows = write_rows(
        tmp_path / "rows.jsonl",
        {"prompt": "x", "expect": {"agree": 0.8}},
        {"prompt": "x", "expect": {"agree": 0.8, "contains": "zebra"}},
    )
    found = lines(filed("batch", rows, "-p", "a", "--config", sim))
    assert [found[name]["passed"] for name in ("r0", "r1")] == [None, False]
    assert "not judged of an answer by itself" in found["r0"]["expect_note"]
    refused = filed("batch", rows, "-p", "a", "--config", sim, "--expect", "agree=0.8")
    assert refused.code == 2 and "needs several answers to a row" in refused.err


def samples(path: Path) -> dict[str, list[tuple[Any, Any]]]:
    found: dict[str, list[tuple[Any, Any]]] = {}
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        found.setdefault(line["row_id"], []).append((line["passed"], line["expect_note"]))
    return found


def test_samples_of_a_row_are_held_against_each_other(filed: Cli, arms: Path, tmp_path: Path) -> None:
    sums = [{"prompt": f"What is {n} + 12?", "expect": {"agree": 0.9, "number": n + 12}} for n in range(100, 106)]
    rows, out = write_rows(tmp_path / "rows.jsonl", *sums), tmp_path / "out.jsonl"
    asked = ("batch", rows, "--repeat", "4", "--config", arms, "-o", out)
    assert filed(*asked, "-p", "arm-p100").code == 0
    found = samples(out)
    assert found == {f"r{at}": [(True, None)] * 4 for at in range(6)}
    out.unlink()
    assert filed(*asked, "-p", "arm-p50", "--fail-on", "pass<1").code == 6
    found = samples(out)
    assert {len(one) for one in found.values()} == {4} and (None, None) not in {
        s for one in found.values() for s in one
    }
    for of_row in found.values():
        right = sum(passed is True or "agree" in str(note) for passed, note in of_row)
        assert (right == 4) == all(passed for passed, _ in of_row), (
            "right alone is not enough: the others have to agree"
        )


def test_samples_that_came_in_another_run_are_not_known(filed: Cli, arms: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", {"prompt": "What is 3 + 4?", "expect": {"agree": 0.5}})
    out = tmp_path / "out.jsonl"
    asked = ("batch", rows, "-p", "arm-p100", "--config", arms, "-o", out)
    assert filed(*asked, "--repeat", "2").code == 0
    assert filed(*asked, "--repeat", "4").code == 0
    first, later = samples(out)["r0"][:2], samples(out)["r0"][2:]
    assert [passed for passed, _ in first] == [True, True] and len(later) == 2
    assert {(passed, "did not come in the same run" in note) for passed, note in later} == {(None, True)}


def test_what_a_budget_leaves_of_a_row_is_written_and_not_judged(filed: Cli, arms: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", {"prompt": "What is 3 + 4?", "expect": {"agree": 0.5}})
    out = tmp_path / "out.jsonl"
    asked = ("batch", rows, "-p", "arm-dear@low", "--config", arms, "-o", out, "--repeat", "40")
    stopped = filed(*asked, "--max-cost", "0.02", "--concurrency", "1")
    assert stopped.code == 4
    before = samples(out)["r0"]
    assert 0 < len(before) < 40 and all(passed is None for passed, _ in before)
    assert filed(*asked).code == 0 and len(samples(out)["r0"]) == 40, "and none is paid twice"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--expect", "agree=0.8"), "needs several answers to a row"),
        (("--expect", "judge=better"), "which is not asked here"),
        (("--expect", "judge=broken"), "nobody"),
        (("--expect", "command=none"), "none of the configuration's checks"),
        (("--fail-on", "pass"), "a gate is NAME"),
        (("--via", "provider", "-o", "out.jsonl", "--fail-on", "pass<1"), "made here"),
        (("--via", "provider", "-o", "out.jsonl", "--expect", "command=ninety"), "made by this process"),
    ],
)
def test_what_cannot_be_judged_is_refused_at_once(
    filed: Cli, checked: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", {"prompt": "x"})
    ended = filed("batch", rows, "-p", "a", "--config", checked, *options)
    assert ended.code == 2 and words in ended.err and ended.out == ""
