"""What is played with both versions: cases, each a few steps in a home of its own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

SIMULATOR = "http://simulator"
"""Stands for the address of the case's simulator, in files and in arguments."""

PUBLISHER = "http://publisher"
"""Stands for the address of `prices.json`, the price table as it is published."""


class Command(Struct, frozen=True):
    """One run of `thinkdial`, and the exit code that it has to have.

    `unordered`: what it says and writes comes in the order in which calls end. `terminal`: standard output is one, and
    so is standard input, on which `typed` is typed. `unread`: its output is a pipe that nobody reads. `interrupted_s`
    after the first byte of output it gets Ctrl-C.
    """

    arguments: tuple[str, ...]
    code: int = 0
    stdin: str = ""
    columns: int = 100
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    unordered: bool = False
    terminal: bool = False
    typed: str = ""
    unread: bool = False
    interrupted_s: float | None = None

    def __str__(self) -> str:
        return f"thinkdial {shlex.join(self.arguments)}"


class Fetch(Struct, frozen=True):
    """One request to the simulator, whose answer is taken byte for byte."""

    path: str
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    method: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.path} {self.body or ''}".strip()[:150]

    @property
    def verb(self) -> str:
        return self.method or ("GET" if self.body is None else "POST")


class Write(Struct, frozen=True):
    """A file that somebody writes between two commands."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"write {self.path}"


Step = Command | Fetch | Write


class Case(Struct, frozen=True):
    """Steps one after another, with `files` in the working directory before the first.

    `simulator` are options of the simulator that serves the case; None: it has none. `stored`: the home begins with a
    history, the same for both versions. `steady`: clocks of commands stand still, so that tables are alike to the byte.
    """

    name: str
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    simulator: str | None = None
    stored: bool = False
    steady: bool = True


def run(line: str, code: int = 0, **more: Any) -> Command:
    """`line` as a shell would split it."""
    return Command(tuple(shlex.split(line)), code, **more)


def ask(path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Fetch:
    """A request with a JSON body, if any; underscores in the names of headers are hyphens."""
    text = None if body is None else json.dumps(body)
    return Fetch(path, text, {name.replace("_", "-"): value for name, value in headers.items()})
