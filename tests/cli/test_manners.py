"""Help in words, hints for what was mistyped, and files that are not ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from thinkdial.cli.app import app
from thinkdial.cli.framework import end_notice

from ..cases import each
from .conftest import Ended

Cli = Callable[..., Ended]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of the program, by its words."""
    for name, command in group.commands.items():
        yield (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


def every_command() -> list[tuple[str, ...]]:
    import typer

    return list(commands(typer.main.get_group(app)))


@each("words", every_command(), ids=" ".join)
def test_help_speaks_in_words(cli: Cli, words: tuple[str, ...]) -> None:
    shown = cli(*words, "--help")
    assert shown.code == 0
    assert cli("help", *words).out == shown.out
    assert not re.search(r"<(?:str|int|float|file|path|bool)|range>|\bx<=|<=x|\{[A-Z]", shown.out), shown.out
    for line in shown.out.splitlines():
        if "-p, --" in line:
            assert "-p, --profile NAME" in line


@each(
    ("typed", "meant"),
    [
        (("demoo",), "Did you mean 'demo'"),
        (("hlep",), "Did you mean 'help'"),
        (("history", "shwo"), "Did you mean 'show'"),
        (("batch", "lst"), "did you mean list?"),
        (("help", "hstory"), "did you mean history?"),
        (("help", "history", "shwo"), "did you mean show?"),
        (("ask", "x", "--tink", "high"), "did you mean --think?"),
        (("profiles", "list", "--jsn"), "did you mean --json?"),
        (("ask", "x", "-p", "cluade"), "did you mean claude?"),
        (("ask", "x", "-p", "claude", "--think", "hihg"), "did you mean high?"),
        (("compare", "x", "--format", "tabel"), "did you mean table?"),
        (("spend", "--by", "Modle"), "did you mean model?"),
        (("spend", "--since", "toady"), "did you mean today?"),
        (("models", "claud-opus-5-5"), "did you mean claude-opus-5-5?"),
        (("prices", "show", "openai/gpt-6-slo"), "did you mean gpt-6-sol?"),
        (("config", "get", "defaults.thnik"), "did you mean defaults.think?"),
        (("batch", "-", "-p", "claude", "--via", "providr"), "did you mean provider?"),
        (("batch", "-", "-p", "claude", "--engine", "rya"), "did you mean ray?"),
        (("batch", "-", "-p", "claude", "--format", "jsnl"), "did you mean jsonl?"),
        (("demo", "-o", "x.htlm"), "did you mean .html?"),
        (("ask", "-5 + 3?"), "stands behind --"),
        (("ask", "-what is it"), "stands behind --"),
    ],
)
def test_what_was_meant_is_said(cli: Cli, typed: tuple[str, ...], meant: str) -> None:
    ended = cli(*typed)
    assert ended.code == 2
    assert meant in ended.err
    assert "Value error" not in ended.err and "Possible options" not in ended.err


def test_a_prompt_behind_two_dashes_is_one(cli: Cli) -> None:
    assert cli("ask", "-p", "claude", "--dry-run", "--", "-5 + 3?").code == 0


def test_version_is_a_command(cli: Cli) -> None:
    assert cli("version").out == cli("--version").out
    assert cli("version", "--json").json["name"] == "thinkdial"


def test_a_profile_chooses_its_model(cli: Cli) -> None:
    named = cli("models", "-p", "claude", "--json").json["models"]
    assert named and {model["provider"] for model in named} == {"anthropic"}
    assert cli("models", "-p", "claude", "--provider", "openai").code == 2


def test_two_files_in_two_formats(cli: Cli, tmp_path: Path) -> None:
    page, table = tmp_path / "a.html", tmp_path / "b.csv"
    assert cli("demo", "-q", "-o", str(page), "-o", str(table)).code == 0
    assert page.read_text().startswith("<!doctype html>")
    assert table.read_text().startswith("run_id,")
    assert cli("demo", "-q", "-o", str(page), "-o", f"{tmp_path}/./a.html").code == 2


def test_a_command_that_writes_one_file_refuses_two(cli: Cli) -> None:
    ended = cli("batch", "rows.jsonl", "-p", "claude", "-o", "a.jsonl", "--output=b.jsonl")
    assert ended.code == 2 and "writes one file" in ended.err


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.json", "a.html"])
def test_only_files_of_ours_are_replaced(cli: Cli, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("the only copy of a thesis")
    refused = cli("demo", "-q", "-o", str(path))
    assert refused.code == 2 and "--force" in refused.err
    assert path.read_text() == "the only copy of a thesis"
    assert cli("demo", "-q", "-o", str(path), "--force").code == 0
    assert cli("demo", "-q", "-o", str(path)).code == 0
    assert cli("history", "show", "last", "-o", str(path)).code == 0


def test_our_own_text_that_was_edited_is_kept(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert cli("demo", "-q", "-o", str(path)).code == 0
    path.write_text(path.read_text() + "a remark of mine\n")
    assert cli("demo", "-q", "-o", str(path)).code == 2
    assert path.read_text().endswith("a remark of mine\n")


def test_an_empty_file_and_a_device_may_be_written_to(cli: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()
    assert cli("demo", "-q", "-o", str(empty)).code == 0
    assert empty.read_text().startswith("# Run ")
    assert cli("demo", "-q", "-o", "/dev/null").code == 0


def test_a_long_command_gives_a_sign_at_its_end(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, int]] = []
    monkeypatch.setattr(end_notice, "notify", lambda name, code, took: heard.append((name.split()[-1], code)))
    cli("compare", "x", "-p", "claude", "--notify", "--dry-run")
    assert heard == [], "it was no long one"
    monkeypatch.setattr(end_notice, "LONG_S", 0.0)
    assert cli("compare", "x", "-p", "claude", "--notify", "--dry-run").code == 0
    cli("compare", "x", "-p", "nobody", "--notify")
    assert heard == [("compare", 0), ("compare", 1)]


def test_a_notice_says_nothing_of_the_prompt_and_hands_over_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "${{OPENAI_API_KEY:-none}}" > {tmp_path}/heard\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    monkeypatch.setattr("sys.platform", "linux")
    end_notice.notify("thinkdial batch run", 3, 61.0)
    words = (tmp_path / "heard").read_text().splitlines()
    assert words[1:] == ["thinkdial", "thinkdial batch run ended with exit code 3 after 61 s", "none"]
