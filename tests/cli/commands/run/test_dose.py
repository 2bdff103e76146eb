"""`thinkdial dose`: curves from the history, gaps filled within a hard limit, simulated results never elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.cli.commands.setup.simulated_profiles import simulated_profiles
from thinkdial.engine.doses.prompts import dose_prompts
from thinkdial.profiles.facts import packaged_text
from thinkdial.simulator import Simulator, simulator_in_thread

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with simulator_in_thread(seed=5) as running:
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
def swept(cli: Cli, sim: str, kept: Path) -> str:
    """The configuration, after a sweep of two models in a history."""
    data = os.environ["XDG_DATA_HOME"]
    if kept.is_dir():
        copytree(kept, data)
        return sim
    profiles = ("-p", "arm-noop", "-p", "arm-climb", "--config", sim)
    done = cli("compare", "What is 17 + 25?", *profiles, "-t", "low,medium,high", "--repeat", "10", "--json")
    assert done.code == 0, done.err
    copytree(data, kept)
    return sim


def test_curves_mark_the_level_that_does_nothing(cli: Cli, swept: str, simulator: Simulator):
    before = len(simulator.requests)
    shown = cli("dose", "-p", "arm-noop", "-p", "arm-climb", "--config", swept)
    assert shown.code == 0 and len(simulator.requests) == before
    assert "medium ≈" in shown.out and "≈ medium not shown to differ from low (n=10, a step of" in shown.out
    assert shown.out.count("not shown to differ") == 1
    assert shown.out.count("SIMULATED") == 2 and "●" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_json_conforms_to_its_schema(cli: Cli, swept: str):
    found = cli("dose", "-p", "arm-noop", "--config", swept, "--json").json
    Draft202012Validator(json.loads(packaged_text("schemas/dose.schema.json"))).validate(found)
    (curve,) = found["curves"]
    assert curve["simulated"] and curve["host"] == ""
    assert [(dose["think"], dose["answers"], dose["not_above"]) for dose in curve["doses"]] == [
        ("low", 10, None), ("medium", 10, "low"), ("high", 10, None),
    ]  # fmt: skip
    low = curve["doses"][0]["reasoning_tokens"]
    assert low["low"] <= low["median"] <= low["high"] and 200 < low["median"] < 800
    assert Decimal(curve["doses"][0]["usd"]["median"]) > 0


def test_simulated_answers_are_drawn_for_simulated_profiles_alone(cli: Cli, swept: str):
    assert "no answers in the history" in cli("dose", "--config", swept).out
    assert cli("dose", "--json", "--config", swept).json["curves"] == []


def test_only_some_think_values_and_prompts(cli: Cli, swept: str):
    some = cli("dose", "-p", "arm-noop", "-t", "low,high", "--config", swept, "--json").json["curves"][0]
    assert [dose["think"] for dose in some["doses"]] == ["low", "high"] and some["steps"] == []
    other = cli("dose", "What is 1 + 1?", "-p", "arm-noop", "--config", swept, "--json").json["curves"][0]
    same = cli("dose", "What is 17 + 25?", "-p", "arm-noop", "--config", swept, "--json").json["curves"][0]
    assert other["doses"] == [] and len(same["doses"]) == 3


def test_page(cli: Cli, swept: str, tmp_path: Path):
    page = tmp_path / "dose.html"
    assert cli("dose", "-p", "arm-noop", "-p", "arm-climb", "--config", swept, "-o", str(page)).code == 0
    text = page.read_text()
    assert text.count('<svg class="plot') == 3 and "default-src &#39;none&#39;" in text
    assert "not shown to differ from low" in text and ">simulated<" in text


def test_gaps_are_filled_and_what_is_there_counts(cli: Cli, swept: str, simulator: Simulator):
    before = len(simulator.requests)
    asked = ("dose", "-p", "arm-noop", "-t", "low,minimal", "--measure", "12", "--max-cost", "1", "--config", swept)
    done = cli(*asked, "--json")
    assert done.code == 0, done.err
    assert [dose["answers"] for dose in done.json["curves"][0]["doses"]] == [12, 12]
    assert len(simulator.requests) - before == 14
    assert cli(*asked, "-q").code == 0 and len(simulator.requests) - before == 14


def test_the_limit_is_hard_and_the_same_command_goes_on(cli: Cli, sim: str, simulator: Simulator):
    asked = ("dose", "-p", "arm-dear", "-t", "low", "--measure", "16", "--config", sim)
    first = cli(*asked, "--max-cost", "0.03", "--json")
    assert first.code == 4 and "the same command goes on" in first.err
    made = sum(dose["answers"] for curve in first.json["curves"] for dose in curve["doses"])
    assert 0 < made < 16
    runs = cli("history", "list", "--json").json["runs"]
    assert sum(Decimal(run["usd"]) for run in runs if run["usd"]) <= Decimal("0.03")
    again = cli(*asked, "--max-cost", "1", "--json")
    assert again.code == 0, again.err
    assert again.json["curves"][0]["doses"][0]["answers"] == 16
    prompts = {request.body["messages"][-1]["content"] for request in simulator.requests if request.body}
    assert prompts == set(dose_prompts())


def test_a_model_that_does_not_tell_its_reasoning_is_not_asked_for_ever(cli: Cli, sim: str, simulator: Simulator):
    asked = ("dose", "-p", "arm-silent", "-t", "low", "--measure", "4", "--max-cost", "1", "--config", sim)
    (dose,) = cli(*asked, "--json").json["curves"][0]["doses"]
    assert (dose["answers"], dose["reasoning_tokens"]) == (4, None) and dose["usd"]["n"] == 4
    before = len(simulator.requests)
    shown = cli(*asked)
    assert shown.code == 0 and len(simulator.requests) == before and "–" in shown.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--measure", "3", "-p", "arm-flat"), "say how much at most"),
        (("--max-cost", "1", "-p", "arm-flat"), "--max-cost is for --measure"),
        (("--measure", "3", "--max-cost", "1"), "whom to ask"),
        (("-t", "hihg", "-p", "arm-flat"), "did you mean high"),
        (("-p", "arm-flta"), "arm-flat"),
    ],
)
def test_what_cannot_be_meant(cli: Cli, sim: str, options: tuple[str, ...], said: str):
    done = cli("dose", *options, "--config", sim)
    assert done.code == 2 and said in done.err


def test_nothing_comes_back(cli: Cli, sim: str):
    config = Path(sim)
    config.write_text(config.read_text().replace("model: arm-flat", "model: arm-flat@server_error"))
    done = cli("dose", "-p", "arm-flat", "-t", "low", "--measure", "3", "--max-cost", "1", "--config", sim)
    assert done.code == 3 and "still open: 3 answers" in done.err
    assert "no answer in the history" in done.out
