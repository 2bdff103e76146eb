"""What scripts rely on: the exit code, and words that say what happened, where, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.exit_codes import ExitCode, code_of
from thinkdial.engine.history.store import LockedError
from thinkdial.providers.errors import BudgetError, ConfigError, StoreError, StrictPlanError, ThinkdialError, UsageError
from thinkdial.simulator import Simulator

from ..cases import each

Cli = Callable[..., Any]


@each(
    ("error", "code"),
    [
        (UsageError("x"), ExitCode.USAGE),
        (ConfigError("x"), ExitCode.USAGE),
        (StoreError("x"), ExitCode.USAGE),
        (LockedError("x"), ExitCode.USAGE),
        (BudgetError("x"), ExitCode.COST_LIMIT),
        (StrictPlanError(["x"]), ExitCode.STRICT_PLAN),
    ],
)
def test_each_error_has_its_code(error: ThinkdialError, code: ExitCode) -> None:
    assert code_of(error) is code


def test_a_strict_plan_is_told_as_a_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    from thinkdial.cli.output import complain

    complain(StrictPlanError(["a: one", "b: two"]))
    assert capsys.readouterr().err == "a: one\nb: two\nnothing was sent\n"


def test_0_all_fine(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "x", "-p", "trio", "--config", sim)
    assert ended.code == 0 and "3 ok" in ended.out


def test_1_some_failed_and_the_others_are_printed(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "x", "-p", "a", "-p", "html", "--config", sim, "--json", "--retries", "0")
    assert ended.code == 1
    assert [result["status"] for result in ended.json["results"]] == ["ok", "error"]
    assert ended.json["results"][0]["answer"] and "HTML" in ended.json["results"][1]["error"]["message"]


def test_1_a_partial_answer_is_not_fine(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "x", "-p", "a", "-p", "cut", "--config", sim, "--json")
    assert ended.code == 1 and ended.json["results"][1]["status"] == "partial" and ended.json["results"][1]["answer"]


def test_3_all_failed(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "x", "-p", "busy", "--config", sim, "--retries", "1")
    assert ended.code == 3 and ended.out == ""
    assert "overloaded (529)" in ended.err and "try again later" in ended.err


def test_3_when_one_was_not_even_sent(cli: Cli, sim: Path) -> None:
    ended = cli("compare", "x", "-p", "gpt", "-p", "busy", "--config", sim, "--retries", "0", "--json")
    assert ended.code == 3
    assert [r["error"]["kind"] for r in ended.json["results"]] == ["config", "overloaded"]
    assert ended.json["summary"]["usd_unknown"] == 0  # turned away is not charged


@pytest.mark.parametrize("command", ["ask", "compare"])
def test_5_a_strict_plan_refuses_before_anything_is_sent(
    cli: Cli, sim: Path, simulator: Simulator, command: str
) -> None:
    before = len(simulator.requests)
    ended = cli(command, "x", "-p", "g", "-t", "off", "--strict-think", "--config", sim)
    assert ended.code == 5 and ended.out == "" and len(simulator.requests) == before
    assert "g: --strict-think: off would be clamped" in ended.err and "nothing was sent" in ended.err
    assert cli(command, "x", "-p", "g", "-t", "off", "--dry-run", "--strict-think", "--config", sim).code == 5
    assert cli(command, "x", "-p", "g", "-t", "high", "--strict-think", "--config", sim).code == 0


USAGE: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("ask", "x"), ("no profile was chosen", "-p NAME", "defaults.profile")),
    (("compare", "x", "-p", "claud"), ("'claud'", "did you mean claude?", "profiles:")),
    (("compare", "x", "-p", "frontir"), ("did you mean frontier?",)),
    (("ask", "x", "-p", "frontier"), ("ask takes one profile, not 3", "thinkdial compare")),
    (("ask", "x", "-p", "claude", "-p", "gpt"), ("ask takes one profile, not 2 (claude, gpt)",)),
    (("ask", "x", "-p", "claude", "-t", "hgih"), ("'hgih' is not a think value", "did you mean high?")),
    (("ask", "x", "-p", "claude", "-t", ""), ("'' is not a think value",)),
    (("ask", "x", "-p", "claude", "-t", "low,high"), ("one think value", "thinkdial compare")),
    (("compare", "x", "-p", "claude", "-t", "low,,high"), ("'' is not a think value",)),
    (("compare", "x", "-p", "claude@hgih"), ("did you mean high?",)),
    (("compare", "x", "-p", "claude", "-t", "99999999k"), ("more than any model takes",)),
    (("ask", "x", "-p", "claude"), ("ANTHROPIC_API_KEY is not set", "export ANTHROPIC_API_KEY=", "https://")),
    (("compare", "x", "-p", "gpt", "-p", "claude"), ("OPENAI_API_KEY is not set", "ANTHROPIC_API_KEY is not set")),
    (("ask", "-p", "claude"), ("the prompt is empty", "-f FILE")),
    (("ask", "  \n ", "-p", "claude"), ("the prompt is empty",)),
    (("ask", "x", "-f", "/no/such", "-p", "claude"), (f"/no/such cannot be read: {os.strerror(errno.ENOENT)}",)),
    (("ask", "x", "-f", "/", "-p", "claude"), (f"/ cannot be read: {os.strerror(errno.EISDIR)}",)),
    (("ask", "x", "--json", "--format", "csv", "-p", "claude"), ("--json and --format csv contradict",)),
    (("ask", "x", "--format", "yaml", "-p", "claude"), ("--format",)),
    (("ask", "x", "--timeout", "0", "-p", "claude"), ("--timeout",)),
    (("ask", "x", "--retries", "99", "-p", "claude"), ("--retries",)),
    (("ask", "x", "--config", "/no/such.yaml"), ("/no/such.yaml: cannot be read",)),
    (("models", "nosuchmodel"), ("no known model matches 'nosuchmodel'",)),
    (("models", "--provider", "anthropc"), ("did you mean anthropic?",)),
    (("profiles", "show", "claud"), ("did you mean claude?",)),
    (("simulate", "--fault", "overladed"), ("did you mean overloaded?", "rate_limit")),
    (("simulate", "--fault", "overloaded=2"), ("2 is not a share",)),
    (("nosuch",), ("nosuch",)),
    (("ask", "--nosuch"), ("--nosuch",)),
]


@each(("arguments", "words"), USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_2_usage(cli: Cli, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    ended = cli(*arguments)
    assert ended.code == 2 and ended.out == "" and "Traceback" not in ended.err
    shown = " ".join(ended.err.replace("│", " ").split())
    for word in words:
        assert word in shown


YAML: list[tuple[str, tuple[str, ...]]] = [
    ("profiles: [\n", ("bad.yaml:2:1", "not valid YAML")),
    ("profiles:\n  a: {provider: anthropic, modle: x}\n", ("bad.yaml:2:28", "profiles.a.modle", "did you mean model?")),
    ("profils: {}\n", ("bad.yaml:1:1", "did you mean profiles?")),
    ("profiles:\n  a: {provider: antropic, model: x}\n", ("bad.yaml:2:", "did you mean anthropic?")),
    ("profiles:\n  a: {provider: openai}\n", ("model", "is missing")),
    ("defaults: {think: hgih}\n", ("bad.yaml:1:", "did you mean high?")),
    ("defaults: {profile: nosuch}\n", ("nosuch",)),
    ("groups: {g: [nosuch]}\n", ("nosuch",)),
    ("- a\n- b\n", ("bad.yaml",)),
    ("a: &a [*a]\n", ("bad.yaml",)),
    ("\x00\x01", ("bad.yaml",)),
]


@pytest.mark.parametrize(("text", "words"), YAML, ids=[repr(text) for text, _ in YAML])
def test_2_configuration(cli: Cli, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(text, encoding="utf-8")
    ended = cli("ask", "x", "--config", bad)
    assert ended.code == 2 and ended.out == "" and "Traceback" not in ended.err
    for word in words:
        assert word in ended.err


def test_nothing_is_sent_when_a_key_is_missing(
    cli: Cli, sim: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIM_KEY")
    before = len(simulator.requests)
    ended = cli("compare", "x", "-p", "trio", "--config", sim)
    assert ended.code == 2 and len(simulator.requests) == before
    assert ended.err.count("SIM_KEY is not set") == 3 and ended.err.count("export SIM_KEY=") == 1


def test_a_server_that_never_answers(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "x", "-p", "silent", "--config", sim, "--timeout", "0.2")
    assert ended.code == 3 and "sent nothing for 0.2 s" in ended.err and "--timeout" in ended.err


def test_a_server_that_stops_in_the_middle(cli: Cli, sim: Path) -> None:
    ended = cli("ask", "x", "-p", "stall", "--config", sim, "--timeout", "0.2")
    assert ended.code == 3 and ended.out.strip() and ended.out.endswith("\n")
    assert "sent nothing for 0.2 s" in ended.err and "partial" in ended.err


@pytest.mark.parametrize(("profile", "words"), [("html", "HTML"), ("garbage", "not"), ("cut", "broke")])
def test_answers_that_are_none(cli: Cli, sim: Path, profile: str, words: str) -> None:
    ended = cli("ask", "x", "-p", profile, "--config", sim)
    assert ended.code == 3 and words in ended.err and "Traceback" not in ended.err


def test_5_what_is_only_assumed_is_refused_too(cli: Cli) -> None:
    ended = cli("plan", "-p", "anthropic/claude-opus-6@high", "--strict-think", "--json")
    assert ended.code == 5 and ended.json["plans"][0]["think"]["fidelity"] == "assumed"
