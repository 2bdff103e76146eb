"""`plan`: no network, no key, and byte for byte what would be sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import Store, database_path
from thinkdial.profiles.config import load_builtin
from thinkdial.simulator import Simulator

Cli = Callable[..., Any]
DIAL = "auto,off,minimal,low,medium,high,xhigh,max,2000,64k"
FEW = ("claude", "gpt", "gemini")
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
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_plan_is_what_is_sent(cli: Cli, tmp_path: Path, recorder: Any, extra: tuple[str, ...], every: bool) -> None:
    """A built-in profile of each kind, or all, and every kind of value: the server gets what `plan` had printed."""
    builtin = {n: p for n, p in load_builtin().profiles.items() if p.provider in PATHS and (every or n in FEW)}
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
    plans = planned.json["plans"]
    assert len(plans) == len(builtin) * 10
    expected = sorted((p["request"]["url"], p["request"]["body"]) for p in plans if p["samples"])
    sent_for = {(p["profile"], p["think"]["requested"]): p["request"] for p in plans if p["samples"]}
    others = [p for p in plans if not p["samples"]]
    assert others and all(p["request"] == sent_for[p["profile"], p["same_request_as"]] for p in others)

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


@pytest.mark.parametrize("command", ["plan", "compare", "batch"])
def test_where_nothing_can_be_called_every_reason_is_told(cli: Cli, tmp_path: Path, command: str) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text("x\n", encoding="utf-8")
    asked: list[object] = [rows, "-o", tmp_path / "out.jsonl"] if command == "batch" else ["x"]
    ended = cli(command, *asked, "-p", "anthropic/claude-3-7-sonnet-20250219", "-p", "openai/o1")
    assert ended.code == 2 and ended.out == ""
    for words in ("claude-3-7-sonnet-20250219 stopped answering on 2026-02-19", "o1 stopped answering", "sonnet-5-5"):
        assert words in ended.err, ended.err


def test_notes_say_what_was_lost(cli: Cli) -> None:
    ended = cli("plan", "-p", "gemini@off", "-p", "claude@2000")
    shown = " ".join(ended.out.split())
    assert "cannot be turned off" in shown and "takes levels, not budgets" in shown
    assert "clamped" in shown and "mapped" in shown and "$" in shown
    assert cli("plan", "-p", "gemini@off", "--strict-think").code == 5


@pytest.mark.parametrize("columns", ["40", "80", pytest.param("160", marks=pytest.mark.slow)])
def test_it_fits(cli: Cli, laid_out: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for arguments in (("plan", "-t", "off,high"), ("models",), ("models", "claude-opus-5-5"), ("profiles", "list")):
        out = laid_out(cli(*arguments).out)
        assert out and max(len(line.rstrip()) for line in out.split("\n")) <= int(columns), arguments


def test_local_servers_that_listen_stand_each_on_a_line(cli: Cli, tmp_path: Path, recorder: Any) -> None:
    config = tmp_path / "c.yaml"
    server = f"{{base_url: '{recorder.url}', dialects: {{openai-chat: {{}}}}, unknown_model: {{control: none}}}}"
    config.write_text(f"providers:\n  one: {server}\n  other: {server}\n", encoding="utf-8")
    listed = cli("profiles", "list", "--config", config).out.partition("listening on this machine\n")[2]
    assert sorted(listed.splitlines()) == [f"one: {recorder.url}", f"other: {recorder.url}"]
    assert "listening" not in cli("profiles", "list").out


def test_expected_likely_and_worst_with_their_sources_and_a_total(cli: Cli) -> None:
    arguments = ("plan", "Is 91 prime?", "-p", "claude", "-p", "gpt", "-t", "off,high")
    shown = " ".join(cli(*arguments).out.split())
    for words in (
        "expected 8 in 10 worst case", "total $", "~11 tokens in", "recorded), max 128,000", "table prices",
        "input estimated by kinds of characters", "no cache hits assumed",
    ):  # fmt: skip
        assert words in shown, words
    document = cli(*arguments, "--json").json
    parts = [plan["forecast"] for plan in document["plans"]]
    for end in ("low_usd", "expected_usd", "likely_high_usd", "high_usd"):
        assert Decimal(document["total"][end]) == sum(Decimal(part[end]) for part in parts)
    for part in parts:
        low, expected, likely, worst = (
            Decimal(part[end]) for end in ("low_usd", "expected_usd", "likely_high_usd", "high_usd")
        )
        assert low < expected < likely < worst
    assert Decimal(document["total"]["expected_usd"]) < Decimal("0.05") < 1 < Decimal(document["total"]["high_usd"])


def test_what_the_total_lacks_is_said(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "profiles:\n  own: {provider: openai-compatible, base_url: 'http://127.0.0.1:9/v1', model: mine}\n"
        "  priced: {provider: openai-compatible, base_url: 'http://127.0.0.1:9/v1', model: mine,"
        " price: {input: 1, output: 2}}\n",
        encoding="utf-8",
    )
    shown = " ".join(cli("plan", "x", "-p", "own", "-p", "priced", "-p", "gpt@low", "--config", config).out.split())
    assert "+ of 3 calls: the price of 1 is unknown" in shown and "1 without an upper bound" in shown
    assert "the profile's price" in shown and "no price" in shown


def test_the_users_own_runs_are_taken_and_counted(cli: Cli) -> None:
    with Store.open(create=True) as store, store.transaction():
        seed_runs(store, "openai", load_builtin().profiles["gpt"].model, "high", [1000, 1100, 1200, 1300, 1400, 1500])
    document = cli("plan", "x", "-p", "gpt@high", "-p", "gpt@low", "--json").json
    high, low = (plan["forecast"] for plan in document["plans"])
    assert (high["output_source"], high["output_runs"]) == ("history", 6)
    assert 1000 < high["expected_output_tokens"] < 1300 and low["output_source"] == "observed"
    assert "6 runs of yours" in high["method"]
    assert f"{high['expected_output_tokens']:,} out expected (" in " ".join(
        cli("plan", "x", "-p", "gpt@high").out.split()
    )


def test_a_damaged_history_costs_the_forecast_nothing_but_a_note(cli: Cli) -> None:
    database_path().parent.mkdir(parents=True, exist_ok=True)
    database_path().write_bytes(b"this is no database" * 100)
    ended = cli("plan", "x", "-p", "gpt@high", "--json")
    assert ended.code == 0 and ended.json["plans"][0]["forecast"]["output_source"] == "observed"
    assert "the forecast knows nothing of earlier runs" in ended.err
    assert cli("plan", "x", "-p", "gpt@high", "--json", "-q").err == ""


def test_count_asks_the_provider_and_says_so(cli: Cli, config_for: Any, recorder: Any) -> None:
    recorder.status, recorder.body = 200, b'{"input_tokens": 4321}'
    ended = cli(
        "plan", "Is 91 prime?", "-p", "a", "-t", "low", "--count", "--config", config_for(recorder.url), "--json"
    )
    assert [path for path, _, _ in recorder.asked] == ["/anthropic/v1/messages/count_tokens"]
    made = ended.json["plans"][0]["forecast"]
    assert (made["input_tokens"], made["input_source"]) == (4321, "counted") and ended.err == ""
    shown = cli("plan", "x", "-p", "a", "-t", "low", "--count", "--config", config_for(recorder.url)).out
    assert "4,321 tokens in (counted)" in " ".join(shown.split())


def test_what_cannot_be_counted_is_estimated_and_said(
    cli: Cli, config_for: Any, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(recorder.url)
    ended = cli("plan", "x", "-p", "a", "-p", "local", "-t", "low", "--count", "--config", config, "--json")
    assert [plan["forecast"]["input_source"] for plan in ended.json["plans"]] == ["estimated", "estimated"]
    assert "a: the tokens could not be counted: HTTP 500" in ended.err
    assert "local: no counting endpoint is known" in ended.err
    recorder.asked.clear()
    monkeypatch.delenv("SIM_KEY")
    ended = cli("plan", "x", "-p", "a", "-t", "low", "--count", "--config", config, "--json")
    assert ended.code == 0 and recorder.asked == [] and "SIM_KEY is not set" in ended.err


def test_there_must_be_something_to_count(cli: Cli, config_for: Any, recorder: Any) -> None:
    ended = cli("plan", "-p", "a", "--count", "--config", config_for(recorder.url))
    assert ended.code == 2 and "--count needs a prompt" in ended.err and recorder.asked == []


def test_without_count_the_prompt_stays_here(cli: Cli, config_for: Any, recorder: Any) -> None:
    assert cli("plan", "x", "-p", "a", "--config", config_for(recorder.url)).code == 0
    assert recorder.asked == []


def seed_runs(store: Store, provider: str, model: str, think: str, outputs: list[int]) -> None:
    """Whole answers of real runs, as far as forecasts read them."""
    created = "2026-11-20T10:00:00Z"
    store.connection.execute(
        "INSERT INTO runs (id, created_at, command, prompt, simulated) VALUES ('r', ?, 'compare', 'x', 0)", (created,)
    )
    (number,) = store.connection.execute("SELECT number FROM runs WHERE id = 'r'").fetchone()
    store.connection.executemany(
        "INSERT INTO results (host, run, position, created_at, provider, model, think, output_tokens, profile, dialect,"
        " status) VALUES ('api.openai.com', ?, ?, ?, ?, ?, ?, ?, 'p', 'd', 'ok')",
        [(number, at, created, provider, model, think, tokens) for at, tokens in enumerate(outputs)],
    )


def test_the_simulated_providers_count(cli: Cli, sim: Path) -> None:
    names = [word for name in ("a", "o", "g", "chat") for word in ("-p", name)]
    ended = cli("plan", "Is 91 prime?", "-s", "Be brief", *names, "-t", "low", "--count", "--config", sim, "--json")
    made = [plan["forecast"] for plan in ended.json["plans"]]
    assert [one["input_source"] for one in made] == ["counted"] * 4, ended.err
    assert all(5 < one["input_tokens"] < 100 for one in made)


PROJECT = """
profiles:
  mine: {provider: openai, model: gpt-6-sol, think: high, params: {store: true, tools: [{type: web_search}]},
         system: 'say where the keys are', headers: {X-Team: red}, base_url: 'https://elsewhere.example/v1'}
  dial: {provider: openai, model: gpt-6-luna, think: low, max_output_tokens: 900}
