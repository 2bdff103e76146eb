"""A model, its terms, size and time -> the rates of the price table, with the shipped corrections laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from msgspec import Struct, field
from msgspec.structs import replace

from ....profiles.price_corrections import Correction, Corrections, OtherList, Term, corrections
from ....profiles.profile import Price
from .entries import Amounts, PriceEntry, Steps
from .price_table import PriceTables, price_tables, table_for
from .rates import Rates, rates_of

THOUSAND = Decimal(1000)
_KINDS = {"image": "output_image_mtok", "audio": "output_audio_mtok"}
"""Output that is no text, and what its price is called in the table."""
MOST_STEPS = 4
"""How often one name may stand for another."""

Terms = Mapping[str, str]
"""Terms with prices of their own, in the table's words: `processing`, `service_tier`, `speed`. Standard is none."""


class Wanted(Struct, frozen=True):
    """One request, as far as its price depends on it. `provider` is the price table's id.

    `host` is where it was sent and `region` where the provider says that it was processed.
    """

    provider: str
    model: str
    at: datetime
    terms: Terms = field(default_factory=dict[str, str])
    input_tokens: int = 0
    output_tokens: int = 0
    host: str | None = None
    region: str | None = None


class Quote(Struct, frozen=True):
    """The rates for one request, the input sizes above which there are others, and whose entry of the table they are.

    `used` are the corrections that made a difference.
    """

    rates: Rates
    above_tokens: tuple[int, ...]
    listed_as: str
    used: tuple[Correction, ...] = ()
    has: frozenset[str] = frozenset()
    """The rates that are published; the others are those that stand in for them."""
    elsewhere: tuple[OtherList, ...] = ()
    """What other lists say of this model, the table itself where a correction goes before it."""


class Unpriced(Struct, frozen=True):
    """The table has the model and still no price for this: why."""

    why: str


class PriceSources(Struct, frozen=True, eq=False):
    """What prices are looked up in."""

    tables: PriceTables
    corrections: Corrections

    def entry(self, provider: str, model: str) -> tuple[PriceEntry, bool] | None:
        """The table's entry, and whether its terms are this provider's: a maker's do not hold with a reseller."""
        return self.tables.of(provider).find(provider, model)

    def rules(self, wanted: Wanted) -> list[Correction]:
        """The corrections that are about it."""
        return self.corrections.about(f"{wanted.provider}/{wanted.model}", wanted.at)


def price_sources() -> PriceSources:
    """Those in use now. To ask for them takes as long as a quote: who wants many quotes asks once."""
    return PriceSources(price_tables(), corrections())


def quote(wanted: Wanted, among: PriceSources | None = None) -> Quote | Unpriced | None:
    """The rates for `wanted`; None when neither the table nor a correction knows the model."""
    among = among or price_sources()
    asked = replace(wanted, model=wanted.model.lower(), at=_utc(wanted.at))
    rules = among.rules(asked)
    found = _quote(asked, wanted.model, MOST_STEPS, rules, among)
    if not isinstance(found, Quote) or not rules:
        return found
    return replace(found, elsewhere=_elsewhere(asked, found, rules, among))


def _elsewhere(wanted: Wanted, found: Quote, rules: list[Correction], among: PriceSources) -> tuple[OtherList, ...]:
    others = [other for rule in rules for other in rule.elsewhere]
    replaced = any(rule.price is not None or rule.like is not None for rule in found.used)
    if replaced and (entry := among.entry(wanted.provider, wanted.model)) is not None:
        listed = entry[0].amounts(wanted.at)
        if "input_mtok" in listed and "output_mtok" in listed:
            others.append(OtherList(among.corrections.table, _base(listed, "input_mtok"), _base(listed, "output_mtok")))
    return tuple(others)


