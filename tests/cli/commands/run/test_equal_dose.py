"""`--think ~N` and `--spend`: the value whose measured median is nearest, its source, its doubt, the miss."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from thinkdial.cli.commands.setup.simulated_profiles import simulated_profiles
from thinkdial.simulator import Simulator, simulator_in_thread

Cli = Callable[..., Any]
PROFILES = ("arm-climb", "arm-wide", "arm-budget")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread(seed=1) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator, tmp_path: Path) -> str:
    path = tmp_path / "sim.yaml"
    path.write_text(simulated_profiles(simulator.base_url, simulator.mark))
    return str(path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the history of the first test that wanted one is kept for the others."""
    return tmp_path_factory.mktemp("kept") / "data"


@pytest.fixture
def measured(cli: Cli, sim: str, kept: Path) -> str:
    """The configuration, with a history of three models at three values."""
    data = os.environ["XDG_DATA_HOME"]
    if kept.is_dir():
        copytree(kept, data)
        return sim
    named = [part for name in PROFILES for part in ("-p", name)]
    done = cli(
        "compare", "What is 17 + 25?", *named, "-t", "low,medium,high", "--repeat", "9", "--config", sim, "--json"
    )
    assert done.code == 0, done.err
    copytree(data, kept)
    return sim


def by_profile(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {result["profile"]: result for result in document["results"]}


def test_of_each_model_the_nearest(cli: Cli, measured: str):
    named = [part for name in (*PROFILES, "arm-p90") for part in ("-p", name)]
    done = cli("compare", "What is 5 + 8?", *named, "-t", "~1000", "--config", measured, "--json")
    results = by_profile(done.json)
    climb, wide, budget, unknown = (results[name] for name in (*PROFILES, "arm-p90"))
    assert climb["think"]["requested"] == "~1000" and climb["think"]["native"] == {"reasoning_effort": "high"}
    assert climb["think"]["fidelity"] == "mapped" and climb["think"]["note"].startswith(
        "~1,000 reasoning tokens → high"
    )
    aim = climb["aim"]
    assert (aim["unit"], aim["target"], aim["chosen"], aim["source"], aim["n"], aim["fit"]) == (
        "reasoning_tokens", 1000.0, "high", "history", 9, "near",
    )  # fmt: skip
    assert aim["low"] < aim["expected"] < aim["high"]
    assert aim["measured"] == climb["reasoning"]["tokens"]
    assert aim["miss_percent"] == pytest.approx((aim["measured"] - 1000) / 10, abs=0.1)
    assert wide["aim"]["fit"] == "spans" and "dose_spans" in {one["code"] for one in wide["warnings"]}
    assert (budget["aim"]["source"], budget["aim"]["chosen"]) == ("history", "low")
    assert (unknown["aim"]["source"], unknown["aim"]["expected"], unknown["aim"]["fit"]) == (
        "reference",
        None,
        "unknown",
    )


def test_a_budget_is_asked_for_of_which_as_much_is_used(cli: Cli, measured: str):
    done = cli("ask", "What is 5 + 8?", "-p", "arm-budget", "-t", "~2500", "--config", measured, "--json")
    (result,) = done.json["results"]
    assert result["aim"]["source"] == "scaled" and 2500 < result["think"]["native"]["reasoning_budget"] < 8192
    assert result["aim"]["chosen"] == str(result["think"]["native"]["reasoning_budget"])


def test_a_dose_of_money(cli: Cli, measured: str):
    done = cli("ask", "What is 5 + 8?", "-p", "arm-climb", "--spend", "$0.0010", "--config", measured, "--json")
    (result,) = done.json["results"]
    assert result["think"]["requested"] == "~$0.001" and result["aim"]["unit"] == "usd"
    assert result["aim"]["chosen"] == "medium" and result["aim"]["target"] == 0.001
    assert result["aim"]["measured"] == pytest.approx(float(result["cost"]["usd"]), abs=1e-6)


def test_the_table_shows_choice_and_miss(cli: Cli, measured: str):
    shown = cli("compare", "What is 5 + 8?", "-p", "arm-climb", "-p", "arm-wide", "-t", "~1000", "--config", measured)
    assert "~1000 → high*" in shown.out and "high!" in shown.out and " %)" in shown.out
    assert "* arm-climb: ~1,000 reasoning tokens → high:" in shown.out and "answers of yours" in shown.out
    receipt = cli("ask", "What is 6 + 8?", "-p", "arm-climb", "-t", "~1000", "--config", measured).err
    assert "~1000 → high*" in receipt and " %) reasoning tokens" in receipt


def test_plan_shows_it_and_sends_nothing(cli: Cli, measured: str, simulator: Simulator):
    before = len(simulator.requests)
    asked = ("plan", "What is 5 + 8?", "-p", "arm-climb", "-t", "~1000", "--config", measured)
    (planned,) = cli(*asked, "--json").json["plans"]
    assert planned["aim"]["chosen"] == "high" and planned["aim"]["measured"] is None
    assert "~1,000 reasoning tokens → high" in cli(*asked).out and len(simulator.requests) == before


def test_batch_rows_and_resume(cli: Cli, measured: str, tmp_path: Path, simulator: Simulator):
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_text("".join(json.dumps({"id": str(n), "prompt": f"What is {n} + 1?"}) + "\n" for n in range(4)))
    asked = ("batch", str(rows), "-p", "arm-climb", "-t", "~500", "-o", str(out), "--config", measured)
    done = cli(*asked)
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["aim"]["chosen"] for line in lines] == ["medium"] * 4
    assert all(line["think"]["requested"] == "~500" and line["aim"]["miss_percent"] is not None for line in lines)
    before = len(simulator.requests)
    assert cli(*asked).code == 0 and len(simulator.requests) == before