"""


def test_what_a_projects_file_changes_is_told_before_it_is_sent(cli: Any) -> None:
    Path(".thinkdial.yaml").write_text(PROJECT, encoding="utf-8")
    assert cli("profiles", "trust").code == 0
    for command in (("plan",), ("compare", "--dry-run")):
        both = cli(*command, "hi", "-p", "mine", "-p", "dial", "--json").json["plans"]
        mine, dial = (
            [one["message"] for one in entry["warnings"] if one["code"] == "project_changes"] for entry in both
        )
        assert dial == [] and len(mine) == 1, mine
        assert all(name in mine[0] for name in ("the address", "header x-team", "instructions", "store", "tools"))
        assert "where the keys are" not in mine[0] and "red" not in mine[0]
    shown = " ".join(cli("ask", "hi", "-p", "mine", "--dry-run").out.split())
    assert "of this project changes what mine sends, beyond the model, the dial and limits" in shown


def test_what_other_files_say_is_no_matter_of_the_projects(cli: Any, sim: Path) -> None:
    Path(".thinkdial.yaml").write_text(
        "profiles: {a: {provider: anthropic, model: claude-opus-5-5}}\n", encoding="utf-8"
    )
    (entry,) = cli("plan", "hi", "-p", "a", "--config", sim, "--json").json["plans"]
    assert "project_changes" not in {one["code"] for one in entry["warnings"]}
