"""Write docs/commands.md from the program itself: python scripts/command_docs.py [--check]."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from thinkdial.cli.app import app
from thinkdial.cli.framework.help_parts import in_parts

TARGET = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEAD = """# Commands

Generated from the program by `python scripts/command_docs.py`; do not edit. `thinkdial COMMAND --help` shows the same.
"""
EXAMPLE = "Example:"
EVERYWHERE = ("--help", "--install-completion", "--show-completion")


def main() -> None:
    document = "\n".join(document_lines()).rstrip() + "\n"
    if "--check" not in sys.argv:
        TARGET.write_text(document, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != document:
        sys.exit("docs/commands.md is stale; run: python scripts/command_docs.py")


def document_lines() -> Iterator[str]:
    yield HEAD
    for path, command, context in commands():
        yield from section(path, command, context)


def commands() -> Iterator[tuple[str, Any, Any]]:
    """Every command that can be typed, groups before what is in them: its words, the command, its context."""
    root = typer.main.get_command(app)
    context = root.make_context("thinkdial", [], resilient_parsing=True)
    yield "thinkdial", root, context
    yield from _below("thinkdial", root, context)


def _below(path: str, group: Any, context: Any) -> Iterator[tuple[str, Any, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        own = command.make_context(name, [], parent=context, resilient_parsing=True)
        yield f"{path} {name}", command, own
        if hasattr(command, "list_commands"):
            yield from _below(f"{path} {name}", command, own)


def section(path: str, command: Any, context: Any) -> Iterator[str]:
    """One command: its words as a heading, what it does, an example, its usage, arguments and options."""
    yield f"{'##' if path.count(' ') < 2 else '###'} {path}\n"
    texts, examples = _told(command)
    yield from (f"{text}\n" for text in texts)
    yield f"```text\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```\n"
    if examples:
        yield "Example:\n\n```sh\n" + "\n".join(examples) + "\n```\n"
    shown = [one for one in command.get_params(context) if not set(one.opts) & set(EVERYWHERE)]
    arguments = [one for one in shown if one.param_type_name == "argument"]
    parts = in_parts(one for one in shown if one.param_type_name == "option")
    for title, parameters in {"Arguments": arguments, **parts}.items():
        entries: list[str] = []
        for record in filter(None, (one.get_help_record(context) for one in parameters)):
            words, text = (" ".join(part.split()) for part in record)
            entries.append(f"- `{words}`: {escaped(text)}")
        if entries:
            yield f"{title}:\n\n" + "\n".join(entries) + "\n"
    if hasattr(command, "list_commands"):
        names = command.list_commands(context)
        lines = [
            f"- [{path} {name}](#{anchor(f'{path} {name}')}): {_summary(command, context, name)}" for name in names
        ]
        yield "Commands:\n\n" + "\n".join(lines) + "\n"


def _told(command: Any) -> tuple[list[str], list[str]]:
    """The paragraphs of a command's help, each in one line, and its examples."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    texts = [" ".join(text.split()) for text in paragraphs if text]
    examples = [text.removeprefix(EXAMPLE).strip() for text in texts if text.startswith(EXAMPLE)]
    return [escaped(text) for text in texts if not text.startswith(EXAMPLE)], examples


def _summary(group: Any, context: Any, name: str) -> str:
    return escaped(group.get_command(context, name).get_short_help_str(limit=200))


def escaped(text: str) -> str:
    """Prose of the program, in which nothing is meant as a tag."""
    return text.replace("<", "&lt;")


def anchor(title: str) -> str:
    return title.replace(" ", "-")


if __name__ == "__main__":
    main()
