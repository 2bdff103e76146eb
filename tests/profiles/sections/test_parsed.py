"""Texts that were parsed before: read as they were, and never trusted further than the text they are of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.profiles.sections import yaml_syntax
from thinkdial.profiles.sections.kept import kept_directory
from thinkdial.profiles.yaml_file import read_yaml
from thinkdial.providers.errors import ConfigError

TEXT = """\
a: {price: 4.10, on: on, none: ~, list: [x, {deep: 1e3}, true]}
"":
  - n: 18446744073709551615
"""


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were parsed."""
    seen: list[str] = []
    parse: Callable[[str, str], Any] = yaml_syntax.parse

    def noted(text: str, file: str) -> Any:
        seen.append(file)
        return parse(text, file)

    monkeypatch.setattr(yaml_syntax, "parse", noted)
    return seen


def kept_file() -> Path:
    (path,) = kept_directory().iterdir()
    return path


def test_the_same_text_is_parsed_once_and_reads_the_same(parsed: list[str]) -> None:
    first, again, plain = (read_yaml(TEXT, "f", kept_as=name) for name in ("f", "f", None))
    assert parsed == ["f", "f"], "the third keeps nothing"
    for section in (again, plain):
        inner, other = first.section("a"), section.section("a")
        assert inner is not None
        assert other is not None
        assert other.plain("list") == inner.plain("list") == ["x", {"deep": 1000.0}, True]
        assert (other.dollars("price"), other.text("price")) == (inner.dollars("price"), "4.10")
        assert str(other.bad("on", "no")) == str(inner.bad("on", "no")) == "f:1:18: a.on: no"
        assert str(section.sections("")[0].where("n")) == str(first.sections("")[0].where("n")) == "f:3:5"
    assert kept_file().stat().st_mode & 0o077 == 0


def test_what_is_taken_out_of_a_file_is_not_kept(parsed: list[str]) -> None:
    read_yaml("a: secret", "f", kept_as="f")
    assert read_yaml("a: other", "f", kept_as="f").text("a") == "other"
    assert b"secret" not in kept_file().read_bytes()


def test_a_kept_text_that_is_broken_is_parsed_again(parsed: list[str]) -> None:
    read_yaml("a: 1", "f", kept_as="f")
    whole = kept_file().read_bytes()
    for content in (b"", whole[:20], whole[:-3], b"x" * len(whole), whole[:-1] + b"2", whole[:32] + b"\x91" * 5000):
        kept_file().write_bytes(content)
        parsed.clear()
        assert read_yaml("a: 1", "f", kept_as="f").text("a") == "1"
        assert parsed == ["f"]


def test_errors_are_told_each_time_and_a_place_that_cannot_be_written_is_no_error(parsed: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="f:1:4"):
            read_yaml("a: *b", "f", kept_as="f")
    kept_directory().parent.mkdir(parents=True, exist_ok=True)
    kept_directory().write_text("a file in its place")
    assert read_yaml("a: 1", "f", kept_as="f").text("a") == "1"


def test_a_number_that_cannot_be_kept_is_read_all_the_same() -> None:
    text = f"a: {10**30}"
    assert [read_yaml(text, "f", kept_as="f").plain("a") for _ in range(2)] == [10**30] * 2
