"""`scripts/facts_check.py`: what lists know and the facts do not, by importance."""

from __future__ import annotations

import json
import runpy
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

# Registered by hand: its dataclasses look for their module.
NAME = "facts_check_script"


def script() -> dict[str, Any]:
    path = Path(__file__).resolve().parents[1] / "scripts" / "facts_check.py"
    sys.modules.setdefault(NAME, type(sys)(NAME))
    return runpy.run_path(str(path), run_name=NAME)


CHECK = script()
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def drift(*said: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    known = [CHECK["Known"](**one) for one in said]
    found = CHECK["drift"](known, AT)
    return [(one.importance, one.kind, one.model, one.words) for one in found if one.kind != "gone"]


def said(model: str = "gpt-9", source: str = "list", **more: Any) -> dict[str, Any]:
    return {"source": source, "provider": "openai", "model": model, **more}


def test_a_model_without_a_card_is_new_and_weighs_by_who_says_so() -> None:
    assert drift(said()) == [(3, "new", "openai/gpt-9", "no card")]
    assert drift(said(), said(source="another")) == [(2, "new", "openai/gpt-9", "no card")]
    assert drift(said(is_vendor=True)) == [(1, "new", "openai/gpt-9", "no card")]
    assert drift(said("gpt-6-sol"), said("gpt-9-image"), said("text-embedding-9")) == []


def test_prices_and_ends_that_differ_are_told_with_both() -> None:
    price = {"input": Decimal(1), "output": Decimal(10)}
    assert drift(said("gpt-6-sol", **price)) == [
        (3, "changed", "openai/gpt-6-sol", "priced 2 and 10, listed 1 and 10"),
    ]  # fmt: skip
    assert drift(said("gpt-6-sol", input=Decimal(2), output=Decimal(10))) == []
    assert drift(said("gpt-6-sol", ends="2027-09-09")) == [
        (3, "changed", "openai/gpt-6-sol", "ends on 2027-09-09; no end is known"),
    ]  # fmt: skip


def test_a_card_that_no_list_has_is_gone() -> None:
    gone = [one.model for one in CHECK["drift"]([CHECK["Known"](**said("gpt-6-sol"))], AT) if one.kind == "gone"]
    assert "openai/gpt-6-luna" in gone and "openai/gpt-6-sol" not in gone
    assert "openai/o1-mini" not in gone and not any(name.startswith("anthropic/") for name in gone)


@pytest.mark.parametrize(
    "written, day",
    [("2027-01-22", "2027-01-22"), ("January 22nd, 2027", "2027-01-22"), ("soon", None), (None, None)],
)
def test_days_are_read_as_they_are_written(written: str | None, day: str | None) -> None:
    assert CHECK["_day"](written) == day


@pytest.mark.slow
def test_the_lists_of_this_machine_are_read_and_the_others_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = {"id": "gpt-9", "type": "chat", "cost": {"input": 1, "output": 2}}
    (tmp_path / "openai.json").write_text(json.dumps({"openai-responses": {"chat:gpt-9": entry}}))
    monkeypatch.setattr(sys, "argv", ["facts_check.py", "--json", "--pi", str(tmp_path)])
    CHECK["main"]()
    told = json.loads(capsys.readouterr().out)
    assert any(name.startswith("openai ") for name in told["read"])
    assert any(name.startswith("genai-prices ") for name in told["read"])
    assert {"openai/gpt-9"} <= {one["model"] for one in told["drift"]}
    monkeypatch.setattr(sys, "argv", ["facts_check.py"])
    CHECK["main"]()
    assert capsys.readouterr().out.startswith("read: ")
