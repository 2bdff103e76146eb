"""A large prompt is held less than thrice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SIZE = 32 * 2**20
WORDS = ("The answer is long, and then has words in it. " * (SIZE // 40 + 1))[:SIZE]

MEASURED = """
import sys
from thinkdial.cli.main import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        sys.stderr.write("".join(line for line in status if line.startswith("VmHWM")))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read where Linux tells it"),
]


def peak_of(bytecode: Path, *arguments: object, stdin: Path | None = None) -> int:
    """Bytes of memory that a command had at most, in a process of its own. `bytecode` keeps what it compiles."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONPYCACHEPREFIX": str(bytecode), "MY_KEY": "sk-secret-0123456789"}
    command = [sys.executable, "-c", MEASURED, *map(str, arguments)]
    with Path(stdin or os.devnull).open("rb") as given:
        done = subprocess.run(command, stdin=given, capture_output=True, check=True, env=environment)
    return int(done.stderr.decode().rpartition("VmHWM:")[2].split()[0]) * 1024


def configured(path: Path, recorder: Any) -> Path:
    where = f"provider: openai-compatible, base_url: '{recorder.url}', model: m, api_key_env: MY_KEY"
    entry = f"{{{where}, price: {{input: 1, output: 2}}}}"
    path.write_text(f"profiles:\n  p: {entry}\n", encoding="utf-8")
    recorder.status = 200
    return path


def body_of(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    counts = {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": counts}).encode()


def test_a_prompt_is_held_less_than_thrice_and_kept_whole(cli: Any, recorder: Any, tmp_path: Path) -> None:
    asked = ("ask", "-p", "p", "--config", configured(tmp_path / "c.yaml", recorder), "-q", "--no-stream")
    recorder.body = body_of("yes")
    text, short = tmp_path / "prompt.txt", tmp_path / "short.txt"
    text.write_text(WORDS, encoding="utf-8")
    short.write_text("hi", encoding="utf-8")
    peak_of(tmp_path, *asked, "-f", short)  # compiles what it needs
    floor = peak_of(tmp_path, *asked, "-f", short)
    ratio = (peak_of(tmp_path, *asked, stdin=text) - floor) / SIZE
    assert ratio < 3, ratio
    assert json.loads(recorder.asked[-1][2])["messages"][-1]["content"] == WORDS.strip("\n")
    assert cli("history", "show", "last", "--json").json["prompt"] == WORDS.strip("\n")
