"""The prompt as it was given: the same text on every system."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.cli.prompt import read_text, read_texts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_line_ends_of_windows_are_those_of_everywhere(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes("one\r\ntwo\rthree\r\n".encode(encoding))
    assert read_text(path) == "one\ntwo\rthree\n"
    assert read_texts([path])[0].data == b"one\ntwo\rthree\n"
