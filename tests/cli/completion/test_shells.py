"""Completion in real shells, and what it costs."""

from __future__ import annotations

import os
import pty
import re
import resource
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ...cases import each

Cli = Callable[..., Any]
MOST_TIMES_PASS = 6

needs = {name: pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name}") for name in ("bash", "zsh", "fish")}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the program, files, and a project."""
    program = tmp_path / "bin" / "thinkdial"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m thinkdial "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "here"
    work.mkdir()
    (work / "a file.txt").write_text("x")
    (work / "folder").mkdir()
    (work / ".thinkdial.yaml").write_text("profiles: {zeppelin: {provider: openai, model: gpt-6-sol}}\n")
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ ", "COLUMNS": "200"}


def script(place: Path, shell: str) -> Path:
    path = place / f"completion.{shell}"
    if path.exists():
        return path
    made = subprocess.run(
        [f"{place}/bin/thinkdial", "--show-completion", shell],
        env=environment(place), capture_output=True, check=True, text=True,
    )  # fmt: skip
    path.write_text(made.stdout)
    return path


def typed(place: Path, shell: list[str], begin: str, keys: str, wanted: str) -> str:
    """What an interactive shell shows after `keys`, until `wanted` is there."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        shell, stdin=side, stdout=side, stderr=side, env=environment(place), cwd=place / "here", start_new_session=True
    )
    os.close(side)
    os.write(main, f"{begin}; echo re''ady\n".encode())
    shown = ""

    def until(text: str, seconds: float) -> None:
        nonlocal shown
        end = time.monotonic() + seconds
        while text not in cleaned(shown) and time.monotonic() < end:
            if select.select([main], [], [], 0.1)[0]:
                shown += os.read(main, 65_536).decode("utf-8", "replace")

    try:
        until("ready", 20)
        shown = ""
        os.write(main, keys.encode())
        until(wanted, 20)
    finally:
        process.kill()
        process.wait()
        os.close(main)
    return cleaned(shown)


def cleaned(shown: str) -> str:
    """What is on the line: without controls, and with what was gone back over replaced."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x07", "", shown)
    while (shorter := re.sub(r"[^\x08]\x08", "", text, count=1)) != text:
        text = shorter
    return text


CASES = [
    ("thinkdial ask -p zep\t", "zeppelin"),
    ("thinkdial ask -p claude@hi\t", "claude@high"),
    ("thinkdial diff 12:zep\t", "12:zeppelin"),
    ("thinkdial compare --think=low,hi\t", "--think=low,high"),
    ("thinkdial ask --file fol\t", "folder/"),
    ("thinkdial hist\t", "history"),
]


@needs["bash"]
@each(("keys", "wanted"), CASES)
def test_bash(place: Path, keys: str, wanted: str) -> None:
    begin = f"source {script(place, 'bash')}"
    assert wanted in typed(place, ["bash", "--norc", "--noprofile", "-i"], begin, keys, wanted)


@pytest.mark.slow
@needs["zsh"]
@each(("keys", "wanted"), CASES)
def test_zsh(place: Path, keys: str, wanted: str) -> None:
    begin = f"autoload -Uz compinit; compinit -u -d {place}/dump; source {script(place, 'zsh')}"
    assert wanted in typed(place, ["zsh", "-f", "-i"], begin, keys, wanted)


@pytest.mark.slow
@needs["fish"]
@each(("keys", "wanted"), CASES)
def test_fish(place: Path, keys: str, wanted: str) -> None:
    code = f"source {script(place, 'fish')}; complete -C '{keys.strip()}'"
    told = subprocess.run(
        ["fish", "--no-config", "-c", code], cwd=place / "here", env=environment(place), capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert wanted in {line.split("\t")[0] for line in told.stdout.splitlines()}, told


@needs["bash"]
def test_a_prompt_gets_no_file_names(place: Path) -> None:
    code = (
        f"source {script(place, 'bash')}; COMP_LINE='thinkdial ask a'; COMP_POINT=15; COMP_WORDS=(thinkdial ask a);"
        'COMP_CWORD=2; _thinkdial_completion thinkdial; printf "<%s>" "${COMPREPLY[@]}"'
    )
    told = subprocess.run(
        ["bash", "-c", code], cwd=place / "here", env=environment(place), capture_output=True, text=True
    )
    assert told.stdout == "<>"


def cpu_of(command: list[str], place: Path) -> float:
    """The least CPU seconds of several."""
    least = 1e9
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment(place), cwd=place / "here", check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


@pytest.mark.slow
def test_it_costs_little_and_imports_no_framework(place: Path) -> None:
    line = ["-m", "thinkdial", "--complete", "bash", "thinkdial history show l", "@:="]
    subprocess.run([sys.executable, *line], env=environment(place), cwd=place / "here", check=True, capture_output=True)
    assert cpu_of([sys.executable, *line], place) <= MOST_TIMES_PASS * cpu_of([sys.executable, "-c", "pass"], place)
    code = (
        "import sys; sys.argv = ['thinkdial', *sys.argv[1:]]; from thinkdial.cli.main import main; main();"
        "bad = {'typer', 'rich', 'yaml', 'msgspec', 'platformdirs', 'dataclasses'} & {*sys.modules};"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code, *line[2:]], env=environment(place), cwd=place / "here", check=True)


