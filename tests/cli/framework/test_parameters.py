"""What a function's annotations declare is what its command takes, and what its help says."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import click
from click.testing import CliRunner
from msgspec import Struct

from thinkdial.cli.framework.command import CodedCommand
from thinkdial.cli.framework.declared import argument, option
from thinkdial.cli.framework.parameters import parts


class Sizes(Struct, frozen=True):
    """Two options."""

    width: Annotated[int, option("--width", "-w", low=1, help="How wide.")] = 80
    tall: Annotated[bool, option("--tall", help="Tall.")] = False


class Colour(StrEnum):
    """Of a line."""

    RED = "red"
    BLUE = "blue"


WIDE = Sizes(width=120)


def made(function: Any) -> click.Command:
    params, callback = parts(function)
    return CodedCommand("draw", params=params, callback=callback, help=function.__doc__)


def draw(
    name: Annotated[str, argument(metavar="NAME", help="Of what.")],
    sizes: Sizes = WIDE,
    loud: Annotated[bool, option("--loud", help="Loud.")] = False,
) -> None:
    """Draw it."""
    click.echo(f"{name} {sizes} {loud}")


def spell(
    ctx: click.Context,
    words: Annotated[list[str] | None, argument(metavar="WORD", help="Words.")] = None,
    colour: Annotated[Colour, option("--colour", help="Of what colour.")] = Colour.RED,
    share: Annotated[float | None, option("--share", low=0, high=0.5, help="How much.")] = None,
    files: Annotated[list[Path] | None, option("--file", "-f", help="From where.")] = None,
) -> int:
    """Spell them."""
    click.echo(repr((ctx.info_name, words, colour, share, files)))
    return 7 if words else 0


def test_the_command_gets_its_groups_with_its_own_defaults() -> None:
    run = CliRunner().invoke
    assert run(made(draw), ["x"]).output == "x Sizes(width=120, tall=False) False\n"
    assert run(made(draw), ["x", "-w", "3", "--tall"]).output == "x Sizes(width=3, tall=True) False\n"
    assert run(made(draw), ["x", "-w", "0"]).exit_code == 2
    assert "Missing argument 'NAME'" in run(made(draw), []).output


def test_the_options_stand_in_the_group_s_place() -> None:
    shown = CliRunner().invoke(made(draw), ["--help"]).output
    assert "Draw it." in shown and "NAME  Of what.  [required]" in shown
    assert shown.index("--width") < shown.index("--tall") < shown.index("--loud")
    assert "How wide.  [default: 120; 1 or more]" in shown


def test_values_are_of_the_kinds_that_are_declared() -> None:
    run = CliRunner().invoke
    given = run(made(spell), ["a", "b", "--colour", "blue", "--share", "0.5", "-f", "x", "-f", "y"])
    assert given.output == repr(("draw", ["a", "b"], Colour.BLUE, 0.5, [Path("x"), Path("y")])) + "\n"
    assert given.exit_code == 7, "what the function returns is the exit code"
    assert run(made(spell), []).exit_code == 0
    assert "None, None)" in run(made(spell), []).output, "nothing given several times is None"


def test_what_is_none_of_its_kind_is_refused_in_words() -> None:
    wrong = {
        ("--colour", "Rad"): "'Rad' is not one of red, blue (did you mean red?)",
        ("--share", "x"): "'x' is not a number",
        ("--share", "0.6"): "0.6 is out of range: 0 to 0.5",
        ("--share", "nan"): "nan is out of range: 0 to 0.5",
    }
    for words, said in wrong.items():
        ended = CliRunner().invoke(made(spell), list(words))
        assert ended.exit_code == 2 and said in ended.output, ended.output
