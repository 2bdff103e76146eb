"""The Typer app: the commands, and what becomes of an error."""

from __future__ import annotations

import sys

import typer

from ..providers.errors import BudgetError, ThinkdialError
from . import ask, batch, compare, demo, history, keys, models, plan, prices, profiles, simulate, spend
from .exit_codes import ExitCode
from .light import LightCommand, LightGroup
from .output import complain, use_utf8
from .version import VERSION

app = typer.Typer(
    name="thinkdial",
    cls=LightGroup,
    help="One dial for LLM reasoning: the same prompt and --think value to one or many providers, side by side.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Start here:  thinkdial demo, or  thinkdial compare "Is 91 prime?" -p claude -p gpt --think high',
)
app.command("ask", cls=LightCommand, short_help="Ask one model; the answer streams to stdout.")(ask.ask)
app.command("compare", cls=LightCommand, short_help="Send one prompt to many profiles, side by side.")(compare.compare)
app.add_typer(batch.app, name="batch", short_help="Run the rows of a file or a pipe, resumable, within a budget.")
app.command("plan", cls=LightCommand, short_help="Show what would be sent, and what it may cost.")(plan.plan)
app.add_typer(keys.app, name="keys", short_help="Keep API keys in the system's keyring.")
app.add_typer(profiles.app, name="profiles", short_help="Manage and check the profiles in YAML.")
app.command("models", cls=LightCommand, short_help="List what the known models accept.")(models.models)
app.add_typer(history.app, name="history", short_help="Show stored runs again, without paying again.")
app.command("spend", cls=LightCommand, short_help="Show what was spent, and what is left of the budgets.")(spend.spend)
app.add_typer(prices.app, name="prices", short_help="Show what models cost; fetch newer prices.")
app.command("demo", cls=LightCommand, short_help="Run a comparison against simulated providers.")(demo.demo)
app.command("simulate", cls=LightCommand, short_help="Serve the simulated providers on this machine.")(
    simulate.simulate
)


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
    except BudgetError as error:
        complain(error)
        sys.exit(ExitCode.COST_LIMIT)
    except ThinkdialError as error:
        complain(error)
        sys.exit(ExitCode.USAGE)
