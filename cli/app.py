"""The Typer app: the commands, and what becomes of an error."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import typer

from ..providers.errors import ThinkdialError
from ..providers.version import VERSION
from .exit_codes import code_of
from .framework.lazy import LazyGroup
from .output import complain, emit, say, use_utf8

SHELL_OPTIONS = ("--show-completion", "--install-completion")


class Commands(LazyGroup):
    """What `thinkdial` can do."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """An option that names a shell stands alone for the shell that asks."""
        return super().parse_args(ctx, [*args, ""] if len(args) == 1 and args[0] in SHELL_OPTIONS else args)

    summaries: ClassVar = {
        "demo": "Run a comparison against simulated providers.",
        "simulate": "Serve the simulated providers on this machine.",
        "ask": "Ask one model; the answer streams to stdout.",
        "compare": "Send one prompt to many profiles, side by side.",
        "plan": "Show what would be sent, and what it may cost.",
        "chat": "Talk in a loop, with one model or another.",
        "session": "Conversations that move between providers.",
        "batch": "Run the rows of a file or a pipe, resumable, within a budget.",
        "limiter": "Keep one limit and one budget over several runs.",
        "models": "List what the known models accept.",
        "tune": "Find the cheapest model and dial that pass your rows.",
        "dose": "Draw what each think value takes, from your own history.",
        "diff": "Show two stored results side by side, word by word.",
        "lock": "Write down what chosen profiles are; tell when they change.",
        "history": "Show stored runs again, without paying again.",
        "open": "Browse stored results in the terminal.",
        "spend": "Show what was spent, and what is left of the budgets.",
        "files": "Show and delete what was uploaded.",
        "profiles": "Manage and check the profiles in YAML.",
        "keys": "Keep API keys in the system's keyring.",
        "config": "Read and change the configuration.",
        "templates": "List and show the prompts of your configuration.",
        "tools": "List and check your own tools that models may have run.",
        "prices": "Show what models cost; fetch newer prices.",
        "facts": "Newer facts about models without a new release.",
        "plugins": "List the providers and dialects that plugins add.",
        "doctor": "Say what this installation is like, for a report.",
        "help": "Show the help of a command.",
        "version": "Print the version.",
    }
    headings: ClassVar = {
        "demo": "Without a key",
        "ask": "Ask",
        "batch": "Many rows",
        "models": "Choose a model",
        "history": "Look back",
        "profiles": "Set up",
    }
    package = f"{__package__}.commands"
    modules: ClassVar = {
        "ask": "run.ask",
        "compare": "run.compare",
        "chat": "chat.chat",
        "plan": "run.plan",
        "dose": "run.dose",
        "open": "history.open_",
        "diff": "choose.diff",
        "lock": "choose.lock.group",
        "demo": "run.demo",
        "models": "setup.models.models",
        "simulate": "setup.simulate",
        "keys": "setup.keys.group",
        "profiles": "setup.profiles.group",
        "spend": "money.spend",
        "prices": "money.prices.group",
        "facts": "setup.facts.group",
        "batch": "batch.group",
        "limiter": "limiter.group",
        "tune": "choose.tune",
        "history": "history.group",
        "files": "files.group",
        "session": "sessions.group",
        "plugins": "setup.plugins.group",
        "templates": "setup.templates.group",
        "tools": "setup.tools.group",
        "config": "setup.config.group",
        "doctor": "setup.about.doctor",
        "help": "setup.about.help",
        "version": "setup.about.version",
    }


app = typer.Typer(
    name="thinkdial",
    cls=Commands,
    help="One dial for LLM reasoning: the same prompt and --think value to one or many providers, side by side.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Start here: thinkdial demo\n\nWith keys: thinkdial compare "Is 91 prime?" -p claude -p gpt --think high',
)


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit."),
    show_completion: str | None = typer.Option(
        None, "--show-completion", metavar="SHELL", help="Print the completion for bash, zsh, fish or powershell."
    ),
    install_completion: str | None = typer.Option(
        None, "--install-completion", metavar="SHELL", help="Put it where this shell looks for it."
    ),
) -> None:
    if version:
        emit(f"thinkdial {VERSION}\n")
        raise typer.Exit
    if show_completion is not None or install_completion is not None:
        from .completion.scripts import installed, script_for

        if show_completion is not None:
            emit(script_for(show_completion or None)[1])
        if install_completion is not None:
            say(installed(install_completion or None))
        raise typer.Exit


def run() -> None:
    """Run the app; the one place where an error becomes words on stderr and an exit code."""
    use_utf8()
    try:
        app()
    except ThinkdialError as error:
        complain(error)
        sys.exit(code_of(error))
