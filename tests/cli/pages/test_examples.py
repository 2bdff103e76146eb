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
from thinkdial.cli.framework.default_group import DEFAULT, DefaultGroup

from .conftest import Reader
from .pages import PAGES, Block, blocks

BLOCKS = blocks()
RUN = [block for block in BLOCKS if not block.reason]
STORY = [block for block in RUN if block.page == "start"]
"""A page that is read from its beginning to its end, in one shell."""
QUICK = ("cat notes.txt |", "--dry-run", "models kimi-k3")
"""Words of one example of each kind; the others are slow for no other reason than that they are many."""
OTHERS = ("peers", "scale", "releasing", "develop")
"""Pages that name other programs' options as well."""
ENDS = {
    "profiles check": (0, 1),  # 1: something is not ready
    "--confirm": (2,),  # nobody is there to say yes
    "--fail-on 'verdict=not_observed,pass<0.9": (0, 6),
    "tune rows.jsonl -p claude -p gpt": (0, 6),  # 6: so few rows show nothing
    "lock check": (0, 7, 8),  # 8: what came in the lock's own second is not newer than it
}
"""By words of an example: the exit codes that are as right as 0."""


def is_quick(block: Block) -> bool:
    return any(words in block.script for words in QUICK)


def cases() -> list[Any]:
    return [
        pytest.param(block, id=str(block), marks=() if is_quick(block) else (pytest.mark.slow,))
        for block in RUN
        if block not in STORY
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("block", cases())
def test_the_example_runs(block: Block, reader: Reader) -> None:
    if re.search(r"\bjq\b", block.script) and shutil.which("jq") is None:
        pytest.skip("the page says that this one needs jq")
    for before in earlier(block):
        assert "Traceback" not in reader.types(before, strict=False).stderr
    done = reader.types(block.script)
    right = next((codes for words, codes in ENDS.items() if words in block.script), (0,))
    assert done.returncode in right, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_first_minutes_are_as_the_page_tells_them(reader: Reader) -> None:
    done = reader.types("\n".join(block.script for block in STORY))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "6 done earlier" in done.stderr, done.stderr[-2000:]
    lines = (reader.directory / "sums-out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6 and (reader.directory / "sums.html").exists()
    assert "sim-openai" in (reader.directory / "report.html").read_text(encoding="utf-8")


def earlier(block: Block) -> list[str]:
    """The examples of the page that stand before one that goes on from there."""
    if not re.search(r"\blast\b|pick|lock check|batch list|session ", block.script):
        return []
    return [one.script for one in RUN if one.page == block.page and one.number < block.number]


def test_quick_ones_are_there() -> None:
    assert len(QUICK) <= sum(map(is_quick, RUN)) <= 10 and len(RUN) > 25
    assert all(any(words in block.script for block in RUN) for words in (*QUICK, *ENDS))
    assert all(len(block.reason) > 10 for block in BLOCKS if block.reason)


def test_none_waits_for_a_file_that_may_be_of_an_earlier_time() -> None:
    waits = [(str(block), name) for block in BLOCKS for name in re.findall(r"until grep -\w+ \w+ (\S+);", block.script)]
    assert len(waits) > 4
    gone = {(str(block), name) for block in BLOCKS for name in re.findall(r"^rm -f (\S+);", block.script, re.MULTILINE)}
    assert not set(waits) - gone


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
            yield from (token for token in tokens[:1] if not any(is_meant(token, one) for one in every))
        if tokens[:1] != ["thinkdial"]:
            continue
        command, context, rest = _walked(tokens[1:])
        if command is None:
            yield call
            continue
        own = {word for one in command.get_params(context) for word in (*one.opts, *one.secondary_opts)}
        yield from (token for token in rest if re.match(r"--?[a-z]", token) and token.split("=")[0] not in own)


def is_meant(token: str, option: str) -> bool:
    """Is this option named, or, as in `--context-`, a family that it is of?"""
    name = token.split("=", maxsplit=1)[0]
    return option.startswith(name) if name.endswith("-") else option == name


def _tokens(call: str) -> list[str]:
    try:
        tokens = shlex.split(call.strip().rstrip(")"), comments=True)
    except ValueError:
        tokens = call.split()
    return tokens[: tokens.index("--")] if "--" in tokens else tokens


def _walked(tokens: list[str]) -> tuple[Any, Any, list[str]]:
    """The command that the words name, and what stands behind them. None where there is no such command."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("thinkdial", [], resilient_parsing=True)
    while tokens and hasattr(command, "list_commands"):
        if isinstance(command, DefaultGroup) and tokens[0] not in command.list_commands(context):
            tokens = [DEFAULT, *tokens]
        if not re.match(r"[a-z]", tokens[0]):
            break
        if tokens[0] not in command.list_commands(context):
            return None, context, tokens
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
