"""What each command costs from its start to its end, in multiples of an interpreter that does nothing."""

from __future__ import annotations

import json
from pathlib import Path

import peers
from measure import Report, Target, compare, in_turns, progress, run_child
from server import loopback_server
from surroundings import surroundings

PROFILES = """\
profiles:
  one: {{provider: openai-compatible, model: example-1, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
  two: {{provider: openai-compatible, model: example-2, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
  three: {{provider: openai-compatible, model: example-3, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
"""
MOST: dict[str, float | None] = {
    "plan -p claude": 20.0,
    "plan, price in the profile": 12.0,
    "profiles list": 12.0,
    "models": 20.0,
    "prices show": 20.0,
    "history list": 10.0,
    "spend": 10.0,
    "compare of three": 22.0,
    "batch of one row": 25.0,
    "--help": None,
}
"""How many times the CPU of `python -c pass` each may take; None where nothing is wanted."""


def measure(rounds: int) -> Report:
    """Every command twice before it counts: what is kept for the next time is kept then."""
    progress("starts")
    with surroundings() as here, loopback_server() as url:
        config, rows = here.directory / "profiles.yaml", here.directory / "row.jsonl"
        config.write_text(PROFILES.format(url=url), encoding="utf-8")
        rows.write_text(json.dumps({"prompt": "Is 91 prime?"}) + "\n", encoding="utf-8")
        given: list[str | Path] = ["--config", config]
        commands: dict[str, list[str | Path]] = {
            "plan -p claude": ["plan", "Is 91 prime?", "-p", "claude"],
            "plan, price in the profile": ["plan", "Is 91 prime?", "-p", "one", *given],
            "profiles list": ["profiles", "list"],
            "models": ["models"],
            "prices show": ["prices", "show", "claude-opus-5"],
            "history list": ["history", "list"],
            "spend": ["spend"],
            "compare of three": ["compare", "Is 91 prime?", "-p", "one", "-p", "two", "-p", "three", *given],
            "batch of one row": ["batch", rows, "-p", "one", *given],
            "--help": ["--help"],
        }
        sides = {
            name: lambda words=words: run_child([*here.thinkdial, *words], here.environment, here.directory)
            for name, words in commands.items()
        }
        missing = peers.absent("llm")
        if missing is None:
            llm_models = [*peers.script("llm"), "models"]
            environment = {**here.environment, "LLM_USER_PATH": str(here.directory)}
            sides["llm models"] = lambda: run_child(llm_models, environment, here.directory)
        sides["nothing"] = lambda: run_child([here.python, "-c", "pass"], here.environment, here.directory)
        for side in sides.values():
            side()
        spent = in_turns(sides, rounds)
    nothing = spent["nothing"]
    report: Report = [
        compare(f"{name} / python -c pass", spent[name], nothing, Target("start", "cpu", most) if most else None)
        for name, most in MOST.items()
    ]
    return [*report, missing or compare("llm models / models", spent["llm models"], spent["models"])]
