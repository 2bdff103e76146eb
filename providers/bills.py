"""The provider's own bill, in a body or in headers, where the data of a provider says that it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from .json_values import dollars, items, obj
from .merge import at_path
from .schema import Bill, Delta

_SMALLEST = Decimal("1e-18")
"""Nothing is billed more finely: what a bill has beyond is noise, and would make sums inexact."""


def bills_in(quirks: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Where a body may hold the provider's own bill; the first that does is believed."""
    told = quirks.get("bill")
    return tuple(one for one in (items(told) or [obj(told)]) if "path" in one)


def read_bill(document: Mapping[str, Any], places: Iterable[Mapping[str, Any]]) -> Iterator[Delta]:
    """The provider's own bill, where one of `places` says that it stands: `path`, and how many `units_per_usd` it
    counts in.

    With `plus` and `when` an amount is added while a flag is set: OpenRouter bills only its fee for a key of one's own.
    With `zero_is_unknown` a bill of nothing is none: gateways send it for models whose price they do not know.
    """
    for place in places:
        billed = at_path(document, str(place["path"]))
        amount = None if billed is None else dollars(billed)
        if amount is None or (not amount and place.get("zero_is_unknown")):
            continue
        if "when" in place and at_path(document, str(place["when"])) is True:
            extra = dollars(at_path(document, str(place.get("plus"))))
            if extra is None:
                return  # only a part of the bill is known
            amount += extra
        yield _bill(amount, place)
        return


def bill_of_headers(headers: Mapping[str, str], quirks: Mapping[str, Any]) -> Bill | None:
    """The bill in the response headers, whose names are lower-case."""
    for place in items(quirks.get("bill")):
        amount = dollars(headers.get(str(place.get("header")))) if "header" in place else None
        if amount is not None and (amount or not place.get("zero_is_unknown")):
            return _bill(amount, place)
    return None


def _bill(amount: Decimal, place: Mapping[str, Any]) -> Bill:
    usd = amount / Decimal(str(place.get("units_per_usd", 1)))
    exponent = usd.as_tuple().exponent
    return Bill(usd.quantize(_SMALLEST) if isinstance(exponent, int) and exponent < -18 and usd < 1 else usd)
