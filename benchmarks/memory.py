"""The memory of `thinkdial ask` for a large answer and a large prompt, as multiples of their sizes over a small one.

`THINKDIAL_BENCHMARK_MIB=50` chooses another size of the answer than 200 MB; a prompt has 30 MB at most.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from measure import Report, Row, Target, progress
from surroundings import Surroundings, surroundings

SIZE_VARIABLE = "THINKDIAL_BENCHMARK_MIB"
MOST_PROMPT_MIB = 30
LIMIT = 3.0
WORDS = ("The answer is long, and has words in it. " * 25_600)[: 2**20]  # one MiB
DELTA = 200
"""Characters of one delta of the stream."""

PROFILES = """\
profiles:
  {name}: {{provider: openai-compatible, model: m, base_url: '{url}', price: {{input: 1, output: 2}}}}
"""
HOW = {
    "whole, pipe": ["--no-stream"],
    "whole, pipe, no history": ["--no-stream", "--no-history"],
    "whole, --json": ["--no-stream", "--json"],
    "whole, --json, no history": ["--no-stream", "--no-history", "--json"],
    "whole, -o": ["--no-stream", "-o", "out.md"],
    "whole, -o, no history": ["--no-stream", "--no-history", "-o", "out.md"],
    "stream, pipe": [],
    "stream, pipe, no history": ["--no-history"],
    "stream, --json": ["--json"],
    "stream, -o": ["-o", "out.md"],
}


def measure(rounds: int) -> Report:
    """Peaks of resident memory over that of a small answer, divided by the size of the large one."""
    size = int(os.environ.get(SIZE_VARIABLE) or 200)
    prompt = min(size, MOST_PROMPT_MIB)
    report: Report = []
    with surroundings() as here, _server() as port:
        text = here.directory / "prompt.txt"
        text.write_text(WORDS * prompt, encoding="utf-8")
        _peak_mib(here, port, 0, [])  # compiles the modules
        floors: dict[bool, float] = {}
        for what, options in HOW.items():
            kept = "--no-history" not in options
            if kept not in floors:
                floors[kept] = _peak_mib(here, port, 0, [one for one in options if one == "--no-history"])
            report.append(_row(f"{size} MiB answer, {what}", _peak_mib(here, port, size, options), floors[kept], size))
        for what, options, given in (("stdin", [], text), ("-f", ["-f", str(text)], None)):
            peak = _peak_mib(here, port, 0, options, given)
            report.append(_row(f"{prompt} MiB prompt, {what}", peak, floors[True], prompt))
    return report


def _row(what: str, peak: float, floor: float, size: int) -> Row:
    ratio = {"memory": (peak - floor) / size}
    return Row(what, ratio, Target("memory", "memory", LIMIT), f"{peak:.0f} MiB, {floor:.0f} with a small answer")


def _peak_mib(here: Surroundings, port: int, size: int, options: list[str], given: Path | None = None) -> float:
    progress(f"memory: {size} MiB {' '.join(options)}")
    config = here.directory / "memory.yaml"
    config.write_text(PROFILES.format(name="p", url=f"http://127.0.0.1:{port}/{size}"), encoding="utf-8")
    command = [*here.thinkdial, "ask", "hi", "-p", "p", "--config", config, "-q", *options]
    if "-f" in options or given is not None:
        command.remove("hi")
    with Path(given or os.devnull).open("rb") as stdin, (here.directory / "taken").open("wb") as out:
        child = subprocess.Popen(
            list(map(str, command)), stdin=stdin, stdout=out, env=here.environment, cwd=here.directory
        )
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0 or (size and (here.directory / _target(options)).stat().st_size < size * 2**20):
        raise RuntimeError(f"ask {' '.join(options)} of {size} MiB ended with {child.returncode}")
    return usage.ru_maxrss / 1024


def _target(options: list[str]) -> str:
    return options[options.index("-o") + 1] if "-o" in options else "taken"


@contextmanager
def _server() -> Generator[int]:
    """Answers of as many MiB as the path says, as a body or a stream, made as they are sent."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                one, _ = listener.accept()
                Thread(target=_answer, args=(one,), daemon=True).start()

    Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def _answer(connection: socket.socket) -> None:
    with suppress(OSError), connection, connection.makefile("rb") as asked:
        path, length = asked.readline().split()[1].decode(), 0
        while (line := asked.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        head, left = asked.read(min(length, 1000)), max(0, length - 1000)
        tail = head
        while left > 0:
            tail = asked.read(min(left, 2**20))
            left -= len(tail)
        size = int(path.split("/")[1])
        if b'"stream":true' in head + tail:
            _stream(connection, size)
        else:
            _whole(connection, size)


def _whole(connection: socket.socket, size: int) -> None:
    start = b'{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    start += b'"content":"yes'
    end = b'"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14}}'
    length = len(start) + len(WORDS) * size + len(end)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: "
        + str(length).encode()
        + b"\r\n\r\n"
        + start
    )
    for _ in range(size):
        connection.sendall(WORDS.encode())
    connection.sendall(end)


def _stream(connection: socket.socket, size: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    deltas = [WORDS[at : at + DELTA] for at in range(0, len(WORDS), DELTA)]
    start = 'data: {"choices":[{"index":0,"delta":{"content":"'
    one = "".join(f'{start}{delta}"}}}}]}}\n\n' for delta in deltas).encode()
    for _ in range(size):
        connection.sendall(one)
    connection.sendall(f'{start}yes"}},"finish_reason":"stop"}}]}}\n\n'.encode())
    connection.sendall(b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":9}}\n\ndata: [DONE]\n\n')
