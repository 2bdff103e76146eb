"""Batches at providers: submitted, looked at, waited for, collected, cancelled."""

from __future__ import annotations

import json

from ..steps import Case, run
from .given import PROFILES, ROWS, sim

FILES = {"sim.yaml": PROFILES, "rows.jsonl": ROWS}
THROUGH = "--via provider --wait --poll 0.01"
FAULTY = "".join(json.dumps({"id": f"r{number}", "prompt": f"question {number}"}) + "\n" for number in range(8))


def _whole_way(name: str) -> Case:
    return Case(
        f"a provider's batch with {name}",
        (
            sim(f"batch rows.jsonl -p {name} -t low --via provider -o out.jsonl"),
            run("batch list"),
            run("batch status"),
            run("batch status --json"),
            run("batch collect", 1),
            run("batch wait --poll 0.01"),
            run("batch status"),
            run("batch list --json"),
            run("batch collect"),
            run("batch collect"),
            sim(f"batch rows.jsonl -p {name} -t low --via provider -o out.jsonl"),
            run("batch list -n 1", columns=160),
            run("spend --by model --json"),
            run("history list"),
        ),
        FILES,
        simulator="--batch-polls 6",
    )


CASES = (
    *(_whole_way(name) for name in ("a", "o", "chat", "g", "m", "x", "q")),
    Case(
        "providers' batches at once",
        (
            sim(
                "batch rows.jsonl -p a -p o -p g -p m -p x -p q -t low -o out.jsonl --via provider --wait --poll 0.01 "
                "--summary s.json --summary s.md --summary s.html",
                unordered=True,
            ),
            sim(f"batch rows.jsonl -p a -p o -t high {THROUGH} -o out.csv -q", unordered=True),
            sim("batch rows.jsonl -p a --via provider --max-cost 0.001 -o dear.jsonl", 4),
            sim("batch rows.jsonl -p local --via provider -o none.jsonl", 2),
            run("batch list --json"),
            run("spend --by profile"),
        ),
        FILES,
        simulator="",
    ),
    Case(
        "a provider's batch that is cancelled",
        (
            sim("batch rows.jsonl -p a --via provider -o out.jsonl"),
            run("batch cancel"),
            run("batch status"),
            run("batch wait --poll 0.01 --timeout 5"),
            run("batch collect", 1),
            run("batch list"),
        ),
        FILES,
        simulator="--batch-polls 4",
    ),
    *(
        Case(
            f"rows of {name} that fail at the provider",
            (
                sim(f"batch faulty.jsonl -p {name} {THROUGH} -o out.jsonl", 1),
                run("batch list"),
                sim(f"batch faulty.jsonl -p {name} {THROUGH} -o out.jsonl --retry-failed", 1),
            ),
            FILES | {"faulty.jsonl": FAULTY},
            simulator="--fault row_errored=0.3 --fault row_expired=0.2 --fault row_lost=0.2 --seed 5",
        )
        for name in ("a", "o", "g")
    ),
)
