"""A batch over a cluster in one line, while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cluster_line(status: Mapping[str, Any], shards: int) -> str:
    """How the shared limiter stands, and how many shards are done."""
    parts: list[str] = []
    for name, profile in status["profiles"].items():
        failed = sum(profile["failed"].values())
        words = f"{name}: {profile['answered']:,} answered, {profile['in_flight']} under way"
        words += f", {failed:,} failed or turned away" if failed else ""
        words += f", pausing {profile['held_s']:.0f} s" if profile["held_s"] >= 1 else ""
        parts.append(words)
    spent = status["spent_usd"]
    money = f"; {spent:.4f} USD" if spent is not None else ""
    return f"{'; '.join(parts) or 'starting'}{money}; {shards:,} shards done"
