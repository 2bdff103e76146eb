"""All benchmarks, or those named: python benchmarks/run.py [NAME ...] [--quick] [--json FILE] [--page FILE].

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
from results import comparison, document, page, read
from surroundings import TREE_VARIABLE, link_tree

BENCHMARKS: Mapping[str, str] = {
    "cold-start": "cold_start",
    "starts": "starts",
    "one-shot": "one_shot",
    "fan-out": "fan_out",
    "latency": "latency",
    "decoder": "decoding",
    "streaming": "streaming",
    "live": "live_view",
    "history": "history",
    "sessions": "sessions",
    "batch": "batch",
    "batch-memory": "batch_memory",
    "batch-resume": "batch_resume",
    "hands": "hands",
    "batch-instructions": "batch_instructions",
    "memory": "memory",
    "sizes": "sizes",
}
DEFAULT_ROUNDS = 9
QUICK = ("cold-start", "starts", "one-shot", "fan-out", "latency", "decoder")
"""Those that take less than five minutes together, with as few rounds as may be."""

MARK = "<!-- results: written by benchmarks/run.py --page -->\n"
"""What stands before it in a page is somebody's, what stands after it is replaced."""


def main() -> None:
    parser = argparse.ArgumentParser(description="thinkdial's benchmarks: ratios of medians, with their targets")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--rounds", type=int, help=f"at least {LEAST_ROUNDS}; {DEFAULT_ROUNDS} by default")
    parser.add_argument("--quick", action="store_true", help=f"{', '.join(QUICK)}, {LEAST_ROUNDS} rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")
    parser.add_argument(
        "--tree", type=Path, metavar="DIRECTORY", help="measure another checkout, with these benchmarks"
    )
    parser.add_argument("--page", type=Path, metavar="FILE", help="write them as a page of the docs as well")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("OLD", "NEW"), help="show two results, run nothing")
    asked = parser.parse_args()
    if asked.compare is not None:
        print("\n".join(comparison(*map(read, asked.compare))))
        return
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    if asked.tree is not None:
        os.environ[TREE_VARIABLE] = str(asked.tree)
    reports: dict[str, Report] = {}
    rounds = max(asked.rounds or (LEAST_ROUNDS if asked.quick else DEFAULT_ROUNDS), LEAST_ROUNDS)
    print(f"Python {platform.python_version()}, {rounds} rounds")
    with TemporaryDirectory() as directory:
        sys.path.insert(0, str(link_tree(Path(directory))))
        for name in asked.names or (QUICK if asked.quick else BENCHMARKS):
            measure: Callable[[int], Report] = import_module(BENCHMARKS[name]).measure
            reports[name] = measure(rounds)
            print(f"\n{name}")
            for row in reports[name]:
                print(row.line(), flush=True)
    measured = document(reports, rounds)
    if asked.json is not None:
        asked.json.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    if asked.page is not None:
        head = asked.page.read_text(encoding="utf-8").partition(MARK)[0] if asked.page.exists() else ""
        asked.page.write_text(head + MARK + "\n" + "\n".join(page(measured)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
