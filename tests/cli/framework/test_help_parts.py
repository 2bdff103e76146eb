"""The help in parts: of options where there are many, of commands where a group has headings."""

from __future__ import annotations

from typing import Any

import typer.main
from typer.testing import CliRunner

from thinkdial.cli.app import Commands, app
from thinkdial.cli.framework.help_parts import FIRST, MANY, PARTS, in_parts


def _options(words: str) -> list[Any]:
    """The options of the command of these words, or of the program where there are none."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("thinkdial", [], resilient_parsing=True)
    for word in words.split():
        command = command.get_command(context, word)
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return [one for one in command.get_params(context) if one.param_type_name == "option"]


def test_every_name_of_a_part_is_an_option_of_some_command_and_in_one_part_alone() -> None:
    names = [name for part in PARTS.values() for name in part]
    large = ("ask", "compare", "chat", "plan", "tune", "batch run")
    known = {name for words in large for one in _options(words) for name in one.opts}
    assert not set(names) - known
    assert len(names) == len(set(names))


def test_many_options_are_in_parts_few_are_not_and_none_is_lost() -> None:
    many, few = _options("compare"), _options("demo")
    assert len(few) < MANY <= len(many)
    parts = in_parts(many)
    assert sorted(one.name for part in parts.values() for one in part) == sorted(one.name for one in many)
    assert next(iter(parts)) == FIRST and {"profile", "think"} <= {one.name for one in parts[FIRST]}
    assert [one.name for one in parts["Money"]][:2] == ["max_cost", "allow_unpriced"]
    assert in_parts(few) == {FIRST: few}


def test_the_help_of_the_program_has_each_command_once_below_its_heading() -> None:
    text = CliRunner().invoke(app, ["--help"]).output
    lines = [line.strip() for line in text.splitlines()]
    for name, summary in Commands.summaries.items():
        assert sum(line == f"{name}{' ' * (11 - len(name))}{summary}" for line in lines) == 1, name
    assert lines.index("Ask:") < lines.index("Many rows:") < lines.index("Set up:")
