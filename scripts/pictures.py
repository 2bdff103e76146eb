"""Draw the pages' still pictures from a real run against the simulator: python scripts/pictures.py."""

from __future__ import annotations

import io
import os
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI, TerminalTheme

from thinkdial.cli.commands.run.demo import DEMO_KEY, DEMO_PROFILES, DEMO_PROMPT, PATHS, stand_in
from thinkdial.cli.views.run.answers import answers
from thinkdial.cli.views.run.table import numbers_table
from thinkdial.engine.planning.prepare import Prompt
from thinkdial.engine.results.result import Run
from thinkdial.engine.runs.jobs import Options, make_jobs
from thinkdial.engine.runs.observer import Silent
from thinkdial.engine.runs.run import Circumstances, run_jobs
from thinkdial.engine.targets.target import select
from thinkdial.profiles.config import load_builtin
from thinkdial.providers.schema import Notice
from thinkdial.providers.think import parse_think
from thinkdial.simulator import DEMO_PACE, running_simulator

SIMULATED = Notice("simulated", "answered by the built-in simulator, not by a provider")
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with running_simulator(pace=DEMO_PACE) as base_url:
        compared = sample_run(base_url, DEMO_PROFILES, ("high",))
        swept = sample_run(base_url, ("claude-haiku", "gpt-luna"), ("off", "low", "high"))
    draw("compare-light", compared, 160, DEFAULT_TERMINAL_THEME)
    draw("sweep", swept, 120, MONOKAI, with_answers=False)


def draw(name: str, run: Run, width: int, theme: TerminalTheme, *, with_answers: bool = True) -> None:
    """Write `NAME.svg`, as wide as a terminal of `width` columns."""
    paper = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor",
        markup=False, emoji=False, highlight=False,
    )  # fmt: skip
    if with_answers:
        paper.print(answers(run.results, width, reasoning="excerpt"))
        paper.print("")
    paper.print(numbers_table(run.results, width))
    paper.save_svg(str(IMAGES / f"{name}.svg"), title="thinkdial (simulated providers)", theme=theme)


def sample_run(base_url: str, profiles: tuple[str, ...], think: tuple[str, ...]) -> Run:
    """A real comparison of these profiles and think values, against the simulator."""
    settings, asked = load_builtin(), Prompt(DEMO_PROMPT)
    keys = {name: DEMO_KEY for provider in PATHS for name in settings.provider(provider).api_key_env}
    wishes = Options(sweep=tuple(parse_think(value) for value in think), base_url=stand_in(base_url))
    jobs = make_jobs(select(profiles, settings), asked, settings, wishes, {**os.environ, **keys})
    return run_jobs(jobs, asked, Silent(), Circumstances("demo", extra=(SIMULATED,))).run


if __name__ == "__main__":
    main()
