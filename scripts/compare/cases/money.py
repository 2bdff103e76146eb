"""Budgets, confirmations and what is counted afterwards."""

from __future__ import annotations

from ..steps import Case, run
from .given import PROFILES, sim

DAILY = PROFILES + "budget: {daily_usd: 0.4, on_exceed: refuse}\n"
WARN = PROFILES + "budget: {daily_usd: 0.0001, on_exceed: warn}\n"
ASK = PROFILES + "budget: {per_run_usd: 0.1, on_exceed: ask, confirm_usd: 0.0001}\n"
OWN = PROFILES + "budget: {profiles: {priced: {daily_usd: 0.0001}}, groups: {trio: {monthly_usd: 0.00001}}}\n"
PRICES = PROFILES + (
    "prices:\n  openai/gpt-6-sol: {input: 2.00, cached_input: 0.20, output: 8.00, batch: 0.5}\n"
    "  openai-compatible/*: {input: 1, output: 3}\n"
)

CASES = (
    Case(
        "within a limit",
        (
            sim("ask hi -p a --max-cost 0.0000001", 4),
            sim("ask hi -p a --max-cost 0.05"),
            sim("ask hi -p a --max-cost 0.01 -t max --json", 4),
            sim("ask hi -p local --max-cost 1", 4),
            sim("ask hi -p local --max-cost 1 --allow-unpriced"),
            sim("ask hi -p priced --max-cost 0.3 --no-stream --json"),
            sim("compare hi -p trio --max-cost 0.00001", 4),
            sim("compare hi -p priced --max-cost 0.001 --json", 4),
            sim("compare hi -p a -p local --max-cost 1", 4),
            sim("compare hi -p trio --max-cost 100 --json -q"),
            run("spend --by profile --json"),
        ),
        {"sim.yaml": PROFILES},
        simulator="",
    ),
    Case(
        "budgets that are configured",
        (
            run("ask hi -p priced --no-stream --config daily.yaml"),
            run("ask hi -p priced --no-stream --no-history --config daily.yaml"),
            run("ask hi -p priced --no-stream --config daily.yaml", 4),
            run("spend --config daily.yaml"),
            run("spend --config daily.yaml --json"),
            run("ask hi -p o --config warn.yaml"),
            run("compare hi -p o -p a --config warn.yaml --format csv"),
            run("ask hi -p a --config ask.yaml", 4),
            run("ask hi -p a --config ask.yaml --yes"),
            run("ask hi -p a --config ask.yaml", terminal=True, typed="y\n"),
            run("compare hi -p a --config ask.yaml", 4, terminal=True, typed="n\n"),
            run("ask hi -p priced --config own.yaml", 4),
            run("compare hi -p trio --config own.yaml", 4),
            run("spend --by month --config own.yaml --json"),
        ),
        {"daily.yaml": DAILY, "warn.yaml": WARN, "ask.yaml": ASK, "own.yaml": OWN},
        simulator="",
    ),
    Case(
        "confirmed",
        (
            sim("compare hi -p trio --confirm", 2),
            sim("compare hi -p trio --confirm --yes"),
            sim("compare hi -p trio -t off,high --confirm -q --format csv", 4, terminal=True, typed="n\n"),
            sim("compare hi -p o --confirm -q --format csv", terminal=True, typed="y\n"),
            run("compare hi -p o -p local --config prices.yaml --json -q"),
            run("plan hi -p o -p local -p priced --config prices.yaml"),
            run("spend --by model --json"),
        ),
        {"sim.yaml": PROFILES, "prices.yaml": PRICES},
        simulator="",
    ),
)
