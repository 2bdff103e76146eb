"""`scripts/observed_tokens.py`: the pools are those of the rows, and the others foretell a model that is left out."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

NAME = "observed_tokens_script"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    path = Path(__file__).resolve().parents[1] / "scripts" / "observed_tokens.py"
    sys.modules.setdefault(NAME, type(sys)(NAME))  # its dataclasses look for their module
    return runpy.run_path(str(path), run_name=NAME)


@pytest.fixture(scope="module")
def found(script: dict[str, Any]) -> list[Any]:
    return script["left_out"]()


def test_the_shipped_pools_are_those_of_the_shipped_rows(
    script: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [NAME, "--check"])
    assert script["main"]() == 0


@pytest.mark.slow
def test_a_model_left_out_is_foretold_by_the_others(script: dict[str, Any], found: list[Any]) -> None:
    """Weighted by answers, of rows with 10 or more: the range of 80 % holds 70 to 90 %, the median is not 30 % off."""
    assert all(one.row.n >= 10 and one.forecast[0] <= one.forecast[1] <= one.forecast[2] for one in found)
    whole = script["figures"](found)
    assert (whole.rows, whole.answers) == (216, 9491)
    assert 0.76 <= whole.covered <= 0.82 and abs(whole.median_error) < 0.1
    by_kind = {kind: script["figures"]([one for one in found if one.row.kind == kind]) for kind in script["KINDS"]}
    assert all(0.7 <= figures.covered <= 0.9 for figures in by_kind.values())
    assert abs(by_kind["silent"].median_error) < 0.3 and abs(by_kind["dial"].median_error) < 0.3
    free = [one for one in found if one.row.kind == "free"]
    assert 0.3 < by_kind["free"].median_error < 0.8, "over-estimated, and the page says so:"
    others = script["figures"]([one for one in free if one.row.line != "gemini-2-5-flash"])
    assert abs(others.median_error) < 0.1 and by_kind["free"].answers - others.answers == 877, "it is one model"


@pytest.mark.slow
def test_the_report_says_what_is_too_thin(script: dict[str, Any], found: list[Any]) -> None:
    words = script["report"](found)
    (levels,) = [line for line in words.splitlines() if "level" in line]
    assert "too thin" in levels and "too thin" not in words.splitlines()[1]