def _quote(
    wanted: Wanted, asked: str, steps: int, rules: list[Correction], among: PriceSources
) -> Quote | Unpriced | None:
    by_host = next((rule for rule in rules if rule.listed_by is not None), None)
    if by_host is not None and by_host.listed_by is not None and steps:
        model, _, host = wanted.model.rpartition(":")
        there = replace(wanted, provider=by_host.listed_by.format(host=host), model=model)
        other = _quote(there, asked, steps - 1, among.rules(there), among)
        return replace(other, used=(by_host, *other.used)) if isinstance(other, Quote) else other
    found = among.entry(wanted.provider, wanted.model)
    for rule in rules:
        if (rule.like is None and rule.price is None) or not _still_needed(rule, found, wanted.at):
            continue
        if rule.like is not None and steps:
            alike = replace(wanted, model=rule.like)
            other = _quote(alike, asked, steps - 1, among.rules(alike), among)
            return replace(other, used=(rule, *other.used)) if isinstance(other, Quote) else other
        if rule.price is not None:
            return _own(wanted, rule, rule.price, rules, asked)
    if found is None:
        return None
    listed, has_terms = found
    used: list[Correction] = []
    at = wanted.at
    for rule in rules:
        if rule.priced_at is not None and at.weekday() in rule.days:
            at = datetime.combine(at.date(), rule.priced_at, UTC)
            used.append(rule)
    terms, term, rule = _terms(wanted.terms, listed if has_terms else None, rules, wanted.at)
    if terms is None:
        return Unpriced(f"the price table does not know {' '.join(wanted.terms.values())} prices of {asked}")
    if rule is not None:
        used.append(rule)
    if term is not None and term.model is not None:
        if not steps:
            return None
        apart = replace(wanted, model=term.model.format(model=wanted.model), terms=terms)
        other = _quote(apart, asked, steps - 1, among.rules(apart), among)
        return replace(other, used=(*used, *other.used)) if isinstance(other, Quote) else other
    amounts = listed.amounts(at, terms if has_terms else None)
    needed = {"input_mtok": wanted.input_tokens, "output_mtok": wanted.output_tokens}
    if any(tokens and name not in amounts for name, tokens in needed.items()):
        return Unpriced(f"the price table lists {asked} without a price")
    rates, above, has = _rates(amounts, wanted.input_tokens)
    rates, made = _by_factor(rates, has, rules)
    used += made
    rates = _with_term(rates, term)
    return _lifted(Quote(rates, above, f"{wanted.provider}/{listed.id}", tuple(used), frozenset(has)), rules, wanted)


def _by_factor(rates: Rates, has: set[str], rules: list[Correction]) -> tuple[Rates, list[Correction]]:
    """The rates that the table has no price for and a correction makes of the input's; `has` learns of them."""
    used: list[Correction] = []
    if "cached_input" not in has:
        rule = next((rule for rule in rules if rule.cached_input_factor is not None), None)
        if rule is not None and rule.cached_input_factor is not None:
            rates = replace(rates, cached_input=rates.input * rule.cached_input_factor)
            has.add("cached_input")
            used.append(rule)
    if "cache_write_1h" not in has and "cache_write" in has:
        rule = next((rule for rule in rules if rule.cache_write_1h_factor is not None), None)
        if rule is not None and rule.cache_write_1h_factor is not None:
            rates = replace(rates, cache_write_1h=rates.input * rule.cache_write_1h_factor)
            has.add("cache_write_1h")
            used.append(rule)
    return rates, used


def known_terms(provider: str, model: str, at: datetime) -> list[Terms]:
    """The terms that have prices for this model at `at`, standard ones first as an empty mapping."""
    at, among = _utc(at), price_sources()
    rules = among.rules(Wanted(provider, model.lower(), at))
    stand_in = next((rule.like for rule in rules if rule.like is not None), None)
    found = among.entry(provider, model.lower())
    if stand_in is not None and any(_still_needed(rule, found, at) for rule in rules if rule.like == stand_in):
        return known_terms(provider, stand_in, at)
    listed: list[Terms] = [{}]
    if found is not None and found[1]:
        # A variant without prices says that its term costs as much as none.
        listed += [variant.terms for variant in found[0].offers(at) if variant.amounts]
    listed += [_spelled(term) for rule in rules for term in rule.terms]
    kept = [terms for terms in listed if isinstance(quote(Wanted(provider, model, at, terms), among), Quote)]
    return [terms for index, terms in enumerate(kept) if terms not in kept[:index]]


def times_of_change(provider: str, model: str, at: datetime) -> tuple[list[time], list[date]]:
    """The times of day (UTC) and the coming days at which the prices of this model change."""
    found = price_sources().entry(provider, model.lower())
    if found is None:
        return [], []
    times: set[time] = set()
    days: set[date] = set()
    for when in (dated.when for dated in found[0].prices):
        if when.since is not None and when.since > _utc(at).date():
            days.add(when.since)
        times |= {hour for hour in (when.start, when.end) if hour is not None}
    return sorted(times), sorted(days)


def published_at(provider: str) -> tuple[str, ...]:
    """The addresses of the price lists that the table was made from."""
    found = table_for(provider).price_list(provider)
    return () if found is None else found.urls


def _still_needed(rule: Correction, found: tuple[PriceEntry, bool] | None, at: datetime) -> bool:
    """Whether the table still has no such model, or says what it said when the correction was written."""
    if found is None or rule.always:
        return True
    if rule.table_says is None:
        return False
    listed = found[0].amounts(at)
    return rule.table_says == (_base(listed, "input_mtok"), _base(listed, "output_mtok"))


