"""What Anthropic counts and bills: one round of sampling, or several that are summed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ..json_values import count, items, obj, text
from ..schema import Portion, Usage, UsageReport
from ..usage import RawCounts, reconcile


def read_usage(counts: Mapping[str, Any]) -> UsageReport:
    """The counts at the top, with those of `iterations` that the top leaves out: compactions, fallbacks, advisors.

    Each is priced by itself, as a round of its own. Source:
    https://platform.claude.com/docs/en/build-with-claude/compaction
    """
    top = _portion(counts)
    listed = items(counts.get("iterations"))
    if not listed:
        return UsageReport(top.usage, cache_write_1h_tokens=top.cache_write_1h_tokens)
    rounds = [_portion(one) for one in listed]
    beside = [one for one, of in zip(rounds, listed, strict=True) if of.get("type") in _BESIDE_THE_TOP]
    inside = [one for one in rounds if one not in beside]
    if not (_covers(inside, top, "input_tokens") and _covers(inside, top, "output_tokens")):
        rounds = [top, *beside]
    thought = [one.usage.reasoning_tokens for one in rounds if one.usage.reasoning_tokens is not None]
    usage = Usage(*(_sum(rounds, name) for name in Usage.__struct_fields__))
    return UsageReport(
        replace(usage, reasoning_tokens=sum(thought) if thought else top.usage.reasoning_tokens),
        cache_write_1h_tokens=sum(one.cache_write_1h_tokens or 0 for one in rounds),
        portions=tuple(rounds),
    )


_BESIDE_THE_TOP = ("compaction", "advisor_message")
"""Rounds whose counts are never in those at the top."""


def _covers(rounds: list[Portion], top: Portion, name: str) -> bool:
    return bool(rounds) and (_sum(rounds, name) or 0) >= (getattr(top.usage, name) or 0)


def _sum(rounds: list[Portion], name: str) -> int | None:
    known = [value for one in rounds if (value := getattr(one.usage, name)) is not None]
    return sum(known) if known else None


def _portion(counts: Mapping[str, Any]) -> Portion:
    """`input_tokens` excludes cache traffic on this wire; output includes thinking.

    Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    read, written = count(counts.get("cache_read_input_tokens")), count(counts.get("cache_creation_input_tokens"))
    usage, _ = reconcile(
        RawCounts(
            entered=count(counts.get("input_tokens")),
            output=count(counts.get("output_tokens")),
            added=(read or 0) + (written or 0),
            cached=read,
            written=written,
            reasoning=count(obj(counts.get("output_tokens_details")).get("thinking_tokens")),
        )
    )
    long = count(obj(counts.get("cache_creation")).get("ephemeral_1h_input_tokens"))
    return Portion(usage, text(counts.get("model")), long)
