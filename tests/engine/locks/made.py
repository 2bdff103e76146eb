"""Locks made for tests, from laws that are known."""

from __future__ import annotations

import random
from decimal import Decimal

from msgspec.structs import replace

from thinkdial.engine.locks.lock import Lock, LockedPrice, LockedRequest, LockEntry, Probe, ProbeSamples

REQUEST = LockedRequest(
    "a" * 64, "openai-chat", "exact", {"reasoning_effort": "low"}, {"address": "1", "body.model": "2"}
)
PRICE = LockedPrice(Decimal("0.45"), Decimal("4.50"), None, "table")
PROBES = tuple(Probe(f"p{number}", f"What is {number} + 2?", None, {"number": number + 2}) for number in range(12))


def entry(profile: str = "claude", **changes: object) -> LockEntry:
    """An entry that nothing was asked yet."""
    made = LockEntry(profile, "low", "anthropic", "claude-opus-5-5", REQUEST, PRICE, served=("claude-opus-5-5",))
    return replace(made, **changes)  # type: ignore[arg-type]


def sampled(
    seed: object,
    profile: str = "claude",
    *,
    times: float = 1.0,
    rate: float = 0.9,
    repeat: int = 3,
    spread: float = 0.35,
) -> LockEntry:
    """An entry whose tokens are `times` those of its law, with a spread from prompt to prompt that stays."""
    dice = random.Random(f"{seed} {profile}")
    samples: dict[str, ProbeSamples] = {}
    for probe in PROBES:
        middle = 200 * random.Random(f"{profile} {probe.id}").lognormvariate(0, 0.5)
        tokens = tuple(round(times * middle * dice.lognormvariate(0, 0.35)) for _ in range(repeat))
        passed = tuple(int(dice.random() < rate) for _ in range(repeat))
        samples[probe.id] = ProbeSamples(tokens, tuple(count + 20 for count in tokens), passed)
    return entry(profile, samples=samples, answered=repeat * len(PROBES))


def lock(*entries: LockEntry) -> Lock:
    return Lock("2026-11-30T12:00:00Z", "0.1.0", 3, PROBES, entries)
