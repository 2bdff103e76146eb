"""What becomes of calls that fail, and of programs that stop listening."""

from __future__ import annotations

from ..steps import Case, Command, run
from .given import FAULTS, PROFILES, VENDORS, config, entry, sim

CONFIG = {"sim.yaml": PROFILES}
NAMES = {fault.partition(":")[0]: fault for fault in FAULTS}
BROKEN = {
    f"{vendor}-{name}": entry(provider, path, f"{model}@{fault}", dialect)
    for vendor, (provider, path, model, dialect) in VENDORS.items()
    for name, fault in NAMES.items()
}
OTHERWISE = {
    "o": entry("openai", "openai/v1", "gpt-6-sol"),
    "later": entry("openai", "openai/v1", "gpt-6-sol@rate_limit:1"),
    "stall": entry("openai", "openai/v1", "gpt-6-sol@stall"),
    "silent": entry("openai", "openai/v1", "gpt-6-sol@silent"),
    "unknown": entry("openai", "openai/v1", "gpt-none"),
    "refused": entry("anthropic", "anthropic", "claude-opus-5-5", params={"temperature": 7}),
    "no-key": entry("openai", "openai/v1", "gpt-6-sol", api_key_env="NO_SUCH_KEY"),
    "nobody-there": entry("openai-compatible", "", "m", base_url="http://127.0.0.1:9/v1"),
    "denied": entry("openai-compatible", "compatible/v1", "m", headers={"authorization": "Bearer wrong-key"}),
}
ANSWERED = ("refusal", "content_filter", "wrong_content_type", "huge_event")


def _faults_of(vendor: str) -> Case:
    # What is garbage depends on the number of the request, and requests that are made at once get any.
    names = [name for name in BROKEN if name.startswith(f"{vendor}-") and not name.endswith("garbage")]
    listed = " ".join(f"-p {name}" for name in names)
    steps: list[Command] = [
        run(f"compare x {listed} --json --retries 0 --timeout 5 --config broken.yaml -q {way}", 1)
        for way in ("", "--no-stream")
    ]
    steps += [
        run(f"compare x {listed} --retries 0 --timeout 5 --config broken.yaml", 1, columns=160),
        run("history replay last --config broken.yaml", 0),
    ]
    return Case(f"faults of {vendor}", tuple(steps), {"broken.yaml": config(BROKEN)}, simulator="")


CASES = (
    *(_faults_of(vendor) for vendor in VENDORS),
    Case(
        "faults one by one",
        tuple(
            run(f"ask x -p o-{name} --retries 0 --config broken.yaml", 0 if name in ANSWERED else 3) for name in NAMES
        ),
        {"broken.yaml": config(BROKEN)},
        simulator="",
    ),
    Case(
        "failing runs",
        (
            run("compare x -p o -p a-overloaded --retries 0 --config broken.yaml", 1),
            run("compare x -p o-overloaded -p a-overloaded --retries 0 --config broken.yaml", 3),
            run("compare x -p o-overloaded -p a-overloaded --retries 0 --format md --config broken.yaml", 3),
            run("ask x -p later --retries 2 --json --config broken.yaml", 0),
            run("ask x -p stall --timeout 1 --retries 0 --config broken.yaml", 3),
            run("ask x -p silent --timeout 1 --retries 0 --json --config broken.yaml", 3),
            run("ask x -p denied --retries 0 --config broken.yaml", 3),
            run("ask x -p unknown --retries 0 --config broken.yaml", 3),
            run("ask x -p nobody-there --retries 0 --config broken.yaml", 3),
            run("ask x -p refused --retries 0 --config broken.yaml"),
            run("ask x -p no-key --retries 0 --config broken.yaml", 2),
            run("compare x -p no-key -p o --config broken.yaml", 1),
            run("compare x -p no-key -p no-key@high --config broken.yaml", 2),
            run("ask x -p stall --timeout 20 --config broken.yaml", 130, interrupted_s=1.5),
            run("compare x -p o --format text -o /dev/full --config broken.yaml", 2),
            run("history list"),
        ),
        {"broken.yaml": config(BROKEN | OTHERWISE)},
        simulator="",
    ),
    Case(
        "nobody reads",
        (
            sim("compare x -p local --format json", 141, unread=True),
            sim("ask x -p local", 141, unread=True),
            run("profiles list", 141, unread=True),
            run("models --all --json", 141, unread=True),
            run("profiles schema", 141, unread=True),
            sim("batch - -p local", 141, stdin="one\n", unread=True),
            run("history list --json", 141, unread=True),
        ),
        CONFIG,
        simulator="",
    ),
)
