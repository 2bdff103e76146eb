"""`ask`, `compare` and `demo`: every format, every dialect that the simulator speaks, every way to be asked."""

from __future__ import annotations

from ..steps import Case, run
from .given import PROFILES, STYLES, config, entry, sim

FORMATS = ("table", "json", "jsonl", "csv", "md", "html", "text")
CONFIG = {"sim.yaml": PROFILES}
NOTES = {"notes.txt": "First line.\nZweite Zeile: ñ, 中文, 🙂.\n", "more.txt": "And more.\n"}

CASES = (
    Case(
        "compare in every format",
        (
            *(sim(f"compare 'Is 91 prime?' -p trio -t off,high --format {form}") for form in FORMATS),
            *(
                sim(f"compare 'Is 91 prime?' -p trio -t off,high --format {form}", columns=columns)
                for form in ("table", "text", "md")
                for columns in (80, 160)
            ),
        ),
        CONFIG,
        simulator="",
    ),
    Case(
        "compare in every file",
        (
            *(
                sim(f"compare 'What is 7 + 5?' -p mixed -o out.{suffix}")
                for suffix in ("json", "jsonl", "csv", "md", "html", "htm", "txt")
            ),
            sim("compare 'What is 7 + 5?' -p mixed -o out.json --format csv"),
            sim("compare 'What is 7 + 5?' -p mixed --format html -o page -q"),
        ),
        CONFIG,
        simulator="",
    ),
    Case(
        "compare with options",
        (
            sim("compare hello -p a -p o@low -p chat@4000 --reasoning full"),
            sim("compare hello -p a -p o@low --reasoning none", columns=80),
            sim("compare hello -p local -p own -p router -p priced -t auto,low,8k", columns=160),
            sim("compare hello -p trio --no-stream --json -q"),
            sim("compare hello -p trio --no-history"),
            sim("compare hello -p a --max-output 1100 -t 8k --json"),
            sim("compare hello -p plain -p local --emulate -t high --json"),
            sim("compare hello -p a --dry-run"),
            sim("compare hello -p trio -t off,max --dry-run --json"),
            sim("compare hello -p trio --count --dry-run"),
            sim("compare hello -p haiku -p g -t 1024 --count --json"),
            sim("compare hello -p a -p plain -t high --strict-think", 5),
            sim("compare hello -p trio -s 'Be brief.' -f notes.txt -f more.txt --format text"),
            sim("compare - -p o --format text", stdin="from the pipe\n"),
            sim("compare hello -p trio -t minimal,xhigh", terminal=True),
            sim("compare hello -p m -p x -p q -t low,high", columns=160),
        ),
        CONFIG | NOTES,
        simulator="",
    ),
    Case(
        "ask every dialect",
        tuple(
            sim(f"ask 'Is 91 prime?' -p {name} --think {think}")
            for name in ("a", "haiku", "o", "chat", "g", "m", "x", "q", "router", "local", "priced", "plain", "own")
            for think in ("off", "high")
        ),
        CONFIG,
        simulator="",
    ),
    Case(
        "ask in every way",
        (
            *(sim(f"ask 'Is 91 prime?' -p o --format {form}") for form in FORMATS),
            sim("ask 'Is 91 prime?' -p a --json --no-stream"),
            sim("ask 'Is 91 prime?' -p a --reasoning none"),
            sim("ask 'Is 91 prime?' -p a --reasoning excerpt"),
            sim("ask 'Is 91 prime?' -p a -q"),
            sim("ask 'Is 91 prime?' -p a -o answer.md"),
            sim("ask Summarize -p g", stdin="a text to be summarized\n"),
            sim("ask Summarize -f notes.txt -s 'In Latin.' -p g@low"),
            run("ask hi --config own.yaml"),
            sim("ask hi -p o -t 4000 --dry-run"),
            sim("ask hi -p o -t 4000 --dry-run --json"),
            sim("ask hi -p o -t 4000 --strict-think"),
            sim("ask hi -p a -t off --strict-think", 5),
            sim("ask hi -p a --count"),
            sim("ask hi -p g --max-output 200 -t high"),
            sim("ask hi -p o", terminal=True),
            sim("ask hi -p plain --think high --emulate"),
            run("ask hi -p anthropic/claude-opus-5-5 --no-history", 2),
            run("history list"),
        ),
        CONFIG | NOTES | {"own.yaml": PROFILES + "defaults: {profile: o, think: low, max_output_tokens: 900}\n"},
        simulator="",
    ),
    Case(
        "ask every compatible style",
        tuple(
            sim(f"ask 'Is 91 prime?' -p {style} {way}", 3 if style == "sim-error-200" else 0)
            for style in STYLES
            for way in ("--json", "--no-stream")
        ),
        {"sim.yaml": config({style: entry("openai-compatible", "compatible/v1", style) for style in STYLES})},
        simulator="",
    ),
    Case(
        "measured times",
        (
            sim("ask 'Is 91 prime?' -p o --json -q"),
            sim("compare 'Is 91 prime?' -p trio --json -q"),
            sim("compare 'Is 91 prime?' -p trio --no-stream --format jsonl -q", unordered=True),
        ),
        CONFIG,
        simulator="--seed 3",
        steady=False,
    ),
    Case(
        "demo",
        (
            run("demo -p claude", columns=80),
            run("demo 'Is 91 prime?' -t off,low --json"),
            run("demo -p gemini --format csv --no-history -q"),
            run("demo -p gpt -o demo.html --reasoning full"),
            run("spend"),
            run("history list"),
            run("history show last --format text"),
        ),
    ),
)
