"""The `checks:` of a configuration, and who may define them."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.profiles.checks.definitions import AgreeCheck, CommandCheck, JudgeCheck
from thinkdial.profiles.config import Config, load
from thinkdial.providers.errors import ConfigError

GOOD = """
checks:
  compiles: {command: [python, -m, py_compile, /dev/stdin], timeout: 5}
  one: {command: check-it}
  settled: {agree: 0.8}
  polite: {judge: {profile: claude@low, question: Is it polite?}}
  good: {judge: {profile: claude, question: How good?, scale: 1-5, least: 4}}
  better: {judge: {profile: claude, question: Which?, against: gpt}}
"""


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, start=tmp_path)


def test_checks_are_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).checks == {
        "compiles": CommandCheck(("python", "-m", "py_compile", "/dev/stdin"), 5.0),
        "one": CommandCheck(("check-it",)),
        "settled": AgreeCheck(0.8),
        "polite": JudgeCheck("claude@low", "Is it polite?"),
        "good": JudgeCheck("claude", "How good?", (1, 5), 4),
        "better": JudgeCheck("claude", "Which?", against="gpt"),
    }


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("{}", "is one of command, agree and judge"),
        ("{command: a, agree: 0.5}", "is one of command"),
        ("{command: []}", "names no program"),
        ("{agree: 0}", "share above 0"),
        ("{agree: 2}", "share above 0"),
        ("{agree: 0.5, timeout: 3}", "is for a command"),
        ("{judge: {profile: a}}", "needs a profile and a question"),
        ("{judge: {profile: a, question: b, scale: 1-5}}", "give both"),
        ("{judge: {profile: a, question: b, least: 3}}", "give both"),
        ("{judge: {profile: a, question: b, scale: 5-1, least: 3}}", "two whole numbers"),
        ("{judge: {profile: a, question: b, scale: 1-5, least: 9}}", "whole number from 1 to 5"),
        ("{judge: {profile: a, question: b, scale: 1-5, least: 3, against: c}}", "compare two"),
        ("{shell: rm}", "unknown key"),
    ],
)
def test_what_is_no_check_is_said_with_its_place(tmp_path: Path, check: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        loaded(tmp_path, f"checks:\n  mine: {check}\n")
    assert "own.yaml:2:" in raised.value.message


def test_a_project_file_without_trust_defines_no_check_and_may_name_one(tmp_path: Path) -> None:
    project = tmp_path / ".thinkdial.yaml"
    project.write_text("profiles:\n  mine: {provider: openai, model: gpt-5, expect: {command: compiles}}\n")
    mine = load(start=tmp_path).profiles["mine"]
    assert mine.expect == {"command": "compiles"} and mine.blocked is None
    project.write_text("checks:\n  compiles: {command: [sh, -c, evil]}\n")
    with pytest.raises(ConfigError, match="only after you have vouched"):
        load(start=tmp_path)


def test_a_profile_names_schema_files_below_its_own_folder(tmp_path: Path) -> None:
    text = "profiles:\n  mine: {{provider: openai, model: gpt-5, expect: {expect}}}\n"
    found = loaded(tmp_path, text.format(expect="{schema: sub/a.json}")).profiles["mine"].expect
    assert found == {"schema": str(tmp_path.resolve() / "sub" / "a.json")}
    assert loaded(tmp_path, text.format(expect="42")).profiles["mine"].expect == {"number": 42}
    assert loaded(tmp_path, text.format(expect="yes")).profiles["mine"].expect == {"exact": "yes"}
    for bad in ("{schema: ../a.json}", "[a]", "true"):
        with pytest.raises(ConfigError, match=r"own.yaml:2:.*expect"):
            loaded(tmp_path, text.format(expect=bad))
