"""The step of the GitHub Action: inputs from the environment -> one batch, its gates, and the summary of the job.

It needs nothing but the standard library and an installed `thinkdial`. No input is ever read by a shell.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

MOST_SUMMARY_BYTES = 900_000
"""A step's summary may have a megabyte."""

ENDED = {
    0: "All fine.",
    1: "Some results failed.",
    2: "Usage or configuration error.",
    3: "All results failed.",
    4: "A cost limit refused or stopped it.",
    5: "A model cannot take the think value as it is; nothing was sent.",
    6: "A gate failed.",
}
GATE = "gate failed: "


def main(environment: Mapping[str, str]) -> int:
    """Run the batch that the inputs describe. The exit code of `thinkdial`."""
    output = Path(_input(environment, "OUTPUT") or "thinkdial-results.jsonl")
    told, found = Path(f"{output}.summary.md"), Path(f"{output}.summary.json")
    for left in (told, found):
        left.unlink(missing_ok=True)
    command = [sys.executable, "-m", "thinkdial", *arguments(environment, output, told, found)]
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)  # nothing that a model says is a command to the runner
    gates: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace") as running:
        for line in running.stderr or ():
            sys.stderr.write(line)
            if line.startswith(GATE):
                gates.append(line.removeprefix(GATE).strip())
    sys.stderr.flush()
    print(f"::{token}::", flush=True)
    code = running.returncode
    _append(environment, "GITHUB_STEP_SUMMARY", job_summary(code, gates, told))
    _append(environment, "GITHUB_OUTPUT", _outputs(code, output, found))
    return code


def arguments(environment: Mapping[str, str], output: Path, told: Path, found: Path) -> list[str]:
    """What `thinkdial` is called with. A value that begins with a dash stays a value."""
    given = ["batch", "run", f"--output={output}", f"--summary={told}", f"--summary={found}"]
    for name in ("THINK", "TEMPLATE", "MAX_COST", "CONFIG"):
        if value := _input(environment, name):
            given.append(f"--{name.lower().replace('_', '-')}={value}")
    for name, option in (("PROFILES", "profile"), ("EXPECT", "expect"), ("FAIL_ON", "fail-on")):
        lines = environment.get(f"INPUT_{name}", "").splitlines()
        given += [f"--{option}={line.strip()}" for line in lines if line.strip()]
    if _input(environment, "STRICT_THINK").lower() == "true":
        given.append("--strict-think")
    return [*given, "--", _input(environment, "ROWS")]


def job_summary(code: int, gates: list[str], told: Path) -> str:
    """The Markdown of the job: how it ended, which gates failed, and the table of the batch."""
    parts = [f"**thinkdial: {ENDED.get(code, f'ended with {code}.')}**"]
    if gates:
        parts.append("\n".join(f"- `{line.replace('`', chr(39))}`" for line in gates))
    if told.is_file():
        parts.append(told.read_bytes()[:MOST_SUMMARY_BYTES].decode("utf-8", "ignore"))
    return "\n\n".join(parts) + "\n"


def _outputs(code: int, output: Path, found: Path) -> str:
    """Values for later steps, each between marks that no value can hold."""
    mark = f"end-{secrets.token_hex(16)}"
    values = {"exit-code": str(code), "results": str(output), "summary": str(found) if found.is_file() else ""}
    return "".join(f"{name}<<{mark}\n{value}\n{mark}\n" for name, value in values.items())


def _input(environment: Mapping[str, str], name: str) -> str:
    return environment.get(f"INPUT_{name}", "").strip()


def _append(environment: Mapping[str, str], name: str, text: str) -> None:
    if place := environment.get(name):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main(os.environ))
