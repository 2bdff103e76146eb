"""`plan`: no network, no key, and byte for byte what would be sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.profiles.load import load_builtin
from thinkdial.simulator import Simulator

Cli = Callable[..., Any]
DIAL = "auto,off,minimal,low,medium,high,xhigh,max,2000,64k"
PATHS = {"anthropic": "/anthropic", "openai": "/openai/v1", "google": "/google"}


def test_no_socket_and_no_key(process: Any) -> None:
    ended = process("plan", "Is 91 prime?", "-t", DIAL, "--json", env={"TEST_NO_SOCKETS": "1"})
    assert ended.code == 0, ended.err
    plans = ended.json["plans"]
    assert {plan["profile"] for plan in plans} >= {"claude", "gpt", "gemini"}
    assert all(plan["forecast"]["input_tokens"] for plan in plans)


def test_the_guard_of_that_test_bites(process: Any, sim: Path) -> None:
    ended = process("ask", "x", "-p", "a", "--config", sim, env={"TEST_NO_SOCKETS": "1"})
    assert ended.code != 0 and "a socket was made" in ended.err


@pytest.mark.parametrize("extra", [(), ("--no-stream", "--max-output", "5000", "-s", "Be brief")])
def test_the_plan_is_what_is_sent(cli: Cli, tmp_path: Path, recorder: Any, extra: tuple[str, ...]) -> None:
    """Every built-in profile and every kind of value: what the server gets is what `plan` had printed."""
    builtin = {n: p for n, p in load_builtin().profiles.items() if p.provider in PATHS}
    lines = [
        f"  {name}: {{base_url: '{recorder.url}{PATHS[profile.provider]}', api_key_env: SIM_KEY}}"
        for name, profile in builtin.items()
    ]
    config = tmp_path / "all.yaml"
    config.write_text("\n".join(["profiles:", *lines]), encoding="utf-8")
    names = [word for name in builtin for word in ("-p", name)]
    prompt = 'Is "91" prime?\n\tÜber \U0001f389 \u2028 ok'
    common = (prompt, *names, "-t", DIAL, *extra, "--config", config)
    planned = cli("plan", *common, "--json")
    assert planned.code == 0, planned.err
    expected = sorted((p["request"]["url"], p["request"]["body"]) for p in planned.json["plans"])
    assert len(expected) == len(builtin) * 10

    assert cli("compare", *common, "--retries", "0", "-q").code == 3
    sent = sorted((f"{recorder.url}{path}", body.decode()) for path, _, body in recorder.asked)
    assert sent == expected
    headers = {p["request"]["url"]: p["request"]["headers"] for p in planned.json["plans"]}
    for path, got, _ in recorder.asked:
        for name, value in headers[f"{recorder.url}{path}"].items():
            assert name in got and (got[name] == value or "***" in value)


def test_masked_everywhere(cli: Cli, sim: Path, key: str) -> None:
    for extra in ((), ("--json",)):
        ended = cli("plan", "-p", "trio", "--config", sim, *extra)
        assert key not in ended.everything
    assert '"authorization": "Bearer ***"' in ended.out


def test_dry_run_is_plan(cli: Cli, sim: Path, simulator: Simulator) -> None:
    before = len(simulator.requests)
    for command in ("ask", "compare"):
        planned = cli("plan", "x", "-p", "a", "-t", "max", "--config", sim, "--json")
        dry = cli(command, "x", "-p", "a", "-t", "max", "--config", sim, "--json", "--dry-run")
        assert (dry.code, dry.out) == (planned.code, planned.out)
    assert len(simulator.requests) == before


def test_without_a_prompt_it_says_so(cli: Cli) -> None:
    assert "(your prompt)" in cli("plan", "-p", "claude", "--json").out


def test_one_profile_that_cannot_be_planned_does_not_hide_the_others(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("profiles: {lost: {provider: openai-compatible, model: m}}", encoding="utf-8")
    ended = cli("plan", "-p", "lost", "-p", "claude", "--config", config)
    assert ended.code == 1 and "claude" in ended.out and "needs a base_url" in ended.err
    ended = cli("plan", "-p", "lost", "--config", config)
    assert ended.code == 2 and ended.out == "" and "needs a base_url" in ended.err


def test_notes_say_what_was_lost(cli: Cli) -> None:
    ended = cli("plan", "-p", "gemini@off", "-p", "claude@2000")
    shown = " ".join(ended.out.split())
    assert "cannot be turned off" in shown and "takes levels, not budgets" in shown
    assert "clamped" in shown and "mapped" in shown and "$" in shown
    assert cli("plan", "-p", "gemini@off", "--strict-think").code == 5


@pytest.mark.parametrize("columns", ["40", "80", "160"])
def test_it_fits(cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (("plan", "-t", "off,high"), ("models",), ("models", "claude-opus-5-5"), ("profiles", "list")):
        out = cli(*arguments).out
        assert out and max(len(line.rstrip()) for line in out.split("\n")) <= int(columns), arguments
