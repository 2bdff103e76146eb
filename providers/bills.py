"""The provider's own bill, in a body or in headers, where the data of a provider says that it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from .dialect import made_once
from .json_values import dollars, items, obj
from .merge import at_keys
from .schema import Bill, Delta

_SMALLEST = Decimal("1e-18")
"""Nothing is billed more finely: what a bill has beyond is noise, and would make sums inexact."""


class BillPlace(Struct, frozen=True):
    """Where a bill may stand: at the `path` of keys in a body, or in the `header`; and how many `units_per_usd` it has.

    With `plus` and `when` an amount is added while a flag is set: OpenRouter bills only its fee for a key of one's own.
    With `zero_is_unknown` a bill of nothing is none: gateways send it for models whose price they do not know.
    """

    path: tuple[str, ...]
    header: str | None
    units_per_usd: Decimal
    zero_is_unknown: bool
    when: tuple[str, ...]
    plus: tuple[str, ...]


class BillPlaces(Struct, frozen=True):
    """All of a provider, in the order in which they are looked at: the first that holds a bill is believed."""

    in_body: tuple[BillPlace, ...]
    in_headers: tuple[BillPlace, ...]


def bill_places(quirks: Mapping[str, Any]) -> BillPlaces:
    """Where a provider with these quirks may tell its bill."""
    told = quirks.get("bill")
    return NOWHERE if told is None else _places(told)


NOWHERE = BillPlaces((), ())


@made_once
def _places(told: Any) -> BillPlaces:
    places = [_place(one) for one in (items(told) or [obj(told)])]
    return BillPlaces(
        tuple(place for place in places if place.path), tuple(place for place in places if place.header is not None)
    )


def _place(one: Mapping[str, Any]) -> BillPlace:
    return BillPlace(
        path=_keys(one, "path"),
        header=str(one["header"]) if "header" in one else None,
        units_per_usd=Decimal(str(one.get("units_per_usd", 1))),
        zero_is_unknown=bool(one.get("zero_is_unknown")),
        when=_keys(one, "when"),
        plus=_keys(one, "plus"),
    )


def _keys(one: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(one[name]).split(".")) if name in one else ()


def read_bill(document: Mapping[str, Any], places: Iterable[BillPlace]) -> Iterator[Delta]:
    """The provider's own bill, where one of `places` says that it stands."""
    for place in places:
        billed = at_keys(document, place.path)
        if billed is None or (amount := dollars(billed)) is None or (not amount and place.zero_is_unknown):
            continue
        if place.when and at_keys(document, place.when) is True:
            extra = dollars(at_keys(document, place.plus)) if place.plus else None
            if extra is None:
                return  # only a part of the bill is known
            amount += extra
        yield _bill(amount, place)
        return


def bill_of_headers(headers: Mapping[str, str], places: Iterable[BillPlace]) -> Bill | None:
    """The bill in the response headers, whose names are lower-case."""
    for place in places:
        told = headers.get(place.header or "")
        if told is not None and (amount := dollars(told)) is not None and (amount or not place.zero_is_unknown):
            return _bill(amount, place)
    return None


def _bill(amount: Decimal, place: BillPlace) -> Bill:
    usd = amount / place.units_per_usd
    exponent = usd.as_tuple().exponent
    return Bill(usd.quantize(_SMALLEST) if isinstance(exponent, int) and exponent < -18 and usd < 1 else usd)
