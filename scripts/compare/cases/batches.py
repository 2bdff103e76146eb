"""Batches that are run here: every form of rows and results, resumed, bounded, stopped."""

from __future__ import annotations

import json

from ..steps import Case, Write, run
from .given import BAD_ROWS, PROFILES, ROWS, TABLE, config, entry, sim

LOCAL = "model: sim-reasoning-content"
ONE_BY_ONE = PROFILES.replace(f"{LOCAL}}}", f"{LOCAL}, limits: {{concurrency: 1}}}}")
CONFIG = {"sim.yaml": ONE_BY_ONE, "rows.jsonl": ROWS, "table.csv": TABLE, "bad.jsonl": BAD_ROWS}
LINES = "".join(f"question {number}\n" for number in range(20))
TSV = TABLE.replace(",", "\t")
FAILING = config(
    {
        "o": entry("openai", "openai/v1", "gpt-6-sol@refusal:2"),
        "down": entry("openai-compatible", "compatible/v1", "m@server_error:3"),
        "dead": entry("openai-compatible", "compatible/v1", "m@quota"),
    }
)
DOWN = "batch rows.jsonl -p down --retries 0 --concurrency 1 -o out.jsonl --config fail.yaml"
SLOW = config({"slow": entry("openai-compatible", "compatible/v1", "m")})
ALL_SUMMARIES = "--summary s.json --summary s.md --summary s.html"


def _shard(*lines: tuple[str, int, str]) -> str:
    return "".join(
        json.dumps(
            {
                "schema": "thinkdial.result/1",
                "row_id": row,
                "status": "ok" if status == "ok" else "error",
                "error": None if status == "ok" else {"kind": status, "message": "no"},
                "work": f"{ord(row[-1]):016x}{second:048x}",
                "batch": "b",
                "created_at": f"2026-01-02T03:04:{second:02d}+00:00",
                "answer": f"answer of {row}",
            }
        )
        + "\n"
        for row, second, status in lines
    )


CASES = (
    Case(
        "rows to results",
        (
            sim("batch rows.jsonl -p local -t low"),
            sim("batch rows.jsonl -p local -t low -q"),
            sim("batch rows.jsonl -p local --format csv"),
            sim("batch rows.jsonl -p a -p o -p g -t off,high", 0, unordered=True),
            sim("batch rows.jsonl -p a -p o -p local --ordered"),
            sim("batch rows.jsonl -p a -p o -p local --ordered --window 1"),
            sim("batch - -p local", stdin=ROWS),
            sim("batch - -p local --input-format lines", stdin=LINES),
            sim("batch - -p local", stdin=LINES),
            sim("batch - -p local", stdin=""),
            sim("batch table.csv -p local --template 'Who is {{name}} of {{city}}, {{year}}?' -v year=2026"),
            sim("batch table.csv -p local --template '{{ missing }}'", 1),
            sim("batch table.tsv -p local --template '{{name}} {{note}}' --format csv"),
            sim("batch - -p local --input-format tsv --template '{{name}}'", stdin=TSV),
            sim("batch bad.jsonl -p local", 1),
            sim("batch bad.jsonl -p local --format csv", 1),
            sim("batch rows.jsonl -p plain -p router --emulate -t high --ordered"),
            sim("batch rows.jsonl -p own -p priced -s 'Be brief.' --max-output 200 --no-stream --ordered"),
            sim("batch rows.jsonl -p o --concurrency 1 --no-history"),
            sim("batch run rows.jsonl -p local -q"),
            sim("batch rows.jsonl -p local -o rows.jsonl", 2),
            run("history list"),
            run("spend --by profile --json"),
        ),
        CONFIG | {"table.tsv": TSV},
        simulator="",
    ),
    Case(
        "results in files",
        (
            sim(f"batch rows.jsonl -p local -t low -o out.jsonl {ALL_SUMMARIES}"),
            sim("batch rows.jsonl -p local -t low -o out.jsonl --summary s.json"),
            sim("batch rows.jsonl -p local -t low,high -o out.jsonl --summary s.json"),
            Write("rows.jsonl", ROWS.replace("91", "93") + '{"id": "new", "prompt": "one more"}\n'),
            sim("batch rows.jsonl -p local -t low,high -o out.jsonl --ordered"),
            sim("batch rows.jsonl -p local -o out.csv --summary s.md"),
            sim("batch rows.jsonl -p local -t high -o out.csv"),
            sim("batch table.csv -p local -o out.jsonl --template x", 2),
            sim("batch rows.jsonl -p local -o out.jsonl --format csv", 2),
            sim("batch bad.jsonl -p local -o bad-out.jsonl", 1),
            sim("batch bad.jsonl -p local -o bad-out.jsonl", 1),
            sim("batch rows.jsonl -p local -o nowhere/out.jsonl", 2),
            sim("batch rows.jsonl -p local -o /dev/null"),
            Write("torn.jsonl", '{"schema": "thinkdial.result/1", "row_id": "r0", "sta'),
            sim("batch rows.jsonl -p local -o torn.jsonl", 2),
        ),
        CONFIG,
        simulator="",
    ),
    Case(
        "rows that fail",
        (
            run(DOWN, 1),
            run(DOWN),
            run(f"{DOWN} --retry-failed --summary s.html"),
            run("batch rows.jsonl -p o --concurrency 1 -o refused.jsonl --config fail.yaml --summary s.json"),
            run("batch rows.jsonl -p dead --concurrency 1 --retries 0 --config fail.yaml", 3),
            run("batch rows.jsonl -p dead -p o --concurrency 1 --retries 0 --ordered --config fail.yaml", 1),
        ),
        CONFIG | {"fail.yaml": FAILING},
        simulator="",
    ),
    Case(
        "batches within budgets",
        (
            sim("batch rows.jsonl -p priced --concurrency 1 --max-cost 0.5 -o out.jsonl", 4),
            sim("batch rows.jsonl -p priced --concurrency 1 --max-cost 50 -o out.jsonl --summary s.json"),
            sim("batch rows.jsonl -p priced --concurrency 1 --max-cost 0.001", 4),
            sim("batch rows.jsonl -p local --concurrency 1 --max-cost 1", 4),
            sim("batch rows.jsonl -p local --concurrency 1 --max-cost 1 --allow-unpriced"),
            run("spend --by profile --json"),
        ),
        CONFIG,
        simulator="",
    ),
    Case(
        "a batch that is interrupted",
        (sim("batch rows.jsonl -p slow --concurrency 1", 130, interrupted_s=0.2),),
        CONFIG | {"sim.yaml": SLOW},
        simulator="--pace 2",
    ),
    Case(
        "shards become one file",
        (
            run("batch merge shards"),
            run("batch merge shards -o all.jsonl"),
            run("batch merge shards -o all.jsonl", 2),
            run("batch merge shards -o all.csv --replace"),
            run("batch merge shards --format csv"),
            run("batch merge shards --ordered", 2),
            run("batch merge empty", 2),
        ),
        {
            "shards/part-000000.jsonl": _shard(("r1", 1, "ok"), ("r0", 2, "server")),
            "shards/part-000001.jsonl": _shard(("r0", 2, "ok"), ("r3", 3, "timeout")) + '{"torn',
            "empty/notes.txt": "no shard\n",
        },
    ),
)
