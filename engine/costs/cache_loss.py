"""What another think value costs where the provider's cache was written under the one before it. Pure."""

from __future__ import annotations

from datetime import datetime

from ...providers.errors import UsageError
from ...providers.schema import Notice, Usage
from ...providers.think import parse_think
from ..planning.cache import cache_rule_of
from ..planning.prepare import Prepared, Prompt, prepare
from .conversation_input import warm_count
from .forecast import cost_of_usage


def loss_notice(prepared: Prepared, at: datetime) -> Notice | None:
    """That the think value of `prepared` cannot read the cache, and what the same tokens cost more so.

    None where the cache holds nothing at the time `at`, or another think value reads it as well.
    """
    count = warm_count(prepared, at)
    if count is None or not cache_rule_of(prepared.target).think_loses or not _differs(prepared, count.think):
        return None
    tokens = (count.cached_input_tokens or 0) + (count.cache_write_tokens or 0)
    if not tokens:
        return None
    words = (
        f"think {count.think} -> {prepared.think} starts a new cache at {prepared.target.provider.name}: "
        f"{tokens:,} tokens that it holds are read anew"
    )
    anew = cost_of_usage(prepared, Usage(input_tokens=tokens, cache_write_tokens=tokens, output_tokens=0), at)
    read = cost_of_usage(prepared, Usage(input_tokens=tokens, cached_input_tokens=tokens, output_tokens=0), at)
    if anew is not None and read is not None and anew > read:
        words += f", for ${anew - read:f} more"
    return Notice("cache_lost", words)


def _differs(prepared: Prepared, before: str) -> bool:
    """Whether the think value `before` would have sent other fields."""
    if before == str(prepared.think):
        return False
    try:
        think = parse_think(before)
    except UsageError:
        return True
    asked = prepared.asked
    again = prepare(
        prepared.target, think, Prompt("?"), asked.reference,
        max_output_tokens=asked.max_output_tokens, stream=asked.stream, emulate=asked.emulate,
    )  # fmt: skip
    return again.plan.native != prepared.plan.native
