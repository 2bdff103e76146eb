"""T1 and T2: what it costs to say the version and to show the help."""

from __future__ import annotations

import peers
from measure import Report, Row, Target, compare, in_turns, progress, run_child
from surroundings import surroundings


def measure(rounds: int) -> Report:
    """Whole processes, against an interpreter that does nothing and against the imports that help cannot do without."""
    progress("cold start")
    with surroundings() as here:
        commands = {
            "nothing": [here.python, "-c", "pass"],
            "version": [*here.thinkdial, "--version"],
            "imports": [here.python, "-c", "import typer, rich.console"],
            "help": [*here.thinkdial, "--help"],
            "ask help": [*here.thinkdial, "ask", "--help"],
        }
        missing = peers.absent("llm")
        if missing is None:
            commands["llm"] = [*peers.script("llm"), "--version"]
        sides = {
            name: lambda command=command: run_child(command, here.environment, here.directory)
            for name, command in commands.items()
        }
        spent = in_turns(sides, rounds)
    report: Report = [
        compare("thinkdial --version / python -c pass", spent["version"], spent["nothing"], Target("T1", "cpu", 3)),
        compare(
            "thinkdial --help / import typer, rich.console", spent["help"], spent["imports"], Target("T2", "wall", 1.3)
        ),
        compare("thinkdial ask --help / import typer, rich.console", spent["ask help"], spent["imports"]),
    ]
    if missing is not None:
        report.append(missing)
    else:
        row = compare("llm --version / thinkdial --version", spent["llm"], spent["version"])
        report.append(Row(row.what, row.ratios, Target("T1", "wall", 15, at_least=True), row.detail, row.spread))
    return report
