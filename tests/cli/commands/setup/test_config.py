"""`thinkdial config`: values written with comments kept, checked first, whole or not at all."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.profiles.config import load, user_file
from thinkdial.profiles.written.config_text import key_path, path_words, value_from, with_value, without_value
from thinkdial.providers.errors import UsageError

from ....cases import each

Cli = Callable[..., Any]

MINE = """\
# my configuration

defaults:
  think: low      # cheap
  # profile: gpt

profiles:
  # the work horse
  mine:
    provider: openai
    model: gpt-6-sol   # the best
    price: {input: 1.10, output: 2}

# models that are newer than this
models:
  openai/gpt-9.1: {like: gpt-6-sol}

groups:
  duo: [claude, gpt]
"""


@pytest.fixture
def mine() -> Path:
    path = user_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MINE, encoding="utf-8")
    return path


def changed(path: Path) -> list[str]:
    """The lines that are new, behind those that are gone."""
    after = path.read_text(encoding="utf-8").splitlines()
    before = MINE.splitlines()
    return [f"-{line}" for line in before if line not in after] + [f"+{line}" for line in after if line not in before]


def test_a_value_is_changed_and_nothing_else(cli: Cli, mine: Path) -> None:
    assert cli("config", "set", "defaults.think", "high").code == 0
    assert changed(mine) == ["-  think: low      # cheap", "+  think: high     # cheap"]
    assert cli("config", "get", "defaults.think").out == "high\n"
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("defaults.retries", "5", "+  retries: 5"),
        ("profiles.mine.system", "Be brief: always", "+    system: 'Be brief: always'"),
        ("profiles.mine.stream", "false", "+    stream: false"),
        ("groups.all", "[claude, mine]", "+  all: [claude, mine]"),
        ("profiles.mine.params", "{temperature: 0.20}", "+    params: {temperature: 0.20}"),
    ],
)
def test_a_value_is_added(cli: Cli, mine: Path, key: str, value: str, line: str) -> None:
    assert cli("config", "set", key, value).code == 0
    assert changed(mine) == [line]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("defaults.think", "hihg", "did you mean high?"),
        ("defalts.think", "high", "did you mean defaults?"),
        ("profiles.mine.provider", "opnai", "did you mean openai?"),
        ("groups.duo", "[claude, nobody]", "'nobody' is not a profile"),
        ("defaults.retries", "99", "from 0 to 20"),
        ("profiles.new.model", "m", "provider: is missing"),
        ("defaults.think.x", "1", "holds no x"),
        ("a..b", "1", "is no key"),
    ],
)
def test_what_would_be_wrong_is_not_written(cli: Cli, mine: Path, key: str, value: str, words: str) -> None:
    ended = cli("config", "set", key, value)
    assert ended.code == 2 and words in ended.err
    assert mine.read_text() == MINE


def test_unset_takes_its_lines_and_leaves_the_comments(cli: Cli, mine: Path) -> None:
    assert cli("config", "unset", "profiles.mine.price").code == 0
    assert changed(mine) == ["-    price: {input: 1.10, output: 2}"]
    assert cli("config", "unset", 'models."openai/gpt-9.1".like').code == 0
    assert cli("config", "unset", "groups.duo").code == 0
    text = mine.read_text()
    assert "models:" not in text and "groups:" not in text and "# models that are newer than this" in text
    missing = cli("config", "unset", "defaults.thnk")
    assert missing.code == 2 and "did you mean defaults.think?" in missing.err


def test_a_first_value_makes_the_file(cli: Cli) -> None:
    assert not user_file().exists()
    assert cli("config", "list").out == ""
    assert cli("config", "set", "defaults.profile", "claude").code == 0
    assert user_file().read_text() == "defaults:\n  profile: claude\n"
    assert cli("config", "unset", "defaults.profile").code == 0
    assert user_file().read_text() == "" and cli("config", "get", "defaults").code == 2


def test_values_and_where_they_come_from(cli: Cli, mine: Path) -> None:
    Path(".thinkdial.yaml").write_text("defaults: {think: max}\n")
    listed = cli("config", "list")
    assert "defaults.think = low" in listed.out and "defaults.think = max" in listed.out
    assert 'models."openai/gpt-9.1".like = gpt-6-sol' in listed.out
    assert cli("config", "get", "defaults.think").out == "max\n"
    assert cli("config", "get", "profiles.mine.price", "--json").json == {"input": 1.1, "output": 2}
    rows = cli("config", "list", "--json").json["settings"]
    assert {row["layer"] for row in rows} == {"user", "project"}
    near = cli("config", "get", "defaults.thnik")
    assert near.code == 2 and "did you mean defaults.think?" in near.err


def test_a_project_keeps_the_trust_that_it_had(cli: Cli, mine: Path) -> None:
    ours = Path(".thinkdial.yaml")
    assert cli("config", "set", "--project", "prices.openai/m", "{input: 1, output: 2}").code == 0
    assert load().layers[-1].trusted, "it is the user's own"
    assert cli("config", "set", "--project", "prices.openai/n", "{input: 1, output: 2}").code == 0
    assert load().layers[-1].trusted
    ours.write_text("defaults: {think: max}\n")
    assert cli("config", "set", "--project", "defaults.think", "low").code == 0
    assert not load().layers[-1].trusted, "nobody has vouched for what was there"
    assert mine.read_text() == MINE


def in_terminal(editor: str, typed: str, *words: str) -> tuple[int, str]:
    """The command with an editor, on a terminal on which `typed` is typed."""
    main, side = pty.openpty()
    environment = {**os.environ, "EDITOR": editor, "OPENAI_API_KEY": "sk-secret-0123456789", "MY_TOKEN": "x-123456789"}
    environment.pop("VISUAL", None)
    environment.pop("THINKDIAL_EDITOR", None)
    command = [sys.executable, "-m", "thinkdial", *words]
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment) as process:
        os.close(side)
        os.write(main, typed.encode())
        out = b""
        try:
            while piece := os.read(main, 65_536):
                out += piece
        except OSError:
            pass
        code = process.wait(60)
    os.close(main)
    return code, out.decode()


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "my editor"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return f"'{path}' --wait"


def test_edit_checks_before_it_writes(tmp_path: Path, mine: Path) -> None:
    wrong = script(tmp_path, 'sed -i s/low/hihg/ "$2"')
    code, said = in_terminal(wrong, "n\n", "config", "edit")
    assert code == 2 and "did you mean high?" in said and mine.read_text() == MINE
    right = script(tmp_path, f'env > {tmp_path}/seen; sed -i s/low/high/ "$2"')
    code, said = in_terminal(right, "", "config", "edit")
    assert code == 0 and "think: high" in mine.read_text(), said
    seen = (tmp_path / "seen").read_text()
    assert "sk-secret" not in seen and "MY_TOKEN" not in seen and "PATH=" in seen
    failed = script(tmp_path, "exit 3")
    assert in_terminal(failed, "", "config", "edit")[0] == 2


def test_edit_needs_a_terminal(cli: Cli) -> None:
    assert cli("config", "edit").code == 2


def test_keys_with_dots() -> None:
    assert key_path('models."a/b-4.6".like') == ("models", "a/b-4.6", "like")
    assert path_words(("models", "a/b-4.6", "like")) == 'models."a/b-4.6".like'
    for bad in ("", ".", "a.", ".a", 'a"b"', '"'):
        with pytest.raises(UsageError):
            key_path(bad)


@each(
    ("text", "value"),
    [
        ("high", "high"),
        ("off", "off"),
        ("8k", "8k"),
        ("3", 3),
        ("true", True),
        ("a: b", "a: b"),
        ("*x", "*x"),
        ("", ""),
    ],
)
def test_what_a_value_means(text: str, value: object) -> None:
    assert value_from(text) == value


@pytest.mark.parametrize("step", [2, 4])
@pytest.mark.parametrize("dash", [0, 2])
def test_the_indentation_of_the_file_stays(step: int, dash: int) -> None:
    by, in_list = " " * step, " " * (step + dash)
    text = f"groups:\n{by}duo:\n{in_list}- claude\n{in_list}- gpt\ndefaults:\n{by}think: low\n"
    assert with_value(text, ("defaults", "think"), "high") == text.replace("low", "high")
    assert without_value(text, ("defaults", "think")) == text[: text.index("defaults")]
