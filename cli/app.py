"""The Typer app: the commands, and what becomes of an error."""

from __future__ import annotations

import sys

import typer

from ..providers.errors import ThinkdialError
from . import ask, compare, demo, models, plan, profiles, simulate
from .exit_codes import ExitCode
from .output import complain, use_utf8
from .version import VERSION

app = typer.Typer(
    name="thinkdial",
    help="One dial for LLM reasoning: the same prompt and --think value to one or many providers, side by side.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start here:  thinkdial demo   ·   thinkdial profiles init   ·   "
    'thinkdial compare "Is 91 prime?" -p claude -p gpt -p gemini --think high',
)
app.command("ask")(ask.ask)
app.command("compare")(compare.compare)
app.command("plan")(plan.plan)
app.add_typer(profiles.app, name="profiles")
app.command("models")(models.models)
app.command("demo")(demo.demo)
app.command("simulate")(simulate.simulate)


@app.callback()
def options(version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit.")) -> None:
    if version:
        sys.stdout.write(f"thinkdial {VERSION}\n")
        raise typer.Exit


def run() -> None:
    """Run the app; the one place where an error becomes words on stderr and an exit code."""
    use_utf8()
    try:
        app()
    except ThinkdialError as error:
        complain(error)
        sys.exit(ExitCode.USAGE)
