"""Where prompts come from, and which profiles and values they go to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture
def asked(cli: Cli, recorder: Any, config_for: Callable[..., Path]) -> Callable[..., list[dict[str, Any]]]:
    """The chat bodies that a command sends."""

    def run(*arguments: object, stdin: bytes = b"", code: int = 3) -> list[dict[str, Any]]:
        recorder.asked.clear()
        ended = cli(*arguments, "--config", config_for(recorder.url), "--retries", "0", "-q", stdin=stdin)
        assert ended.code == code, ended.err
        return [json.loads(body) for _, _, body in recorder.asked]

    return run


def prompt_of(body: dict[str, Any]) -> str:
    return body["messages"][-1]["content"]


def test_argument_files_and_input_in_this_order(asked: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_bytes("\ufeffErst Ümläute\r\n".encode())
    two.write_text("two\n\n", encoding="utf-8")
    (body,) = asked("ask", "Sum up", "-p", "local", "-f", one, "-f", two, "-s", "Be brief", stdin=b"piped\n")
    assert prompt_of(body) == "Sum up\n\nErst Ümläute\n\ntwo\n\npiped"
    assert body["messages"][0] == {"role": "system", "content": "Be brief"}


@pytest.mark.parametrize(
    ("arguments", "stdin", "prompt"),
    [
        (("x",), b"", "x"),
        (("-",), b"only this\n", "only this"),
        ((), b"only this\n", "only this"),
        (("x",), b"\n \n", "x"),
        (("x\u2028\U0001f389",), b"", "x\u2028\U0001f389"),
    ],
)
def test_sources(asked: Any, arguments: tuple[str, ...], stdin: bytes, prompt: str) -> None:
    (body,) = asked("ask", "-p", "local", "-t", "auto", *arguments, stdin=stdin)
    assert prompt_of(body) == prompt


def test_five_megabytes(asked: Any) -> None:
    text = b"0123456789abcde\n" * (5 * 2**20 // 16)
    (body,) = asked("ask", "-p", "local", stdin=text)
    assert prompt_of(body).encode() + b"\n" == text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "standard input is binary data"),
        (b"caf\xe9", "standard input is not UTF-8 text (byte 3 is 0xe9)"),
        (b"\xff\xfeh\x00i", "standard input begins as UTF-16 text and goes on as something else"),
        (b"", "the prompt is empty"),
        (b" \n\t\n", "the prompt is empty"),
    ],
)
def test_input_that_is_no_text(cli: Cli, sim: Path, data: bytes, words: str) -> None:
    ended = cli("ask", "-p", "a", "--config", sim, stdin=data)
    assert ended.code == 2 and words in ended.err and ended.out == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_text_as_powershell_writes_it(asked: Any, tmp_path: Path, encoding: str) -> None:
    one = tmp_path / "one.txt"
    one.write_bytes("Grün 2\r\n".encode(encoding))
    (body,) = asked("ask", "-p", "local", "-f", one, stdin="Say: für 1\r\n".encode(encoding))
    assert prompt_of(body) == "Grün 2\n\nSay: für 1"


def test_what_standard_input_adds_is_told(cli: Cli, recorder: Any, config_for: Callable[..., Path]) -> None:
    words, said = (
        ("ask", "Sum up", "-p", "local", "--retries", "0", "--config", config_for(recorder.url)),
        "part of the",
    )
    assert "note: standard input is part of the prompt: 6 characters\n" in cli(*words, stdin=b"piped\n").err
    assert said not in cli(*words, stdin=b" \n").err + cli(*words, "-q", stdin=b"piped\n").err
    assert said not in cli("ask", *words[2:], stdin=b"the prompt itself").err


@pytest.mark.slow
@pytest.mark.parametrize("prompt", [("hello",), ()])
def test_a_pipe_that_stays_open_is_waited_for_and_that_is_said(
    process: Any, recorder: Any, config_for: Callable[..., Path], prompt: tuple[str, ...]
) -> None:
    """As under cron, in CI and from agents: nobody writes, and nobody closes."""
    started = process.start(
        "ask", *prompt, "-p", "local", "--retries", "0", "--config", config_for(recorder.url), stdin=subprocess.PIPE
    )
    said = started.stderr.readline().decode()
    assert "waiting until standard input ends" in said and ("</dev/null" in said) == bool(prompt)
    assert not recorder.asked
    started.communicate(b"more")
    ((_, _, body),) = recorder.asked
    assert prompt_of(json.loads(body)) == "\n\n".join((*prompt, "more"))


def test_a_file_and_a_pipe_that_ends_are_read_without_a_word(process: Any, sim: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.txt"
    given.write_bytes(b"more")
    command = [sys.executable, "-m", "thinkdial.cli", "ask", "x", "-p", "a", "--config", str(sim), "-q"]
    with given.open("rb") as file:
        for source in ({"stdin": file}, {"input": b"more"}):
            ended = subprocess.run(command, env=process.environment(), capture_output=True, **source)
            assert ended.returncode == 0 and b"waiting" not in ended.stderr


def test_input_that_is_too_much(cli: Cli, sim: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from thinkdial.cli import prompt

    monkeypatch.setattr(prompt, "MAX_PROMPT_BYTES", 2**20)
    big = tmp_path / "big.txt"
    big.write_bytes(b"x" * (2**20 + 1))
    ended = cli("ask", "-p", "a", "--config", sim, stdin=big.read_bytes())
    assert "standard input cannot be read: larger than 1 MiB" in ended.err
    for path in (big, Path("/dev/zero")):
        assert f"{path} cannot be read: larger than 1 MiB" in cli("ask", "-f", path, "-p", "a", "--config", sim).err


def test_an_argument_that_is_no_utf8(process: Any, sim: Path) -> None:
    command = [sys.executable, "-m", "thinkdial.cli", "ask", b"caf\xe9", "-p", "a", "--config", str(sim)]
    ended = subprocess.run(command, env=process.environment(), capture_output=True, stdin=subprocess.DEVNULL)
    assert ended.returncode == 2 and b"the prompt is not UTF-8 text" in ended.stderr


def results(cli: Cli, sim: Path, *arguments: str) -> list[tuple[str, str]]:
    ended = cli("compare", "x", *arguments, "--config", sim, "--json", "-q")
    assert ended.code == 0, ended.err
    return [(r["profile"], r["think"]["requested"]) for r in ended.json["results"]]


def test_sweeps_groups_and_values_behind_names(cli: Cli, sim: Path) -> None:
    assert results(cli, sim, "-p", "a", "-p", "o", "-t", "off,high,8k") == [
        ("a", "off"), ("a", "high"), ("a", "8192"), ("o", "off"), ("o", "high"), ("o", "8192"),
    ]  # fmt: skip
    assert results(cli, sim, "-p", "trio@low") == [("a", "low"), ("o", "low"), ("g", "low")]
    assert results(cli, sim, "-p", "mixed", "-t", "low") == [("a", "max"), ("o", "low")]
    assert results(cli, sim, "-p", "a@high", "-p", "o", "-t", "low,low, HIGH ") == [
        ("a", "high"), ("o", "low"), ("o", "high"),
    ]  # fmt: skip
    assert results(cli, sim, "-p", "a") == [("a", "auto")]


def test_a_model_without_a_profile(cli: Cli, tmp_path: Path, recorder: Any) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        f"providers:\n  mine: {{base_url: '{recorder.url}/v1', dialect: openai-chat, dialects: {{openai-chat: {{}}}},"
        " unknown_model: {control: effort, levels: [low], visibility: full, spelling: {openai-chat:"
        " openai-chat-effort}}, sources: ['https://example.com']}\n",
        encoding="utf-8",
    )
    ended = cli("ask", "x", "-p", "mine/some-model@low", "--config", own, "--retries", "0")
    assert ended.code == 3, ended.err
    assert json.loads(recorder.asked[0][2])["model"] == "some-model"


def test_defaults_of_the_configuration_are_used(cli: Cli, recorder: Any, config_for: Any) -> None:
    config = config_for(recorder.url, "defaults: {profile: local, think: low, retries: 0, max_output_tokens: 99}\n")
    assert cli("ask", "x", "--config", config).code == 3
    body = json.loads(recorder.asked[0][2])
    assert body["max_tokens"] == 99 and body["reasoning_effort"] == "low"


def test_options_win_over_the_configuration(asked: Any) -> None:
    (body,) = asked("ask", "x", "-p", "local", "--max-output", "77", "-t", "high", "--no-stream")
    assert body["max_tokens"] == 77 and body["reasoning_effort"] == "high" and "stream" not in body
