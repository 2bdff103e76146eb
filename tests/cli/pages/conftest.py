"""Somebody who reads the pages and types what they show: keys, files and profiles, and the simulator as all vendors."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from thinkdial.cli.commands.setup.simulated_profiles import simulated_profiles
from thinkdial.profiles.config import user_file
from thinkdial.simulator import running_simulator

from ...forks.child import GUARD, Forks

NAMES = {
    "claude": ("anthropic", "claude-opus-5-5", "anthropic"),
    "claude-haiku": ("anthropic", "claude-haiku-5-5", "anthropic"),
    "gpt": ("openai", "gpt-6-sol", "openai/v1"),
    "quick": ("openai", "gpt-6-luna", "openai/v1"),
    "gemini": ("google", "gemini-4-argon", "google"),
}
WEATHER = """\
{"name": "weather", "description": "The weather of a city.",
 "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
"""
FILES = {
    "weather.json": WEATHER,
    "notes.txt": "Tea has less caffeine than coffee.\n",
    "rows.jsonl": "".join(
        f'{{"id": {n}, "n": {n}, "prompt": "What is {n} + 1?", "expect": {{"number": {n + 1}}}}}\n'
        for n in range(1, 60)
    ),
}


END = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"
"""What a script began does not outlive it, whatever it ended with."""


@dataclass
class Reader:
    """A working directory with what the pages speak of, and a shell in it."""

    directory: Path
    environment: dict[str, str]
    simulated: str

    def types(self, script: str, *, strict: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a script as bash would; `strict` stops at the first command that fails."""
        for name, text in {**FILES, "sim.yaml": self.simulated}.items():
            (self.directory / name).write_text(text, encoding="utf-8")
        environment = self.environment
        if "profiles init" in script:  # the one command that wants no configuration to be there
            environment = {**environment, "XDG_CONFIG_HOME": str(self.directory / "new")}
        typed = "Is 91 prime?\n" if "thinkdial chat" in script else ""
        whole = f"set -{'eu' if strict else ''}mo pipefail\n{END}\n{script}"
        return subprocess.run(
            ["bash", "-c", whole], cwd=self.directory, env=environment, input=typed, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip


@pytest.fixture
def vendors() -> Iterator[str]:
    with running_simulator() as url:
        yield url


@pytest.fixture
def reader(tmp_path: Path, forks: Forks, vendors: str) -> Reader:
    commands = tmp_path / "bin"
    commands.mkdir()
    forks.write_program(commands / "thinkdial")
    entries = "".join(
        f"  {name}: {{provider: {provider}, model: {model}, base_url: '{vendors}/{path}'}}\n"
        for name, (provider, model, path) in NAMES.items()
    )
    served = re.sub(r"^ +simulated: .*\n", "", simulated_profiles(vendors, "mark"), flags=re.MULTILINE)
    own = served.replace("profiles:\n", f"defaults: {{profile: claude}}\nprofiles:\n{entries}").replace(
        "groups: {", "groups: {frontier: [claude, gpt], "
    )
    user_file().parent.mkdir(parents=True)
    user_file().write_text(own, encoding="utf-8")
    environment = {
        **os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "PYTHONPATH": str(GUARD), "COLUMNS": "160",
        "ANTHROPIC_API_KEY": "simulated-key", "OPENAI_API_KEY": "simulated-key", "GEMINI_API_KEY": "simulated-key",
    }  # fmt: skip
    here = tmp_path / "here"
    here.mkdir()
    return Reader(here, environment, served)
