"""What `import thinkdial` offers: every name that is promised, and nothing that takes long before it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import thinkdial

from .cases import each

HEAVY = ("httpx2", "aiohttp", "typer", "rich", "yaml", "jinja2", "sqlite3", "asyncio", "orjson", "genai_prices", "ssl")


def run(*arguments: str) -> Any:
    """What a fresh interpreter prints as JSON."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@each("name", thinkdial.__all__)
def test_each_name_is_what_its_home_has(name: str) -> None:
    assert getattr(thinkdial, name) is not None
    assert name in dir(thinkdial)


def test_the_lazy_names_are_those_that_are_promised() -> None:
    assert {*thinkdial._HOME_OF, "__version__"} == set(thinkdial.__all__)
    assert list(thinkdial.__all__) == sorted(thinkdial.__all__)


def test_every_promised_function_and_class_says_what_it_is() -> None:
    values = (getattr(thinkdial, name) for name in thinkdial.__all__)
    assert not [value for value in values if callable(value) and isinstance(value, type) and not value.__doc__]
    assert all(getattr(thinkdial, name).__doc__ for name in ("ask", "batch", "compare", "plan", "load_config"))


def test_a_name_that_does_not_exist_is_missed_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'thinkdial' has no attribute 'comparee'"):
        _ = thinkdial.comparee  # type: ignore[attr-defined]
    assert not hasattr(thinkdial, "Transport")


def test_a_star_takes_them_all() -> None:
    found = run("-c", "from thinkdial import *; import json; print(json.dumps(dir()))")
    assert set(thinkdial.__all__) <= set(found)


def test_importing_it_loads_nothing_heavy() -> None:
    loaded = run("-c", "import json, sys, thinkdial; print(json.dumps(sorted(sys.modules)))")
    assert not set(HEAVY) & set(loaded)
    ours = {name for name in loaded if name.split(".")[0] == "thinkdial"}
    assert ours == {"thinkdial"}


def test_calling_it_loads_nothing_of_the_command_line_or_the_simulator() -> None:
    program = "import json, sys, thinkdial; thinkdial.plan('x', 'gpt'); print(json.dumps(sorted(sys.modules)))"
    loaded = run("-c", program)
    assert not [name for name in loaded if name.startswith(("thinkdial.cli", "thinkdial.simulator", "typer", "rich"))]


def test_a_strangers_program_runs(tmp_path: Path) -> None:
    program = Path(__file__).with_name("stranger.py")
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "no profile or group is called 'nobody'" in done.stdout


@pytest.mark.parametrize("module", ["thinkdial", "thinkdial.cli"])
def test_it_runs_as_a_module(module: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.split()) == (0, ["thinkdial", thinkdial.__version__])