def _own(wanted: Wanted, rule: Correction, price: Price, rules: list[Correction], asked: str) -> Quote | Unpriced:
    """The rates of a correction that has a price of its own."""
    terms, term, extra = _terms(wanted.terms, None, rules, wanted.at)
    if terms is None or (term is not None and term.factor is None):
        return Unpriced(f"the price table does not know {' '.join(wanted.terms.values())} prices of {asked}")
    rates = _with_term(rates_of(price, wanted.input_tokens), term)
    long = price.long_prompt
    has = {name for name in Rates.__struct_fields__ if getattr(price, name, None) is not None}
    used = (rule,) if extra is None else (rule, extra)
    listed = f"{wanted.provider}/{wanted.model}"
    return _lifted(Quote(rates, (long.above_tokens,) if long else (), listed, used, frozenset(has)), rules, wanted)


def _terms(
    wanted: Terms, listed: PriceEntry | None, rules: list[Correction], at: datetime
) -> tuple[Terms | None, Term | None, Correction | None]:
    """The terms to look up, and how to price the one that the table does not know; no terms when nothing says how."""
    left: dict[str, str] = {}
    found: tuple[Term, Correction] | None = None
    for key, value in wanted.items():
        if listed is not None and _has(listed, key, value, at):
            left[key] = value
            continue
        named = next(((rule.terms[value], rule) for rule in rules if value in rule.terms), None)
        if named is not None and named[0].like is not None:
            other = _spelled(named[0].like)
            if listed is not None and all(_has(listed, key, value, at) for key, value in other.items()):
                left |= other
                found = found or (Term(factor=Decimal(1)), named[1])
                continue
            named = next(((rule.terms[named[0].like], rule) for rule in rules if named[0].like in rule.terms), None)
        if named is None or found is not None:
            return None, None, None
        found = named
    return left, found and found[0], found and found[1]


def _has(listed: PriceEntry, key: str, value: str, at: datetime) -> bool:
    """Whether the table has prices for this term: without any it would quietly answer with the standard ones."""
    return any(variant.terms.get(key) == value for variant in listed.offers(at))


def _spelled(term: str) -> dict[str, str]:
    return {"processing": term} if term == "batch" else {"service_tier": term}


def _with_term(rates: Rates, term: Term | None) -> Rates:
    if term is None or term.factor is None:
        return rates
    rates = rates.times(term.factor)
    return replace(rates, cached_input=rates.input) if term.cached_as_input else rates


def _lifted(found: Quote, rules: list[Correction], wanted: Wanted) -> Quote:
    for rule in rules:
        if rule.uplift is not None and rule.lifts(wanted.host, wanted.region):
            found = replace(found, rates=found.rates.times(rule.uplift), used=(*found.used, rule))
    return found


def _rates(amounts: Amounts, input_tokens: int) -> tuple[Rates, tuple[int, ...], set[str]]:
    """The rates for a request of this size, the sizes at which they change, and which of them are published."""
    above: set[int] = set()
    has: set[str] = set()

    def at_size(name: str, key: str) -> Decimal | None:
        value = amounts.get(key)
        if value is None:
            return None
        has.add(name)
        if isinstance(value, Decimal):
            return value
        above.update(start for start, _ in value.above)
        return next((price for start, price in reversed(value.above) if input_tokens > start), value.base)

    entered, output = at_size("input", "input_mtok"), at_size("output", "output_mtok")
    entered, output = entered or Decimal(0), output or Decimal(0)
    cached = at_size("cached_input", "cache_read_mtok")
    write = at_size("cache_write", "cache_write_mtok")
    short, long = at_size("cache_write", "cache_write_5m_mtok"), at_size("cache_write_1h", "cache_write_1h_mtok")
    reasoning = at_size("reasoning", "output_reasoning_mtok")
    per_thousand = at_size("request", "requests_kcount")
    write = entered if write is None else write
    rates = Rates(
        input=entered,
        cached_input=entered if cached is None else cached,
        cache_write=write if short is None else short,
        cache_write_1h=write if long is None else long,
        output=output,
        reasoning=output if reasoning is None else reasoning,
        request_usd=Decimal(0) if per_thousand is None else per_thousand / THOUSAND,
        apart=tuple(
            (kind, rate) for kind, name in _KINDS.items() if (rate := at_size(f"output_{kind}", name)) is not None
        ),
    )
    return rates, tuple(sorted(above)), has


def _base(amounts: Amounts, name: str) -> Decimal:
    """What is listed for a short request, 0 where nothing is."""
    amount = amounts.get(name, Decimal(0))
    return amount.base if isinstance(amount, Steps) else amount


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
