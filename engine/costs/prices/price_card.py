"""Everything that is known about the price of one model: each tier, size, time of day and coming day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from msgspec import Struct

from ....profiles.price_corrections import DAYS, Correction, OtherList, corrections
from ....profiles.profile import LongPrompt, Price
from .quote import Quote, Terms, Wanted, known_terms, published_at, quote, times_of_change
from .rates import Rates, rates_of

STANDARD = "standard"


class PriceRow(Struct, frozen=True):
    """The rates of one tier under one condition. `published` are those that the list names; others stand in for them.

    `above_tokens` is the size of the input above which they hold, `up_to_tokens` up to which; `hours` the time of day
    in UTC, in words; `since` the ISO day from which on.
    """

    tier: str
    above_tokens: int | None
    up_to_tokens: int | None
    hours: str | None
    since: str | None
    rates: Rates
    published: frozenset[str]


class PriceCard(Struct, frozen=True):
    """The price list of one model. `listed_as` is the table's entry, `corrected` what was laid over it.

    `uplifts` hold for requests to some hosts or regions, and are not in the rows unless they were asked for. `sources`
    are the price lists that the table was made from, `elsewhere` what other lists say.
    """

    listed_as: str
    rows: tuple[PriceRow, ...]
    corrected: tuple[Correction, ...]
    uplifts: tuple[Correction, ...]
    sources: tuple[str, ...] = ()
    elsewhere: tuple[OtherList, ...] = ()


def price_card(
    provider: str, model: str, at: datetime, *, host: str | None = None, region: str | None = None
) -> PriceCard | None:
    """The table's price list for `model` from `at` on; None when it has none. `provider` is the table's id."""
    first = quote(Wanted(provider, model, at, host=host, region=region, input_tokens=1, output_tokens=1))
    if not isinstance(first, Quote):
        return None
    at, days_off = _working_day(provider, model, at)
    listed, _, entry = first.listed_as.partition("/")
    times, days = times_of_change(listed, entry, at)
    rows: list[PriceRow] = []
    used = dict.fromkeys(first.used)
    starts: list[tuple[str | None, datetime]] = [(None, at)]
    starts += [(day.isoformat(), datetime(day.year, day.month, day.day, 12, tzinfo=UTC)) for day in days]
    for since, moment in starts:
        for terms in known_terms(provider, model, moment):
            for hours, hour in _hours(times, moment, provider, model, terms, days_off):
                for above, up_to, found in _sizes(Wanted(provider, model, hour, terms, 1, 1, host, region)):
                    used |= dict.fromkeys(found.used)
                    rows.append(PriceRow(tier_words(terms), above, up_to, hours, since, found.rates, found.has))
    name = first.listed_as.lower()
    lifted = [rule for rule in corrections().about(name, at) if rule.uplift is not None]
    uplifts = tuple(rule for rule in lifted if rule not in used)
    return PriceCard(first.listed_as, tuple(rows), tuple(used), uplifts, published_at(listed), first.elsewhere)


def own_rows(price: Price) -> tuple[PriceRow, ...]:
    """The rows of a user's own price."""
    rows = list(_own(price, STANDARD, is_batch=False))
    if price.batch is not None:
        rows += _own(price, "batch", is_batch=True)
    return tuple(rows)


def tier_words(terms: Terms) -> str:
    return " ".join(terms.values()) or STANDARD


def _own(price: Price, tier: str, *, is_batch: bool) -> Iterator[PriceRow]:
    of = price.batch if is_batch and isinstance(price.batch, Price) else price
    long = of.long_prompt
    yield PriceRow(
        tier, None, long.above_tokens if long else None, None, None, rates_of(price, 0, is_batch=is_batch), _named(of)
    )
    if long is not None:
        rates = rates_of(price, long.above_tokens + 1, is_batch=is_batch)
        yield PriceRow(tier, long.above_tokens, None, None, None, rates, _named(long))


def _named(price: Price | LongPrompt) -> frozenset[str]:
    return frozenset(name for name in Rates.__struct_fields__ if getattr(price, name, None) is not None)


def _working_day(provider: str, model: str, at: datetime) -> tuple[datetime, str]:
    """The next day whose hours have prices of their own, and in words which days have none."""
    at = at.astimezone(UTC)
    name = f"{provider}/{model}".lower()
    off = next((rule.days for rule in corrections().about(name, at) if rule.days), ())
    while at.weekday() in off:
        at += timedelta(days=1)
    return at, ", ".join(DAYS[day] for day in off)


def _hours(
    times: list[time], moment: datetime, provider: str, model: str, terms: Terms, days_off: str
) -> Iterator[tuple[str | None, datetime]]:
    """The times of day with one price each, in words, and a moment of each."""
    if not times:
        yield None, moment
        return
    spans: dict[Rates, list[tuple[time, time]]] = {}
    for start, end in zip(times, [*times[1:], times[0]], strict=True):
        found = quote(Wanted(provider, model, datetime.combine(moment.date(), start, UTC), terms))
        if isinstance(found, Quote):
            spans.setdefault(found.rates, []).append((start, end))
    dearest = max(spans, key=lambda rates: rates.output, default=None)
    for rates, listed in sorted(spans.items(), key=lambda one: one[0].output):
        words = ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in listed)
        if days_off:
            words += f", not {days_off}" if rates == dearest else f", and {days_off}"
        yield words, datetime.combine(moment.date(), listed[0][0], UTC)


def _sizes(wanted: Wanted) -> Iterator[tuple[int | None, int | None, Quote]]:
    """The quote for each size of the input at which the price changes."""
    from msgspec.structs import replace

    first = quote(wanted)
    if not isinstance(first, Quote):
        return
    edges = [None, *first.above_tokens]
    for above, up_to in zip(edges, [*edges[1:], None], strict=True):
        found = first if above is None else quote(replace(wanted, input_tokens=above + 1))
        if isinstance(found, Quote):
            yield above, up_to, found
