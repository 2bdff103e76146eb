"""`thinkdial tune` against simulated models whose truth is known."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from thinkdial.profiles.config import load
from thinkdial.profiles.facts import packaged_text
from thinkdial.simulator import Simulator

Run = Callable[..., Any]
FEW = ("-p", "arm-p50@low", "-p", "arm-p97@low", "-p", "arm-dear@low")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def arm_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(arm for arm in document["arms"] if f"{arm['profile']}@{arm['think']}" == name)


def test_the_cheapest_that_passes(cli: Run, arms: Path, sums: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    ended = cli("tune", sums, *FEW, "--target", "0.9", "--max-cost", "5", "-o", out, "--json", "--config", arms)
    found = ended.json
    assert ended.code == 0, ended.err
    assert (found["schema"], found["outcome"], found["ended_by"]) == ("thinkdial.tune/1", "found", "decided")
    assert found["chosen"] == "arm-p97@low" and found["left"] == ["arm-p97@low"] and found["rows"] == 200
    assert arm_of(found, "arm-p50@low")["state"] == "fails" and arm_of(found, "arm-dear@low")["dearer_than"]
    assert found["calls"] == len(lines(out)) < 0.6 * found["calls_of_whole_grid"]
    spent = sum((Decimal(line["cost"]["usd"]) for line in lines(out)), Decimal(0))
    assert Decimal(found["usd"]) == spent <= 5 and found["usd_unknown"] == 0
    chosen = arm_of(found, "arm-p97@low")
    assert chosen["pass_low"] >= 0.9 and chosen["passed"] <= chosen["judged"] <= 200
    assert Decimal(chosen["usd_per_1000"]) == 1000 * Decimal(chosen["usd_mean"])
    Draft202012Validator(json.loads(packaged_text("schemas/tune.schema.json"))).validate(found)


def test_nothing_is_paid_twice(cli: Run, arms: Path, sums: Path, tmp_path: Path, simulator: Simulator) -> None:
    out = tmp_path / "out.jsonl"
    command = ("tune", sums, *FEW, "--target", "0.9", "-o", out, "--json", "--config", arms)
    first = cli(*command)
    before = len(simulator.requests)
    again = cli(*command)
    assert again.code == 0 and len(simulator.requests) == before
    assert {k: first.json[k] for k in ("chosen", "calls", "arms")} == {
        k: again.json[k] for k in ("chosen", "calls", "arms")
    }
    assert again.json["calls_earlier"] == first.json["calls"] and again.json["usd"] is None


@pytest.mark.slow
def test_killed_and_gone_on(process: Any, arms: Path, sums: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = ("tune", sums, *FEW, "--target", "0.9", "-o", out, "--config", arms)
    for size in (10_000, 60_000):
        running = process.start(*command)
        while (not out.exists() or out.stat().st_size < size) and running.poll() is None:
            os.sched_yield()
        running.kill()
        running.wait(20)
    ended = process(*command, "--json")
    works = Counter(line["work"] for line in lines(out))
    assert ended.code == 0, ended.err
    assert ended.json["chosen"] == "arm-p97@low" and max(works.values()) == 1
    assert ended.json["calls"] == len(works)


@pytest.mark.slow
def test_a_budget_that_ends_in_the_middle(cli: Run, arms: Path, sums: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = ("tune", sums, *FEW, "--target", "0.9", "-o", out, "--json", "--config", arms)
    ended = cli(*command, "--max-cost", "0.06")
    found = ended.json
    assert ended.code == 4 and found["ended_by"] == "budget" and Decimal(found["usd"]) <= Decimal("0.06")
    assert found["outcome"] == "cannot_tell" and found["left"] and found["calls"] > 0
    assert "the same command goes on from there" in ended.err
    assert cli(*command, "--max-cost", "5").json["chosen"] == "arm-p97@low"


def test_a_batch_is_taken_over(cli: Run, arms: Path, sums: Path, tmp_path: Path, simulator: Simulator) -> None:
    earlier = tmp_path / "batch.jsonl"
    cli("batch", sums, "-p", "arm-p97", "--think", "low", "-o", earlier, "--config", arms)
    before = len(simulator.requests)
    ended = cli("tune", sums, *FEW, "--target", "0.9", "--from", earlier, "--json", "--config", arms)
    found = ended.json
    assert found["calls_earlier"] == 200 and arm_of(found, "arm-p97@low")["asked"] == 200
    assert found["chosen"] == "arm-p97@low"
    assert len(simulator.requests) - before == found["calls"] - 200
    assert "200 samples are taken over; 0 lines answer something else" in ended.err
    other = cli("tune", sums, *FEW, "--from", earlier, "--system", "Be brief.", "--rows", "10", "--config", arms)
    assert "0 samples are taken over; 200 lines answer something else" in other.err


@pytest.mark.slow
def test_results_alone(cli: Run, arms: Path, sums: Path, tmp_path: Path, simulator: Simulator) -> None:
    earlier = tmp_path / "batch.jsonl"
    cli("batch", sums, "-p", "arm-p97", "-p", "arm-p50", "--think", "low", "-o", earlier, "--config", arms)
    before = len(simulator.requests)
    ended = cli("tune", "--from", earlier, "--target", "0.9", "--json", "--config", arms)
    assert ended.code == 0 and len(simulator.requests) == before
    assert (ended.json["chosen"], ended.json["ended_by"]) == ("arm-p97@low", "no_calls")


@pytest.mark.slow
def test_equal_arms(cli: Run, arms: Path, sums: Path) -> None:
    equal = [part for letter in "abc" for part in ("-p", f"arm-equal90-{letter}@low")]
    ended = cli("tune", sums, *equal, "--rows", "60", "--config", arms)
    assert ended.code == 0 and ended.out.startswith("cannot tell arm-equal90-")
    assert "not told apart, neither by pass rate nor by cost" in ended.out
    assert "100 more rows would narrow" in ended.out


def test_rows_too_few_to_be_as_good(cli: Run, arms: Path, sums: Path) -> None:
    ended = cli("tune", sums, "-p", "arm-p95@low", "-p", "arm-p97@high", "--rows", "25", "--config", arms)
    assert "the 25 rows are too few to show that arm-p95@low is as good as the best" in " ".join(ended.out.split())


def test_an_output_of_a_batch_is_gone_on_with(cli: Run, arms: Path, sums: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    cli("batch", sums, "-p", "arm-p97@low", "-o", out, "--config", arms)
    found = cli("tune", sums, *FEW, "--target", "0.9", "-o", out, "--json", "--config", arms).json
    assert found["calls_earlier"] == 200 and found["chosen"] == "arm-p97@low"


@pytest.mark.slow
def test_rows_from_a_pipe(process: Run, arms: Path, sums: Path) -> None:
    piped = process(
        "tune", "-", "-p", "arm-p50@low", "--rows", "5", "--json", "--config", arms, stdin=sums.read_bytes()
    )
    assert piped.code == 0 and piped.json["calls"] == 5 and piped.json["source"] == "-"


def test_what_it_may_cost_is_told_before(
    cli: Run, arms: Path, sums: Path, tmp_path: Path, simulator: Simulator
) -> None:
    out, before = tmp_path / "out.jsonl", len(simulator.requests)
    command = ("tune", sums, "-p", "arm-p50@low", "-p", "arm-dear@high", "-o", out, "--config", arms)
    told = cli(*command, "--dry-run", "--json").json
    assert (told["schema"], told["rows"]) == ("thinkdial.tune.plan/1", 200)
    assert (told["first_rows"]["calls"], told["all_rows"]["calls"]) == (20, 400)
    each = [Decimal(arm["left"]["expected_usd"]) for arm in told["arms"]]
    assert sum(each) == Decimal(told["all_rows"]["expected_usd"]) > Decimal(told["first_rows"]["expected_usd"]) > 0
    shown = cli(*command, "--dry-run")
    assert shown.code == 0 and "all rows of all" in shown.out and "400" in shown.out
    nobody = cli(*command, "--confirm")
    assert nobody.code == 2 and "--yes" in nobody.err
    assert len(simulator.requests) == before and not out.exists(), "a look sends and writes nothing"
    made = cli(*command, "--rows", "12", "--confirm", "--yes")
    assert "first rows of all" in made.err and out.exists()
    again = cli(*command, "--rows", "12", "--dry-run", "--json").json
    assert again["all_rows"]["calls"] == 24 - len(lines(out))


def test_a_dose_is_chosen_by_what_is_measured(cli: Run, arms: Path, sums: Path) -> None:
    cli("compare", "What is 3 + 4?", "-p", "arm-p97", "--think", "low,high", "--repeat", "4", "--config", arms, "-q")
    options = ("-p", "arm-p97", "--config", arms)
    (aimed,) = cli("ask", "What is 3 + 4?", *options, "--think", "~1200", "--json", "-q").json["results"]
    assert aimed["aim"]["chosen"] == "high"
    (arm,) = cli("tune", sums, *options, "--think", "~1200", "--rows", "12", "--json").json["arms"]
    assert arm["think"] == "~1200" and arm["reasoning_tokens_median"] > 700


def test_the_same_request_is_one_arm(cli: Run, arms: Path, sums: Path) -> None:
    found = cli(
        "tune", sums, "-p", "arm-p97", "--think", "medium,auto,high", "--rows", "10", "--json", "--config", arms
    )
    assert len(found.json["arms"]) in (2, 3)
    ended = cli("tune", sums, "-p", "arm-budget", "--think", "low,2k,2000", "--rows", "5", "--json", "--config", arms)
    asked = Counter(arm["think"] for arm in ended.json["arms"])
    assert max(asked.values()) == 1


def test_what_rows_say_of_whom_to_ask_is_left_aside(cli: Run, arms: Path, tmp_path: Path) -> None:
    rows, own = tmp_path / "rows.jsonl", ({"profile": "arm-p50"}, {"think": "high"}, {"escalate": ["low", "high"]}, {})
    made = ({"prompt": f"{n} + 1", "expect": {"number": n + 1}, **own[n % 4]} for n in range(12))
    rows.write_text("".join(json.dumps(row) + "\n" for row in made))
    out = tmp_path / "out.jsonl"
    ended = cli("tune", rows, "-p", "arm-p97@low", "-o", out, "--config", arms)
    assert "9 rows name profiles or think values: a trial asks its own arms instead" in ended.err
    assert {(line["profile"], line["think"]["requested"]) for line in lines(out)} == {("arm-p97", "low")}


def test_too_few_rows(cli: Run, arms: Path, sums: Path) -> None:
    ended = cli("tune", sums, *FEW, "--target", "0.9", "--rows", "1", "--config", arms)
    assert ended.code == 6 and ended.out.startswith("cannot tell: no arm is shown to reach 90 %")
    assert "with 1 rows no arm can be shown to reach 0.9" in ended.err
    assert "takes at least 46 rows" in " ".join(ended.out.split())


@pytest.mark.slow
def test_unknown_prices(cli: Run, arms: Path, sums: Path) -> None:
    ended = cli("tune", sums, "-p", "unpriced@low", "--target", "0.9", "--json", "--config", arms)
    found = ended.json
    assert found["outcome"] == "cannot_tell" and found["chosen"] is None and ended.code == 6
    arm = arm_of(found, "unpriced@low")
    assert (arm["state"], arm["usd_mean"], arm["usd_per_passed"], found["usd"]) == ("passes", None, None, None)
    both = cli("tune", sums, "-p", "unpriced@low", "-p", "arm-p97@low", "--target", "0.9", "--config", arms)
    assert "unpriced@low: its cost is not known, so that it is never the cheapest" in " ".join(both.out.split())
    refused = cli("tune", sums, "-p", "unpriced@low", "--max-cost", "1", "--config", arms)
    assert refused.code == 4 and "its price is not known, and --max-cost is to hold" in refused.err
    kept = cli(
        "tune", sums, "-p", "unpriced@low", *FEW, "--target", "0.9", "--max-cost", "5", "--json", "--config", arms
    )
    assert kept.code == 0 and kept.json["chosen"] == "arm-p97@low"
    assert "its price is not known" in arm_of(kept.json, "unpriced@low")["trouble"]
    assert arm_of(kept.json, "unpriced@low")["asked"] == 0


def test_all_refused(cli: Run, arms: Path, sums: Path) -> None:
    ended = cli("tune", sums, "-p", "refused@low", "--json", "--config", arms)
    found = ended.json
    assert ended.code == 3 and found["outcome"] == "no_answers" and found["calls"] <= 10
    assert "refused is given up" in ended.err
    with_another = cli("tune", sums, "-p", "refused@low", *FEW, "--target", "0.9", "--json", "--config", arms)
    assert with_another.code == 0 and with_another.json["chosen"] == "arm-p97@low"
    assert "the key was refused" in arm_of(with_another.json, "refused@low")["trouble"]


@pytest.mark.slow
def test_who_does_not_answer_holds_up_nobody(
    cli: Run, arms: Path, sums: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the stalled arm comes an error for each row, in the end; the others have been decided by then."""
    monkeypatch.setattr("thinkdial.engine.trials.feed.LAG_S", 0.2)
    out = tmp_path / "out.jsonl"
    command = ("tune", sums, "-p", "stalled@low", *FEW, "--target", "0.9", "--timeout", "8", "--retries", "0")
    ended = cli(*command, "-o", out, "--json", "--config", arms)
    assert ended.json["chosen"] == "arm-p97@low" and arm_of(ended.json, "stalled@low")["state"] == "unanswered"
    order = [line["profile"] for line in lines(out)]
    assert order.index("stalled") > 100 and order.count("stalled") == 10