def test_a_change_of_the_configuration_is_seen(place: Path) -> None:
    def profiles() -> str:
        line = [sys.executable, "-m", "thinkdial", "--complete", "fish", "thinkdial", "ask", "-p", "z"]
        told = subprocess.run(
            line, env=environment(place), cwd=place / "here", check=True, capture_output=True, text=True
        )
        return told.stdout

    assert "zeppelin" in profiles() and "zebra" not in profiles()
    (place / "here" / ".thinkdial.yaml").write_text("profiles: {zebra: {provider: openai, model: gpt-6-sol}}\n")
    assert "zebra" in profiles() and "zeppelin" not in profiles()
    (place / "here" / ".thinkdial.yaml").write_text("profiles: [\n")
    assert "zebra" not in profiles(), "what is built in stays, without a word of the error"


def test_a_name_that_a_shell_would_run_is_not_offered(place: Path) -> None:
    names = ["fine", "x$(touch${IFS}pwned)", "x;id", "x`id`", "x|id", "x>y", "x'y", "x!y"]
    lines = "".join(f"  {name!r}: {{provider: openai, model: 'm\x1b[31m'}}\n" for name in names)
    (place / "here" / ".thinkdial.yaml").write_text(f"profiles:\n{lines}")
    for shell in ("bash", "zsh", "fish", "powershell"):
        words = ["thinkdial ask -p x", "@:="] if shell == "bash" else ["thinkdial", "ask", "-p", "x"]
        line = [sys.executable, "-m", "thinkdial", "--complete", shell, *words]
        here = place / "here"
        told = subprocess.run(line, env=environment(place), cwd=here, check=True, capture_output=True, text=True)
        values = [one.split("\t")[0] for one in told.stdout.splitlines()]
        assert values and not set("$;`|>'!") & set("".join(values)), values
        assert "\x1b" not in told.stdout


def test_runs_and_sessions_come_from_the_history(cli: Cli, sim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from thinkdial.cli.completion.entry import answer

    assert cli("ask", "Is 91 prime?", "--session", "tea", "-p", "a", "--config", sim).code == 0
    assert "1\task: Is 91 prime?" in answer(["fish", "thinkdial", "history", "show", ""])
    assert "tea\t" in answer(["fish", "thinkdial", "session", "show", "t"])


def test_scripts_for_all_shells_and_where_they_go(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for shell in ("bash", "zsh", "fish", "powershell", "pwsh"):
        assert "thinkdial" in cli("--show-completion", shell).out
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert cli("--show-completion").out == cli("--show-completion", "fish").out
    assert cli("--show-completion", "bsh").code == 2
    ended = cli("--install-completion")
    assert ended.code == 0 and "thinkdial.fish" in ended.err
    assert (Path(os.environ["XDG_CONFIG_HOME"]) / "fish" / "completions" / "thinkdial.fish").exists()


def test_powershell_sends_an_empty_word_as_two_quotes(cli: Cli) -> None:
    from thinkdial.cli.completion.entry import answer

    found = answer(["powershell", "thinkdial", "--show-completion", '""'])
    assert found.splitlines() == ["bash", "zsh", "fish", "powershell"]
    assert "claude@high" in answer(["powershell", "thinkdial", "ask", "-p", "claude@h"])
    script = cli("--show-completion", "powershell").out
    for opening, closing in ("()", "{}", "[]"):
        assert script.count(opening) == script.count(closing), opening