def test_answers_of_a_dose_count_as_what_was_sent(cli: Cli, measured: str):
    for _ in range(3):
        cli("ask", "What is 5 + 8?", "-p", "arm-climb", "-t", "~1000", "--config", measured)
    doses = cli("dose", "-p", "arm-climb", "--config", measured, "--json").json["curves"][0]["doses"]
    assert {dose["think"]: dose["answers"] for dose in doses} == {"low": 9, "medium": 9, "high": 12}


def test_a_stored_dose_comes_back_and_replays(cli: Cli, measured: str):
    cli("ask", "What is 5 + 8?", "-p", "arm-climb", "-t", "~1000", "--config", measured)
    (stored,) = cli("history", "show", "last", "--json").json["results"]
    assert stored["aim"]["chosen"] == "high"
    again = cli("history", "replay", "last", "--json", "--config", measured)
    assert again.code == 0, again.err
    (replayed,) = again.json["results"]
    assert replayed["result"]["aim"] == stored["aim"] and replayed["result"]["think"] == stored["think"]
    assert not [change for change in replayed["changes"] if change["field"].startswith(("aim", "think"))]


def test_a_batch_at_a_provider_tells_what_was_chosen_when_it_was_sent(cli: Cli, sim: str, tmp_path: Path):
    named = ("-p", "sim-openai", "--config", sim)
    assert cli("compare", "What is 17 + 25?", *named, "-t", "low,medium,high", "--repeat", "4").code == 0
    rows, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    rows.write_text('{"id": "a", "prompt": "What is 1 + 2?"}\n')
    sent = cli("batch", str(rows), *named, "-t", "~180", "--via", "provider", "-o", str(out))
    assert sent.code == 0, sent.err
    # What is known by the time of the answer would choose otherwise.
    for path in Path(os.environ["XDG_DATA_HOME"]).rglob("history.sqlite3*"):
        path.unlink()
    batch = sent.out.split()[0]
    assert cli("batch", "wait", batch, "--config", sim).code == 0
    assert cli("batch", "collect", batch, "--config", sim).code == 0
    line = json.loads(out.read_text())
    assert line["think"]["native"]["reasoning"]["effort"] == line["aim"]["chosen"] == "low"
    assert (line["aim"]["source"], line["aim"]["n"]) == ("history", 4) and line["aim"]["measured"] is not None
    assert not any(one["code"] == "batch_request" for one in line["warnings"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("ask", "-t", "low", "--spend", "0.1"), "leave out --think"),
        (("ask", "--spend", "much"), "no amount in USD"),
        (("ask", "--spend", "-1"), "no amount in USD"),
        (("compare", "-t", "~high"), "not a dose"),
    ],
)
def test_what_cannot_be_meant(cli: Cli, sim: str, options: tuple[str, ...], said: str):
    command, *rest = options
    done = cli(command, "hi", "-p", "arm-climb", *rest, "--config", sim)
    assert done.code == 2 and said in done.err


def test_money_without_a_price(cli: Cli, sim: str):
    path = Path(sim)
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "price:" not in line))
    done = cli("ask", "hi", "-p", "arm-climb", "--spend", "0.01", "--config", sim)
    assert done.code == 2 and "its price is not known" in done.err
