"""Quotes that are asked for again and again within a second, as in a batch: looked up once, exactly the same."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from .quote import Quote, Unpriced, Wanted, price_sources, quote

MOST_QUOTES = 256

_Size = tuple[int, bool, bool]
"""How many of the price steps the input is above, and whether there is input, and output, at all."""


class _Asked:
    """The quotes for one model on the same terms in the same second, from `sources`."""

    __slots__ = ("by_size", "sources", "steps")

    def __init__(self, *sources: object) -> None:
        self.sources = sources  # kept, so that nothing else gets the identity that stands for them in a key
        self.steps: tuple[int, ...] = ()
        self.by_size: dict[_Size, Quote | Unpriced | None] = {}


_cache: dict[tuple[object, ...], _Asked] = {}


def quick_quote(wanted: Wanted) -> Quote | Unpriced | None:
    """What `quote` says. Prices change at whole seconds, and with the input's size only where a `Quote` says so."""
    at = _whole_second(wanted.at)
    terms = tuple(sorted(wanted.terms.items()))
    # The table and the corrections are a part of the key: either may be replaced while we run.
    among = price_sources()
    table, rules = among.tables.of(wanted.provider), among.corrections
    key = (wanted.provider, wanted.model, at, terms, wanted.host, wanted.region, id(table), id(rules))
    asked = _cache.get(key)
    if asked is None:
        if len(_cache) >= MOST_QUOTES:
            _cache.clear()
        asked = _cache[key] = _Asked(table, rules)
    size = _size(wanted, asked.steps)
    if size in asked.by_size:
        return asked.by_size[size]
    found = quote(replace(wanted, at=at), among)
    if isinstance(found, Quote) and found.above_tokens != asked.steps:
        asked.steps = found.above_tokens
        asked.by_size.clear()
        size = _size(wanted, asked.steps)
    asked.by_size[size] = found
    return found


def _size(wanted: Wanted, steps: tuple[int, ...]) -> _Size:
    return sum(wanted.input_tokens > step for step in steps), wanted.input_tokens > 0, wanted.output_tokens > 0


def _whole_second(at: datetime) -> datetime:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.replace(microsecond=0)
