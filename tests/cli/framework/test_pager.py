"""The pager: for what is longer than the screen, as the user wants it, and without keys."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from thinkdial.cli.framework import pager as module
from thinkdial.cli.framework.pager import pager, show_text

LONG = "a line\n" * 60


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_terminal", lambda _: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def noting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pager that notes what it got, and in what environment."""
    program, noted = tmp_path / "pager.py", tmp_path / "noted.json"
    program.write_text(
        f"import json, os, sys\nopen({str(noted)!r}, 'w').write(json.dumps([sys.stdin.read(), dict(os.environ)]))"
    )
    monkeypatch.delenv("THINKDIAL_PAGER", raising=False)
    monkeypatch.setenv("PAGER", f"{sys.executable} {program}")
    return noted


@pytest.mark.usefixtures("on_terminal")
def test_a_long_text_goes_to_the_pager_without_keys(noting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-one-two-three-four")
    monkeypatch.setenv("ODDLY_NAMED", "another-secret-value")
    monkeypatch.setenv("COPY", "x another-secret-value y")
    show_text(LONG, lambda: ["ODDLY_NAMED"])
    text, environment = json.loads(noting.read_text())
    assert text == LONG
    assert environment["LESS"] == "FRX"
    assert not {"OPENAI_API_KEY", "ODDLY_NAMED", "COPY"} & set(environment)


@pytest.mark.usefixtures("on_terminal")
def test_a_short_text_does_not(noting: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_text("a line\n" * 20)
    assert capsys.readouterr().out == "a line\n" * 20
    assert not noting.exists()


def test_nor_does_anything_on_a_pipe(noting: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_text(LONG)
    assert capsys.readouterr().out == LONG
    assert not noting.exists()


@pytest.mark.usefixtures("on_terminal")
def test_one_that_cannot_be_started_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAGER", "/nowhere/at/all")
    show_text(LONG)
    assert capsys.readouterr().out == LONG


def test_which_one() -> None:
    assert pager({"PAGER": "more -s"}) == ["more", "-s"]
    assert pager({"THINKDIAL_PAGER": "", "PAGER": "more"}) == []
    assert pager({"PAGER": "cat"}) == []
    assert pager({"PAGER": 'a "b'}) == ['a "b']
