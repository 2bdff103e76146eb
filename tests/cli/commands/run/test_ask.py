"""`ask` day by day: the file of an answer, the receipt's names, and the profile that need not be named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Cli = Any


def test_a_markdown_file_gets_the_answer_alone(cli: Cli, sim: Path, tmp_path: Path) -> None:
    for name in ("answer.md", "answer.txt"):
        file = tmp_path / name
        ended = cli("ask", "Is 91 prime?", "-p", "a", "--config", sim, "-o", file)
        assert (ended.code, ended.out) == (0, "")
        alone = cli("ask", "Is 91 prime?", "-p", "a", "--config", sim).out
        assert file.read_text(encoding="utf-8") == alone
    whole = tmp_path / "whole.md"
    cli("ask", "Is 91 prime?", "-p", "a", "--config", sim, "-o", whole, "--format", "md")
    assert "Is 91 prime?" in whole.read_text(encoding="utf-8")
    assert whole.read_text(encoding="utf-8") != alone


def test_the_receipt_names_profile_model_and_run(cli: Cli, sim: Path) -> None:
    receipt = " ".join(cli("ask", "Is 91 prime?", "-p", "a", "--config", sim).err.split())
    assert "a (claude-opus-5-5) · auto → " in receipt
    assert receipt.endswith("· run 1")
    assert "run " not in cli("ask", "x", "-p", "a", "--config", sim, "--no-history").err.rpartition("tok/s")[2]


def test_the_one_profile_that_is_ready_is_taken_and_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "sk-marked-KEY-0123456789abcdef")
    ended = cli("ask", "x", "--dry-run")
    assert ended.code == 0
    assert "mistral-medium-latest" in ended.out
    assert "note: -p mistral: the one that is ready" in ended.err


def test_of_several_that_are_ready_none_is_guessed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "sk-marked-KEY-0123456789abcdef")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-marked-KEY-0123456789abcdef")
    ended = cli("ask", "x", "--dry-run")
    assert ended.code == 2
    assert "no profile was chosen" in ended.err
    assert "(ready: gpt, mistral)" in ended.err


def test_compare_shows_as_much_of_the_answers_as_is_wanted(cli: Cli, sim: Path) -> None:
    given = ("compare", "Is 91 prime?", "-p", "a", "-p", "o", "--config", sim)
    whole, numbers = cli(*given).out, cli(*given, "--answers", "none").out
    assert "Simulated answer" in whole and "Simulated answer" not in numbers
    assert "asked → sent" in numbers
    assert "reasoning:" not in numbers


def test_quiet_leaves_out_notes_and_not_why_there_is_no_answer(cli: Cli, sim: Path, config_for: Any) -> None:
    assert cli("ask", "hi", "-p", "a", "--config", sim, "-q").err == ""
    ended = cli("ask", "hi", "-p", "a", "--config", config_for("http://127.0.0.1:9"), "-q", "--retries", "0")
    assert (ended.code, ended.out) == (3, "")
    assert "a: connection failed" in " ".join(ended.err.split())
    assert "first answer" not in ended.err