def test_a_check_that_crashes(cli: Run, arms: Path, sums: Path) -> None:
    """It says nothing about the arm, which is told, and nothing is chosen by it."""
    with arms.open("a", encoding="utf-8") as file:
        file.write(f"checks: {{crash: {{command: [{sys.executable}, -c, 'import os; os.abort()']}}}}\n")
    rows = sums.with_name("plain.jsonl")
    rows.write_text("".join(json.dumps({"prompt": f"{n} + 1"}) + "\n" for n in range(3)))
    ended = cli("tune", rows, "-p", "arm-p97@low", "--expect", "command=crash", "--config", arms)
    assert ended.code == 3 and ended.out.startswith("nothing can be said: no answer could be judged")
    assert "arm-p97@low: 3 answers could not be judged, and count neither way" in ended.out


def test_an_expectation_for_all_rows(cli: Run, arms: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"{n} + 1"}) + "\n" for n in range(60)))
    ended = cli("tune", rows, *FEW, "--expect", "contains=makes", "--target", "0.9", "--json", "--config", arms)
    assert ended.code == 0 and ended.json["chosen"] == "arm-p50@low"


@pytest.mark.slow
def test_gates_are_about_the_choice(cli: Run, arms: Path, sums: Path) -> None:
    command = ("tune", sums, *FEW, "--target", "0.9", "--config", arms)
    assert cli(*command, "--fail-on", "pass<0.9,verdict=not_observed", "--strict-think").code == 0
    failed = cli(*command, "--fail-on", "reasoning_tokens>1")
    assert failed.code == 6 and "gate failed: arm-p97 @low: reasoning_tokens>1: in " in failed.err
    assert "arm-p50" not in failed.err
    nothing = cli("tune", sums, "-p", "arm-p50@low", "--target", "0.9", "--fail-on", "cost>1", "--config", arms)
    assert nothing.code == 6 and "gate failed: cost>1: nothing was chosen" in nothing.err


