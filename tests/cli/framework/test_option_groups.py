"""A group of options stands in a command for all that its fields declare."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from msgspec import Struct
from typer.testing import CliRunner

from thinkdial.cli.framework.light import LightCommand
from thinkdial.cli.framework.option_groups import with_groups


class Sizes(Struct, frozen=True):
    """Two options."""

    width: Annotated[int, typer.Option("--width", "-w", min=1, help="How wide.")] = 80
    tall: Annotated[bool, typer.Option("--tall", help="Tall.")] = False


WIDE = Sizes(width=120)


def made(command: Any) -> Any:
    app = typer.Typer(rich_markup_mode=None)
    app.command(cls=LightCommand)(with_groups(command))
    return app


def draw(name: str, sizes: Sizes = WIDE, loud: Annotated[bool, typer.Option("--loud", help="Loud.")] = False) -> None:
    """Draw it."""
    typer.echo(f"{name} {sizes} {loud}")


def plain(name: str) -> None:
    """Say it."""


def test_the_command_gets_its_groups_with_its_own_defaults() -> None:
    app = made(draw)
    assert CliRunner().invoke(app, ["x"]).output == "x Sizes(width=120, tall=False) False\n"
    assert CliRunner().invoke(app, ["x", "-w", "3", "--tall"]).output == "x Sizes(width=3, tall=True) False\n"
    assert CliRunner().invoke(app, ["x", "-w", "0"]).exit_code == 2


def test_the_options_stand_in_the_group_s_place() -> None:
    shown = CliRunner().invoke(made(draw), ["--help"]).output
    assert "Draw it." in shown
    assert shown.index("--width") < shown.index("--tall") < shown.index("--loud")


def test_a_command_without_groups_is_left_alone() -> None:
    assert with_groups(plain) is plain
