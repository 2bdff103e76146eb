"""Tokens x rates -> dollars. The one place where the price of a call is added up, whoever set the rates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from ....profiles.profile import LongPrompt, Price
from ....providers.schema import Usage

MILLION = Decimal(1_000_000)
_NOTHING: Mapping[str, int] = {}


class Rates(Struct, frozen=True):
    """USD per million tokens, for one request: its tier, its size and its time are settled."""

    input: Decimal
    cached_input: Decimal
    cache_write: Decimal
    cache_write_1h: Decimal
    output: Decimal
    reasoning: Decimal
    request_usd: Decimal = Decimal(0)
    """What the request costs beside its tokens."""
    apart: tuple[tuple[str, Decimal], ...] = ()
    """The rates of output that is no text, by its kind: `image`, `audio`."""

    def times(self, factor: Decimal) -> Rates:
        return Rates(
            self.input * factor,
            self.cached_input * factor,
            self.cache_write * factor,
            self.cache_write_1h * factor,
            self.output * factor,
            self.reasoning * factor,
            self.request_usd * factor,
            tuple((kind, rate * factor) for kind, rate in self.apart),
        )


class Charge(Struct, frozen=True):
    """US dollars. `reasoning_usd` is a part of `output_usd`; None where nothing says how much reasoning there was.

    `cache_saved_usd` is what the tokens would have cost more without the cache; None where no cache was reported.
    `cache_pays_after` is how many times what was read and written must be read again until the cache has cost nothing:
    0 where it has paid already, None where nothing was written or reading saves nothing.
    """

    usd: Decimal
    input_usd: Decimal
    output_usd: Decimal
    reasoning_usd: Decimal | None
    cache_saved_usd: Decimal | None
    cache_pays_after: int | None = None


def charge(
    usage: Usage, rates: Rates, written_1h: int | None = None, apart: Mapping[str, int] = _NOTHING
) -> Charge | None:
    """What `usage` costs; None when its counts contradict each other. Input and output counts must be known.

    `written_1h` is the part of the cache writes that is kept longer than usual, `apart` the part of the output that is
    no text, by its kind; `rates` must have one for each.
    """
    entered, output = usage.input_tokens or 0, usage.output_tokens or 0
    cached, written, long = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0, written_1h or 0
    plain, short = entered - cached - written, written - long
    if plain < 0 or short < 0:
        return None
    millionths = plain * rates.input
    if cached:
        millionths += cached * rates.cached_input
    if written:
        millionths += short * rates.cache_write + long * rates.cache_write_1h
    input_usd = millionths / MILLION
    reasoning = min(usage.reasoning_tokens or 0, output)
    words = output - reasoning - (sum(apart.values()) if apart else 0)
    if words < 0 and apart:
        return None
    millionths = words * rates.output
    if reasoning:
        millionths += reasoning * rates.reasoning
    output_usd = millionths / MILLION
    if apart:
        by_kind = dict(rates.apart)
        output_usd += sum((count * by_kind[kind] for kind, count in apart.items()), Decimal(0)) / MILLION
    part = _reasoning_part(usage)
    known = usage.cached_input_tokens is not None or usage.cache_write_tokens is not None
    saved = entered * rates.input / MILLION - input_usd if known else None
    return Charge(
        usd=input_usd + output_usd + rates.request_usd if rates.request_usd else input_usd + output_usd,
        input_usd=input_usd,
        output_usd=output_usd,
        reasoning_usd=None if part is None else part * rates.reasoning / MILLION,
        cache_saved_usd=saved,
        cache_pays_after=None if saved is None or not written else _pays_after(saved, cached + written, rates),
    )


def _pays_after(saved_usd: Decimal, tokens: int, rates: Rates) -> int | None:
    """How many readings of `tokens` make up for what writing has cost more."""
    if saved_usd >= 0:
        return 0
    each = tokens * (rates.input - rates.cached_input) / MILLION
    return None if each <= 0 else int((-saved_usd / each).to_integral_value(ROUND_CEILING))


def rates_of(price: Price, input_tokens: int, *, is_batch: bool = False) -> Rates:
    """The rates that `price` says for a request of this size. A batch without a price of its own costs as usual."""
    factor = Decimal(1)
    if is_batch and isinstance(price.batch, Price):
        price = price.batch
    elif is_batch and isinstance(price.batch, Decimal):
        factor = price.batch
    long = price.long_prompt
    rates = _flat(long if long is not None and input_tokens > long.above_tokens else price)
    return rates if factor == 1 else rates.times(factor)


def _flat(price: Price | LongPrompt) -> Rates:
    write = price.input if price.cache_write is None else price.cache_write
    return Rates(
        input=price.input,
        cached_input=price.input if price.cached_input is None else price.cached_input,
        cache_write=write,
        cache_write_1h=write if price.cache_write_1h is None else price.cache_write_1h,
        output=price.output,
        reasoning=price.output if price.reasoning is None else price.reasoning,
    )


def _reasoning_part(usage: Usage) -> int | None:
    """The reasoning tokens, where they can be a part of the output tokens at all."""
    output, reasoning = usage.output_tokens, usage.reasoning_tokens
    return None if output is None or reasoning is None or reasoning > output else reasoning
