"""The table as its library has it, and as its publisher serves it. Slow to import: only to compile and to update."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, cast

from genai_prices import types
from genai_prices.data_snapshot import get_snapshot
from msgspec import Raw, msgpack

from ....providers.errors import ConfigError
from ....providers.json_values import items, obj, parse_json
from .entries import ALWAYS, Amounts, Clause, Dated, PriceEntry, PriceList, Steps, Variant, When

NEEDED = ("anthropic", "google", "openai")
LEAST_SHARE = 2
"""A download with less than one in so many of the installed providers is not the whole table."""
DEAREST = Decimal(100_000)
LONGEST_REGEX = 300
_BACKTRACKING = re.compile(r"\)[*+{]|\\[1-9]|[*+}][*+{]")
"""What can make a short expression run for ever: a repeated group, a back reference, a repeated repetition."""


def installed() -> list[types.Provider]:
    """The table that comes with the library."""
    return get_snapshot().providers


def read_published(raw: list[Mapping[str, Any]]) -> list[types.Provider]:
    """The library's own types, as its updater makes them. Raises whatever it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units of later versions, which nothing here is priced in
        return types._providers_from_raw(raw)  # pyright: ignore[reportPrivateUsage]


def checked(data: bytes) -> list[Mapping[str, Any]]:
    """The providers in a download, which is not to be trusted. Raises `ConfigError` for anything but a whole table."""
    try:
        document = parse_json(data)
        if not isinstance(document, list):
            raise ValueError("it is no list of providers")
        raw = items(cast("Any", document))
        parsed = read_published(list(raw))
    except RecursionError:
        raise ConfigError("the price data cannot be used: it is nested too deep") from None
    except Exception as error:
        raise ConfigError(f"the price data cannot be used: {_words(error)}") from None
    names = {provider.id for provider in parsed if provider.models}
    if missing := [name for name in NEEDED if name not in names]:
        raise ConfigError(f"the price data cannot be used: it has nothing on {', '.join(missing)}")
    if len(names) * LEAST_SHARE < len(installed()):
        raise ConfigError(f"the price data cannot be used: it has only {len(names)} providers")
    for expression in (part.regex for part in _parts(parsed) if isinstance(part, types.ClauseRegex)):
        _check_expression(expression)
    for price in (part for part in _parts(parsed) if isinstance(part, Decimal)):
        if not price.is_finite() or not 0 <= price <= DEAREST:
            raise ConfigError(f"the price data cannot be used: {price} is no price")
    return [obj(provider) for provider in raw]


def days_of(providers: list[types.Provider]) -> tuple[date, ...]:
    """The days from which on prices hold, sorted."""
    return tuple(sorted({one.start_date for one in _parts(providers) if isinstance(one, types.StartDateConstraint)}))


def price_list(provider: types.Provider) -> PriceList:
    """What a provider has, in our own form."""
    texts: dict[str, dict[str, int]] = {kind: {} for kind in ("equals", "starts", "ends", "contains")}
    patterns: list[tuple[int, Clause]] = []
    for number, model in enumerate(provider.models):
        for one in _alternatives(clause(model.match)):
            if one.kind in texts:
                texts[one.kind].setdefault(one.text, number)
            else:
                patterns.append((number, one))
    return PriceList(
        id=provider.id,
        urls=tuple(provider.pricing_urls or ()),
        behind=tuple(provider.fallback_model_providers or ()),
        entries=tuple(Raw(msgpack.encode(_entry(model))) for model in provider.models),
        names=texts["equals"],
        starts=tuple(texts["starts"].items()),
        ends=tuple(texts["ends"].items()),
        contained=tuple(texts["contains"].items()),
        patterns=tuple(patterns),
    )


def _alternatives(match: Clause) -> Iterator[Clause]:
    """Clauses of which one is enough."""
    if match.kind == "any":
        for part in match.parts:
            yield from _alternatives(part)
    else:
        yield match


def clause(match: types.MatchLogic) -> Clause:
    """What a name must be like, in our own form."""
    match match:
        case types.ClauseEquals():
            return Clause("equals", match.equals.lower())
        case types.ClauseStartsWith():
            return Clause("starts", match.starts_with.lower())
        case types.ClauseEndsWith():
            return Clause("ends", match.ends_with.lower())
        case types.ClauseContains():
            return Clause("contains", match.contains.lower())
        case types.ClauseRegex():
            return Clause("regex", match.regex)
        case types.ClauseOr():
            return Clause("any", parts=tuple(map(clause, match.or_)))
        case types.ClauseAnd():
            return Clause("all", parts=tuple(map(clause, match.and_)))


def _entry(model: types.ModelInfo) -> PriceEntry:
    listed = model.prices
    dated = [types.ConditionalPrice(prices=listed)] if isinstance(listed, types.ModelPrice) else listed
    return PriceEntry(
        model.id,
        tuple(Dated(_when(one.constraint), _amounts(one.prices)) for one in dated),
        tuple(Variant(one.when, _when(one.constraint), _amounts(one.prices)) for one in model.price_variants or ()),
    )


def _when(limits: types.StartDateConstraint | types.TimeOfDateConstraint | None) -> When:
    if limits is None:
        return ALWAYS
    if isinstance(limits, types.StartDateConstraint):
        return When(since=limits.start_date)
    return When(start=_in_utc(limits.start_time), end=_in_utc(limits.end_time))


def _in_utc(hour: time) -> time:
    return hour if hour.tzinfo is None else datetime.combine(date.min.replace(year=2000), hour).astimezone(UTC).time()


def _amounts(prices: types.ModelPrice) -> Amounts:
    named = {name: value for name, value in vars(prices).items() if value is not None and not name.startswith("_")}
    return {name: value if isinstance(value, Decimal) else _steps(value) for name, value in named.items()}


def _steps(prices: types.TieredPrices) -> Steps:
    return Steps(prices.base, tuple((tier.start, tier.price) for tier in prices.tiers))


def _words(error: Exception) -> str:
    """What is wrong, on one line of a sane length."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _parts(thing: object) -> Iterator[object]:
    """`thing` and everything in it."""
    yield thing
    if isinstance(thing, (list, tuple)):
        for item in cast("list[object]", thing):
            yield from _parts(item)
    elif type(thing).__module__ == "genai_prices.types":
        for value in vars(thing).values():
            yield from _parts(value)


def _check_expression(expression: str) -> None:
    simple = expression.replace("\\)", "").replace("\\+", "").replace("\\*", "").replace("\\{", "").replace("\\}", "")
    try:
        re.compile(expression)
    except re.error:
        simple = ")*"
    if len(expression) > LONGEST_REGEX or _BACKTRACKING.search(simple) or len(re.findall(r"[*+]|,\}", simple)) > 2:
        raise ConfigError(f"the price data cannot be used: it matches models by {expression[:60]!r}")
