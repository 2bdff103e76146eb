"""Prompts out of templates of the configuration and out of an editor."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

TEMPLATES = """
templates:
  short: "Say it shortly: {{input}}"
  letter:
    description: A letter.
    prompt: "Write a {{ tone }} letter to {{ name }}."
    system: Be polite.
    vars: {tone: kind}
  translate: "Translate {{text}} into {{language}}."
"""


@pytest.fixture
def config(sim: Path, tmp_path: Path) -> Path:
    path = tmp_path / "with-templates.yaml"
    path.write_text(sim.read_text() + TEMPLATES)
    return path


def asked(ended: Any) -> tuple[str, str | None]:
    assert ended.code == 0, ended.everything
    return ended.json["prompt"], ended.json.get("system")


def test_what_is_given_is_the_input(cli: Cli, config: Path, tmp_path: Path) -> None:
    told = cli("ask", "-T", "short", "a tale", "-p", "a", "--config", config, "--json")
    assert asked(told)[0] == "Say it shortly: a tale"
    file = tmp_path / "tale.txt"
    file.write_text("from {{ a }} file\n")
    told = cli("ask", "-T", "short", "-f", file, "-p", "a", "--config", config, "--json")
    assert asked(told)[0] == "Say it shortly: from {{ a }} file", "what is put in is no template"


def test_fields_their_own_values_and_text_behind(cli: Cli, config: Path) -> None:
    told = cli("compare", "-T", "letter", "--var", "name=Ada", "-p", "trio", "--config", config, "--json")
    assert asked(told) == ("Write a kind letter to Ada.", "Be polite.")
    given = ("-v", "name=Ada", "-v", "tone=stern", "-s", "Be quick.", "And sign it.")
    told = cli("ask", "-T", "letter", *given, "-p", "a", "--config", config, "--json")
    assert asked(told) == ("Write a stern letter to Ada.\n\nAnd sign it.", "Be quick.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-T", "shrot", "x"), "did you mean short?"),
        (("-T", "letter"), "needs name"),
        (("-T", "letter", "-v", "nmae=Ada"), "did you mean name?"),
        (("-T", "letter", "-v", "name"), "is not NAME=VALUE"),
        (("-T", "short"), "needs text beside it"),
        (("x", "-v", "name=Ada"), "add -T NAME"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_sent(
    cli: Cli, config: Path, words: tuple[str, ...], said: str
) -> None:
    ended = cli("ask", *words, "-p", "a", "--config", config)
    assert ended.code == 2 and said in ended.err and ended.out == ""


def test_rows_of_a_batch(cli: Cli, config: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "Haus"}\n{"text": "Baum", "language": "Latin"}\n')
    usual = ("--var", "language=English", "-p", "a", "--config", config, "-q")

    def input_tokens(*words: object) -> list[int]:
        target = tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl"
        ended = cli("batch", *words, "-o", target)
        assert ended.code == 0, ended.everything
        return sorted(json.loads(line)["usage"]["input_tokens"] for line in target.read_text().splitlines())

    literal = "Translate {{text}} into {{language}}."
    assert input_tokens(rows, "-T", "translate", *usual) == input_tokens(rows, "--template", literal, *usual)
    assert cli("batch", rows, "-T", "translate", "--template", literal, *usual, "-o", tmp_path / "x.jsonl").code == 2
    lines = tmp_path / "rows.txt"
    lines.write_text("a tale\n")
    assert len(input_tokens(lines, "-T", "short", "-p", "a", "--config", config, "-q")) == 1


def test_a_project_without_trust_may_list_and_not_use(cli: Cli, sim: Path) -> None:
    Path(".thinkdial.yaml").write_text(TEMPLATES)
    refused = cli("ask", "-T", "short", "x", "-p", "a", "--config", sim)
    assert refused.code == 2 and "vouched" in refused.err
    assert "not trusted" in cli("templates", "list", "--config", sim).out
    assert cli("templates", "show", "short", "--config", sim).code == 2
    assert cli("ask", "x", "-p", "a", "--config", sim).code == 0
    cli("profiles", "trust")
    assert cli("ask", "-T", "short", "x", "-p", "a", "--config", sim).code == 0


def test_list_and_show(cli: Cli, config: Path) -> None:
    listed = cli("templates", "list", "--config", config)
    assert listed.code == 0 and "A letter." in listed.out and "name, tone=kind" in listed.out
    shown = cli("templates", "show", "letter", "--config", config)
    assert "Be polite." in shown.out and "Write a {{ tone }} letter" in shown.out
    document = cli("templates", "show", "letter", "--config", config, "--json").json
    assert document["fields"] == ["name", "tone"] and document["vars"] == {"tone": "kind"}
    assert cli("templates", "list").code == 0


@pytest.mark.parametrize(
    "text", ["templates: {x: }", "templates: {x: {prompt: ''}}", "templates: {x: {pompt: a}}", "templates: {'a b': c}"]
)
def test_what_is_no_template_is_an_error_with_its_place(cli: Cli, tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    ended = cli("templates", "list", "--config", path)
    assert ended.code == 2 and f"{path}:1:" in ended.err


def test_the_editor_writes_the_prompt(sim: Path, tmp_path: Path) -> None:
    program = tmp_path / "editor"
    program.write_text(
        f'#!/bin/sh\nenv > {tmp_path}/seen; cat "$1" > {tmp_path}/before; echo "from the editor" > "$1"\n'
    )
    program.chmod(0o755)
    main, side = pty.openpty()
    environment = {**os.environ, "VISUAL": str(program), "SIM_KEY": "sk-ant-very-secret-0123"}
    command = [
        sys.executable,
        "-m",
        "thinkdial",
        "ask",
        "a draft",
        "-e",
        "-p",
        "a",
        "--config",
        str(sim),
        "--json",
        "-q",
    ]
    ended = subprocess.run(command, stdin=side, stdout=subprocess.PIPE, env=environment, timeout=60, check=True)
    os.close(main)
    os.close(side)
    assert json.loads(ended.stdout)["prompt"] == "from the editor"
    assert (tmp_path / "before").read_text() == "a draft"
    assert "very-secret" not in (tmp_path / "seen").read_text()
