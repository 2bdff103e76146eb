"""Samples on the command line: asked, told, kept, shown and paid for as often as they are taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.commands.setup.simulated_profiles import simulated_profiles
from thinkdial.simulator import Simulator

Cli = Callable[..., Any]
PROMPT = "What is 17 + 25?"


@pytest.fixture
def arms(simulator: Simulator, tmp_path: Path) -> Path:
    """The profiles of the simulator, with models whose answers differ from sample to sample."""
    path = tmp_path / "arms.yaml"
    path.write_text(simulated_profiles(simulator.base_url, simulator.mark), encoding="utf-8")
    return path


def test_every_cell_is_asked_so_often(cli: Cli, arms: Path, simulator: Simulator) -> None:
    before = len(simulator.requests)
    ended = cli("compare", PROMPT, "-p", "arm-climb", "-t", "low,high", "--repeat", "4", "--config", arms, "--json")
    assert ended.code == 0 and len(simulator.requests) - before == 8
    found = ended.json
    assert [(one["think"]["requested"], one["repeat"]) for one in found["results"]] == [
        *(("low", number) for number in (1, 2, 3, 4)), *(("high", number) for number in (1, 2, 3, 4)),
    ]  # fmt: skip
    low, high = found["cells"]
    assert (low["samples"], low["unasked"], low["agreement"]["answers"]) == (4, 0, 4)
    counts = [one["reasoning"]["tokens"] for one in found["results"][:4]]
    assert (low["reasoning_tokens"]["least"], low["reasoning_tokens"]["most"]) == (min(counts), max(counts))
    assert low["reasoning_tokens"]["median"] < high["reasoning_tokens"]["median"]
    assert Decimal(found["summary"]["usd"]) == sum(Decimal(one["cost"]["usd"]) for one in found["results"])


def test_samples_take_turns(cli: Cli, arms: Path, simulator: Simulator) -> None:
    before = len(simulator.requests)
    asked = ("compare", PROMPT, "-p", "arm-climb", "-p", "arm-noop", "--repeat", "3", "--concurrency", "1")
    found = cli(*asked, "--config", arms, "--json").json
    assert [one.body["model"] for one in simulator.requests[before:]] == ["arm-climb", "arm-noop"] * 3
    assert [one["profile"] for one in found["results"]] == ["arm-climb"] * 3 + ["arm-noop"] * 3


def test_a_name_that_is_written_twice_is_two_samples_and_told(cli: Cli, arms: Path) -> None:
    ended = cli("compare", PROMPT, "-p", "arm-climb", "-p", "arm-climb", "-p", "arm-noop", "--config", arms, "--json")
    assert "arm-climb was named 2 times: 2 samples of it are taken" in ended.err
    assert [(one["profile"], one["repeat"]) for one in ended.json["results"]] == [
        ("arm-climb", 1), ("arm-climb", 2), ("arm-noop", None),
    ]  # fmt: skip
    once = cli("compare", PROMPT, "-p", "sim", "-p", "sim-openai", "--config", arms, "--json")
    assert "named" not in once.err and len(once.json["results"]) == 3


def test_the_same_bytes_are_asked_and_billed_once(cli: Cli, arms: Path, simulator: Simulator) -> None:
    before = len(simulator.requests)
    asked = ("compare", PROMPT, "-p", "sim-google", "-t", "off,minimal,low,high", "--config", arms)
    found = cli(*asked, "--json").json
    assert len(simulator.requests) - before == 2 and found["summary"]["results"] == 2
    assert [(cell["think"], cell["samples"], cell["same_request_as"]) for cell in found["cells"]] == [
        ("low", 1, None), ("off", 0, "low"), ("minimal", 0, "low"), ("high", 1, None),
    ]  # fmt: skip
    low = found["results"][0]
    assert [(twin["requested"], twin["verdict"]) for twin in low["same_request"]] == [
        ("off", "unwanted"), ("minimal", "as_asked"),
    ]  # fmt: skip
    shown = cli("history", "show", "last")
    assert "@off, @minimal: same request as @low, asked once" in " ".join(shown.out.split())
    repeated = cli(*asked, "--repeat", "2", "--json").json
    assert repeated["summary"]["results"] == 8 and not any(one["same_request"] for one in repeated["results"])


def test_samples_are_in_the_history_and_in_every_form(cli: Cli, arms: Path, tmp_path: Path) -> None:
    assert cli("compare", PROMPT, "-p", "arm-climb", "-t", "low,high", "--repeat", "3", "--config", arms).code == 0
    (row,) = cli("history", "list", "--json").json["runs"]
    assert row["samples"] == 3 and row["statuses"] == {"ok": 6}
    assert "low, high ×3" in cli("history", "list").out
    sent = cli("history", "show", "last", "--sent", "--json").json["sent"]
    assert [entry["repeat"] for entry in sent] == [1, 2, 3] * 2
    replayed = cli("history", "replay", "last", "--json").json
    assert [(one["repeat"], one["result"]["repeat"]) for one in replayed["results"]] == [(n, n) for n in (1, 2, 3)] * 2
    table = cli("history", "show", "last").out
    assert (
        "n 3" in table and "of 3 agree" in table and "cannot show a best one; --repeat 4 can" in " ".join(table.split())
    )
    text = cli("history", "show", "last", "--format", "md").out
    assert "## Cells" in text and all(
        f"### arm-climb@{think} \\#{n}" in text for think in ("low", "high") for n in (1, 2, 3)
    )
    rows = cli("history", "show", "last", "--format", "csv").out.splitlines()
    place = rows[0].split(",").index("repeat")
    assert Counter(line.split(",")[place] for line in rows[1:] if line.startswith(row["id"])) == {
        "1": 2,
        "2": 2,
        "3": 2,
    }
    page = tmp_path / "page.html"
    assert cli("history", "report", "last", "-o", page).code in (0, 2) or page.exists()


def test_what_is_planned_and_asked_about_counts_every_sample(cli: Cli, arms: Path, simulator: Simulator) -> None:
    before = len(simulator.requests)
    asked = ("compare", PROMPT, "-p", "arm-climb", "-t", "low", "--config", arms)
    once, thrice = (cli(*asked, "--repeat", n, "--dry-run", "--json").json for n in (1, 3))
    assert [plan["samples"] for plan in thrice["plans"]] == [3] and thrice["total"]["calls"] == 3
    assert Decimal(thrice["total"]["expected_usd"]) == 3 * Decimal(once["total"]["expected_usd"])
    assert "low ×3" in cli(*asked, "--repeat", 3, "--dry-run").out
    refused = cli(*asked, "--repeat", 3, "--max-cost", "0.000001")
    assert refused.code == 4 and "these 3 calls cost at least" in refused.err
    assert len(simulator.requests) == before


def test_a_budget_that_ends_in_the_middle_says_what_was_not_asked(cli: Cli, arms: Path) -> None:
    ended = cli(
        "compare", PROMPT, "-p", "arm-climb", "-t", "high", "--repeat", "8", "--max-cost", "0.012",
        "--concurrency", "1", "--max-output", "2500", "--config", arms, "--json",
    )  # fmt: skip
    (cell,) = ended.json["cells"]
    assert ended.code == 4 and cell["samples"] == 8 and 0 < cell["unasked"] < 8
    assert cell["usd"]["n"] == cell["whole"] <= 8 - cell["unasked"]
    assert Decimal(ended.json["summary"]["usd"]) <= Decimal("0.012")
    assert f"{cell['unasked']} not asked" in cli("history", "show", "last").out


@pytest.mark.parametrize("wanted", ["0", "-1", "1001", "x"])
def test_odd_numbers_of_samples_are_refused(cli: Cli, arms: Path, wanted: str) -> None:
    for command in (("compare", PROMPT), ("plan", PROMPT), ("batch", "rows.jsonl")):
        assert cli(*command, "-p", "arm-climb", "--repeat", wanted, "--config", arms).code == 2
    many = cli("compare", PROMPT, "-p", "arm-climb", "-p", "arm-climb", "--repeat", "600", "--config", arms)
    assert many.code == 2 and "--repeat is from 1 to 1000, not 1200" in many.err
