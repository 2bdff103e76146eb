"""A history that is the same for both versions, with true times: shown in every way, so alike to the last byte."""

from __future__ import annotations

from ..steps import Case, Command, run
from .given import FAULTS, VENDORS, config, entry, sim

FORMATS = ("table", "json", "jsonl", "csv", "md", "html", "text")

BROKEN = {f"broken-{fault}": entry("openai", "openai/v1", f"gpt-6-sol@{fault}") for fault in FAULTS if ":" not in fault}
SIMULATED = config({name: entry(*vendor) for name, vendor in VENDORS.items()} | BROKEN)
HISTORY = Case(
    "a history",
    (
        sim("compare 'Is 91 prime?' -p a -p o -p g -t off,high -q"),
        sim("ask 'What is 7 + 5?' -p c -t low -q"),
        sim("compare 'Grüße | *und* <b>Zeilen</b>\n# mehr' -p m -p x -p q -p l -t low,8k -s 'Be brief.' -q"),
        sim(f"compare 'What breaks?' --retries 0 --timeout 5 -q {' '.join(f'-p {name}' for name in BROKEN)}", 1),
        *(sim(f"ask 'Say {number}' -p o -t low -q") for number in range(6)),
        sim("batch rows.txt -p o -p x -t low -q -o out.jsonl"),
        run("demo -p claude -q"),
    ),
    {"sim.yaml": SIMULATED, "rows.txt": "one\ntwo\nthree\n"},
    simulator="--pace 0.15",
    steady=False,
)
"""Played once, by the version before; what it leaves in its home is where the cases here begin."""


def _shown(number: int) -> tuple[Command, ...]:
    return (
        *(
            run(f"history show {number} --format {form} --reasoning {way}")
            for form in FORMATS
            for way in ("full", "excerpt")
        ),
        *(run(f"history show {number} --format {f}", columns=c) for f in ("table", "text") for c in (60, 80, 160)),
        run(f"history show {number} --reasoning none", columns=120),
        run(f"history show {number}", terminal=True, columns=110),
        run(f"history show {number} --sent"),
        run(f"history report {number} -o report.html"),
    )


CASES = (
    *(Case(f"run {number} shown", _shown(number), stored=True) for number in (1, 3, 4)),
    Case(
        "history",
        (
            run("history path"),
            run("history path --json"),
            run("history list"),
            run("history list", columns=160),
            run("history list", terminal=True, columns=90),
            run("history list --json"),
            run("history list --search prime"),
            run("history list --text Say -n 2"),
            run("history list -p broken --json"),
            run("history list --model grok"),
            run("history list --since today"),
            run("history list --until 2020-01-01"),
            run("history show last --json"),
            run("history show 1 -p a --json"),
            run("history show 1 -p a@high --raw"),
            run("history show 1 -p a --raw", 2),
            run("history show 1 -p nobody", 2),
            run("history show 2 --raw"),
            run("history show 2 --raw -o raw.txt", 2),
            run("history show 2 --sent --json"),
            run("history show 3 -o run.csv"),
            run("history show 3 -o run.md -q"),
            run("history replay 1"),
            run("history replay 1 --json"),
            run("history replay 3"),
            run("history replay 4", 0),
            run("history replay 4 --json", 0),
            run("history replay last"),
            run("history report 1 3 4 -o both.html --title 'Three runs'"),
            run("history report 1 -o both.html"),
            run("history rm 2"),
            run("history rm 2 -y", 2),
            run("history rm 2 -y", 2),
            run("history rm 5 6", terminal=True, typed="y\n"),
            run("history rm 7", 0, terminal=True, typed="n\n"),
            run("history rm --before 30d -y"),
            run("history list --json"),
            run("history rm --all --json -y"),
            run("history list"),
            run("spend"),
        ),
        stored=True,
    ),
    Case(
        "spending",
        (
            *(
                run(f"spend --by {what} --format {form}", columns=120)
                for what in ("day", "month", "profile", "provider", "model", "think")
                for form in ("table", "csv", "json")
            ),
            run("spend", columns=60),
            run("spend", terminal=True),
            run("spend --since month --by model"),
            run("spend --since 2020-01-01 --until 2020-01-02"),
            run("spend --forecast-error"),
            run("spend --forecast-error --json"),
            run("spend --forecast-error --format csv"),
            run("spend --disagreements"),
            run("spend --disagreements --format csv"),
            run("spend --disagreements --json"),
            run("spend --config budget.yaml"),
            run("spend --config budget.yaml --json"),
            run("plan 'Say 9' -p openai/gpt-6-sol@low"),
            run("plan 'Say 9' -p openai/gpt-6-sol@low --json"),
        ),
        {"budget.yaml": "budget: {daily_usd: 1, monthly_usd: 50, profiles: {claude: {daily_usd: 5}}}\n"},
        stored=True,
    ),
)
