"""What a simulator answers is in no sum, budget, sample or catalogue, while the limit of a run holds for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.commands.setup.simulated_profiles import simulated_profiles
from thinkdial.engine.history.samples import output_samples
from thinkdial.engine.history.store import Store
from thinkdial.profiles.published import catalogue_file
from thinkdial.simulator import Simulator, simulator_in_thread

Cli = Callable[..., Any]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread() as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator, tmp_path: Path) -> Path:
    path = tmp_path / "sim.yaml"
    path.write_text(simulated_profiles(simulator.base_url, simulator.mark) + "\nbudget: {daily_usd: 0.0001}\n")
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "prompt": f"What is {n} + 1?"}) + "\n" for n in range(6)))
    return path


def total(cli: Cli) -> tuple[int, Any]:
    found = cli("spend", "--json").json["total"]
    return found["results"], found["usd"]


def test_it_is_in_no_sum_and_no_budget_refuses_it(cli: Cli, sim: Path, rows: Path, tmp_path: Path) -> None:
    for _ in range(2):
        found = cli("compare", "Is 91 prime?", "-p", "sim", "--config", str(sim), "--json")
        assert found.code == 0, found.everything
        assert all(result["simulated"] and result["cost"]["usd"] for result in found.json["results"])
    done = cli("batch", str(rows), "-p", "sim", "--config", str(sim), "-o", str(tmp_path / "out.jsonl"), "-q")
    assert done.code == 0, done.everything
    assert total(cli) == (0, None)
    assert all(json.loads(line)["simulated"] for line in (tmp_path / "out.jsonl").read_text().splitlines())
    runs = cli("history", "list", "--json").json["runs"]
    assert [run["simulated"] for run in runs if run["command"] == "compare"] == [True, True]


def test_the_turns_of_a_session_say_that_their_cost_is_none(cli: Cli, sim: Path) -> None:
    assert cli("ask", "hi", "-p", "sim-openai", "--session", "tea", "--config", str(sim)).code == 0
    assert " simulated · run 1" in " ".join(cli("session", "show", "tea").out.split())
    assert [node["simulated"] for node in cli("session", "show", "tea", "--json").json["nodes"]] == [True]


def test_the_limit_of_a_run_holds_as_in_a_rehearsal(cli: Cli, sim: Path, rows: Path, tmp_path: Path) -> None:
    refused = cli("ask", "hi", "-p", "sim-openai", "--config", str(sim), "--max-cost", "0.000001")
    assert refused.code == 4 and "--max-cost" in refused.everything
    output = tmp_path / "out.jsonl"
    cut = cli("batch", str(rows), "-p", "sim", "--config", str(sim), "-o", str(output), "--max-cost", "0.0001", "-q")
    assert cut.code == 4, cut.everything


def test_without_the_proof_it_is_as_real_as_any(cli: Cli, sim: Path, simulator: Simulator) -> None:
    sim.write_text(sim.read_text().replace(simulator.mark, "f" * 32).replace("daily_usd: 0.0001", "daily_usd: 5"))
    found = cli("ask", "hi", "-p", "sim-openai", "--config", str(sim), "--json")
    result = found.json["results"][0]
    assert not result["simulated"]
    assert "not_simulated" in [warning["code"] for warning in result["warnings"]]
    assert total(cli)[0] == 1


def test_real_calls_beside_it_count(cli: Cli, sim: Path, simulator: Simulator) -> None:
    real = f"  real: {{provider: openai, model: gpt-6-sol, base_url: {simulator.base_url}/openai/v1, "
    real += "headers: {authorization: Bearer x}}\n"
    text = sim.read_text().replace("daily_usd: 0.0001", "daily_usd: 5")
    sim.write_text(text.replace("profiles:\n", f"profiles:\n{real}"))
    cli("compare", "hi", "-p", "sim", "-p", "real", "--config", str(sim), "--json")
    assert total(cli)[0] == 1
    with Store.open() as store:
        host = simulator.base_url.removeprefix("http://")
        assert len(output_samples(store, "openai", host, "gpt-6-sol", "auto")) == 1
        assert output_samples(store, "openai", "api.openai.com", "gpt-6-sol", "auto") == []


def test_no_catalogue_of_the_vendor_comes_from_it(cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("models", "refresh", "--provider", "anthropic", "--config", str(sim))
    assert not catalogue_file("anthropic").exists()


def test_another_host_keeps_a_catalogue_of_its_own(cli: Cli, sim: Path, simulator: Simulator) -> None:
    sim.write_text("\n".join(line for line in sim.read_text().splitlines() if "simulated:" not in line))
    cli("models", "refresh", "--provider", "anthropic", "--config", str(sim))
    host = simulator.base_url.removeprefix("http://")
    assert not catalogue_file("anthropic").exists()
    assert catalogue_file("anthropic", host).exists()
