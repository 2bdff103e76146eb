"""What a prompt cache saves, and when a write has paid for itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from thinkdial.engine.costs.prices.rates import charge, rates_of
from thinkdial.profiles.profile import Price
from thinkdial.providers.schema import Usage

CLAUDE = Price(Decimal(4), Decimal(20), cached_input=Decimal("0.2"), cache_write=Decimal(5))
FREE_WRITES = Price(Decimal(2), Decimal(10), cached_input=Decimal("0.1"), cache_write=Decimal(2))
NO_DISCOUNT = Price(Decimal(2), Decimal(10), cache_write=Decimal(3))


@pytest.mark.parametrize(
    ("price", "cached", "written", "saved", "after"),
    [
        (CLAUDE, 0, 1_000_000, "-1", 1),  # the first reading saves 3.8
        (CLAUDE, 900_000, 100_000, "3.32", 0),
        (CLAUDE, 1_000_000, 0, "3.8", None),
        (FREE_WRITES, 0, 1_000_000, "0", 0),
        (NO_DISCOUNT, 0, 1_000_000, "-1", None),
    ],
)
def test_a_write_pays_when_it_is_read(price: Price, cached: int, written: int, saved: str, after: int | None) -> None:
    usage = Usage(1_000_000, cached_input_tokens=cached, cache_write_tokens=written, output_tokens=0)
    charged = charge(usage, rates_of(price, 1_000_000))
    assert charged is not None and charged.cache_saved_usd == Decimal(saved)
    assert charged.cache_pays_after == after


def test_a_dear_write_needs_several_readings() -> None:
    price = Price(Decimal(4), Decimal(20), cached_input=Decimal(3), cache_write=Decimal(8))
    charged = charge(Usage(1_000_000, cache_write_tokens=1_000_000, output_tokens=0), rates_of(price, 1_000_000))
    assert charged is not None and charged.cache_pays_after == 4


def test_without_a_word_of_a_cache_nothing_is_known() -> None:
    charged = charge(Usage(10, output_tokens=0), rates_of(CLAUDE, 10))
    assert charged is not None and charged.cache_saved_usd is None and charged.cache_pays_after is None
