"""What is sent for every model and think value is written down and read by people: a change must be wanted."""

from __future__ import annotations

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from thinkdial.profiles import facts
from thinkdial.profiles.config import load_builtin

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "golden_plans.py"))


@cache
def golden_text(provider: str) -> str:
    """What the script makes of the plans as they are: the same for its command and for the tests."""
    return SCRIPT["golden_text"](provider, load_builtin())


@pytest.mark.parametrize("provider", SCRIPT["PROVIDERS"])
def test_the_plans_are_those_that_were_read(provider: str) -> None:
    written = (SCRIPT["DIRECTORY"] / f"{provider}.yaml").read_text(encoding="utf-8")
    current = golden_text(provider)
    changed = [line for line in current.splitlines() if line not in set(written.splitlines())]
    assert current == written, f"python scripts/golden_plans.py, then read the diff: {changed[:10]}"


@pytest.mark.parametrize("provider", SCRIPT["PROVIDERS"])
def test_every_model_and_value_is_there(provider: str) -> None:
    written = yaml.load((SCRIPT["DIRECTORY"] / f"{provider}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    named = [model for entry in written for model in entry["models"]]
    provider_cards = [card for file in facts.providers()[provider].models for card in facts.cards(file)]
    assert sorted(named) == sorted([*(card.example for card in provider_cards), SCRIPT["UNKNOWN"]])
    for entry in written:
        dialects = {name: plans for name, plans in entry.items() if name != "models"}
        assert set(dialects) == set(facts.providers()[provider].dialects)
        assert any(plans != "not served" for plans in dialects.values())
        for plans in dialects.values():
            assert plans == "not served" or tuple(plans) in (SCRIPT["THINK_VALUES"], SCRIPT["WITHOUT_A_DIAL"])


def test_there_is_a_file_for_every_provider_and_no_other() -> None:
    assert {path.stem for path in SCRIPT["DIRECTORY"].glob("*.yaml")} == set(facts.providers())


@pytest.mark.parametrize("arguments, code", [(["--check"], 0), ([], 0)])
def test_the_command(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden_text("openai")
    monkeypatch.setitem(SCRIPT["main"].__globals__, "golden_text", lambda provider, _: golden_text(provider))
    monkeypatch.setattr("sys.argv", ["golden_plans.py", *arguments])
    monkeypatch.setitem(SCRIPT["main"].__globals__, "DIRECTORY", SCRIPT["DIRECTORY"] if arguments else tmp_path)
    with pytest.raises(SystemExit) as ended:
        SCRIPT["main"]()
    assert ended.value.code == code
    if not arguments:
        (tmp_path / "openai.yaml").write_text("old", encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["golden_plans.py", "--check"])
        with pytest.raises(SystemExit) as ended:
            SCRIPT["main"]()
        assert ended.value.code == 1
        assert "openai.yaml is stale" in capsys.readouterr().out
