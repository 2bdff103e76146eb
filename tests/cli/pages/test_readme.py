"""What the README shows does what it says."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from .conftest import Reader
from .pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
NEEDED = ("bash", "awk", "seq")


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 120


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs bash, awk and seq")
def test_the_batch_runs_as_it_is_written(reader: Reader) -> None:
    script = re.search(r"^rm -f \S+; thinkdial simulate .*?^kill %1$", README, re.DOTALL | re.MULTILINE)
    assert script is not None and "jq" not in script.group()
    done = reader.types(script.group())
    lines = (reader.directory / "numbers.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    assert {"profile", "passed", "reasoning_tokens", "cost_usd"} <= set(names), done.stderr
    starts = [line.split(",") for line in lines[1:] if re.match(r"[0-9a-f]{16},sim-", line)]
    assert len(starts) == 150
    assert sum(cells[names.index("passed")] == "true" for cells in starts) > 120
    assert {cells[names.index("profile")] for cells in starts} == {"sim-anthropic", "sim-openai", "sim-google"}


def test_the_five_prices_are_those_of_the_plan(reader: Reader) -> None:
    """At any hour: DeepSeek asks twice as much in some of each day, and the page has its usual price."""
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \| (.+?) \| \$([\d.]+) \|$", README, re.MULTILINE)
    command = re.search(r"`(thinkdial plan [^`]+)`\n", README)
    assert len(rows) == 5 and command is not None
    built_in = {"XDG_CONFIG_HOME": str(reader.directory / "none")}
    reader.environment.update(built_in)
    planned = {plan["profile"]: plan for plan in json.loads(reader.types(f"{command.group(1)} --json").stdout)["plans"]}
    assert [row[0] for row in rows] == sorted(planned, key=lambda name: -_expected(planned[name]))
    for name, sent, word, price in rows:
        native, think = json.dumps(planned[name]["think"]["native"]), planned[name]["think"]
        assert all(part.rstrip(" ,}") in native for part in re.split(r"\.\.\.\}?", sent)), (name, native)
        assert (think["fidelity"] == "exact") is (word == "as asked"), name
        assert 0.5 < _expected(planned[name]) / float(price) < (4 if name == "deepseek" else 2), name
    assert 30 < _expected(planned["claude"]) / _expected(planned["deepseek"]) < 120


def _expected(plan: dict) -> float:
    return float(plan["forecast"]["expected_usd"])


@pytest.mark.slow
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="needs bash, awk and seq")
def test_the_choice_is_what_comes_out(reader: Reader) -> None:
    """Each arm with its figures, the first sentence and the last line, whatever columns the page leaves out."""
    story = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8").partition("## A choice")[2]
    script = re.search(r"^rm -f \S+; thinkdial simulate .*?^kill %1$", story, re.DOTALL | re.MULTILINE)
    assert script is not None and "jq" not in script.group()
    done = reader.types(script.group())
    printed = done.stdout.splitlines()
    told = story.split("```\n")[2].splitlines()
    assert told[0] == printed[0] and told[-1] == printed[-1], done.stderr
    for line in told[3:9]:
        cells = re.split(r" {2,}", line[2:].strip())
        assert any(all(cell in other for cell in cells) for other in printed), line
    assert f"{told[0]} [...] {told[-1]}" in README.replace("\n> ", " ")
