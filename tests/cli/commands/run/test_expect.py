"""Answers that are checked, and gates: what ask and compare say, and with which code they end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

CHECKS = """
checks:
  ninety: {{command: [{python}, -c, "import sys; sys.exit('9' not in sys.stdin.read())"]}}
  keyless: {{command: [{python}, -c, "import os, sys; sys.exit(int('SIM_KEY' in os.environ))"]}}
  hangs: {{command: [{python}, -c, "import time; time.sleep(60)"], timeout: 0.3}}
  settled: {{agree: 0.5}}
  polite: {{judge: {{profile: g@low, question: Is it polite?}}}}
  good: {{judge: {{profile: a@low, question: How good is it?, scale: 1-5, least: 1}}}}
  better: {{judge: {{profile: a@low, question: Which is better?, against: o}}}}
  broken: {{judge: {{profile: busy, question: Is it polite?}}}}
  nobody: {{judge: {{profile: no-such, question: Is it polite?}}}}
"""


@pytest.fixture
def checked(simulator: Any, config_for: Callable[..., Path]) -> Path:
    return config_for(simulator.base_url, CHECKS.format(python=sys.executable))


def ask(cli: Cli, checked: Path, *more: object, profile: str = "a") -> Any:
    return cli("ask", "What is 40 + 50?", "-p", profile, "--think", "low", "--config", checked, *more)


def result_of(ended: Any) -> Any:
    return ended.json["results"][0]


@pytest.mark.parametrize(
    ("expect", "passed", "note"),
    [
        ("contains=90", True, ""),
        ("contains=zebra", False, "does not contain 'zebra'"),
        ("command=ninety", True, ""),
        ("command=keyless", True, ""),
        ("command=hangs", None, "did not end within 0.3 s"),
        ("judge=good", True, ""),
        ("judge=broken", None, "the judge did not answer"),
        ("agree=0.5", None, "no other answer"),
    ],
)
def test_an_answer_is_checked(cli: Cli, checked: Path, expect: str, passed: bool | None, note: str) -> None:
    ended = ask(cli, checked, "--expect", expect, "--json")
    assert ended.code == 0
    found = result_of(ended)
    assert found["passed"] is passed
    assert (found["expect_note"] or "") == "" if not note else note in found["expect_note"]
    gated = ask(cli, checked, "--expect", expect, "--fail-on", "pass<1")
    assert gated.code == (0 if passed else 6)
    assert ("gate failed: a @low: pass<1: pass is 0" in gated.err) is not passed


def test_all_has_to_hold_and_what_costs_is_asked_last(cli: Cli, checked: Path) -> None:
    failed = result_of(ask(cli, checked, "--expect", "contains=zebra", "--expect", "judge=good", "--json"))
    assert failed["passed"] is False and failed["checks"] == []
    both = result_of(ask(cli, checked, "--expect", "contains=90", "--expect", "judge=good", "--json"))
    assert both["passed"] is True and [one["name"] for one in both["checks"]] == ["good"]


def test_a_judges_call_is_in_the_bill_and_in_the_history(cli: Cli, checked: Path) -> None:
    run = ask(cli, checked, "--expect", "judge=good", "--json").json
    (outcome,) = run["results"][0]["checks"]
    assert outcome["opinion"] is True and outcome["own_vendor"] is True and outcome["profile"] == "a@low"
    assert outcome["calls"] == 1 and float(outcome["usd"]) > 0 and outcome["reasoning_tokens"] > 0
    assert 1 <= outcome["score"] <= 5
    assert run["summary"]["checks_usd"] == outcome["usd"]
    listed = cli("history", "list", "--json").json["runs"]
    assert sorted(one["command"] for one in listed) == ["ask", "judge"]
    stored = cli("history", "show", next(one["number"] for one in listed if one["command"] == "ask"), "--json")
    assert stored.json["results"][0]["passed"] is True
    spent = cli("spend", "--by", "profile", "--json").json
    assert float(spent["total"]["usd"]) == pytest.approx(
        float(outcome["usd"]) + float(run["results"][0]["cost"]["usd"]), abs=1e-6
    )


def test_judges_are_a_part_of_what_is_foretold(cli: Cli, checked: Path, simulator: Any) -> None:
    asked = ("compare", "What is 40 + 50?", "-p", "a", "-p", "o", "--think", "low", "--config", checked)
    judged = (*asked, "--repeat", "2", "--expect", "judge=good", "--expect", "judge=better")
    before = len(simulator.requests)
    without = cli(*asked, "--repeat", "2", "--dry-run", "--json").json["total"]
    planned = cli(*judged, "--dry-run", "--json").json
    assert [(one["check"], one["total"]["calls"]) for one in planned["judges"]] == [("good", 4), ("better", 4)]
    for amount in ("low_usd", "expected_usd", "high_usd"):
        judges = sum(Decimal(one["total"][amount]) for one in planned["judges"])
        assert judges > 0 and Decimal(planned["total"][amount]) == Decimal(without[amount]) + judges
    assert planned["total"]["calls"] == without["calls"] + 8 and len(simulator.requests) == before
    with_limit = checked.with_name("limit.yaml")
    with_limit.write_text(checked.read_text() + f"budget: {{confirm_usd: {without['expected_usd']}}}\n")
    refused = cli(*judged, "--config", with_limit)
    assert refused.code == 4 and "expected to cost" in refused.err
    told = cli(*judged, "--confirm", "--yes")
    assert "judge good" in " ".join(told.err.split()) and "up to ×4" in told.err


def test_a_judge_is_paid_from_the_same_budget(cli: Cli, checked: Path) -> None:
    run = ask(cli, checked, "--expect", "judge=good", "--json", "--max-cost", "0.02")
    found = result_of(run)
    assert found["status"] == "ok" and found["passed"] is None
    assert "USD is all that is left" in found["expect_note"]
    assert found["checks"][0]["calls"] == 0


def test_two_answers_are_compared_in_both_orders(cli: Cli, checked: Path) -> None:
    ended = cli(
        "compare", "What is 40 + 50?", "-p", "trio", "--config", checked, "--expect", "judge=better", "--json"
    )  # fmt: skip
    first, base, third = ended.json["results"]
    assert first["checks"][0]["calls"] == third["checks"][0]["calls"] == 2
    assert base["checks"] == [] and base["passed"] is None and "compared with" in base["expect_note"]
    alone = ask(cli, checked, "--expect", "judge=better")
    assert alone.code == 2 and "answers of o, which is not asked here" in alone.err


def test_answers_that_agree_pass(cli: Cli, checked: Path) -> None:
    ended = cli("compare", "What is 40 + 50?", "-p", "trio", "--config", checked, "--expect", "agree=settled", "--json")
    for one in ended.json["results"]:
        (outcome,) = one["checks"]
        assert outcome["kind"] == "agree" and outcome["share"] > 0
        assert one["passed"] is (outcome["share"] >= 0.5)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--expect", "comand=x"), "did you mean command"),
        (("--expect", "command=rm"), "none of the configuration's checks"),
        (("--expect", "judge=nobody"), "no-such"),
        (("--expect", "regex=("), "no regular expression"),
        (("--expect", "schema=none.json"), "no such file"),
        (("--fail-on", "pas<1"), "did you mean pass"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_anything_is_sent(
    cli: Cli, checked: Path, option: tuple[str, str], words: str
) -> None:
    for command in ("ask", "compare"):
        ended = cli(command, "hi", "-p", "a", "--config", checked, *option)
        assert ended.code == 2 and words in ended.err and ended.out == ""
    assert cli("history", "list", "--json").json["runs"] == []


def test_a_gate_is_told_for_each_result(cli: Cli, checked: Path) -> None:
    ended = cli("compare", "hi", "-p", "trio", "--think", "low", "--config", checked, "--fail-on", "cost>0.0001", "-q")
    assert ended.code == 6
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == ["a @low", "o @low", "g @low"]
    fine = cli("compare", "hi", "-p", "trio", "--config", checked, "--fail-on", "cost>10,verdict=starved")
    assert fine.code == 0 and "gate" not in fine.err


def test_a_profile_says_what_it_expects_and_an_option_goes_before(cli: Cli, checked: Path) -> None:
    text = checked.read_text(encoding="utf-8")
    checked.write_text(text.replace("api_key_env: SIM_KEY}", "api_key_env: SIM_KEY, expect: {contains: zebra}}", 1))
    assert result_of(ask(cli, checked, "--json"))["passed"] is False
    assert result_of(ask(cli, checked, "--json", "--expect", "contains=90"))["passed"] is True
    assert result_of(ask(cli, checked, "--json", profile="o"))["passed"] is None
    checked.write_text(text.replace("api_key_env: SIM_KEY}", "api_key_env: SIM_KEY, expect: {command: zebra}}", 1))
    refused = ask(cli, checked)
    assert refused.code == 2 and "other.yaml:2" in refused.err and "none of the configuration's checks" in refused.err


def test_a_schema_may_be_a_file(cli: Cli, checked: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"type": "object"}))
    found = result_of(ask(cli, checked, "--expect", f"schema={path}", "--json"))
    assert found["passed"] is False and "not JSON" in found["expect_note"]


def test_thinking_that_was_asked_for_has_to_be_seen(cli: Cli, recorder: Any, config_for: Callable[..., Path]) -> None:
    recorder.status = 200
    usage = {"input_tokens": 5, "output_tokens": 2}
    said = {"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": usage, "model": "m"}
    recorder.body = json.dumps({"type": "message", "role": "assistant", "id": "m1", **said}).encode()
    config = config_for(f"{recorder.url}")
    asked = ("ask", "hi", "-p", "a", "--think", "high", "--no-stream", "--config", config)
    plain = cli(*asked, "--json")
    assert plain.code == 0 and plain.json["results"][0]["think"]["verdict"] == "not_observed"
    strict = cli(*asked, "--strict-think")
    assert strict.code == 6 and "thinking was asked for, and none was seen" in strict.err and strict.out == "hi\n"
