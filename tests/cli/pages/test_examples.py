"""Every example of every page: it runs as it stands there, or says why it cannot; and every option named is one."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from thinkdial.cli.app import app

from .conftest import Reader
from .pages import PAGES, Block, blocks

BLOCKS = blocks()
RUN = [block for block in BLOCKS if not block.reason]
QUICK = {"README-1", "README-4", "dial-0", "start-6", "money-0", "simulator-0"}
"""One of each kind; the others are slow for no other reason than that they are many."""
OTHERS = ("peers", "ray", "releasing", "develop")
"""Pages that name other programs' options as well."""
BEFORE = {"choosing-5": "thinkdial batch rows.jsonl -p claude -o out.jsonl -q >/dev/null 2>&1\n"}


def cases() -> Iterator[Any]:
    for block in RUN:
        marks = () if str(block) in QUICK else (pytest.mark.slow,)
        yield pytest.param(block, id=str(block), marks=marks)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("block", cases())
def test_the_example_runs(block: Block, reader: Reader) -> None:
    if re.search(r"\bjq\b", block.script) and shutil.which("jq") is None:
        pytest.skip("the page says that this one needs jq")
    for before in earlier(block):
        assert "Traceback" not in reader.types(before, strict=False).stderr
    done = reader.types(block.script)
    assert done.returncode in ENDS.get(str(block), (0,)), done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr


ENDS: dict[str, tuple[int, ...]] = {}


def earlier(block: Block) -> list[str]:
    """The examples of the page that stand before one that goes on from there."""
    if not re.search(r"\blast\b|pick|lock check|batch list|session ", block.script):
        return []
    return [one.script for one in RUN if one.page == block.page and one.number < block.number]


def test_quick_ones_are_there() -> None:
    assert {str(block) for block in RUN} >= QUICK and len(RUN) > 25
    assert all(len(block.reason) > 10 for block in BLOCKS if block.reason)


def test_every_command_and_option_on_the_pages_is_one() -> None:
    every = all_options()
    unknown = [
        (page.stem, words)
        for page in PAGES
        if page.stem not in OTHERS
        for words in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text(encoding="utf-8"))
        for word in wrong(words, every)
    ]
    unknown += [(str(block), line) for block in BLOCKS for line in block.script.splitlines() if [*wrong(line, every)]]
    assert not unknown


def wrong(words: str, every: set[str]) -> Iterator[str]:
    """The options in inline code or in a line of a shell that no command has, and commands that are none."""
    for call in re.split(r"\|(?!\|)|&&|;|\$\(", words):
        tokens = _tokens(call)
        if tokens and tokens[0].startswith("--"):
            yield from (token for token in tokens[:1] if token.split("=")[0] not in every)
        if tokens[:1] != ["thinkdial"]:
            continue
        command, context, rest = _walked(tokens[1:])
        if command is None:
            yield call
            continue
        own = {word for one in command.get_params(context) for word in (*one.opts, *one.secondary_opts)}
        if hasattr(command, "default"):
            own |= every
        yield from (token for token in rest if re.match(r"--?[a-z]", token) and token.split("=")[0] not in own)


def _tokens(call: str) -> list[str]:
    try:
        tokens = shlex.split(call.strip(), comments=True)
    except ValueError:
        tokens = call.split()
    return tokens[: tokens.index("--")] if "--" in tokens else tokens


def _walked(tokens: list[str]) -> tuple[Any, Any, list[str]]:
    """The command that the words name, and what stands behind them. None where there is no such command."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("thinkdial", [], resilient_parsing=True)
    while tokens and hasattr(command, "list_commands") and re.fullmatch(r"[a-z-]+", tokens[0]):
        if tokens[0].startswith("-"):
            break
        if tokens[0] not in command.list_commands(context):
            return (command, context, tokens) if hasattr(command, "default") else (None, context, tokens)
        command = command.get_command(context, tokens[0])
        context = command.make_context(tokens[0], [], parent=context, resilient_parsing=True)
        tokens = tokens[1:]
    return command, context, tokens


def all_options() -> set[str]:
    found: set[str] = set()

    def walk(command: Any, context: Any) -> None:
        for one in command.get_params(context):
            found.update((*one.opts, *one.secondary_opts))
        for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
            below = command.get_command(context, name)
            walk(below, below.make_context(name, [], parent=context, resilient_parsing=True))

    root: Any = typer.main.get_command(app)
    walk(root, root.make_context("thinkdial", [], resilient_parsing=True))
    return found
