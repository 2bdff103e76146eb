"""The GitHub Action: its step as a script, with inputs that try to be more than values."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from ....forks.child import Child

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = ROOT / "scripts" / "action.py"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def test_no_input_is_written_into_a_shell() -> None:
    steps = ACTION["runs"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [
        'python -m pip install --quiet "$GITHUB_ACTION_PATH"',
        'python "$GITHUB_ACTION_PATH/scripts/action.py"',
    ]
    passed = {name for step in steps for name in step.get("env", {})}
    assert passed == {f"INPUT_{name.upper().replace('-', '_')}" for name in ACTION["inputs"]} - {"INPUT_PYTHON_VERSION"}


@pytest.fixture
def inputs(sim: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """The variables of a step with these inputs, whose files are not there."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        json.dumps({"prompt": "What is 40 + 50?", "expect": {"contains": "90"}})
        + "\n"
        + json.dumps({"prompt": "What is 1 + 1?", "expect": {"contains": "::warning::zebra"}})
        + "\n"
    )

    def made(**inputs: str) -> dict[str, str]:
        given = {"ROWS": str(rows), "PROFILES": "a@low\n", "CONFIG": str(sim), "OUTPUT": str(tmp_path / "out.jsonl")}
        env = {f"INPUT_{name}": value for name, value in (given | inputs).items()}
        env |= {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
            (tmp_path / name).unlink(missing_ok=True)
        return env

    return made


@pytest.fixture
def step(process: Any, inputs: Callable[..., dict[str, str]], tmp_path: Path) -> Callable[..., Any]:
    def run(**given: str) -> Any:
        ended = subprocess.run(
            [sys.executable, str(SCRIPT)], env=process.environment(inputs(**given)),
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        told = (tmp_path / "GITHUB_STEP_SUMMARY").read_text(encoding="utf-8")
        return ended, told, (tmp_path / "GITHUB_OUTPUT").read_text(encoding="utf-8")

    return run


@pytest.mark.slow
def test_a_gate_fails_the_job_and_the_summary_says_why(step: Callable[..., Any], tmp_path: Path) -> None:
    ended, told, outputs = step(FAIL_ON="pass<0.9\ncost>5")
    assert ended.returncode == 6, ended.stderr
    assert "**thinkdial: A gate failed.**" in told
    assert "- `a @low: pass<0.9: pass is 0.5 (1 of 2 passed)`" in told and "| pass rate |" in told.replace("  ", " ")
    assert "exit-code<<end-" in outputs and "\n6\n" in outputs and str(tmp_path / "out.jsonl") in outputs
    token = ended.stdout.splitlines()[0].removeprefix("::stop-commands::")
    assert len(token) == 32 and ended.stdout.splitlines()[-1] == f"::{token}::"
    fine, told, _ = step(FAIL_ON="pass<0.5")
    assert fine.returncode == 0 and "All fine" in told


INPUTS = ("ROWS", "PROFILES", "THINK", "TEMPLATE", "EXPECT", "FAIL_ON", "MAX_COST", "CONFIG")
HOSTILE = ("$(touch {0})", "; touch {0} #", "`touch {0}`", "--output=/dev/null", '"; exit 0; "')


@pytest.mark.slow
def test_an_input_is_a_value_and_never_a_command(
    inputs: Callable[..., dict[str, str]], process: Any, tmp_path: Path, capfd: Any
) -> None:
    """What the script starts is a fork here; as a process of its own the script runs in the test above."""
    main, owned = runpy.run_path(str(SCRIPT))["main"], tmp_path / "owned"
    for name, value in product(INPUTS, HOSTILE):
        environment = inputs(**{name: value.format(owned)})
        fork = partial(Child, process.forks, env=process.environment(environment))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "Popen", fork)
            code, said = main(environment), capfd.readouterr()
        if name != "TEMPLATE":
            assert code == 2 and "error" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text(encoding="utf-8"), (
                name,
                value,
            )
        assert not owned.exists()
        assert "::stop-commands::" in said.out and "Traceback" not in said.err


def test_its_inputs_are_all_documented() -> None:
    page = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in ACTION["inputs"]), "docs/choosing.md names every input"
