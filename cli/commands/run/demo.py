"""`thinkdial demo`: the main job against the built-in simulator, over real HTTP on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...common_options import Quiet
from ...exit_codes import ExitCode
from ...options import PRINTED, Format, MaxOutput, NoHistory, PrintOptions, Profiles, PromptArgument, ThinkSweep

DEMO_PROMPT = "A bat and a ball cost $1.10 together. The bat costs $1.00 more than the ball. What does the ball cost?"
DEMO_PROFILES = ("claude", "gpt", "gemini")
DEMO_KEY = "simulated-key"
PATHS: Mapping[str, str] = {"anthropic": "/anthropic", "openai": "/openai/v1", "google": "/google"}
"""Where the simulator stands in for a provider, below its own address."""


def demo(
    prompt: PromptArgument = None,
    profile: Profiles = None,
    think: ThinkSweep = None,
    max_output: MaxOutput = None,
    printing: PrintOptions = PRINTED,
    no_history: NoHistory = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Run a comparison against simulated providers: no key, no network, nothing to pay, and labelled so.

    Example:  thinkdial demo --think off,low,high -p claude
    """
    import os

    from ....engine.api import ready_run
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Options
    from ....engine.targets.target import select
    from ....profiles.config import load_builtin
    from ....providers.errors import UsageError
    from ....providers.schema import Notice
    from ....providers.think import parse_think
    from ....simulator import DEMO_PACE, running_simulator
    from ...formats import chosen_format
    from ...output import say
    from ...selection import sweep_values
    from .compare import make_and_show

    form = chosen_format(printing.output_format, printing.json, printing.output, Format.TABLE, force=printing.force)
    settings = load_builtin()
    selections = select(profile or DEMO_PROFILES, settings)
    for selection in selections:
        if selection.profile.provider not in PATHS:
            raise UsageError(
                f"the simulator does not stand in for {selection.profile.provider} ({selection.profile.name})",
                hint=f"it does for {', '.join(PATHS)}: -p {', -p '.join(DEMO_PROFILES)}",
            )
    simulated = Notice("simulated", "answered by the built-in simulator, not by a provider; the cost was not charged")
    keys = {name: DEMO_KEY for provider in PATHS for name in settings.provider(provider).api_key_env}
    if not quiet:
        say("SIMULATED: these answers, times and costs come from the built-in simulator, not from the providers.")
    with running_simulator(pace=DEMO_PACE) as base_url:
        options = Options(
            sweep=sweep_values(think) or (parse_think("medium"),),
            max_output_tokens=max_output,
            base_url=stand_in(base_url),
        )
        ready = ready_run(
            selections,
            Prompt(prompt or DEMO_PROMPT),
            settings,
            options,
            command="demo",
            keeps_history=not no_history and _history_is_on(),
            simulated=simulated,
            environment={**os.environ, **keys},
        )
        return make_and_show(ready, form, printing, quiet=quiet)


def _history_is_on() -> bool:
    """As the user's own configuration says; one that is broken does not keep anybody from the demonstration."""
    from ....profiles.config import load
    from ....providers.errors import ConfigError

    try:
        return load().history.enabled
    except ConfigError:
        return False


def stand_in(base_url: str) -> Callable[[str], str | None]:
    """Where the simulator at `base_url` stands in for a provider, by the provider's name."""

    def where(provider: str) -> str | None:
        return f"{base_url}{PATHS[provider]}"

    return where
