"""The prompt as it was given: the same text on every system."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event, Thread

import pytest

from thinkdial.cli import prompt
from thinkdial.cli.prompt import Beside, read_beside, read_text, read_texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_line_ends_of_windows_are_those_of_everywhere(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes("one\r\ntwo\rthree\r\n".encode(encoding))
    assert read_text(path) == "one\ntwo\rthree\n"
    assert read_texts([path])[0].data == b"one\ntwo\rthree\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("is_attached", [False, True])
def test_a_named_pipe_that_nobody_writes_to_yet_is_waited_for_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_attached: bool
) -> None:
    path, told = tmp_path / "prompt.fifo", Event()
    os.mkfifo(path)
    heard: list[str] = []

    def say(words: str) -> None:
        heard.append(words)
        told.set()

    def write() -> None:
        told.wait(60)
        path.write_bytes(b"at last")

    def read() -> str:
        if not is_attached:
            return read_text(path)
        (made,) = read_beside(Beside([f"text:{path}"]))
        return made.data.decode()

    monkeypatch.setattr(prompt, "SILENT_WAIT_S", 0.0)
    monkeypatch.setattr(prompt, "say", say)
    writer = Thread(target=write, daemon=True)
    writer.start()
    assert read() == "at last"
    writer.join(60)
    assert heard == [f"waiting until {path} ends, a pipe"]
