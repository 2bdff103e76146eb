"""What may be expected, and what may be named by whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.checks.expectation import named_part, text_part
from thinkdial.engine.checks.options import expectation_in
from thinkdial.engine.checks.terms import ExpectTerms
from thinkdial.profiles.checks.definitions import AgreeCheck, CommandCheck, JudgeCheck
from thinkdial.providers.errors import UsageError

from ...cases import each

CHECKS = {
    "compiles": CommandCheck(("true",)),
    "lints": CommandCheck(("true",)),
    "settled": AgreeCheck(0.8),
    "polite": JudgeCheck("claude", "polite?"),
}
TERMS = ExpectTerms(CHECKS)


def test_options_become_one_expectation() -> None:
    said = [
        "contains=a=b",
        "contains=c",
        "number=4.5",
        "tolerance=0.1",
        "command=compiles",
        "command=lints",
        "agree=.8",
    ]
    with pytest.raises(UsageError, match="not a number"):
        expectation_in(said)
    said[-1] = "agree=0.8"
    assert expectation_in(said) == {
        "contains": ["a=b", "c"], "number": 4.5, "tolerance": 0.1, "command": ["compiles", "lints"], "agree": 0.8,
    }  # fmt: skip
    assert expectation_in(['schema={"type": "number"}', "agree=settled", "ignore_case=true"]) == {
        "schema": {"type": "number"}, "agree": "settled", "ignore_case": True,
    }  # fmt: skip
    assert expectation_in([]) is None


@each(
    ("said", "words"),
    [
        (["exact"], "is not KIND=VALUE"),
        (["=x"], "is not KIND=VALUE"),
        (["comand=x"], "did you mean command"),
        (["exact=a", "exact=b"], "said twice"),
        (["number=many"], "not a number"),
        (["number=true"], "not a number"),
        (["schema={"], "not JSON"),
        (["ignore_case=yes"], "true or false"),
    ],
)
def test_what_is_no_expectation_is_refused(said: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        expectation_in(said)


def test_text_and_names_are_apart() -> None:
    expect = TERMS.checked({"judge": "polite", "contains": "x", "command": ["compiles", "lints"], "ignore_case": True})
    assert text_part(expect) == {"contains": "x", "ignore_case": True}
    assert named_part(expect) == [("command", "compiles"), ("command", "lints"), ("judge", "polite")]
    assert text_part({"judge": "polite"}) is None


@each(
    ("expect", "words"),
    [
        ({"command": "rm -rf /"}, "none of the configuration's checks"),
        ({"command": ["sh", "-c", "true"]}, "none of the configuration's checks"),
        ({"command": {"argv": ["sh"]}}, "names a program of the configuration"),
        ({"command": "polite"}, "none of the configuration's checks"),
        ({"judge": "polit"}, "did you mean polite"),
        ({"judge": {"profile": "claude", "question": "x"}}, "names a judge"),
        ({"agree": 1.5}, "share above 0"),
        ({"agree": True}, "names a share"),
        ({"ignore_case": True}, "says nothing"),
        ({"exac": "a"}, "did you mean exact"),
    ],
)
def test_only_what_the_configuration_defines_can_be_named(expect: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TERMS.checked(expect)


def test_a_schema_file_lies_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "s.json").write_text(json.dumps({"type": "number"}))
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "rows" / "link.json").symlink_to(tmp_path / "secret.json")
    below = ExpectTerms(folder=tmp_path / "rows")
    assert below.checked({"schema": "s.json"}) == {"schema": {"type": "number"}}
    for name in ("../secret.json", str(tmp_path / "secret.json"), "link.json", "/etc/passwd", "a\0b"):
        with pytest.raises(UsageError):
            below.checked({"schema": name})
    with pytest.raises(UsageError, match="no such file"):
        below.checked({"schema": "none.json"})
    with pytest.raises(UsageError, match="no folder"):
        ExpectTerms().checked({"schema": "s.json"})
    anywhere = ExpectTerms(folder=tmp_path / "rows", anywhere=True)
    assert anywhere.checked({"schema": "../secret.json"}) == {"schema": {}}


def test_a_schema_file_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text('{"type": 3}')
    for name, words in (("a.json", "is not JSON"), ("b.json", "no JSON Schema"), (".", "no such file")):
        with pytest.raises(UsageError, match=words):
            ExpectTerms(folder=tmp_path).checked({"schema": name})
