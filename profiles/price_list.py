"""Prices as people write them: `price` of a profile, and `prices` by provider and model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec.structs import asdict

from ..providers.errors import did_you_mean
from .cards.id_pattern import fits_glob
from .profile import LongPrompt, Price
from .sections.section import Section

PRICE_KEYS = Price.__struct_fields__
LONG_PROMPT_KEYS = LongPrompt.__struct_fields__


def read_price(section: Section | None) -> Price | None:
    """A price, in USD per million tokens. Raises `ConfigError` for anything else."""
    if section is None:
        return None
    section.only(PRICE_KEYS)
    entered, output = _both(section)
    return Price(
        input=entered,
        output=output,
        cached_input=section.dollars("cached_input"),
        cache_write=section.dollars("cache_write"),
        cache_write_1h=section.dollars("cache_write_1h"),
        reasoning=section.dollars("reasoning"),
        batch=_batch(section),
        long_prompt=_long_prompt(section.section("long_prompt")),
    )


def read_prices(section: Section, base: Mapping[str, Price], providers: Callable[[str], Iterable[str]]) -> (
    Mapping[str, Price]
):  # fmt: skip
    """`prices` of one layer, laid over `base`. `providers` gives the known providers, asked for one by its name."""
    found = dict(base)
    for name in section:
        provider, slash, model = name.partition("/")
        if not slash or not provider or not model:
            raise section.bad(name, "must be provider/model", "for instance openai/gpt-6-sol, or xai/grok-4*")
        known = list(providers(provider))
        if not set(provider) & set("*?[") and provider not in known:
            raise section.bad(name, f"{provider!r} is not a provider{did_you_mean(provider, known)}")
        if (price := read_price(section.section(name))) is None:
            raise section.bad(name, "is empty; a price needs input and output")
        found[name.lower()] = price
    return found


def price_for(prices: Mapping[str, Price], provider: str, model: str) -> Price | None:
    """The price that was written for this model: under its very name, else under the longest pattern that fits."""
    name = f"{provider}/{model}".lower()
    if name in prices:
        return prices[name]
    fitting = [pattern for pattern in prices if fits_glob(pattern, name)]
    return prices[max(fitting, key=len)] if fitting else None


def _both(section: Section) -> tuple[Decimal, Decimal]:
    entered, output = section.dollars("input"), section.dollars("output")
    if entered is None or output is None:
        raise section.bad("input", "a price needs input and output, in USD per million tokens")
    return entered, output


def _batch(section: Section) -> Decimal | Price | None:
    if "batch" not in section:
        return None
    if not isinstance(section.plain("batch"), Mapping):
        factor = section.dollars("batch")
        if factor is not None and factor > 1:
            raise section.bad("batch", "must be a factor from 0 to 1, or a mapping of prices")
        return factor
    prices = section.section("batch")
    if prices is not None and "batch" in prices:
        raise prices.bad("batch", "a batch price has no batch price of its own")
    return read_price(prices)


def _long_prompt(section: Section | None) -> LongPrompt | None:
    if section is None:
        return None
    section.only(LONG_PROMPT_KEYS)
    above = section.whole("above_tokens")
    if above is None:
        raise section.bad("above_tokens", "is missing: from how many input tokens on the prices of long prompts hold")
    entered, output = _both(section)
    return LongPrompt(
        above_tokens=above,
        input=entered,
        output=output,
        cached_input=section.dollars("cached_input"),
        cache_write=section.dollars("cache_write"),
        cache_write_1h=section.dollars("cache_write_1h"),
        reasoning=section.dollars("reasoning"),
    )


def price_document(price: Price | LongPrompt) -> dict[str, object]:
    """A price as people may write it, without what it does not say; amounts as decimal strings."""
    given = asdict(price)
    return {name: _written(value) for name, value in given.items() if value is not None}


def _written(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case Price() | LongPrompt():
            return price_document(value)
        case _:
            return value
