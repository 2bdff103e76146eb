"""Prices as JSON documents. Amounts are decimal strings, in USD per million tokens."""

from __future__ import annotations

from typing import Any

from ....profiles.price_corrections import Correction, OtherList
from .known_prices import KnownPrices
from .price_card import PriceRow

PRICES_SCHEMA = "thinkdial.prices/1"
UNIT = "USD per million tokens"


def prices_document(known: KnownPrices) -> dict[str, Any]:
    """`thinkdial.prices/1`: every price of one model, and where each comes from."""
    prices, card = known.first, known.first.card
    return {
        "schema": PRICES_SCHEMA,
        "provider": prices.provider,
        "model": prices.model,
        "unit": UNIT,
        "own": [_row(row) for row in prices.own],
        "own_source": prices.own_source or None,
        "listed": [_row(row) for row in prices.listed],
        "listed_on": prices.listed_on,
        "listed_as": card.listed_as if card else None,
        "table": [_row(row) for row in card.rows] if card else [],
        "table_data": known.data.words,
        "table_sources": list(card.sources) if card else [],
        "table_fetched_at": known.data.fetched_at,
        "corrections": [_correction(one) for one in card.corrected] if card else [],
        "other_lists": [_other(one) for one in card.elsewhere] if card else [],
        "uplifts": [_uplift(one) for one in card.uplifts] if card else [],
        "corrections_checked_on": known.checked_on,
        "also_priced_for": list(known.others),
    }


def _row(row: PriceRow) -> dict[str, Any]:
    """A row with every rate as it is applied; `published` names those that the list itself has."""
    amounts = {name: getattr(row.rates, name) for name in row.rates.__struct_fields__ if name != "apart"}
    rates: dict[str, Any] = {name: f"{usd:f}" for name, usd in amounts.items()}
    rates["apart"] = {kind: f"{usd:f}" for kind, usd in row.rates.apart}
    return {
        "tier": row.tier,
        "above_tokens": row.above_tokens,
        "up_to_tokens": row.up_to_tokens,
        "hours_utc": row.hours,
        "since": row.since,
        **rates,
        "published": sorted(row.published),
    }


def _correction(one: Correction) -> dict[str, Any]:
    return {"why": one.why, "sources": list(one.sources), "checked_on": one.checked_on}


def _other(one: OtherList) -> dict[str, Any]:
    return {"source": one.source, "input": f"{one.input:f}", "output": f"{one.output:f}"}


def _uplift(one: Correction) -> dict[str, Any]:
    reach = {"factor": f"{one.uplift:f}", "hosts": list(one.hosts), "regions": list(one.regions)}
    return {**reach, **_correction(one)}
