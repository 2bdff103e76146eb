"""The compiled price table: what the library itself says of every model, kept on disk and never trusted blindly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import Usage as LibraryUsage
from genai_prices import types
from genai_prices.data_snapshot import get_snapshot

from thinkdial.engine.costs.prices import library_table, price_table
from thinkdial.engine.costs.prices.entries import Amounts, Steps
from thinkdial.engine.costs.prices.quote import Quote, Wanted, quote
from thinkdial.engine.costs.prices.rates import charge
from thinkdial.providers.schema import Usage

MOMENTS = (
    datetime(2024, 1, 1, 3, tzinfo=UTC),
    datetime(2025, 11, 30, 18, 45),
    datetime(2026, 11, 20, 0, 30, tzinfo=UTC),
    datetime(2026, 12, 1, 7, 59, 59, tzinfo=timezone(timedelta(hours=9))),
    datetime(2031, 7, 1, 16, 30, tzinfo=UTC),
)
TERMS = ({}, {"processing": "batch"}, {"service_tier": "flex"}, {"service_tier": "priority", "speed": "fast"})
SIZES = (1, 200_001, 2_000_000)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    price_table.forget()
    yield
    price_table.forget()


def in_our_form(prices: types.ModelPrice) -> Amounts:
    """The library's prices as ours are."""
    named = {name: value for name, value in vars(prices).items() if value is not None}
    return {
        name: value
        if isinstance(value, Decimal)
        else Steps(value.base, tuple((tier.start, tier.price) for tier in value.tiers))
        for name, value in named.items()
    }


def names_of(model: types.ModelInfo) -> list[str]:
    """Names that may lead to this entry or to another: as listed, and as others write them."""
    return [model.id, model.id.upper(), f"{model.id}-20260115", f"{model.id}-20261399", f"vendor/{model.id}", "nothing"]


def library_finds(provider: str, name: str) -> tuple[types.Provider, types.ModelInfo] | None:
    try:
        return get_snapshot().find_provider_model(name, None, provider, None)
    except LookupError:
        return None


def differences(providers: list[types.Provider], every: int) -> Iterator[str]:
    """Where the compiled table says anything else than the library, for one model in `every`."""
    for provider in providers:
        table = price_table.table_for(provider.id)
        for model in provider.models[::every]:
            terms = (*TERMS, *(variant.when for variant in model.price_variants or ()))
            for name in names_of(model):
                theirs, ours = library_finds(provider.id, name), table.find(provider.id, name)
                if theirs is None or ours is None:
                    if theirs is not ours:
                        yield f"{provider.id}/{name}: {theirs} and {ours}"
                    continue
                owner, entry = theirs
                if (entry.id, any(entry is one for one in owner.models)) != (ours[0].id, ours[1]):
                    yield f"{provider.id}/{name}: {entry.id} and {ours[0].id}"
                if name != model.id:
                    continue
                for at in MOMENTS:
                    for wanted in terms:
                        if in_our_form(entry.get_prices(at, wanted)) != ours[0].amounts(at, wanted):
                            yield f"{provider.id}/{name} at {at} on {wanted}"


def unlike_sums(providers: list[types.Provider], every: int) -> Iterator[str]:
    """Where a call costs anything else than the library says, for models that no correction is about."""
    for provider in providers:
        for model in provider.models[::every]:
            for at in MOMENTS[1::2]:
                for size in SIZES:
                    found = quote(Wanted(provider.id, model.id, at, {}, size, 1000))
                    if not isinstance(found, Quote) or found.used or found.rates.request_usd:
                        continue
                    usage = LibraryUsage(input_tokens=size, output_tokens=1000)
                    theirs = get_snapshot().calc(usage, model.id, provider.id, None, at)
                    ours = charge(Usage(input_tokens=size, output_tokens=1000), found.rates)
                    if ours is None or ours.usd != theirs.total_price:
                        yield f"{provider.id}/{model.id} at {at}, {size} tokens: {ours} and {theirs.total_price}"


def test_a_spread_of_the_table_says_what_the_library_says() -> None:
    assert list(differences(get_snapshot().providers, 40)) == []
    assert list(unlike_sums(get_snapshot().providers, 40)) == []


@pytest.mark.slow
def test_the_whole_table_says_what_the_library_says() -> None:
    assert list(differences(get_snapshot().providers, 1)) == []
    assert list(unlike_sums(get_snapshot().providers, 1)) == []


def test_other_names_of_providers_lead_to_the_same_lists() -> None:
    table = price_table.table_for("openai")
    for name in ("OpenAI", " anthropic ", "fireworks-ai", "vertex", "bedrock", "no-such-provider", ""):
        theirs, ours = library_finds(name, "claude-haiku-5-5"), table.find(name, "claude-haiku-5-5")
        assert (theirs and theirs[1].id) == (ours and ours[0].id), name


def test_hours_are_in_utc_whatever_zone_they_were_written_in() -> None:
    early = types.TimeOfDateConstraint(time(1, tzinfo=timezone(timedelta(hours=3))), time(8))
    model = types.ModelInfo(
        "m",
        types.ClauseEquals("m"),
        prices=[
            types.ConditionalPrice(prices=types.ModelPrice(input_mtok=Decimal(1))),
            types.ConditionalPrice(early, prices=types.ModelPrice(input_mtok=Decimal(2))),
        ],
    )
    entry = library_table.price_list(types.Provider("p", "P", "", models=[model])).entry(0)
    for hour in range(24):
        at = datetime(2026, 11, 20, hour, tzinfo=UTC)
        assert entry.amounts(at) == in_our_form(model.get_prices(at)), hour
    bare = library_table.price_list(types.Provider("p", "P", "", models=[types.ModelInfo("m", model.match)]))
    assert bare.entry(0).amounts(MOMENTS[0]) == {}, "without a price, and no crash"


SEEN = """
import sys
from datetime import UTC, datetime
from thinkdial.engine.costs.prices.list_price import list_price
print(list_price("openai", "gpt-6-sol", datetime(2026, 11, 20, tzinfo=UTC)).input_usd, "genai_prices" in sys.modules)
"""


def said() -> list[str]:
    return subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True, check=True).stdout.split()


def test_the_library_is_imported_once_and_again_only_for_what_is_broken() -> None:
    kept = price_table.cache_file().with_name("prices-installed.bin")
    assert not kept.exists()
    assert price_table.table_for("openai").compiled.version.startswith("genai-prices ")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert said() == ["2", "False"]
    whole = kept.read_bytes()
    broken: dict[str, Any] = {
        "cut": whole[:-1], "changed": whole[:-9] + b"\x00" + whole[-8:], "another's": b"x" + whole[1:], "empty": b"",
    }  # fmt: skip
    for what, content in broken.items():
        kept.write_bytes(content)
        price_table.forget()
        found = price_table.table_for("openai").find("openai", "gpt-6-sol")
        assert found is not None and found[0].id == "gpt-6-sol", what
        assert kept.read_bytes() == whole, what


def test_a_place_that_cannot_be_written_only_takes_longer() -> None:
    place = price_table.cache_file().parent
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file")
    assert price_table.table_for("openai").find("openai", "gpt-6-sol") is not None