def test_no_answer_passes(cli: Run, arms: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"{n} + 1", "expect": "nothing of it"}) + "\n" for n in range(20)))
    for target in ((), ("--target", "0.9")):
        ended = cli("tune", rows, "-p", "arm-p97@low", "-p", "arm-p50@low", *target, "--config", arms)
        assert ended.code == 6 and ended.out.startswith("no answer passes"), ended.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"prompt": "1 + 1"}\n', "none of the 1 rows has an expectation"),
        ("", "there are no rows in the input"),
        ("nonsense\n", "there are no rows in the input: line 1: is not JSON"),
    ],
)
def test_rows_that_cannot_be_judged(cli: Run, arms: Path, tmp_path: Path, content: str, words: str) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(content)
    ended = cli("tune", rows, "-p", "arm-p97@low", "--config", arms)
    assert ended.code == 2 and words in ended.err and ended.out == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--target", "1"), "a target of 1"),
        (("--target", "90"), "a target of 90"),
        (("--confidence", "0.2"), "a confidence of 0.2"),
        (("-o", "x.csv"), "keeps its results as JSONL"),
        (("--summary", "x.pdf"), "tells the form of a summary"),
        (("--format", "csv"), "is told as table, json, md, html"),
        (("--save", "a b"), "must not be empty or hold"),
        (("--save", "arm-p50"), "is a profile or a group already"),
        (("--from", "sums.jsonl"), "cannot be read"),
    ],
)
def test_what_cannot_be(cli: Run, arms: Path, sums: Path, options: tuple[str, ...], words: str) -> None:
    ended = cli("tune", sums, "-p", "arm-p97@low", *options, "--config", arms)
    assert ended.code == 2 and words in ended.err and ended.out == ""


