"""What is sent for every model and think value is written down and read by people: a change must be wanted."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin

ROOT = Path(__file__).resolve().parents[3]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "golden_plans.py"))
UNKNOWN: str = SCRIPT["UNKNOWN"]
WRITTEN: str = SCRIPT["TARGET"].read_text(encoding="utf-8")


@cache
def golden_text() -> str:
    """What the script makes of the plans as they are: the same for its command and for the tests."""
    return SCRIPT["golden_text"](load_builtin())


def written_rows() -> Iterator[tuple[str, tuple[str, ...], list[str], list[str]]]:
    """The rows of the table as a person reads them: section, cells, facts, and provider/dialect/model."""
    section, row, place = "", None, ""
    for line in WRITTEN.splitlines():
        depth, words = len(line) - len(line.lstrip()), line.split()
        if line.startswith("== "):
            section = line.strip("= ")
        if depth == 2 and len(words) == len(SCRIPT["THINK_VALUES"]) and words != list(SCRIPT["THINK_VALUES"]):
            if row:
                yield row
            row = (section, tuple(words), [], [])
        elif row and depth == 4 and words[0] == "|":
            row[2].append(line)
        elif row and depth in (4, 6):
            place, words = (words[0].rstrip(":"), words[1:]) if depth == 4 else (place, words)
            row[3].extend(f"{place}/{model}" for model in words)
    if row:
        yield row


def test_the_plans_are_those_that_were_read() -> None:
    current, known = golden_text(), set(WRITTEN.splitlines())
    changed = [line for line in current.splitlines() if line not in known]
    assert current == WRITTEN, f"python scripts/golden_plans.py, then read the diff: {changed[:10]}"


def test_every_model_is_there_once_on_every_dialect_that_serves_it_under_its_spelling() -> None:
    expected: list[tuple[str, str]] = []
    for name, provider in facts.providers().items():
        for card in [*(card for file in provider.models for card in facts.cards(file)), provider.unknown_model]:
            served = [spoken for spoken in provider.dialects if not card.dialects or spoken in card.dialects]
            assert served, card.example
            for spoken in served:
                model = card.example if card.known else UNKNOWN
                expected.append((card.spelling.get(spoken, SCRIPT["UNSPELLED"]), f"{name}/{spoken}/{model}"))
    found = [(section, model) for section, _, _, models in written_rows() for model in models]
    assert sorted(found) == sorted(expected)


def test_no_row_is_written_twice_and_people_can_read_them_all() -> None:
    rows = [(section, cells, tuple(told)) for section, cells, told, _ in written_rows()]
    assert len(rows) == len(set(rows)) > 100
    assert len(WRITTEN.encode()) < 200_000


@pytest.mark.slow
def test_what_is_written_tells_all_of_a_plan() -> None:
    """No two plans that differ in what is sent or said stand behind the same cell of equal rows."""
    meant: dict[tuple[Any, ...], str] = {}
    sections: dict[str, list[Any]] = {}
    for route in SCRIPT["routes"](load_builtin()):
        sections.setdefault(route.section, []).append(route)
    for section, served in sections.items():
        for row, sharing in SCRIPT["rows"](served).items():
            for route in sharing:
                for value, cell, decided in zip(SCRIPT["THINK_VALUES"], row.cells, route.plans, strict=True):
                    in_full = row.in_full if cell.endswith("+") else ()
                    told = SCRIPT["told"](decided, route.model)
                    assert meant.setdefault((section, row.facts, value, cell, in_full), told) == told, str(route.model)


@pytest.mark.parametrize("arguments, code", [(["--check"], 0), ([], 0)])
def test_the_command(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = SCRIPT["main"].__globals__
    monkeypatch.setitem(space, "golden_text", lambda _: golden_text())
    monkeypatch.setitem(space, "TARGET", SCRIPT["TARGET"] if arguments else tmp_path / "golden.txt")
    monkeypatch.setattr("sys.argv", ["golden_plans.py", *arguments])
    SCRIPT["main"]()
    if not arguments:
        assert (tmp_path / "golden.txt").read_text(encoding="utf-8") == WRITTEN
        (tmp_path / "golden.txt").write_text("old", encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["golden_plans.py", "--check"])
        with pytest.raises(SystemExit, match=r"golden\.txt is stale") as ended:
            SCRIPT["main"]()
        assert isinstance(ended.value.code, str)
