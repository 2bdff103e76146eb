"""All benchmarks, or those named: python benchmarks/run.py [NAME ...] [--rounds N] [--json FILE] [--tree DIRECTORY].

Both sides of every ratio run in turns, and the median over the rounds is shown: read the ratios, not the milliseconds.
The exit code is 0 whatever the numbers say.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import LEAST_ROUNDS, Report
from surroundings import TREE_VARIABLE, link_tree

BENCHMARKS: Mapping[str, str] = {
    "cold-start": "cold_start",
    "one-shot": "one_shot",
    "fan-out": "fan_out",
    "latency": "latency",
    "decoder": "decoding",
    "live": "live_view",
    "history": "history",
    "sessions": "sessions",
    "batch": "batch",
    "batch-memory": "batch_memory",
    "batch-resume": "batch_resume",
    "batch-instructions": "batch_instructions",
    "memory": "memory",
}
DEFAULT_ROUNDS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description="thinkdial's benchmarks: ratios of medians, with their targets")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS, help=f"at least {LEAST_ROUNDS}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")
    parser.add_argument(
        "--tree", type=Path, metavar="DIRECTORY", help="measure another checkout, with these benchmarks"
    )
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    if asked.tree is not None:
        os.environ[TREE_VARIABLE] = str(asked.tree)
    reports: dict[str, Report] = {}
    print(f"Python {platform.python_version()}, {max(asked.rounds, LEAST_ROUNDS)} rounds")
    with TemporaryDirectory() as directory:
        sys.path.insert(0, str(link_tree(Path(directory))))
        for name in asked.names or BENCHMARKS:
            measure: Callable[[int], Report] = import_module(BENCHMARKS[name]).measure
            reports[name] = measure(asked.rounds)
            print(f"\n{name}")
            for row in reports[name]:
                print(row.line(), flush=True)
    if asked.json is not None:
        document = {name: [row.document() for row in report] for name, report in reports.items()}
        asked.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