def test_lines_of_something_else(cli: Run, arms: Path, sums: Path) -> None:
    ended = cli("tune", sums, "-p", "arm-p97@low", "--from", sums, "--config", arms)
    assert ended.code == 2 and "is not a line of a batch's output" in ended.err
    assert cli("tune", "--config", arms).code == 2


def test_the_choice_is_saved(cli: Run, arms: Path, sums: Path) -> None:
    ended = cli("tune", sums, *FEW, "--target", "0.9", "--save", "mine", "--config", arms)
    assert ended.code == 0 and "arm-p97@low is saved as mine in " in ended.err
    config = load()
    saved = config.profiles["mine"]
    assert (saved.model, str(saved.think), str(saved.price.output)) == ("arm-p97", "low", "5.5")
    none = cli("tune", sums, "-p", "arm-p50@low", "--target", "0.9", "--save", "other", "--config", arms)
    assert "other is not saved: nothing was chosen" in none.err and "other" not in load().profiles
    assert none.out.startswith("no arm reaches 90 %")


@pytest.mark.slow
def test_files_of_what_was_found(cli: Run, arms: Path, sums: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("s.json", "s.md", "s.html")]
    options = [part for path in paths for part in ("--summary", path)]
    assert cli("tune", sums, *FEW, "--target", "0.9", *options, "--config", arms).code == 0
    assert json.loads(paths[0].read_text())["chosen"] == "arm-p97@low"
    assert "**arm-p97@low is the cheapest that reaches 90 %" in paths[1].read_text()
    page = paths[2].read_text()
    assert "arm-p97@low is the cheapest that reaches 90 %" in page and "<script src" not in page
