"""Model output that wants to be more than text, and keys that want to be seen."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

POISON = (
    "\x1b]0;owned\x07 \x1b[2J\x1b[31mred\x1b[0m \x9b31m \x90q\x9c [bold red]markup[/] [link=file:///etc/passwd]x[/link]"
    " \u202egnp.exe\u2066 \u200b\ufeff :smile: \r over \x08\x7f \U000e0041\U000e0042 <script>alert(1)</script>"
    " ![i](http://127.0.0.1/t.png) =HYPERLINK(1)"
)
DEADLY = set("\x1b\x07\x08\x7f\x9b\x90\x9c\u202e\u2066\u200b\ufeff\U000e0041")
FORMATS = ("table", "json", "jsonl", "csv", "md", "text")


@pytest.fixture
def poisoned(recorder: Any, config_for: Callable[..., Path]) -> Path:
    """A server whose every text is hostile: model name, reasoning, answer, finish reason."""
    message = {"content": f"{POISON}\nThe end.", "reasoning_content": POISON}
    document = {"id": POISON, "model": POISON, "choices": [{"message": message, "finish_reason": POISON}]}
    recorder.status, recorder.body = 200, json.dumps(document).encode()
    return config_for(recorder.url)


def check_harmless(text: str) -> None:
    assert not set(text) & DEADLY, sorted(map(hex, map(ord, set(text) & DEADLY)))
    assert "\r" not in text.replace("\r\n", "")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("command", ["ask", "compare"])
def test_every_format_is_harmless(cli: Cli, poisoned: Path, command: str, form: str) -> None:
    for reasoning in ("full", "excerpt", "none"):
        ended = cli(
            command, POISON.replace("\r", ""), "-p", "local", "--config", poisoned, "--format", form,
            "--reasoning", reasoning,
        )  # fmt: skip
        assert ended.code == 0, ended.err
        check_harmless(ended.out)
        check_harmless(ended.err)
        assert "markup[/]" in ended.out.replace("\\", "").replace("\n", "") or form == "table"
    if form in ("json", "jsonl"):
        document = json.loads(ended.out)
        result = document["results"][0] if form == "json" else document
        assert result["answer"] == f"{POISON}\nThe end." and result["reasoning"]["text"] == POISON


def test_the_stream_of_ask_is_harmless_also_in_pieces(cli: Cli, recorder: Any, config_for: Any) -> None:
    events = [{"choices": [{"delta": {"reasoning_content": piece}}]} for piece in POISON]
    events += [{"choices": [{"delta": {"content": piece}}]} for piece in f"{POISON} ❤\ufe0f 👩\u200d💻"]
    events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    recorder.status, recorder.body, recorder.kind = 200, body.encode(), "text/event-stream"
    ended = cli("ask", "x", "-p", "chat", "--config", config_for(recorder.url))
    assert ended.code == 0
    check_harmless(ended.everything)
    assert "❤\ufe0f 👩\u200d💻" in ended.out  # an emoji in two pieces stays one
    assert "[bold red]markup[/]" in ended.out and ":smile:" in ended.out


def test_a_terminal_gets_only_our_own_sequences(process: Any, poisoned: Path) -> None:
    import re

    for command in ("ask", "compare"):
        master, slave = pty.openpty()
        started = process.start(
            command, "x", "-p", "local", "--config", poisoned, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        got = b""
        while True:
            try:
                piece = os.read(master, 65_536)
            except OSError:
                break
            if not piece:
                break
            got += piece
        os.close(master)
        assert started.wait(20) == 0
        ours = re.sub(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*[AK]|2K)", "", got.decode())
        ours = re.sub(r"\r(?=\n|$|\r)|(?<=\n)\r", "", ours)
        assert not set(ours) & DEADLY and "owned" in ours and "31mred" in ours


def test_hostile_errors_and_files(cli: Cli, recorder: Any, config_for: Any, tmp_path: Path) -> None:
    recorder.status, recorder.body = 400, json.dumps({"error": {"message": POISON, "code": POISON}}).encode()
    for form in FORMATS:
        ended = cli("compare", "x", "-p", "local", "--config", config_for(recorder.url), "--format", form)
        assert ended.code == 3
        check_harmless(ended.everything)
    bad = tmp_path / "bad.yaml"
    bad.write_text('profiles: {"a\\e[2Jb\\u202e": {}}', encoding="utf-8")
    ended = cli("ask", "x", "--config", bad)
    assert ended.code == 2
    check_harmless(ended.everything)
    name = "\x1b]0;x\x07"
    check_harmless(cli("ask", "x", "-p", name).everything)
    check_harmless(cli("ask", "x", "-t", name, "-p", "claude").everything)
    check_harmless(cli("ask", "x", "-f", name, "-p", "claude").everything)
    check_harmless(cli("models", name).everything)


def test_a_spreadsheet_runs_nothing(cli: Cli, recorder: Any, config_for: Any) -> None:
    import csv
    import io

    document = {"choices": [{"message": {"content": "=1+1", "reasoning_content": "@SUM(A1)"}, "finish_reason": "stop"}]}
    recorder.status, recorder.body = 200, json.dumps(document).encode()
    ended = cli("compare", "x", "-p", "local", "--config", config_for(recorder.url), "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(ended.out))
    assert row["answer"] == "'=1+1" and row["reasoning"] == "'@SUM(A1)"


def test_the_key_is_nowhere(cli: Cli, recorder: Any, config_for: Any, sim: Path, key: str, tmp_path: Path) -> None:
    """Many commands, with servers that accept the key, refuse it, and repeat it in every way they can."""
    seen: list[str] = []
    commands: list[tuple[object, ...]] = [
        ("ask", "x", "-p", "a"),
        ("compare", "x", "-p", "trio", "-p", "busy", "--retries", "1"),
        ("compare", "x", "-p", "local", "--json"),
        ("compare", "x", "-p", "o", "--format", "csv"),
        ("ask", "x", "-p", "g", "--no-stream", "--format", "md"),
        ("plan", "x", "-p", "trio", "--json"),
        ("plan", "x", "-p", "trio"),
        ("profiles", "list"),
        ("profiles", "list", "--json"),
        ("profiles", "show", "a"),
        ("profiles", "check", "a", "--json"),
        ("profiles", "path"),
    ]
    seen += [cli(*command, "--config", sim).everything for command in commands]
    echo = config_for(recorder.url)
    for status, body, kind in (
        (
            401,
            json.dumps({"error": {"message": f"Incorrect key: {key}", "param": key, "code": key}}),
            "application/json",
        ),
        (401, json.dumps({"detail": key}), "application/json"),
        (403, f"<h1>{'x' * 180} {key}</h1>", "text/html"),
        (500, key, "text/plain"),
        (307, key, "text/plain"),
        (200, json.dumps({"error": {"message": f"bad {key}"}}), "application/json"),
        (200, f"<html>{key}", "text/html"),
        (200, key, "application/json"),
    ):
        recorder.status, recorder.body, recorder.kind = status, body.encode(), kind
        for profile in ("a", "o", "g", "local"):
            ended = cli("ask", "x", "-p", profile, "--config", echo, "--retries", "0", "--json")
            assert ended.code == 3
            seen.append(ended.everything)
    assert len(seen) > 40 and all(text for text in seen)
    for text in seen:
        assert key not in text and key[:14] not in text
    assert [name for name in tmp_path.rglob("*") if name.is_file() and key.encode() in name.read_bytes()] == []
